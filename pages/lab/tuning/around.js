// @ts-check
// What stands around the map of tuning: the scores, code to paste, the plans of three cells.

import { element, make, makeSvg, setAll, setRich, setText } from "../web/dom.js";
import { shadesOf } from "./cells.js";

/**
 * @typedef {{ rows: number, columns: number, digits: string }} Picture
 *
 * @typedef {object} Data
 * @property {Record<"scores" | "low" | "now" | "high", Picture>} pictures
 * @property {Record<"title" | "size" | "corner" | "low" | "now" | "high", string>} texts
 * @property {string} code
 */

export class Around {
  /**
   * The scores come first in `root`; who makes it says where code and plans stand.
   *
   * @param {HTMLElement} root
   * @param {import("../web/types.js").Words} words
   */
  constructor(root, words) {
    this.words = words;
    this.scores = this.buildScores(element(root, "section", { class: "scores" }));
    this.code = make("section", { class: "code" });
    this.text = this.buildCode(this.code);
    this.ends = make("section", { class: "ends" });
    this.plans = this.buildPlans(this.ends);
  }

  /** @param {HTMLElement} box */
  buildScores(box) {
    const head = element(box, "p", { class: "head" });
    const [title, size] = [element(head, "b"), element(head, "span")];
    const picture = makeSvg("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
    box.append(picture);
    const corner = element(box, "p", { class: "corner" });
    const own = element(box, "button", { type: "button", class: "link" }, this.words.own);
    own.addEventListener("click", showOwn);
    return { title, size, picture, corner };
  }

  /** @param {HTMLElement} box */
  buildCode(box) {
    const { words } = this;
    element(box, "h2", {}, words.paste);
    const pre = element(box, "pre", { tabindex: 0, "aria-label": words.paste });
    const code = element(pre, "code");
    const copy = element(box, "button", { type: "button", class: "copy" }, words.copy);
    // Without a secure address there is no clipboard.
    copy.hidden = !navigator.clipboard;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.textContent ?? "");
      setText(copy, words.copied);
      setTimeout(() => setText(copy, words.copy), 1500);
    });
    return code;
  }

  /** @param {HTMLElement} box */
  buildPlans(box) {
    return /** @type {const} */ (["low", "now", "high"]).map((name) => {
      const figure = element(box, "figure", { class: name });
      const picture = makeSvg("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
      figure.append(picture);
      return { name, picture, caption: element(figure, "figcaption") };
    });
  }

  /** @param {Data} data */
  draw({ pictures, texts, code }) {
    setText(this.scores.title, texts.title);
    setText(this.scores.size, texts.size);
    setText(this.scores.corner, texts.corner);
    paint(this.scores.picture, pictures.scores);
    for (const { name, picture, caption } of this.plans) {
      paint(picture, pictures[name]);
      setRich(caption, texts[name]);
    }
    setText(this.text, code);
  }
}

/** @param {SVGSVGElement} svg @param {Picture} picture */
function paint(svg, { rows, columns, digits }) {
  if (svg.dataset.digits === digits && svg.dataset.columns === String(columns)) return;
  Object.assign(svg.dataset, { digits, columns: String(columns) });
  setAll(svg, { viewBox: `0 0 ${columns} ${rows}` });
  const ground = makeSvg("path", { class: "shade-0", d: `M0 0h${columns}v${rows}h${-columns}z` });
  svg.replaceChildren(ground, ...shadesOf(digits, columns).map(([shade, d]) => makeSvg("path", { class: `shade-${shade}`, d })));
}

// Where scores are pasted and opened lies further down.
function showOwn() {
  const own = document.querySelector(".st-key-own-scores");
  own?.scrollIntoView({ block: "center", behavior: "smooth" });
  const summary = own?.querySelector("summary");
  if (!own?.querySelector("details[open]")) summary?.click();
  summary?.focus({ preventScroll: true });
}
