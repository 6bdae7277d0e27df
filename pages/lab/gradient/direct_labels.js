// @ts-check
// Words at the things of a figure, in their colours, each where nothing lies.

import { boxAt, meet, placeLabels } from "../drag/labels.js";
import { makeSvg, setAll, write } from "../web/dom.js";

/**
 * @typedef {import("../drag/labels.js").Box} Box
 * @typedef {import("../drag/labels.js").Spot} Spot
 */

const HEIGHT = 19;
// Between two words side by side.
const GAP = 8;

// Narrower than this, a figure says itself what stands beside the lever elsewhere.
export const NARROW = 400;

/**
 * The words at both ends of the descents that are drawn: L1 with L2 held, and L2 in full.
 *
 * @param {import("./held_logits.js").Scene} scene
 * @param {import("../web/types.js").Words} words
 * @param {number} width of the figure
 */
export function namesOf({ paths, step, watched }, words, width) {
  /** @param {import("./descents.js").Path} path */
  const share = (path) => (width < NARROW ? ` ${path.of(step, watched).toFixed(3)}` : "");
  return {
    l1: [words.l1, ` ${words.and} `, words.held + share(paths.l1)],
    l2: [words.l2 + share(paths.l2)],
  };
}

/** The spots off the lines, then the others. @param {Spot[]} spots @param {{ width: number, height: number }} size @param {Box[]} lines */
export function clearFirst(spots, size, lines) {
  const crossed = spots.filter((spot) => lines.some((line) => meet(line, boxAt(size, spot))));
  return [...spots.filter((spot) => !crossed.includes(spot)), ...crossed];
}

export class DirectLabels {
  /**
   * The names are in the order in which room is given, and each is a class of the style sheet. A word
   * may be of several parts, of a class each.
   *
   * @param {SVGElement} svg
   * @param {Record<string, string[]>} parts
   */
  constructor(svg, parts) {
    /** @type {Map<string, number>} */
    this.widths = new Map();
    this.labels = Object.entries(parts).map(([name, classes]) => {
      const spans = classes.map((part) => makeSvg("tspan", { class: part }));
      const node = makeSvg("text", { class: `label ${name}` }, ...spans);
      svg.append(node);
      return { name, node, spans };
    });
  }

  /**
   * @param {Record<string, { words: string[], spots: Spot[] }>} said what has no words is left out
   * @param {Box[]} obstacles
   * @param {Box} frame
   * @param {Box[]} [lines] on which words stand only where there is no other room
   */
  place(said, obstacles, frame, lines = []) {
    const shown = this.labels.filter(({ name, node, spans }) => {
      const words = said[name]?.words ?? [];
      spans.forEach((span, i) => write(span, words[i] ?? ""));
      node.style.visibility = "hidden";
      return words.length > 0;
    });
    const wanted = shown.map(({ name, node }) => {
      const size = { width: this.widthOf(node) + GAP, height: HEIGHT };
      return { name, node, ...size, spots: clearFirst(said[name].spots, size, lines) };
    });
    const places = placeLabels(wanted, obstacles, frame);
    for (const { name, node, spots } of wanted) {
      const place = places.get(name);
      if (place === undefined) continue;
      const { x, y, anchor } = spots[place];
      node.style.visibility = "";
      setAll(node, { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor });
    }
  }

  /** Digits are all as wide: what was measured for one number holds for others. @param {SVGTextElement} node */
  widthOf(node) {
    const key = `${node.classList} ${(node.textContent ?? "").replace(/\d/g, "0")}`;
    const width = this.widths.get(key) ?? node.getComputedTextLength();
    this.widths.set(key, width);
    return width;
  }

  /** Letters have become others, by another font. */
  forget() {
    this.widths.clear();
  }
}
