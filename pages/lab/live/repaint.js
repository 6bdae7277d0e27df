// Moves what Plotly drew to where the next figure has it, in a fraction of a millisecond where
// Plotly.react takes twenty. It knows lines, markers, bars and density maps on linear axes, of which
// only the data and the ranges have changed; all else is Plotly's, to which the board then turns.
// Plotly itself hears of it when it is asked to draw the next time (`refreshed`): the board does so as
// soon as someone reaches for the figure, so that what hovers and zooms knows the same data.

import { differences, isData } from "./animation.js";
import { painterOf } from "./marks.js";
import { axisPainter, removeTicks } from "./ticks.js";

// What the picture does not show.
const UNSEEN = new Set(["customdata", "hovertext", "hovertemplate", "hoverinfo"]);
const DATA = new Set(["x", "y", "z"]);

// Whether the next figure is now on the screen; if not, nothing has been touched. `held` names the
// axes that someone has zoomed.
export function repaint(plot, shown, next, held) {
  const layout = plot._fullLayout;
  const moves = layout?._plots && movesOf(shown, next, held);
  if (!moves) return false;
  const axes = moves.axes.map((name) => layout[name]);
  if (!axes.every(Boolean)) return false;
  const ranges = axes.map((axis) => axis.range);
  const place = (axis, range) => {
    axis.range = range;
    axis.setScale();
  };
  if (axes.length && fixed(next.layout)) return false;
  if (!axes.every((axis) => movable(axis, next.layout))) return false;
  axes.forEach((axis) => place(axis, [...next.layout[axis._name].range]));
  const painters = paintersOf(plot, next, moves, axes);
  if (!painters) {
    axes.forEach((axis, index) => place(axis, ranges[index]));
    return false;
  }
  for (const paint of painters) paint();
  for (const [index, names] of moves.traces) {
    for (const name of names) plot.data[index][name] = plot._fullData[index][name] = next.data[index][name];
  }
  for (const axis of axes) plot.layout[axis._name].range = [...axis.range];
  return true;
}

// What has to happen before Plotly draws a figure over one that was repainted. Returns the data in
// arrays that Plotly has not seen: it compares them by identity with those it knows.
export function refreshed(plot, data) {
  removeTicks(plot);
  return data.map((trace) => {
    const copied = { ...trace };
    for (const name of DATA) if (isData(trace[name])) copied[name] = trace[name].slice();
    return copied;
  });
}

// The names that differ, for each trace and among the axes; null where more differs than may.
function movesOf(shown, next, held) {
  if (shown.data.length !== next.data.length) return null;
  const traces = new Map();
  for (const [index, trace] of next.data.entries()) {
    const names = differences(shown.data[index], trace).filter((name) => !UNSEEN.has(name));
    if (!names.every((name) => DATA.has(name) && trace[name]?.length && shown.data[index][name]?.length)) return null;
    if (names.length) traces.set(index, names);
  }
  const axes = differences(shown.layout, next.layout);
  for (const name of axes) {
    if (!/^[xy]axis\d*$/.test(name) || !shown.layout[name]?.range || !next.layout[name]?.range) return null;
    if (differences(shown.layout[name], next.layout[name]).some((part) => part !== "range")) return null;
  }
  return { traces, axes: axes.filter((name) => !held.has(name)) };
}

// Shapes, notes and pictures that stand at a place of the axes would have to move with them.
function fixed({ shapes = [], annotations = [], images = [] }) {
  return [...shapes, ...annotations, ...images].some(({ xref, yref }) => xref !== "paper" || yref !== "paper");
}

function movable(axis, layout) {
  const tied = Object.entries(layout).some(
    ([name, { matches, scaleanchor } = {}]) =>
      (matches || scaleanchor) && (name === axis._name || [matches, scaleanchor].includes(axis._id))
  );
  return axis.type === "linear" && !axis.autorange && !tied;
}

function paintersOf(plot, next, moves, axes) {
  const painters = axes.map((axis) => axisPainter(plot, axis));
  for (const index of dirty(plot, moves, axes)) painters.push(painterOf(plot, next, index));
  return painters.every(Boolean) ? painters : null;
}

// The traces that look otherwise: those whose data have moved, those that stand on what moved, and the
// bars that stand on other bars.
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
