// @ts-check
// Which symbols a formula or a sentence has, and of which quantity a letter of a formula is.

/** @typedef {Record<string, string>} Glossary the words by symbol, of page/glossary.py */

const NAMES = [[/\\varepsilon/g, "ε"], [/\\mu(?![a-z])/g, "μ"], [/\\nu(?![a-z])/g, "ν"], [/L_([12])/g, "L$1"]];
const SYMBOL = /H\(p\)|L[12]|[A-Za-zεμν]/g;
// In a sentence "a" is mostly a word, and a lone capital may be one.
const IN_TEXT = /(?<![\p{L}\p{N}])(?:H\(p\)|L[12]|[pqJεμν])(?![\p{L}\p{N}])/gu;
/** @type {Record<string, string>} by letter; those not here are in ink, as all that is held. */
const QUANTITIES = { p: "p", q: "q", P: "q", Q: "q", "μ": "rows", "ν": "columns" };

/** The names of quantities that have a colour, as in page/glossary.css. */
export const COLOURED = [...new Set(Object.values(QUANTITIES)), "l1", "l2", "entropy"];

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
 * The symbols of a sentence and where they stand.
 *
 * @param {string} text
 */
export function symbolsIn(text) {
  return [...text.matchAll(IN_TEXT)].map(({ index, 0: symbol }) => ({ symbol, index }));
}

/**
 * The symbol of a sentence at a place in it.
 *
 * @param {string} text
 * @param {number} at
 * @returns {string | undefined}
 */
export function symbolAt(text, at) {
  return symbolsIn(text).find(({ symbol, index }) => index <= at && at <= index + symbol.length)?.symbol;
}

/**
 * The quantity that begins at a letter of a formula that is set, and how many letters it is written with.
 *
 * @param {{ text: string, script: string }[]} letters with what stands below and above each
 * @param {number} at
 * @returns {{ name: string, count: number } | undefined}
 */
export function quantityAt(letters, at) {
  const { text, script } = letters[at];
  if (text === "L" && /^[12]/.test(script)) return { name: `l${script[0]}`, count: 1 };
  if (text === "H" && letters.slice(at, at + 4).map((letter) => letter.text).join("") === "H(p)") return { name: "entropy", count: 4 };
  return text in QUANTITIES ? { name: QUANTITIES[text], count: 1 } : undefined;
}
