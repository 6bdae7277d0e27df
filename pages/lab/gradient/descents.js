// @ts-check
// Where descent leads while the hand still moves its start, in float64, step by step as `ce_core` does
// it. Plain functions of arrays; the tests hold them to `ce_core`.

/**
 * @typedef {"l1" | "held" | "l2"} Descent of L1, of L2 with p held constant, of L2 in full
 * @typedef {{ q: number[], rate: number, steps: number }} Course
 */

export const DESCENTS = /** @type {const} */ (["l1", "held", "l2"]);

/**
 * p after each step, that of the start included; it is computed anew in each frame, so that it goes
 * through one array.
 */
export class Path {
  /** @param {Descent} descent @param {number[]} start @param {Course} course */
  constructor(descent, start, { q, rate, steps }) {
    this.classes = start.length;
    this.all = new Float64Array((steps + 1) * this.classes);
    const a = Float64Array.from(start);
    // L1 asks for a multiple of p; the target of L2 has a sum of 1.
    const total = descent === "l1" ? q.reduce((sum, share) => sum + share, 0) : 1;
    let largest = this.fill(0, a);
    for (let step = 1; step <= steps; step += 1) {
      const before = (step - 1) * this.classes;
      const mean = descent === "l2" ? this.meanOf(before, a, largest) : 0;
      for (let i = 0; i < this.classes; i += 1) {
        const p = this.all[before + i];
        const slope = total * p - q[i];
        a[i] -= rate * (descent === "l2" ? slope + p * (a[i] - largest - mean) : slope);
      }
      largest = this.fill(step, a);
    }
  }

  /** Put the softmax of logits at a step, and return the largest of them. @param {number} step @param {Float64Array} a */
  fill(step, a) {
    const { all, classes } = this;
    const first = step * classes;
    let largest = -Infinity;
    for (let i = 0; i < classes; i += 1) largest = Math.max(largest, a[i]);
    let total = 0;
    for (let i = 0; i < classes; i += 1) total += all[first + i] = Math.exp(a[i] - largest);
    for (let i = 0; i < classes; i += 1) all[first + i] /= total;
    return largest;
  }

  /** @param {number} first @param {Float64Array} a @param {number} largest */
  meanOf(first, a, largest) {
    let mean = 0;
    for (let i = 0; i < this.classes; i += 1) mean += this.all[first + i] * (a[i] - largest);
    return mean;
  }

  /** @param {number} step */
  at(step) {
    return [...this.all.subarray(step * this.classes, (step + 1) * this.classes)];
  }

  /** @param {number} step @param {number} i the class */
  of(step, i) {
    return this.all[step * this.classes + i];
  }
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
