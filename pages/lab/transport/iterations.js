// @ts-check
// Where a handle on the curve stands and goes, and the words at it: no page, no state.

import { around, boxAt, placeLabels } from "../drag/labels.js";

/** @typedef {import("../drag/labels.js").Box} Box */
/** @typedef {import("../drag/labels.js").Spot} Spot */
/** @typedef {[x: number, y: number]} Point */
/** @typedef {{ uid: string, x: ArrayLike<number>, y: ArrayLike<number | null> }} Line */

/**
 * The place in an ascending list of what is nearest to a number.
 *
 * @param {number[]} values
 * @param {number} wanted
 */
export function nearest(values, wanted) {
  let place = 0;
  values.forEach((value, i) => {
    if (Math.abs(value - wanted) < Math.abs(values[place] - wanted)) place = i;
  });
  return place;
}

/**
 * Where a key moves a place in a list; undefined if it is no key for that.
 *
 * @param {string} key
 * @param {number} place
 * @param {number} last
 */
export function stepped(key, place, last) {
  /** @type {Record<string, number>} */
  const moves = {
    ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5, Home: -Infinity, End: Infinity,
  };
  return key in moves ? Math.min(last, Math.max(0, place + moves[key])) : undefined;
}

/**
 * The present iteration as it is drawn or, where `count` says another, its place on the curve: at the
 * nearest of its points that is more than 0.
 *
 * @param {Line[]} lines
 * @param {string} curve
 * @param {number} [count]
 */
export function placeOn(lines, curve, count) {
  const now = lines.find(({ uid }) => uid === "now");
  const line = lines.find(({ uid }) => uid === curve);
  const here = { x: now?.x[0] ?? NaN, y: now?.y[0] ?? NaN };
  if (count === undefined || !line) return here;
  const places = Array.from(line.x, (_x, i) => i).filter((i) => Number(line.y[i]) > 0);
  if (!places.length) return { x: count, y: here.y };
  const place = places[nearest(places.map((i) => line.x[i]), count)];
  return { x: Math.min(count, line.x[line.x.length - 1]), y: Number(line.y[place]) };
}

// The reach of the dot, and from there to words.
const [HALO, GAP] = [22, 2];
// From the middle of the dot to that of a line of words beside it, and past it.
const [BESIDE, PAST] = [18, 34];
// So many lines are tried past it.
const ROWS = 24;

/**
 * Where the words at the handle stand: beside the dot or above it, off the names of the curves and off
 * the curve; where those leave no room, on the curve, and then on the names. Within the frame.
 *
 * @param {Point} dot
 * @param {{ width: number, height: number }} words
 * @param {{ names: Box[], curve: Box[], frame: Box }} among
 * @returns {Box}
 */
export function wordsAt([x, y], words, { names, curve, frame }) {
  const { width, height } = words;
  const half = height / 2;
  const left = Math.min(frame.left, frame.right - width);
  const [before, after] = [x - HALO - GAP - width, x + HALO + GAP];
  const beside = [[after, -BESIDE], [before, BESIDE], [after, 0], [before, 0], [after, BESIDE], [before, -BESIDE]];
  const rows = Array.from({ length: ROWS }, (_none, k) => frame.top + half + (k / (ROWS - 1)) * (frame.bottom - frame.top - height));
  const past = [y - PAST, y + PAST, ...rows]
    .map((row) => row - y)
    .sort((one, other) => Math.abs(one) - Math.abs(other))
    .flatMap((down) => [after, before, x, x - width].map((at) => [Math.max(left, Math.min(at, frame.right - width)), down]));
  /** @type {Spot[]} */
  const spots = [...beside, ...past].map(([at, down]) => ({ x: at, y: y + down, anchor: "start" }));
  const dot = around(x, y, HALO);
  for (const obstacles of [[dot, ...names, ...curve], [dot, ...names], [dot]]) {
    const place = placeLabels([{ name: "words", width, height, spots }], obstacles, { ...frame, left }).get("words");
    if (place !== undefined) return boxAt(words, spots[place]);
  }
  return boxAt(words, spots[beside.length]);
}

/** A line from point to point, as boxes. @param {Point[]} points @returns {Box[]} */
export function boxesOf(points) {
  return points.slice(1).map(([x, y], i) => {
    const [fromX, fromY] = points[i];
    return { left: Math.min(x, fromX), right: Math.max(x, fromX), top: Math.min(y, fromY), bottom: Math.max(y, fromY) };
  });
}
