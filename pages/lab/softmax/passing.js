// @ts-check
// What is shown on the way from one state to another of as many classes: a state itself, so that all
// that is said of it holds.

import { eased } from "../drag/passage.js";

/** @typedef {{ logits: number[], temperature: number, ends: import("../drag/bars.js").Ends }} Place */

/**
 * Logits and axis go in equal steps, the temperature in equal ratios; in so many digits that nothing
 * beside them moves.
 *
 * @param {Place} from
 * @param {Place} to
 * @param {number} share of the time
 * @returns {Place}
 */
export function passing(from, to, share) {
  const gone = eased(share);
  /** @param {number} start @param {number} goal @param {number} digits */
  const mixed = (start, goal, digits) =>
    start === goal ? goal : Number((start + gone * (goal - start)).toFixed(digits));
  const ratio = to.temperature / from.temperature;
  return {
    logits: to.logits.map((goal, i) => mixed(from.logits[i], goal, 2)),
    temperature: ratio === 1 ? to.temperature : Number((from.temperature * ratio ** gone).toPrecision(3)),
    ends: [mixed(from.ends[0], to.ends[0], 1), mixed(from.ends[1], to.ends[1], 1)],
  };
}
