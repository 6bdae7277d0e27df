// @ts-check
// What lies where in a figure, in pixels of the whole: curves, points, bars and cells as boxes that a
// label keeps off, and the points of each trace in its order.

import { around } from "../drag/labels.js";
import { basesOf, sizesOf } from "./marks.js";
import { placesOrGaps } from "./places.js";

/**
 * @typedef {import("../drag/labels.js").Box} Box
 * @typedef {import("../web/types.js").Figure} Figure
 * @typedef {import("../web/types.js").Plot} Plot
 * @typedef {import("./places.js").Mark} Mark
 * @typedef {[x: number, y: number]} Point
 *
 * @typedef {object} Traced
 * @property {Point[]} points along it, those within the frame
 * @property {Box[]} boxes
 *
 * @typedef {object} Drawn
 * @property {"line" | "points"} kind
 * @property {number} radius half of its breadth
 * @property {boolean} upright whether it is a line that is
 *
 * @typedef {object} Bars
 * @property {"bar"} kind
 * @property {number} side to which they grow: 1 is down or to the right
 * @property {boolean} flat whether they lie
 *
 * @typedef {Traced & (Drawn | Bars)} Shape
 *
 * @typedef {{ frame: Box, shapes: Map<number, Shape> }} Panel
 */

// A line is covered by boxes so many pixels apart.
const STEP = 6;
// A line that spans fewer pixels across is upright: its name stands beside it.
const UPRIGHT = 12;

/**
 * The panels of a figure, each with what it shows.
 *
 * @param {Plot} plot
 * @param {Figure} figure
 * @returns {Panel[]}
 */
export function shapesOf(plot, { data }) {
  return Object.entries(plot._fullLayout._plots).map(([id, { xaxis, yaxis }]) => {
    const frame = {
      left: xaxis._offset, right: xaxis._offset + xaxis._length,
      top: yaxis._offset, bottom: yaxis._offset + yaxis._length,
    };
    /** @type {Map<number, Shape>} */
    const shapes = new Map();
    for (const [index, trace] of plot._fullData.entries()) {
      if (trace.visible !== true || `${trace.xaxis}${trace.yaxis}` !== id) continue;
      const shape = shapeOf({ plot, trace, node: undefined, data, index, xaxis, yaxis }, frame);
      if (shape) shapes.set(index, shape);
    }
    return { frame, shapes };
  });
}

/** @param {Mark} mark @param {Box} frame @returns {Shape | null} */
function shapeOf(mark, frame) {
  if (mark.trace.type === "bar") return barShape(mark, frame);
  if (mark.trace.type === "heatmap") return cellShape(mark, frame);
  return mark.trace.type === "scatter" ? scatterShape(mark, frame) : null;
}

/** @param {Mark} mark @param {Box} frame @returns {Shape} */
function scatterShape(mark, frame) {
  const { trace: { mode, line, marker }, xaxis, yaxis } = mark;
  const x = placesOrGaps(mark, xaxis);
  const y = placesOrGaps(mark, yaxis);
  /** @type {Point[]} */
  const places = x.map((at, k) => [at + xaxis._offset, y[k] + yaxis._offset]);
  /** @type {Box[]} */
  const boxes = [];
  const points = places.filter((point) => holds(frame, point));
  if (mode === "text") boxes.push(...wordBoxes(places, mark));
  let radius = 0;
  let kind = /** @type {Drawn["kind"]} */ ("points");
  if (mode.includes("markers")) {
    const size = typeof marker.size === "number" ? marker.size : Math.max(0, ...marker.size);
    radius = size / 2 + 1;
    boxes.push(...apart(points).map(([left, top]) => around(left, top, radius)));
  }
  if (!mode.includes("lines")) return { kind, points, boxes, radius, upright: false };
  kind = "line";
  const breadth = line.width / 2 + 1;
  radius = Math.max(radius, breadth);
  const way = walked(places, frame);
  boxes.push(...way.map(([left, top]) => around(left, top, breadth, breadth)));
  const across = way.map(([left]) => left);
  return { kind, points: way, boxes, radius, upright: Math.max(...across) - Math.min(...across) < UPRIGHT };
}

// Of words that Plotly writes, as a share of their size.
const LETTER = 0.58;
const LEADING = 1.3;
/** @type {Record<string, number>} */
const SHARES = { left: -1, center: -0.5, right: 0, top: -1, middle: -0.5, bottom: 0 };

/** @param {Point[]} places @param {Mark} mark @returns {Box[]} About where the words of a trace are. */
function wordBoxes(places, { trace: { textposition, textfont }, data, index }) {
  return places.flatMap(([x, y], k) => {
    const lines = String(data[index].text?.[k] ?? "").split("<br>");
    const [down, across] = String(Array.isArray(textposition) ? textposition[k] : textposition).split(" ");
    const width = LETTER * textfont.size * Math.max(...lines.map((line) => line.length));
    const height = LEADING * textfont.size * lines.length;
    const [left, top] = [x + SHARES[across] * width, y + SHARES[down] * height];
    return Number.isFinite(left + top) ? [{ left, right: left + width, top, bottom: top + height }] : [];
  });
}

/** @param {Box} frame @param {Point} point */
const holds = ({ left, right, top, bottom }, [x, y]) => x >= left - 1 && x <= right + 1 && y >= top - 1 && y <= bottom + 1;

/** @param {Point[]} points @returns {Point[]} Those that do not lie on another. */
function apart(points) {
  const cells = new Map(points.map((point) => [point.map((place) => Math.round(place / 3)).join(), point]));
  return points.length > 400 ? [...cells.values()] : points;
}

/**
 * Points along a line, a step apart, where it is within the frame.
 *
 * @param {Point[]} places
 * @param {Box} frame
 * @returns {Point[]}
 */
function walked(places, frame) {
  /** @type {Point[]} */
  const way = [];
  for (let k = 1; k < places.length; k += 1) {
    const part = clipped(places[k - 1], places[k], frame);
    if (!part) continue;
    const [[x0, y0], [x1, y1]] = part;
    const last = way.at(-1);
    // Many points in a step are one.
    if (last && Math.hypot(x1 - last[0], y1 - last[1]) < STEP / 2 && k < places.length - 1) continue;
    const count = Math.max(1, Math.ceil(Math.hypot(x1 - x0, y1 - y0) / STEP));
    for (let i = way.length ? 1 : 0; i <= count; i += 1) way.push([x0 + ((x1 - x0) * i) / count, y0 + ((y1 - y0) * i) / count]);
  }
  return way;
}

/** @param {Point} one @param {Point} other @param {Box} frame @returns {[Point, Point] | null} */
function clipped([x0, y0], [x1, y1], { left, right, top, bottom }) {
  if (!Number.isFinite(x0 + y0 + x1 + y1)) return null;
  const [dx, dy] = [x1 - x0, y1 - y0];
  let [from, to] = [0, 1];
  for (const [step, room] of [[-dx, x0 - left], [dx, right - x0], [-dy, y0 - top], [dy, bottom - y0]]) {
    // On the very edge it is within.
    if (step === 0 && room < -1) return null;
    if (step < 0) from = Math.max(from, room / step);
    if (step > 0) to = Math.min(to, room / step);
  }
  return from <= to ? [[x0 + from * dx, y0 + from * dy], [x0 + to * dx, y0 + to * dy]] : null;
}

/** @param {Mark} mark @param {Box} frame @returns {Shape | null} */
function barShape(mark, frame) {
  const { plot, trace, xaxis, yaxis } = mark;
  const flat = trace.orientation === "h";
  const [along, across] = flat ? [xaxis, yaxis] : [yaxis, xaxis];
  const sizes = sizesOf(mark, along);
  const bases = plot._fullLayout.barmode === "relative" ? basesOf(mark, sizes, along) : sizes.map(() => 0);
  const bars = plot.calcdata[mark.index].flatMap(({ p0, p1 }, k) => {
    const [from, to] = [along.c2p(bases[k]), along.c2p(bases[k] + sizes[k])].map((place) => place + along._offset);
    const [low, high] = [across.c2p(p0), across.c2p(p1)].map((place) => place + across._offset);
    return Number.isFinite(from + to + low + high) ? [{ from, to, low, high }] : [];
  });
  bars.sort((one, other) => Math.abs(one.to - one.from) - Math.abs(other.to - other.from));
  const grows = bars.at(-1);
  if (!grows) return null;
  const boxes = bars.map(({ from, to, low, high }) => {
    const [start, end] = [Math.min(from, to), Math.max(from, to)];
    return flat ? { left: start, right: end, top: low, bottom: high } : { left: low, right: high, top: start, bottom: end };
  });
  const side = Math.sign(grows.to - grows.from) || (flat ? 1 : -1);
  const seen = bars.filter(({ from, to }) => side * (to - from) > 1);
  /** @type {Point[]} */
  const ends = seen.map(({ to, low, high }) =>
    flat ? [to, (low + high) / 2] : [(low + high) / 2, to]);
  return { kind: "bar", points: ends.filter((end) => holds(frame, end)), boxes, side, flat };
}

/** @param {Mark} mark @param {Box} frame @returns {Shape} A box a row, from its first cell to its last. */
function cellShape({ plot, index, xaxis, yaxis }, frame) {
  const { x, y, z } = plot.calcdata[index][0];
  const boxes = z.flatMap((/** @type {ArrayLike<number | null>} */ row, /** @type {number} */ k) => {
    const filled = Array.from(row, (value, at) => (Number.isFinite(value) ? at : -1)).filter((at) => at >= 0);
    if (!filled.length) return [];
    const across = [x[filled[0]], x[filled[filled.length - 1] + 1]].map((at) => xaxis.c2p(at) + xaxis._offset);
    const down = [y[k], y[k + 1]].map((at) => yaxis.c2p(at) + yaxis._offset);
    if (![...across, ...down].every(Number.isFinite)) return [frame];
    return [{ left: Math.min(...across), right: Math.max(...across), top: Math.min(...down), bottom: Math.max(...down) }];
  });
  return { kind: "points", points: [], boxes, radius: 0, upright: false };
}
