// @ts-check
// The two small mathematics modules, held to mpmath.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import {
  crossEntropy,
  crossEntropyGradient,
  naiveSoftmax,
  scores,
  softmax,
  softmaxJacobian,
} from "../../pages/lab/drag/softmax.js";
import { gradientsOf, targetWith } from "../../pages/lab/gradient/gradient.js";
import { fixture, near } from "./support.js";

// Numbers below the normal ones have fewer digits.
const TINY = 1e-300;

/**
 * To 14 digits, and where logits are far apart to as many as their differences have.
 *
 * @param {number[]} a
 */
const close = (a) => ({ rel: 1e-14 + 2 ** -52 * (Math.max(...a) - Math.min(...a)), abs: TINY });

/** @param {number[]} a For products of two such numbers. */
const twice = (a) => ({ rel: 2 * close(a).rel, abs: TINY });

describe("softmax", () => {
  const cases = fixture("softmax");

  it("has enough to be held to", () => assert.ok(cases.length > 600));

  it("divides by the temperature as everyone does", () => {
    for (const { logits, temperature, a } of cases) assert.deepEqual(scores(logits, temperature), a);
  });

  it("is right to 14 digits", () => {
    for (const { a, p } of cases) near(softmax(a), p, close(a), `p of ${a}`);
  });

  it("loses no digit of the loss, for any target", () => {
    for (const { a, losses } of cases) {
      const found = losses.map((/** @type {number} */ _loss, /** @type {number} */ y) => crossEntropy(a, y));
      near(found, losses, close(a), `loss of ${a}`);
    }
  });

  it("has p - q for its gradient", () => {
    for (const { a, gradient } of cases) near(crossEntropyGradient(softmax(a), 1), gradient, { abs: 1e-14 });
  });

  it("has a Jacobian that is as right, also where p rounds to 1", () => {
    for (const { a, jacobian } of cases) {
      if (jacobian) near(softmaxJacobian(softmax(a)), jacobian, twice(a), `J of ${a}`);
    }
  });

  it("fails where the textbook's does, and is not asked there", () => {
    const failed = [[1, 0], [800, 799], [-800, -801]].map((a) => naiveSoftmax(a).some(Number.isNaN));
    assert.deepEqual(failed, [false, true, true]);
    near(softmax([800, 799]), softmax([1, 0]), { rel: 1e-15 });
  });
});

describe("gradients", () => {
  it("are those of both losses", () => {
    for (const { a, q, ...wanted } of fixture("gradient")) {
      /** @type {Record<string, any>} */
      const found = gradientsOf(a, q);
      const size = Math.max(1, Math.max(...a) - Math.min(...a));
      for (const [name, value] of Object.entries(wanted)) near(found[name], value, { abs: 1e-14 * size }, name);
    }
  });

  it("keep the target a distribution", () => {
    near(targetWith([0.2, 0.6, 0.2], 1, 0.5), [0.25, 0.5, 0.25], { abs: 1e-15 });
    near(targetWith([0, 1, 0], 1, 0.4), [0.3, 0.4, 0.3], { abs: 1e-15 });
    assert.deepEqual(targetWith([0, 1], 0, 1), [1, 0]);
    assert.deepEqual(targetWith([0.5, 0.5], 0, 0), [0, 1]);
  });
});
