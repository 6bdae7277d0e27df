// @ts-check
// Three probabilities as a place in a triangle, and back to logits: no page, no state.

/**
 * @typedef {{ width: number, height: number }} Size
 * @typedef {[x: number, y: number]} Point
 * @typedef {[top: number, left: number, right: number]} Corners which class is at which corner
 */

const SLOPE = Math.sqrt(3) / 2;
// Beside the triangle stand the shares of the class on top, above and below it the names of corners.
const SIDE = 16;
const TOP = 26;
const FOOT = 26;
// A hand goes no nearer to an edge, where a logit would be without bound.
const LEAST = 0.0005;

/**
 * What turns three probabilities into pixels.
 *
 * @param {Size} size
 * @param {Corners} corners
 */
export function mapOf({ width, height }, [top, left, right]) {
  const side = Math.max(1, Math.min(width - 2 * SIDE, (height - TOP - FOOT) / SLOPE));
  const x0 = (width - side) / 2;
  const y0 = TOP + side * SLOPE;
  /** @param {number[]} p @returns {Point} */
  const place = (p) => [x0 + side * (p[right] + p[top] / 2), y0 - side * SLOPE * p[top]];
  /** The p at a place, kept inside. @param {number} x @param {number} y */
  const at = (x, y) => {
    const high = (y0 - y) / (side * SLOPE);
    const far = (x - x0) / side - high / 2;
    const p = [0, 0, 0];
    [p[top], p[left], p[right]] = [high, 1 - high - far, far].map((share) => Math.min(1, Math.max(LEAST, share)));
    const total = p[0] + p[1] + p[2];
    return p.map((share) => share / total);
  };
  return { place, at, side };
}

/** @typedef {ReturnType<typeof mapOf>} Map */

/** The class of the target on top, the others in their order. @param {number} watched @returns {Corners} */
export function cornersFor(watched) {
  const [left, right] = [0, 1, 2].filter((i) => i !== watched);
  return [watched, left, right];
}

/**
 * Logits of p that add up to what those of before do, within bounds.
 *
 * @param {number[]} p
 * @param {number[]} before
 * @param {number} most
 */
export function logitsOf(p, before, most) {
  const logs = p.map(Math.log);
  const mean = (/** @type {number[]} */ values) => values.reduce((total, value) => total + value, 0) / values.length;
  const shift = mean(before) - mean(logs);
  const low = -most - Math.min(...logs);
  const high = most - Math.max(...logs);
  const within = Math.min(high, Math.max(low, shift));
  return logs.map((value) => Number((value + within).toFixed(2)) || 0);
}

/** So many starts, spread over the triangle near its lower side and its flanks. @param {Corners} corners */
export function otherStarts([top, left, right]) {
  const shares = [[0.04, 0.9], [0.03, 0.8], [0.03, 0.42], [0.05, 0.1], [0.12, 0.02], [0.45, 0.01]];
  return shares.map(([high, near]) => {
    const p = [0, 0, 0];
    [p[top], p[left], p[right]] = [high, near, 1 - high - near];
    return p.map(Math.log);
  });
}
