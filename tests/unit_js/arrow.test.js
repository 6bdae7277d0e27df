// @ts-check
// Arrows at the end of their axis, and words off the lines of a figure.

import assert from "node:assert/strict";
import { it } from "node:test";

import { fakePage } from "./page.js";

const node = fakePage();
const { drawArrow } = await import("../../pages/lab/drag/arrow.js");
const { clearFirst } = await import("../../pages/lab/gradient/direct_labels.js");

/** How an arrow looks. @param {number} from @param {number} to */
function drawn(from, to) {
  /** @returns {any} */
  const part = () => ({ style: {}, dataset: {} });
  const arrow = { box: part(), shaft: part(), head: part() };
  const tip = drawArrow(arrow, from, to);
  const { way, broken } = arrow.head.dataset;
  return { tip, way, broken, seen: arrow.head.style.visibility === "" };
}

it("an arrow is as long as its push, and broken only where the axis ends before it", () => {
  assert.ok(node);
  assert.deepEqual(drawn(50, 80), { tip: 80, way: "right", broken: "false", seen: true });
  assert.deepEqual(drawn(50, 100), { tip: 100, way: "right", broken: "false", seen: true });
  assert.deepEqual(drawn(50, 130), { tip: 100, way: "right", broken: "true", seen: true });
  assert.deepEqual(drawn(30, -10), { tip: 0, way: "left", broken: "true", seen: true });
});

it("an arrow that begins at the end of the axis is still seen, and one of no length is not", () => {
  assert.deepEqual(drawn(100, 130), { tip: 100, way: "right", broken: "true", seen: true });
  assert.deepEqual(drawn(0, -30), { tip: 0, way: "left", broken: "true", seen: true });
  assert.equal(drawn(40, 40.2).seen, false);
});

it("words go to the first spot off the lines, and onto one only where there is no other", () => {
  /** @type {import("../../pages/lab/drag/labels.js").Spot[]} */
  const spots = [{ x: 10, y: 0, anchor: "start" }, { x: 100, y: 0, anchor: "start" }, { x: 200, y: 0, anchor: "start" }];
  const line = { left: 20, right: 22, top: -50, bottom: 50 };
  assert.deepEqual(clearFirst(spots, { width: 30, height: 10 }, [line]), [spots[1], spots[2], spots[0]]);
  assert.deepEqual(clearFirst(spots.slice(0, 1), { width: 30, height: 10 }, [line]), spots.slice(0, 1));
});
