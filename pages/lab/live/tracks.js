// @ts-check
// What arrow keys move along: the curves of a figure and their points, with where each lies.

import { basesOf, sizesOf } from "./marks.js";
import { placesOrGaps } from "./places.js";

/**
 * @typedef {import("../web/types.js").Figure} Figure
 * @typedef {import("../web/types.js").Plot} Plot
 * @typedef {import("./places.js").Mark} Mark
 *
 * @typedef {object} Point
 * @property {unknown} x
 * @property {unknown} y
 * @property {unknown} [z]
 * @property {[across: number, down: number]} at in pixels of the whole figure
 *
 * @typedef {{ index: number, name: string, axes: [string, string], points: Point[] }} Track
 */

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

/**
 * The curves that tell of values: a row of cells is one too.
 *
 * @param {Plot} plot
 * @param {Figure} figure
 * @returns {Track[]}
 */
export function tracksOf(plot, { data }) {
  return plot._fullData.flatMap((trace, index) => {
    const { xaxis, yaxis } = plot._fullLayout._plots[`${trace.xaxis}${trace.yaxis}`] ?? {};
    if (!xaxis || trace.visible !== true || trace.hoverinfo === "skip") return [];
    const mark = { plot, trace, node: undefined, data, index, xaxis, yaxis };
    const rows = trace.type === "heatmap" ? rowsOf(mark) : [pointsOf(mark)];
    /** @param {Point} point */
    const seen = ({ at: [across, down] }) => onAxis(xaxis, across) && onAxis(yaxis, down);
    const name = data[index].name ?? "";
    return rows
      .map((points) => ({ index, name, axes: /** @type {[string, string]} */ ([xaxis._name, yaxis._name]), points: points.filter(seen) }))
      .filter(({ points }) => points.length);
  });
}

/** @param {import("../web/types.js").Axis} axis @param {number} place */
const onAxis = ({ _offset, _length }, place) => place >= _offset - 1 && place <= _offset + _length + 1;

/** @param {Mark} mark @returns {Point[]} */
function pointsOf(mark) {
  const { trace, data, index, xaxis, yaxis, plot } = mark;
  if (trace.type !== "bar" && trace.type !== "scatter") return [];
  const places = { x: placesOrGaps(mark, xaxis), y: placesOrGaps(mark, yaxis) };
  if (trace.type === "bar") {
    const flat = trace.orientation === "h";
    const along = flat ? xaxis : yaxis;
    const sizes = sizesOf(mark, along);
    const bases = plot._fullLayout.barmode === "relative" ? basesOf(mark, sizes, along) : sizes.map(() => 0);
    places[flat ? "x" : "y"] = sizes.map((size, k) => along.c2p(bases[k] + size));
  }
  const { x, y } = data[index];
  return places.x.map((across, k) => ({
    x: x ? x[k] : k, y: y ? y[k] : k,
    at: /** @type {[number, number]} */ ([across + xaxis._offset, places.y[k] + yaxis._offset]),
  }));
}

/** @param {Mark} mark @returns {Point[][]} */
function rowsOf({ plot, data, index, xaxis, yaxis }) {
  const { x, y, z } = data[index];
  const edges = plot.calcdata[index][0];
  /** @param {ArrayLike<number>} sides @param {number} k */
  const middle = (sides, k) => (sides[k] + sides[k + 1]) / 2;
  return Array.from(z, (/** @type {ArrayLike<number | null>} */ row, i) =>
    Array.from(row, (value, j) => ({
      x: x ? x[j] : j, y: y ? y[i] : i, z: value,
      at: /** @type {[number, number]} */ ([
        xaxis.c2p(middle(edges.x, j)) + xaxis._offset, yaxis.c2p(middle(edges.y, i)) + yaxis._offset,
      ]),
    })).filter(({ z: found }) => Number.isFinite(found)));
}

/**
 * Where a key leads from a point of a curve.
 *
 * @param {Track[]} tracks
 * @param {{ track: number, point: number }} from
 * @param {string} key
 */
export function stepped(tracks, { track, point }, key) {
  const last = tracks[track].points.length - 1;
  if (key === "Home" || key === "End") return { track, point: key === "Home" ? 0 : last };
  if (key === "ArrowLeft" || key === "ArrowRight") return { track, point: Math.min(last, Math.max(0, point + STEPS[key])) };
  const next = (track + (key === "ArrowDown" ? 1 : -1) + tracks.length) % tracks.length;
  const [across] = tracks[track].points[point].at;
  const away = tracks[next].points.map(({ at }) => Math.abs(at[0] - across));
  return { track: next, point: away.indexOf(Math.min(...away)) };
}
