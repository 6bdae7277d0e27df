// @ts-check
// On the way from one state to another: positions and lengths go, colours and numbers do not.

import { eased } from "../drag/passage.js";
import { isData } from "./animation.js";

/**
 * @typedef {import("../web/types.js").Figure} Figure
 * @typedef {import("../web/types.js").Values} Values
 */

/**
 * A figure between two that have the same parts.
 *
 * @param {Figure} from
 * @param {Figure} to
 * @param {number} share how far it is, from 0 to 1
 * @param {(trace: number, name: "x" | "y") => boolean} isLogarithmic
 * @returns {Figure}
 */
export function between(from, to, share, isLogarithmic) {
  const gone = eased(share);
  const data = to.data.map((trace, k) => {
    const passing = { ...trace };
    for (const name of /** @type {const} */ (["x", "y"])) {
      if (numbers(from.data[k]?.[name]) && numbers(trace[name])) {
        passing[name] = mixed(from.data[k][name], trace[name], gone, isLogarithmic(k, name));
      }
    }
    return passing;
  });
  const layout = { ...to.layout };
  for (const [name, axis] of Object.entries(layout)) {
    const before = /^[xy]axis\d*$/.test(name) && from.layout[name]?.range;
    if (before && axis.range) layout[name] = { ...axis, range: mixed(before, axis.range, gone, false) };
  }
  return { data, layout };
}

/** @param {any} values */
const numbers = (values) => isData(values) || (Array.isArray(values) && typeof values[0] === "number");

/** @param {Values} from @param {Values} to @param {number} gone @param {boolean} logarithmic @returns {number[]} */
function mixed(from, to, gone, logarithmic) {
  return Array.from(to, (goal, k) => {
    const start = from.length === to.length ? from[k] : goal;
    if (start === null || goal === null || !Number.isFinite(start) || !Number.isFinite(goal)) return goal ?? NaN;
    if (logarithmic && start > 0 && goal > 0) return start * (goal / start) ** gone;
    return start + gone * (goal - start);
  });
}

/** @param {import("../web/types.js").Plot} plot @param {number} trace @param {"x" | "y"} side */
export function axisOf(plot, trace, side) {
  const { xaxis, yaxis } = plot._fullData[trace];
  const panel = plot._fullLayout._plots[xaxis + yaxis];
  return side === "x" ? panel.xaxis : panel.yaxis;
}
