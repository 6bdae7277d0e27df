// @ts-check
// Moves what Plotly drew to where the next figure has it, in a fraction of a millisecond where
// Plotly.react takes twenty. It knows lines, markers, bars and density maps on linear axes, of which
// only the data and the ranges have changed; all else is Plotly's, to which the figure grid then turns.
// Plotly itself hears of it when it is asked to draw the next time (`refreshed`): the grid does so as
// soon as someone reaches for the figure, so that what hovers and zooms knows the same data.

import { differences, isData } from "./animation.js";
import { painterOf } from "./marks.js";
import { axisPainter, removeTicks } from "./ticks.js";

/**
 * @typedef {import("../web/types.js").Axis} Axis
 * @typedef {import("../web/types.js").Figure} Figure
 * @typedef {import("../web/types.js").Layout} Layout
 * @typedef {import("../web/types.js").Plot} Plot
 * @typedef {import("../web/types.js").Trace} Trace
 * @typedef {() => void} Painter
 * @typedef {{ traces: Map<number, string[]>, axes: string[] }} Moves The names that differ.
 */

// What the picture does not show.
const UNSEEN = new Set(["customdata", "hovertext", "hovertemplate", "hoverinfo", "name", "meta"]);
const DATA = new Set(["x", "y", "z"]);

/**
 * Whether the next figure is now on the screen; if not, nothing has been touched. `held` names the
 * axes that someone has zoomed; Plotly does not hear of a figure that is only `passing`.
 *
 * @param {Plot} plot
 * @param {Figure} shown
 * @param {Figure} next
 * @param {Set<string>} held
 * @param {boolean} [passing]
 * @returns {boolean}
 */
export function repaint(plot, shown, next, held, passing = false) {
  const painted = paint(plot, shown, next, held);
  if (painted && !passing) note(plot, next, painted.moves, painted.axes);
  return Boolean(painted);
}

/**
 * @param {Plot} plot
 * @param {Figure} shown
 * @param {Figure} next
 * @param {Set<string>} held
 * @returns {{ moves: Moves, axes: Axis[] } | null}
 */
function paint(plot, shown, next, held) {
  const layout = plot._fullLayout;
  const moves = layout?._plots ? movesOf(shown, next, held) : null;
  if (!moves) return null;
  /** @type {Axis[]} */
  const axes = moves.axes.map((name) => layout[name]);
  if (!axes.every(Boolean)) return null;
  const ranges = axes.map((axis) => axis.range);
  if (axes.length && fixed(next.layout)) return null;
  if (!axes.every((axis) => movable(axis, next.layout))) return null;
  axes.forEach((axis) => place(axis, next.layout[axis._name].range));
  const painters = paintersOf(plot, next, moves, axes);
  if (!painters) {
    axes.forEach((axis, index) => place(axis, ranges[index]));
    return null;
  }
  for (const painter of painters) painter();
  return { moves, axes };
}

/** @param {Axis} axis @param {[number, number]} range */
function place(axis, [low, high]) {
  axis.range = [low, high];
  axis.setScale();
}

/**
 * Has Plotly hold what is now on the screen.
 *
 * @param {Plot} plot
 * @param {Figure} next
 * @param {Moves} moves
 * @param {Axis[]} axes
 */
function note(plot, next, moves, axes) {
  for (const [index, names] of moves.traces) {
    for (const name of names) plot.data[index][name] = plot._fullData[index][name] = next.data[index][name];
  }
  // A name may say what its trace shows.
  for (const [index, { name }] of next.data.entries()) {
    if (name !== undefined) plot.data[index].name = plot._fullData[index].name = name;
  }
  for (const axis of axes) plot.layout[axis._name].range = [...axis.range];
}

/**
 * What has to happen before Plotly draws a figure over one that was repainted. Returns the data in
 * arrays that Plotly has not seen: it compares them by identity with those it knows.
 *
 * @param {Plot} plot
 * @param {Trace[]} data
 * @returns {Trace[]}
 */
export function refreshed(plot, data) {
  removeTicks(plot);
  return data.map((trace) => {
    /** @type {Trace} */
    const copied = { ...trace };
    for (const name of DATA) if (isData(trace[name])) copied[name] = trace[name].slice();
    return copied;
  });
}

/**
 * The names that differ, for each trace and among the axes; null where more differs than may.
 *
 * @param {Figure} shown
 * @param {Figure} next
 * @param {Set<string>} held
 * @returns {Moves | null}
 */
function movesOf(shown, next, held) {
  if (shown.data.length !== next.data.length) return null;
  /** @type {Map<number, string[]>} */
  const traces = new Map();
  for (const [index, trace] of next.data.entries()) {
    const names = differences(shown.data[index], trace).filter((name) => !UNSEEN.has(name));
    const moving = (/** @type {string} */ name) => DATA.has(name) || (name === "text" && trace.mode === "text");
    if (!names.every((name) => moving(name) && trace[name]?.length && shown.data[index][name]?.length)) return null;
    if (names.length) traces.set(index, names);
  }
  const axes = differences(shown.layout, next.layout);
  if (!axes.every((name) => onlyRange(name, shown.layout[name], next.layout[name]))) return null;
  return { traces, axes: axes.filter((name) => !held.has(name)) };
}

/**
 * Whether what differs is an axis, and of it no more than its range.
 *
 * @param {string} name
 * @param {any} one
 * @param {any} other
 */
function onlyRange(name, one, other) {
  if (!/^[xy]axis\d*$/.test(name) || !one?.range || !other?.range) return false;
  return differences(one, other).every((part) => part === "range");
}

/**
 * Shapes, notes and pictures that stand at a place of the axes would have to move with them.
 *
 * @param {Layout} layout
 */
function fixed({ shapes = [], annotations = [], images = [] }) {
  return [...shapes, ...annotations, ...images].some(({ xref, yref }) => xref !== "paper" || yref !== "paper");
}

/** @param {Axis} axis @param {Layout} layout */
function movable(axis, layout) {
  const tied = Object.entries(layout).some(
    ([name, { matches, scaleanchor } = {}]) =>
      (matches || scaleanchor) && (name === axis._name || [matches, scaleanchor].includes(axis._id))
  );
  return axis.type === "linear" && !axis.autorange && !tied;
}

/**
 * @param {Plot} plot
 * @param {Figure} next
 * @param {Moves} moves
 * @param {Axis[]} axes
 * @returns {Painter[] | null}
 */
function paintersOf(plot, next, moves, axes) {
  const painters = axes.map((axis) => axisPainter(plot, axis));
  for (const index of dirty(plot, moves, axes)) painters.push(painterOf(plot, next, index));
  return painters.every((painter) => painter !== null) ? painters : null;
}

/**
 * The traces that look otherwise: those whose data have moved, those that stand on what moved, and the
 * bars that stand on other bars.
 *
 * @param {Plot} plot
 * @param {Moves} moves
 * @param {Axis[]} axes
 * @returns {number[]}
 */
function dirty(plot, { traces }, axes) {
  const moved = plot._fullData.map(
    (trace, index) =>
      traces.has(index) || axes.some((axis) => axis._id === trace.xaxis || axis._id === trace.yaxis)
  );
  const bars = plot._fullData.map((trace) => trace.type === "bar");
  const some = moved.some((is, index) => is && bars[index]);
  return plot._fullData.flatMap((trace, index) =>
    trace.visible === true && (moved[index] || (some && bars[index])) ? [index] : []
  );
}
