// @ts-check
// Where the values of a trace lie in the picture.

/**
 * @typedef {import("../web/types.js").Axis} Axis
 * @typedef {import("../web/types.js").Figure} Figure
 * @typedef {import("../web/types.js").Plot} Plot
 * @typedef {import("../web/types.js").Trace} Trace
 * @typedef {() => void} Painter
 *
 * @typedef {object} Mark A trace as it is drawn, and the data that it is to have.
 * @property {Plot} plot
 * @property {any} trace
 * @property {Element | undefined} node
 * @property {Trace[]} data
 * @property {number} index
 * @property {Axis} xaxis
 * @property {Axis} yaxis
 */

/**
 * Where the values of a trace lie along an axis, in pixels; null where one lies nowhere. What is no
 * array (a place by name, or by its number) stays where Plotly has put it.
 *
 * @param {Mark} mark
 * @param {Axis} axis
 * @returns {number[] | null}
 */
export function placesOf(mark, axis) {
  const places = placesOrGaps(mark, axis);
  return places.every(Number.isFinite) ? places : null;
}

/**
 * The same, with NaN where one lies nowhere.
 *
 * @param {Mark} mark
 * @param {Axis} axis
 * @returns {number[]}
 */
export function placesOrGaps({ plot, data, index }, axis) {
  const letter = axis._id[0];
  const values = data[index][letter];
  const linear = axis.type === "linear" || axis.type === "log";
  return linear && values
    ? Array.from(values, (value) => (value === null ? NaN : axis.c2p(axis.d2c(value))))
    : plot.calcdata[index].map((item) => axis.c2p(item[letter]));
}

/** @param {number} value */
export function round(value) {
  return Math.round(100 * value) / 100;
}
