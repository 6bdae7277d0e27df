// @ts-check
// Where a symbol first stands in the text of a page it is underlined, as what is explained there. The nodes of
// a text are Streamlit's: they stay as they are, and a highlight is laid over them.

import { symbolsIn } from "./symbols.js";

/** @typedef {{ symbols: string[], range: Range }} Uses what is first used in a block, and where the first is */

const READ = ".stMain :is([data-testid='stMarkdownContainer'], .lab-caption, .lab-why p)";
const NOT_READ = "button, a, label, summary, h1, h2, h3, h4, code, .katex";
const BLOCK = "p, li, td, .lab-caption";
const NAME = "lab-first";

/** @type {Map<Element, Uses>} */
let blocks = new Map();

/** @param {Record<string, string>} glossary the symbols that have a meaning */
export function markFirstUses(glossary) {
  const before = blocks, marks = new Highlight();
  blocks = new Map();
  for (const { symbol, block, range } of firstUses(glossary)) {
    marks.add(range);
    const uses = blocks.get(block);
    if (uses) uses.symbols.push(symbol);
    else blocks.set(block, { symbols: [symbol], range });
  }
  for (const block of before.keys()) if (!blocks.has(block)) block.removeAttribute("tabindex");
  CSS.highlights.set(NAME, marks);
}

/** @param {Record<string, string>} glossary */
function* firstUses(glossary) {
  const sought = new Set(Object.keys(glossary));
  for (const text of textsOf(document.querySelectorAll(READ))) {
    for (const { symbol, index } of symbolsIn(text.data)) {
      const block = sought.has(symbol) && blockOf(text);
      if (!block) continue;
      sought.delete(symbol);
      const range = new Range();
      range.setStart(text, index);
      range.setEnd(text, index + symbol.length);
      yield { symbol, block, range };
    }
  }
}

/** @param {Text} text The block that it is read in, if it is. */
function blockOf({ parentElement }) {
  const block = parentElement?.closest(BLOCK);
  return block?.checkVisibility() && !parentElement?.closest(NOT_READ) ? block : null;
}

/** @param {Iterable<Element>} elements */
function* textsOf(elements) {
  for (const element of elements) {
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) yield /** @type {Text} */ (texts.currentNode);
  }
}

/** Lets keys reach the blocks in which a symbol is first used. */
export function admitFirstUses() {
  for (const block of blocks.keys()) block.setAttribute("tabindex", "0");
}

/** @param {Element} block */
export const firstUsesIn = (block) => blocks.get(block);
