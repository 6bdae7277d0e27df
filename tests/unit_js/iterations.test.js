// @ts-check
// Where the handle on the curve of transport stands and goes.

import assert from "node:assert/strict";
import { it } from "node:test";

import { around, meet } from "../../pages/lab/drag/labels.js";
import { boxesOf, nearest, placeOn, stepped, wordsAt } from "../../pages/lab/transport/iterations.js";

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

// The chart of a phone: the curve falls from the top left to the bottom right, two names lie beside it.
const FRAME = { left: 60, right: 336, top: 18, bottom: 112 };
const NAMES = [{ left: 216, right: 325, top: 40, bottom: 60 }, { left: 95, right: 220, top: 95, bottom: 112 }];
/** @type {[number, number][]} */
const CURVE = Array.from({ length: 31 }, (_none, k) => [67 + 8.3 * k, 30 + 2.3 * k]);

it("the words at it are whole and beside the dot at every iteration, and on no name where there is room", () => {
  for (const [k, [x, y]] of CURVE.entries()) {
    for (const width of [130, 170, 190]) {
      const found = wordsAt([x, y], { width, height: 20 }, { names: NAMES, curve: boxesOf(CURVE), frame: FRAME });
      const where = `${k} ${width} ${JSON.stringify(found)}`;
      assert.ok(found.left >= FRAME.left && found.right <= FRAME.right, where);
      assert.ok(found.top >= FRAME.top && found.bottom <= FRAME.bottom, where);
      assert.ok(!meet(around(x, y, 20), found), where);
      assert.ok(width > 140 || !NAMES.some((box) => meet(box, found)), where);
    }
  }
});

it("words that are wider than the frame end where it ends, above or below the dot", () => {
  const [x, y] = CURVE[30];
  const found = wordsAt([x, y], { width: 290, height: 20 }, { names: NAMES, curve: boxesOf(CURVE), frame: FRAME });
  assert.equal(found.right, FRAME.right);
  assert.ok(!meet(around(x, y, 20), found));
});

it("a line is as many boxes as it has pieces", () => {
  assert.deepEqual(boxesOf([[0, 5], [2, 1], [3, 1]]), [
    { left: 0, right: 2, top: 1, bottom: 5 }, { left: 2, right: 3, top: 1, bottom: 1 },
  ]);
});
