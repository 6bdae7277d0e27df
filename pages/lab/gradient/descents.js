// @ts-check
// Where descent leads while the hand still moves its start, in float64, step by step as `ce_core` does
// it. Plain functions of arrays; the tests hold them to `ce_core`.

import { softmax } from "../drag/softmax.js";

/**
 * @typedef {"l1" | "held" | "l2"} Descent of L1, of L2 with p held constant, of L2 in full
 * @typedef {{ q: number[], rate: number, steps: number }} Course
 */

export const DESCENTS = /** @type {const} */ (["l1", "held", "l2"]);

/** @param {number[]} values */
const sum = (values) => values.reduce((total, value) => total + value, 0);

/** The gradient at logits whose softmax is p. @type {Record<Descent, (a: number[], p: number[], q: number[], total: number) => number[]>} */
const GRADIENTS = {
  l1: (_a, p, q, total) => q.map((share, i) => total * p[i] - share),
  held: (_a, p, q) => q.map((share, i) => p[i] - share),
  l2: (a, p, q) => {
    const largest = Math.max(...a);
    const mean = sum(a.map((value, i) => p[i] * (value - largest)));
    return q.map((share, i) => p[i] - share + p[i] * (a[i] - largest - mean));
  },
};

/**
 * p after each step, that of the start included.
 *
 * @param {Descent} descent
 * @param {number[]} start
 * @param {Course} course
 */
export function descend(descent, start, { q, rate, steps }) {
  const gradient = GRADIENTS[descent];
  const total = sum(q);
  let a = start;
  let p = softmax(a);
  const path = [p];
  for (let step = 0; step < steps; step += 1) {
    const slope = gradient(a, p, q, total);
    a = a.map((value, i) => value - rate * slope[i]);
    p = softmax(a);
    path.push(p);
  }
  return path;
}

/**
 * Which steps are drawn: all, unless they are many; then the more the earlier, where most moves.
 *
 * @param {number} steps
 * @param {number} most
 */
export function spread(steps, most) {
  if (steps < most) return Array.from({ length: steps + 1 }, (_none, i) => i);
  const all = Array.from({ length: most }, (_none, k) => Math.round(steps * (k / (most - 1)) ** 2));
  return [...new Set(all)];
}
