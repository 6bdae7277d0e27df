// @ts-check
// The cure of a formula: the line as it is written, the line that mends it, and where that is right.

import { make } from "../web/dom.js";

/** @typedef {{ title: string, broken: string, cured: string, right: boolean[], said: string }} Cure */

/**
 * @param {Cure} cure
 * @param {string[]} dtypes
 * @param {string[]} glyphs
 * @param {import("../web/types.js").Words} words
 */
export function cureCard(cure, dtypes, glyphs, words) {
  const lines = [
    ...(cure.broken ? [make("del", {}, cure.broken)] : []),
    make("ins", {}, cure.cured),
  ];
  const verdicts = cure.right.map((right, column) =>
    make(
      "li", { "aria-label": `${dtypes[column]}: ${right ? words.right : words.not_right}` },
      make("b", { class: `glyph ${dtypes[column]}`, "aria-hidden": "true" }, glyphs[column]),
      make("span", { "aria-hidden": "true" }, right ? "✓" : "⊘")
    )
  );
  return [
    make("h2", {}, cure.title),
    make("pre", {}, make("code", {}, ...lines)),
    make("ul", { class: "cure-right" }, ...verdicts),
    make("p", {}, cure.said),
  ];
}
