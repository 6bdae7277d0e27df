// @ts-check
// Bars that are dragged.

import { element } from "../web/dom.js";

/**
 * @typedef {{ box: HTMLElement, number: HTMLElement, track: HTMLElement, bar: HTMLElement }} Bar
 * @typedef {[low: number, high: number]} Ends
 */

/** @param {HTMLElement} box @returns {Bar} */
export function buildBar(box) {
  const number = element(box, "span", { class: "number" });
  const track = element(box, "div", { class: "track" });
  return { box, number, track, bar: element(track, "i") };
}

/** @type {WeakMap<HTMLElement, string>} */
const shapes = new WeakMap();

/**
 * Put a bar from one percentage of its track to another. A transform moves nothing else on the page.
 *
 * @param {HTMLElement} bar
 * @param {number} from
 * @param {number} to
 */
export function stretch(bar, from, to) {
  const shape = `translateX(${from.toFixed(2)}%) scaleX(${((to - from) / 100).toFixed(4)})`;
  if (shapes.get(bar) === shape) return;
  shapes.set(bar, shape);
  bar.style.transform = shape;
}

/**
 * The percentage of the track at which a value stands.
 *
 * @param {number} value
 * @param {Ends} ends
 */
export function shareOf(value, [low, high]) {
  return (100 * (Math.min(high, Math.max(low, value)) - low)) / (high - low);
}

/**
 * The value under a pointer, in thousandths of the track.
 *
 * @param {{ clientX: number }} event
 * @param {{ left: number, width: number }} box
 * @param {Ends} ends
 */
export function pointed(event, box, [low, high]) {
  const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  const step = (high - low) / 1000;
  return Math.round((low + share * (high - low)) / step) * step;
}

/**
 * Where a key moves a value, in hundredths of the track; undefined if it is no key for that.
 *
 * @param {KeyboardEvent} event
 * @param {number} value
 * @param {Ends} ends
 */
export function keyed(event, value, [low, high]) {
  const step = (high - low) / 100;
  /** @type {Record<string, number>} */
  const moves = {
    ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step,
    PageUp: 10 * step, PageDown: -10 * step, Home: -Infinity, End: Infinity,
  };
  const move = moves[event.key];
  if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  event.preventDefault();
  const moved = Math.round((value + move) / step) * step;
  return Math.min(high, Math.max(low, Number.isFinite(move) ? moved : move));
}
