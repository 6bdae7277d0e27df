// @ts-check
// Where the handle on the curve of transport stands and goes.

import assert from "node:assert/strict";
import { it } from "node:test";

import { nearest, placeOn, stepped } from "../../pages/lab/transport/iterations.js";

const COUNTS = [0, 1, 2, 3, 5, 10];
const LINES = [
  { uid: "plain", x: [1, 2, 3, 4], y: [0.5, 0.1, null, 0.02] },
  { uid: "now", x: [2], y: [0.1] },
];

it("a hand goes to the nearest count", () => {
  assert.deepEqual([-3, 0.4, 0.6, 4.2, 7.4, 99].map((wanted) => nearest(COUNTS, wanted)), [0, 0, 1, 4, 4, 5]);
});

it("keys step, leap and stop at the ends", () => {
  assert.equal(stepped("ArrowRight", 2, 5), 3);
  assert.equal(stepped("ArrowLeft", 0, 5), 0);
  assert.equal(stepped("PageDown", 3, 5), 0);
  assert.equal(stepped("End", 1, 5), 5);
  assert.equal(stepped("a", 1, 5), undefined);
});

it("it stands where the figure says, and until that is drawn on the curve", () => {
  assert.deepEqual(placeOn(LINES, "plain"), { x: 2, y: 0.1 });
  assert.deepEqual(placeOn(LINES, "plain", 4), { x: 4, y: 0.02 });
  // Before the first iteration and in a gap: at the nearest point of the curve.
  assert.deepEqual(placeOn(LINES, "plain", 0), { x: 0, y: 0.5 });
  assert.deepEqual(placeOn(LINES, "plain", 3), { x: 3, y: 0.1 });
  assert.deepEqual(placeOn(LINES, "plain", 9), { x: 4, y: 0.02 });
});

it("a curve of which nothing is drawn has it where the present is", () => {
  assert.deepEqual(placeOn([{ uid: "plain", x: [1], y: [null] }, LINES[1]], "plain", 1), { x: 1, y: 0.1 });
});
