// @ts-check
// What a symbol means, beside it, where a pointer rests on a formula or a sentence or a finger taps it: a line
// of the table of page/glossary.py, which opens at the foot of the page too, for keys and screen readers.

import { make, setText } from "./dom.js";

/** @typedef {Record<string, string>} Glossary the words by symbol */

const NAMES = [[/\\varepsilon/g, "ε"], [/\\mu(?![a-z])/g, "μ"], [/\\nu(?![a-z])/g, "ν"], [/L_([12])/g, "L$1"]];
const SYMBOL = /H\(p\)|L[12]|[A-Za-zεμν]/g;
// In a sentence "a" is mostly a word, and a lone capital may be one.
const IN_TEXT = /(?<![\p{L}\p{N}])(?:H\(p\)|L[12]|[pqJεμν])(?![\p{L}\p{N}])/gu;
const TEXTS = "[data-testid='stMarkdownContainer'], .lab-caption";
const ID = "lab-meaning";

/**
 * The symbols of a formula that the glossary has, in order.
 *
 * @param {string} tex
 * @param {Glossary} glossary
 */
export function symbolsOf(tex, glossary) {
  let plain = tex.replace(/\\(mathrm|mathsf|text|operatorname)\s*(\{[^}]*\}|\w)/g, " ");
  for (const [name, symbol] of /** @type {[RegExp, string][]} */ (NAMES)) plain = plain.replace(name, symbol);
  plain = plain.replace(/\\[A-Za-z]+/g, " ").replace(/_(\{[^}]*\}|\w)/g, " ");
  return [...new Set(plain.match(SYMBOL))].filter((symbol) => symbol in glossary);
}

/**
 * The symbol of a sentence at a place in it.
 *
 * @param {string} text
 * @param {number} at
 * @returns {string | undefined}
 */
export function symbolAt(text, at) {
  const found = [...text.matchAll(IN_TEXT)].find(({ index, 0: symbol }) => index <= at && at <= index + symbol.length);
  return found?.[0];
}

/** @type {Element | null} */
let described = null;

/** @type {{ list?: Element, words: Glossary }} */
const read = { words: {} };

/** @returns {Glossary} the table of the page, read once for each that is drawn */
function table() {
  const list = document.getElementById("lab-words") ?? undefined;
  if (list !== read.list) {
    read.list = list;
    const terms = [...(list?.querySelectorAll("dt") ?? [])];
    read.words = Object.fromEntries(
      terms.map(({ textContent, nextElementSibling }) => [textContent, nextElementSibling?.textContent ?? ""]),
    );
  }
  return read.words;
}

/** @param {Event} event The table is opened: it is filled with what the page knows. */
function fill({ target }) {
  const details = /** @type {Element} */ (target);
  const list = document.getElementById("lab-words");
  if (!list || !details.matches(".lab-symbols") || details.querySelector("dl")) return;
  const shown = /** @type {HTMLElement} */ (list.cloneNode(true));
  shown.removeAttribute("id");
  shown.hidden = false;
  details.append(shown);
}

export function explainSymbols() {
  document.addEventListener("toggle", fill, { capture: true });
  for (const name of ["pointerover", "click"]) {
    document.addEventListener(name, (event) => point(/** @type {PointerEvent} */ (event)));
  }
  document.addEventListener("focusin", ({ target }) => ofFormula(/** @type {Element} */ (target)) || hide());
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") hide();
    // Formulas come and go with runs: they are made ready when a key looks for them.
    else if (key === "Tab") admitFocus();
  });
  document.addEventListener("scroll", leave, { capture: true, passive: true });
  // A pointer over a sentence passes from word to word within one node.
  document.addEventListener("pointermove", (event) => {
    if (/** @type {Element} */ (event.target).closest?.(TEXTS)) point(event);
  }, { passive: true });
}

function admitFocus() {
  for (const formula of document.querySelectorAll(".st-key-formulas .katex")) formula.setAttribute("tabindex", "0");
}

/** @param {PointerEvent} event */
function point({ target, clientX, clientY }) {
  const node = /** @type {Element} */ (target);
  if (!node.closest || (!ofFormula(node) && !ofText(node, clientX, clientY))) leave();
}

/** @param {Element} node */
function ofFormula(node) {
  const formula = node.closest(".katex");
  const tex = formula?.querySelector("annotation")?.textContent;
  return Boolean(formula && tex && show(symbolsOf(tex, table()), formula.getBoundingClientRect(), formula));
}

/** @param {Element} node @param {number} x @param {number} y */
function ofText(node, x, y) {
  if (!node.closest(TEXTS)) return false;
  const range = document.caretRangeFromPoint?.(x, y);
  if (!(range?.startContainer instanceof Text)) return false;
  const symbol = symbolAt(range.startContainer.data, range.startOffset);
  const at = range.getBoundingClientRect();
  return Boolean(symbol && isNear(at, x, y) && show([symbol], at, null));
}

/**
 * The nearest place in a text may be far from the pointer.
 *
 * @param {DOMRect} at
 * @param {number} x
 * @param {number} y
 */
const isNear = ({ top, bottom, left }, x, y) => y > top - 2 && y < bottom + 2 && Math.abs(x - left) < 12;

/** @param {string[]} symbols @param {DOMRect} at @param {Element | null} formula */
function show(symbols, at, formula) {
  if (!symbols.length) return false;
  const text = symbols.map((symbol) => `${symbol}: ${table()[symbol]}`).join("\n");
  const box = document.getElementById(ID) ?? make("div", { id: ID, role: "tooltip" });
  if (!box.isConnected) document.querySelector(".stApp")?.append(box);
  box.hidden = false;
  setText(box, text);
  const { width, height } = box.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, innerWidth - width - 8));
  const below = at.bottom + 8 + height < innerHeight;
  box.style.transform = `translate(${left}px, ${below ? at.bottom + 6 : at.top - height - 6}px)`;
  if (described !== formula) described?.removeAttribute("aria-describedby");
  formula?.setAttribute("aria-describedby", ID);
  described = formula;
  return true;
}

// What has the focus keeps its meaning, though the page scrolls to it, or below the pointer.
function leave() {
  if (!described || described !== document.activeElement) hide();
  else ofFormula(described);
}

function hide() {
  const box = document.getElementById(ID);
  if (!box || box.hidden) return;
  box.hidden = true;
  described?.removeAttribute("aria-describedby");
  described = null;
}
