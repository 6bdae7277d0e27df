// @ts-check
// Of the map of tuning: borders, cells under a hand, keys, shades.

import assert from "node:assert/strict";
import { test } from "node:test";

import { areaOf, borderOf, cellAt, shadesOf, steppedCell, strengthOf } from "../../pages/lab/tuning/cells.js";

test("a border runs between the cells that hold and those that do not, and not along the rim", () => {
  assert.equal(borderOf(3, 2, (column) => column < 1), "M1 2v-1M1 1v-1");
  assert.equal(borderOf(2, 3, (_column, row) => row >= 2), "M0 1h1M1 1h1");
  assert.equal(borderOf(4, 4, () => true), "");
  assert.equal(borderOf(4, 4, () => false), "");
});

test("row 0 lies at the foot", () => {
  assert.equal(areaOf(2, 2, (column, row) => column === 0 && row === 0), "M0 2v-1h1v1z");
  assert.equal(areaOf(2, 2, () => false), "");
});

test("a hand is on a cell, or on the nearest where it has left the map", () => {
  const box = { left: 100, top: 50, width: 140, height: 120 };
  assert.deepEqual(cellAt({ clientX: 101, clientY: 169 }, box, 14, 12), [0, 0]);
  assert.deepEqual(cellAt({ clientX: 239, clientY: 51 }, box, 14, 12), [13, 11]);
  assert.deepEqual(cellAt({ clientX: 155, clientY: 115 }, box, 14, 12), [5, 5]);
  assert.deepEqual(cellAt({ clientX: -9, clientY: 999 }, box, 14, 12), [0, 0]);
  assert.deepEqual(cellAt({ clientX: 999, clientY: -9 }, box, 14, 12), [13, 11]);
});

test("arrows lead to the next cell and no further than the rim; other keys nowhere", () => {
  assert.deepEqual(steppedCell("ArrowRight", [1, 1], 3, 3), [2, 1]);
  assert.deepEqual(steppedCell("ArrowRight", [2, 1], 3, 3), [2, 1]);
  assert.deepEqual(steppedCell("ArrowLeft", [0, 1], 3, 3), [0, 1]);
  assert.deepEqual(steppedCell("ArrowUp", [1, 1], 3, 3), [1, 2]);
  assert.deepEqual(steppedCell("ArrowDown", [1, 0], 3, 3), [1, 0]);
  assert.deepEqual(steppedCell("Home", [2, 1], 3, 3), [0, 1]);
  assert.deepEqual(steppedCell("End", [0, 1], 3, 3), [2, 1]);
  assert.equal(steppedCell("a", [1, 1], 3, 3), undefined);
});

test("a share is drawn by its root, a fifth and more in full", () => {
  assert.deepEqual([0, 0.002, 0.05, 0.2, 0.9, -1].map(strengthOf), [0, 10, 50, 100, 100, 0]);
});

test("cells of one shade side by side are one box, the ground none; a box ends with its row", () => {
  assert.deepEqual(shadesOf("012211", 3), [["1", "M1 0h1v1h-1zM1 1h2v1h-2z"], ["2", "M2 0h1v1h-1zM0 1h1v1h-1z"]]);
  assert.deepEqual(shadesOf("0000", 2), []);
});
