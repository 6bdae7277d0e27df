// @ts-check
// The quantities of a formula in their colours. KaTeX knows fixed colours only, and the nodes of a formula are
// Streamlit's: the letters are highlighted as they stand, and the style sheet says the colours of both themes.

import { COLOURED, quantityAt } from "./symbols.js";

const FORMULAS = ".stMain .katex-html";
// A script is closed by a space of no width.
const NOTHING = /\u200b/g;
// What only takes room, \phantom{...}: a highlight would show it.
const UNSEEN = "[style*='transparent']";

export function colourFormulas() {
  const found = new Map(COLOURED.map((name) => [name, new Highlight()]));
  for (const formula of document.querySelectorAll(FORMULAS)) {
    const letters = lettersOf(formula);
    for (let at = 0; at < letters.length; at += 1) {
      const quantity = quantityAt(letters, at);
      if (!quantity) continue;
      const { node } = letters[at], { end } = letters[at + quantity.count - 1];
      const range = { startContainer: node, startOffset: 0, endContainer: end, endOffset: end.data.length };
      found.get(quantity.name)?.add(new StaticRange(range));
      at += quantity.count - 1;
    }
  }
  for (const [name, highlight] of found) CSS.highlights.set(`lab-${name}`, highlight);
}

/**
 * The letters of a formula in order; each ends with what stands below and above it.
 *
 * @param {Element} formula
 */
function lettersOf(formula) {
  const letters = [];
  const texts = document.createTreeWalker(formula, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = /** @type {Text} */ (texts.currentNode);
    const text = shown(node);
    if (!text || node.parentElement?.closest(UNSEEN)) continue;
    const scripts = scriptsOf(node);
    letters.push({ text, script: scripts ? shown(scripts) : "", node, end: (scripts && lastText(scripts)) ?? node });
  }
  return letters;
}

/** @param {Node} node */
const shown = ({ textContent }) => (textContent ?? "").replace(NOTHING, "");

/** @param {Text} letter */
function scriptsOf({ parentElement }) {
  const beside = parentElement?.nextElementSibling;
  return beside?.classList.contains("msupsub") ? beside : null;
}

/**
 * @param {Node} node
 * @returns {Text | null}
 */
function lastText(node) {
  if (node instanceof Text) return node;
  for (let child = node.lastChild; child; child = child.previousSibling) {
    const found = lastText(child);
    if (found) return found;
  }
  return null;
}
