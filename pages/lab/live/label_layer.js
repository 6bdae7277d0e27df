// @ts-check
// The names of curves as they are drawn over a figure, and the row above it of those without room.

import { make, makeSvg, setAll, write } from "../web/dom.js";
import { labelsOf } from "./curve_labels.js";
import { sampleOf } from "./sample.js";

/**
 * @typedef {import("../web/types.js").Figure} Figure
 * @typedef {import("../web/types.js").Plot} Plot
 * @typedef {import("./curve_labels.js").Name} Name
 * @typedef {{ font: string, shade: (light: string) => string, mark: (light: string) => string }} Look
 *   `shade` has the colour of words for that of a mark, `mark` that of the mark itself
 */

export const WEIGHT = 600;
export const SIZE = 14;
/** @type {Map<string, number>} */
const widths = new Map();
/** @type {CanvasRenderingContext2D | null | undefined} */
let sheet;

/** @param {string} family @param {number} [size] @returns {(text: string) => number} */
export function widthIn(family, size = SIZE) {
  const font = `${WEIGHT} ${size}px ${family}`;
  return (text) => {
    const key = `${font} ${text}`;
    const known = widths.get(key);
    if (known !== undefined) return known;
    sheet ??= document.createElement("canvas").getContext("2d");
    if (sheet) sheet.font = font;
    const width = sheet?.measureText(text).width ?? SIZE * text.length;
    // While the font of the page has not come, another is measured.
    if (document.fonts?.check(font)) widths.set(key, width);
    return width;
  };
}

export class LabelLayer {
  constructor() {
    this.node = makeSvg("svg", { class: "lab-labels", "aria-hidden": "true" });
    this.key = make("ul", { class: "lab-key", hidden: true });
    /** @type {Map<string, SVGTextElement>} */
    this.texts = new Map();
    /** @type {Map<string, number>} */
    this.spots = new Map();
    /** @type {Map<string, Name>} The names without room, in this animation. */
    this.left = new Map();
    /** @type {unknown} */
    this.animation = undefined;
    this.keyed = "";
  }

  /**
   * @param {Plot} plot
   * @param {Figure} figure
   * @param {Look} look
   * @param {unknown} animation the frames of one keep their names where they are, if they can
   */
  show(plot, figure, look, animation) {
    if (animation !== this.animation) {
      this.left.clear();
      this.spots.clear();
    }
    this.animation = animation;
    const { labels, left, spots } = labelsOf(plot, figure, widthIn(look.font), this.spots, this.left);
    for (const [uid, spot] of spots) this.spots.set(uid, spot);
    for (const name of left) this.left.set(name.uid, name);
    for (const [uid, text] of this.texts) {
      if (labels.some((label) => label.uid === uid)) continue;
      text.remove();
      this.texts.delete(uid);
    }
    for (const { uid, text, colour, x, y, anchor } of labels) {
      const node = this.texts.get(uid) ?? this.node.appendChild(makeSvg("text", {}));
      this.texts.set(uid, node);
      write(node, text);
      setAll(node, { x: Math.round(x), y: Math.round(y), "text-anchor": anchor, fill: look.shade(colour) });
    }
    this.showKey(figure, look);
  }

  /** @param {Figure} figure @param {Look} look */
  showKey({ data }, look) {
    const names = [...this.left.values()].sort((one, other) => one.index - other.index);
    const keyed = JSON.stringify([names, look.font, names.map(({ colour }) => look.mark(colour))]);
    if (keyed === this.keyed) return;
    this.keyed = keyed;
    this.key.hidden = !names.length;
    this.key.replaceChildren(...names.map((name) => make("li", {}, sampleOf(data[name.index], look.mark(name.colour)), name.text)));
  }
}
