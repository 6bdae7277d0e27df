// @ts-check
// The marks of a trace as Plotly leaves them in the page, and how each is put to another place. A
// painter is a function that does it, and null stands for a trace that only Plotly can draw.

import { heatmapPainter } from "./heatmap.js";
import { placesOf, placesOrGaps, round } from "./places.js";

/**
 * @typedef {import("./places.js").Axis} Axis
 * @typedef {import("./places.js").Figure} Figure
 * @typedef {import("./places.js").Mark} Mark
 * @typedef {import("./places.js").Painter} Painter
 * @typedef {import("./places.js").Plot} Plot
 */

/** @type {Record<string, (mark: Mark) => Painter | null>} */
const PAINTERS = { scatter: scatterPainter, bar: barPainter, heatmap: heatmapPainter };

/**
 * @param {Plot} plot
 * @param {Figure} next
 * @param {number} index
 * @returns {Painter | null}
 */
export function painterOf(plot, next, index) {
  const trace = plot._fullData[index];
  const make = PAINTERS[trace.type];
  if (!make) return null;
  const { xaxis, yaxis } = plot._fullLayout._plots[trace.xaxis + trace.yaxis];
  const node = nodeOf(plot, index);
  return make({ plot, trace, node, data: next.data, index, xaxis, yaxis });
}

/**
 * Plotly's d3 leaves with each node what it was made from.
 *
 * @param {Plot} plot
 * @param {number} index
 */
function nodeOf(plot, index) {
  /** @type {NodeListOf<Element & { __data__?: any }>} */
  const made = plot.querySelectorAll(".cartesianlayer .trace, .cartesianlayer .hm");
  return [...made].find((node) => node.__data__?.[0]?.trace?.index === index);
}

/** @param {Mark} mark @returns {Painter | null} */
function scatterPainter(mark) {
  const { mode, line } = mark.trace;
  return mode === "lines" && line?.simplify === false ? linesPainter(mark) : joinedPainter(mark);
}

/** @param {Mark} mark @returns {Painter | null} */
function joinedPainter(mark) {
  const { trace, node, xaxis, yaxis } = mark;
  const x = placesOf(mark, xaxis);
  const y = placesOf(mark, yaxis);
  if (!plainScatter(trace) || !node || !x || !y || x.length !== y.length) return null;
  const points = [...node.querySelectorAll(".points > path")];
  const lines = [...node.querySelectorAll(".lines > path.js-line")];
  if (trace.mode.includes("markers") && points.length !== x.length) return null;
  if (trace.mode.includes("lines") && lines.length !== 1) return null;
  return () => {
    points.forEach((point, i) => point.setAttribute("transform", `translate(${x[i]},${y[i]})`));
    if (lines.length) lines[0].setAttribute("d", `M${x.map((place, i) => `${round(place)},${round(y[i])}`).join("L")}`);
  };
}

/**
 * Lines with gaps between them, of which Plotly makes a path each where it is not to simplify them.
 *
 * @param {Mark} mark
 * @returns {Painter | null}
 */
function linesPainter(mark) {
  const { trace, node, xaxis, yaxis } = mark;
  const x = placesOrGaps(mark, xaxis);
  const y = placesOrGaps(mark, yaxis);
  if (!plainScatter(trace) || trace.connectgaps || !node || x.length !== y.length) return null;
  /** @type {string[][]} */
  const parts = [[]];
  x.forEach((place, i) => {
    if (!Number.isFinite(place + y[i])) parts.push([]);
    else parts[parts.length - 1].push(`${round(place)},${round(y[i])}`);
  });
  const whole = parts.filter((part) => part.length > 1);
  const paths = [...node.querySelectorAll(".lines > path.js-line")];
  if (paths.length !== whole.length) return null;
  return () => paths.forEach((path, i) => path.setAttribute("d", `M${whole[i].join("L")}`));
}

/** @param {any} trace Whether all of it are lines and markers, which this can draw. */
function plainScatter({ mode, line, fill, cliponaxis, error_x, error_y }) {
  const filled = (fill ?? "none") !== "none";
  const curved = (line?.shape ?? "linear") !== "linear";
  const barred = [error_x, error_y].some((error) => error?.visible);
  return !filled && !curved && cliponaxis !== false && !barred && !mode.includes("text");
}

/** @param {Mark} mark @returns {Painter | null} */
function barPainter(mark) {
  const { plot, trace, node, xaxis, yaxis } = mark;
  const flat = trace.orientation === "h";
  const along = flat ? xaxis : yaxis;
  const across = flat ? yaxis : xaxis;
  const items = plot.calcdata[mark.index];
  if (!plainBars(plot._fullLayout, trace, items) || along.type !== "linear") return null;
  const bars = node ? [...node.querySelectorAll(".points > .point > path")] : [];
  const sizes = sizesOf(mark, along);
  if (bars.length !== items.length || sizes.length !== items.length || !sizes.every(Number.isFinite)) return null;
  const bases = plot._fullLayout.barmode === "relative" ? basesOf(mark, sizes, along) : sizes.map(() => 0);
  const paths = items.map((item, i) => {
    const length = clear(along.c2p(bases[i]), along.c2p(bases[i] + sizes[i]), true);
    return barPath(length, clear(across.c2p(item.p0), across.c2p(item.p1)), flat);
  });
  return () => bars.forEach((bar, i) => bar.setAttribute("d", paths[i]));
}

/** @param {[number, number]} length @param {[number, number]} breadth @param {boolean} flat */
function barPath([start, end], [low, high], flat) {
  if (start === end) return "M0,0Z";
  return flat ? `M${start},${low}V${high}H${end}V${low}Z` : `M${low},${start}V${end}H${high}V${start}Z`;
}

/** @param {any} layout @param {any} trace @param {any[]} items Whether this can draw all of the bars. */
function plainBars({ barmode, barnorm }, { base, text, texttemplate }, items) {
  const rich = base != null || text || texttemplate || items[0].t.cornerradiusvalue;
  return ["group", "overlay", "relative"].includes(barmode) && !barnorm && !rich;
}

/** @param {Pick<Mark, "data" | "index">} mark @param {Axis} along @returns {number[]} */
export const sizesOf = ({ data, index }, along) => Array.from(data[index][along._id[0]], (value) => Number(value ?? NaN));

/**
 * What the earlier bars at the same place, with the same sign, add up to.
 *
 * @param {Mark} mark
 * @param {number[]} sizes
 * @param {Axis} along
 * @returns {number[]}
 */
export function basesOf(mark, sizes, along) {
  const { plot, data, trace } = mark;
  const items = plot.calcdata[mark.index];
  const below = plot._fullData.filter(
    (/** @type {any} */ other) =>
      other.type === "bar" && other.visible === true && other.index < mark.index &&
      other.xaxis === trace.xaxis && other.yaxis === trace.yaxis
  );
  return items.map(({ p }, i) => {
    let sum = 0;
    for (const { index } of below) {
      const place = plot.calcdata[index].findIndex((item) => item.p === p);
      const size = place < 0 ? 0 : sizesOf({ data, index }, along)[place];
      if (Math.sign(size) === Math.sign(sizes[i])) sum += size;
    }
    return sum;
  });
}

/**
 * Both ends of a bar in pixels, apart enough to be seen unless there is nothing to see.
 *
 * @param {number} one
 * @param {number} other
 * @param {boolean} [mayVanish]
 * @returns {[number, number]}
 */
function clear(one, other, mayVanish = false) {
  /** @param {number} here @param {number} there */
  const rounded = (here, there) => {
    if (Math.abs(here - there) >= 2) return round(here);
    if (mayVanish && here === there) return here;
    return here > there ? Math.ceil(here) : Math.floor(here);
  };
  const start = rounded(one, other);
  return [start, rounded(other, start)];
}
