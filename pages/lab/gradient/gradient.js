// @ts-check
// What the losses and their gradients are while logits or target are dragged, in float64, as
// `ce_core` computes them. Plain functions of arrays; the tests hold them to `ce_core`.

import { softmax } from "../drag/softmax.js";

/** @param {number[]} values */
const sum = (values) => values.reduce((total, value) => total + value, 0);

/** @typedef {ReturnType<typeof gradientsOf>} Gradients */

/**
 * p, q, both losses, and what their gradients consist of: p - q (of L1, and of L2 with p held
 * constant), J a, and their sum (of L2 in full).
 *
 * @param {number[]} a
 * @param {number[]} q
 */
export function gradientsOf(a, q) {
  const p = softmax(a);
  const winner = a.indexOf(Math.max(...a));
  // The largest logit is subtracted, so that an offset costs no digits.
  const gaps = a.map((value) => value - a[winner]);
  const others = sum(gaps.map((gap, i) => (i === winner ? 0 : Math.exp(gap))));
  const mean = sum(gaps.map((gap, i) => p[i] * gap));
  const wanted = sum(gaps.map((gap, i) => q[i] * gap));
  const pulls = p.map((value, i) => value - q[i]);
  const residual = p.map((value, i) => value * (gaps[i] - mean));
  const l1 = Math.log1p(others) * sum(q) - wanted;
  return { p, l1, l2: mean - wanted, pulls, residual, full: pulls.map((pull, i) => pull + residual[i]) };
}

/**
 * The target with its i-th entry at a value, and the others in the proportion of `before`, so that
 * the sum is 1. Where the others are all 0 they share alike.
 *
 * @param {number[]} before
 * @param {number} i
 * @param {number} value
 */
export function targetWith(before, i, value) {
  const rest = sum(before.map((share, j) => (j === i ? 0 : share)));
  const alike = 1 / (before.length - 1);
  return before.map((share, j) => {
    if (j === i) return value;
    return (1 - value) * (rest > 0 ? share / rest : alike);
  });
}
