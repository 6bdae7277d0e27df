// @ts-check
// Both losses of one logit: that of the right class leads by t, the other K - 1 are 0. Plain functions
// of numbers, in float64; the tests hold them to `ce_core`. K may be any number of at least 2.

/**
 * @typedef {object} Answer
 * @property {number} p of the right class
 * @property {number} l1
 * @property {number} l2 in full
 * @property {number} entropy of p: L1 - L2
 * @property {number} push1 where descent on L1 moves the lead: -dL1/dt, never negative
 * @property {number} push2 the same of L2
 */

/** @typedef {{ lead: number, p: number, l2: number }} Rest */

// A hand sets the lead no finer.
const FINEST = 0.01;

/**
 * w of w e^w = x, for 0 <= x <= 100, by Newton's steps on w - x e^(-w), which is concave.
 *
 * @param {number} x
 */
export function lambertW(x) {
  let w = Math.log1p(x);
  for (let step = 0; step < 8; step += 1) {
    const power = x * Math.exp(-w);
    w -= (w - power) / (1 + power);
  }
  return w;
}

/**
 * What follows from a lead among so many classes.
 *
 * @param {number} lead
 * @param {number} classes
 * @returns {Answer}
 */
export function answerTo(lead, classes) {
  const others = (classes - 1) * Math.exp(-lead);
  const p = 1 / (1 + others);
  const missing = others * p;
  const l1 = Math.log1p(others);
  return {
    p,
    l1,
    l2: -missing * lead,
    entropy: l1 + missing * lead,
    push1: missing,
    push2: missing * (1 - lead * p),
  };
}

/**
 * Where L2 comes to rest: p = 1 / (1 + W((K - 1)/e)), at a lead of 1/p. Beyond it the losses push
 * opposite ways.
 *
 * @param {number} classes
 * @returns {Rest}
 */
export function restOf(classes) {
  const w = lambertW((classes - 1) / Math.E);
  return { lead: 1 + w, p: 1 / (1 + w), l2: -w };
}

/**
 * Whether L2 pushes the same way as L1, which always lifts the lead, or the opposite one, or rests.
 *
 * @param {number} lead
 * @param {Rest} rest
 * @returns {"same" | "opposite" | "rests"}
 */
export function wayOf(lead, rest) {
  const past = lead - rest.lead;
  if (Math.abs(past) < FINEST / 2) return "rests";
  return past < 0 ? "same" : "opposite";
}
