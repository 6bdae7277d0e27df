// @ts-check
// What charts are redrawn with; the style sheet of the page says it.

/**
 * @typedef {object} ChartColours
 * @property {Record<string, string>} dark for each colour of the light theme that of the dark one
 * @property {Record<string, string>} textColours for each colour of a mark that of words
 * @property {string} ink the colour of what is written on white
 */

/** @type {ChartColours | undefined} */
let kept;

/** @returns {ChartColours} */
export function chartColours() {
  const written = () => getComputedStyle(document.documentElement).getPropertyValue("--lab-charts").trim();
  return (kept ??= JSON.parse(written().slice(1, -1)));
}
