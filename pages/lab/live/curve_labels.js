// @ts-check
// Direct labels: the name of a curve stands at the curve itself, at its calm end, where nothing lies.

import { around, boxAt, meet, placeLabels } from "../drag/labels.js";
import { shapesOf } from "./shapes.js";

/**
 * @typedef {import("../drag/labels.js").Box} Box
 * @typedef {import("../drag/labels.js").Spot} Spot
 * @typedef {import("../web/types.js").Figure} Figure
 * @typedef {import("../web/types.js").Plot} Plot
 * @typedef {import("../web/types.js").Trace} Trace
 * @typedef {import("./shapes.js").Shape} Shape
 *
 * @typedef {object} Name What a trace is called; its record, `meta.label`, may say otherwise than the trace.
 * @property {string} uid
 * @property {number} index
 * @property {string} text
 * @property {string} colour the light value of its mark
 * @property {"end" | "start" | "middle" | "key"} at where it stands best
 *
 * @typedef {Name & Spot} Label
 * @typedef {object} Labelling
 * @property {Label[]} labels
 * @property {Name[]} left the names for which there was no room
 * @property {Map<string, number>} spots which each has, so that the next frame can keep it
 */

export const LINE = 18;
const KINDS = ["scatter", "bar"];
// Places that are tried along a curve, and how far from it a name may stand.
const TRIED = 25;
// So far from a name no other curve should be.
const APART = 10;
// Between two names on one line.
const BESIDE = 8;
const GAPS = [3, 9, 16];
/** @type {Record<string, number>} From the place of a note to its middle, as a share of its size. */
const SIDES = { left: 0.5, right: -0.5, top: 0.5, bottom: -0.5 };

/**
 * The names that a figure shows, in the order of its curves: of those with a record, and of those that
 * a legend would name. One curve alone needs none: it is the title.
 *
 * @param {Figure} figure
 * @returns {Name[]}
 */
export function namesIn({ data, layout }) {
  const told = data.map(({ meta }) => meta?.label);
  const listed = data.map((trace) => trace.showlegend !== false && KINDS.includes(trace.type ?? ""));
  const shown = data.map((_trace, k) => told[k] || (told[k] !== null && listed[k] && layout.showlegend !== false));
  const names = data.flatMap((trace, index) => {
    const { text = trace.name, at = "end" } = told[index] ?? {};
    return shown[index] && text ? [{ uid: trace.uid ?? String(index), index, text, colour: colourOf(trace), at }] : [];
  });
  return names.length > 1 || told.some(Boolean) ? names : [];
}

/** @param {Trace} trace @returns {string} */
function colourOf({ meta, line = {}, marker = {}, mode = "", fillcolor }) {
  const drawn = mode.includes("lines") ? [line.color, marker.color] : [marker.color, line.color];
  const colours = [meta?.label?.colour, ...drawn, marker.line?.color, fillcolor];
  return colours.find((colour) => typeof colour === "string") ?? "";
}

/**
 * Where the names of a figure stand.
 *
 * @param {Plot} plot as Plotly has drawn it
 * @param {Figure} figure what it shows now
 * @param {(text: string) => number} widthOf
 * @param {Map<string, number>} [before] the spots of the frame before
 * @param {{ has: (uid: string) => boolean }} [keyed] which had no room in a frame before, and stay in the key
 * @returns {Labelling}
 */
export function labelsOf(plot, figure, widthOf, before = new Map(), keyed = new Set()) {
  const names = namesIn(figure);
  /** @type {Labelling} */
  const found = { labels: [], left: [], spots: new Map() };
  if (!names.length) return found;
  const notes = notesIn(plot, widthOf);
  for (const { frame, shapes } of shapesOf(plot, figure)) {
    const here = names.filter(({ uid, index, at }) => shapes.has(index) && at !== "key" && !keyed.has(uid));
    const obstacles = [...[...shapes.values()].flatMap(({ boxes }) => boxes), ...notes];
    const spotted = here.map((name) => {
      const spots = spotsAt(/** @type {Shape} */ (shapes.get(name.index)), name.at, frame);
      const kept = before.get(name.uid);
      const size = { width: widthOf(name.text) + BESIDE, height: LINE };
      const others = [...shapes].flatMap(([index, { boxes }]) => (index === name.index ? [] : boxes));
      const order = ordered(spots, kept, size, others);
      return { name, order, label: { name: name.uid, ...size, spots: order.map((k) => spots[k]) } };
    });
    const places = placeLabels(spotted.map(({ label }) => label), obstacles, frame);
    for (const { name, order, label } of spotted) {
      const place = places.get(name.uid);
      if (place === undefined) continue;
      found.labels.push({ ...name, ...label.spots[place] });
      found.spots.set(name.uid, order[place]);
    }
  }
  // Bars stand side by side: their names do too, all of them at the bars or all in the key.
  const isBar = (/** @type {Name} */ { index }) => figure.data[index].type === "bar";
  if (names.some((name) => isBar(name) && !found.spots.has(name.uid))) {
    for (const { uid } of names.filter(isBar)) found.spots.delete(uid);
  }
  found.labels = found.labels.filter(({ uid }) => found.spots.has(uid));
  found.left = names.filter(({ uid }) => !found.spots.has(uid));
  return found;
}

/**
 * The numbers of the spots as they are to be tried: that of the frame before, then those that are near
 * no other curve, so that nobody takes a name for that of another.
 *
 * @param {Spot[]} spots
 * @param {number | undefined} kept
 * @param {{ width: number, height: number }} size
 * @param {Box[]} others
 */
function ordered(spots, kept, size, others) {
  const numbers = spots.map((_spot, k) => k);
  if (kept !== undefined && kept < spots.length) return [kept, ...numbers];
  const wide = { width: size.width + 2 * APART, height: size.height + 2 * APART };
  const near = spots.map((spot) => {
    const shift = { start: -APART, middle: 0, end: APART }[spot.anchor];
    const box = boxAt(wide, { ...spot, x: spot.x + shift });
    return others.some((other) => meet(box, other));
  });
  return [...numbers.filter((k) => !near[k]), ...numbers.filter((k) => near[k])];
}

/** @param {Shape} shape @param {Name["at"]} at @param {Box} frame @returns {Spot[]} The best first. */
function spotsAt(shape, at, frame) {
  const { points } = shape;
  const last = points.length - 1;
  const count = Math.min(TRIED, points.length);
  const order = Array.from({ length: count }, (_none, k) => Math.round((last * k) / Math.max(1, count - 1)));
  if (at !== "start") order.reverse();
  if (at === "middle") order.sort((one, other) => Math.abs(one - last / 2) - Math.abs(other - last / 2));
  return order.flatMap((k) => {
    const [x, y] = points[k];
    if (shape.kind === "bar") return barSpots(x, y, shape.side, shape.flat);
    const { kind, radius, upright } = shape;
    return kind === "line" && !upright ? lineSpots(x, y, radius, frame) : pointSpots(x, y, radius);
  });
}

/** @param {number} x @param {number} y @param {number} radius @param {Box} frame @returns {Spot[]} */
function lineSpots(x, y, radius, { left, right }) {
  const share = (x - left) / (right - left);
  /** @type {Spot["anchor"][]} */
  const anchors = share > 0.75 ? ["end", "middle"] : share < 0.25 ? ["start", "middle"] : ["middle", "end", "start"];
  return GAPS.flatMap((gap) => [-1, 1].flatMap((side) =>
    anchors.map((anchor) => ({ x, y: y + side * (LINE / 2 + radius + gap - 2), anchor }))));
}

/** @param {number} x @param {number} y @param {number} radius @returns {Spot[]} */
function pointSpots(x, y, radius) {
  return GAPS.flatMap((gap) => /** @type {Spot[]} */ ([
    { x: x + radius + gap + 2, y, anchor: "start" },
    { x: x - radius - gap - 2, y, anchor: "end" },
    { x, y: y - LINE / 2 - radius - gap, anchor: "middle" },
    { x, y: y + LINE / 2 + radius + gap, anchor: "middle" },
  ]));
}

/** @param {number} x @param {number} y its end @param {number} side 1 where it grows down or to the right @param {boolean} flat @returns {Spot[]} */
function barSpots(x, y, side, flat) {
  if (flat) return [{ x: x + 5 * side, y, anchor: side > 0 ? "start" : "end" }];
  return [3, 12].map((gap) => ({ x, y: y + side * (LINE / 2 + gap), anchor: "middle" }));
}

/** @param {Plot} plot @param {(text: string) => number} widthOf @returns {Box[]} What is written in a figure. */
function notesIn({ _fullLayout: layout }, widthOf) {
  /** @type {any[]} */
  const notes = layout.annotations ?? [];
  return notes.filter(({ text, visible }) => visible && text).map((note) => {
    const [x, y] = [placeOf(layout, note, "x"), placeOf(layout, note, "y")];
    const width = widthOf(note.text.replace(/<[^>]*>/g, ""));
    const across = SIDES[note.xanchor] ?? 0;
    const down = SIDES[note.yanchor] ?? 0;
    return around(x + across * width, y + down * LINE, width / 2, LINE / 2);
  });
}

/** @param {any} layout @param {any} note @param {"x" | "y"} side @returns {number} */
function placeOf(layout, note, side) {
  const [reference, shift] = side === "x" ? [note.xref, note.xshift ?? 0] : [note.yref, -(note.yshift ?? 0)];
  const { l, t, w, h } = layout._size;
  if (reference === "paper") return (side === "x" ? l + w * note.x : t + h * (1 - note.y)) + shift;
  const axis = layout[reference.replace(/^([xy])/, "$1axis")];
  return axis._offset + axis.r2p(note[side]) + shift;
}
