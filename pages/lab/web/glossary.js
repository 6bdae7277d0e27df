// @ts-check
// What a symbol means, beside it, where a pointer rests on a formula or a sentence, a finger taps it or a key
// comes to its first use: a line of the table of page/glossary.py, which opens at the foot of the page too.

import { make, setText } from "./dom.js";
import { admitFirstUses, firstUsesIn, markFirstUses } from "./first_uses.js";
import { colourFormulas } from "./formula_colours.js";
import { whenSettled } from "./settled.js";
import { symbolAt, symbolsOf } from "./symbols.js";

const TEXTS = "[data-testid='stMarkdownContainer'], .lab-caption, .lab-why p";
const ID = "lab-meaning";

/** @typedef {import("./symbols.js").Glossary} Glossary */

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
  // Where a browser cannot highlight, formulas are in ink, and a pointer or the foot of the page explains.
  if ("highlights" in CSS) {
    whenSettled(() => {
      markFirstUses(table());
      colourFormulas();
    });
  }
  document.addEventListener("toggle", fill, { capture: true });
  for (const name of ["pointerover", "click"]) {
    document.addEventListener(name, (event) => point(/** @type {PointerEvent} */ (event)));
  }
  document.addEventListener("focusin", ({ target }) => ofFocus(/** @type {Element} */ (target)) || hide());
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
  admitFirstUses();
}

/** @param {Element} node What has the focus: a formula, or a text in which a symbol is first used. */
function ofFocus(node) {
  const uses = firstUsesIn(node);
  return uses ? show(uses.symbols, uses.range.getBoundingClientRect(), node) : ofFormula(node);
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
  else ofFocus(described);
}

function hide() {
  const box = document.getElementById(ID);
  if (!box || box.hidden) return;
  box.hidden = true;
  described?.removeAttribute("aria-describedby");
  described = null;
}
