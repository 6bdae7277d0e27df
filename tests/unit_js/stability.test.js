// @ts-check
// What is worked out of the table of operations and of the lever, before anything is drawn.

import assert from "node:assert/strict";
import { test } from "node:test";

import { GapLever, marksOf, placeOf } from "../../pages/lab/stability/gap_lever.js";
import { badClasses, pairStages } from "../../pages/lab/stability/trace_table.js";
import { fakePage } from "./page.js";

/** @param {string} name @param {string} phase @param {number[]} bad */
const row = (name, phase, bad = []) => ({
  operation: name, phase, text: name, said: "",
  cells: [bad, []].map((places) => ({ entries: ["0", "1"], short: ["0", "1"], bad: places, mark: "" })),
});

test("a stop lies where it is counted, what lies between two in proportion", () => {
  const stops = [1, 2, 4, 1000];
  assert.deepEqual(stops.map((stop) => placeOf(stops, stop)), [0, 1 / 3, 2 / 3, 1]);
  assert.equal(placeOf(stops, 3), 0.5);
  assert.equal(placeOf(stops, 0.1), 0);
  assert.equal(placeOf(stops, 2000), 1);
});

test("of two marks that are near, the first has its number on the left; one that is none is left out", () => {
  const stops = Array.from({ length: 101 }, (_, i) => i);
  const found = marksOf({ stops, at: 1, marks: { d: 95, c: 60, b: 50, a: 20, none: null } });
  assert.deepEqual(found.map(({ dtype, side }) => [dtype, side]), [
    ["a", "right"], ["b", "left"], ["c", "right"], ["d", "left"],
  ]);
});

test("a row has the stage forward and, where there is one, the way back to it", () => {
  const rows = [row("logits", "forward"), row("target", "forward"), row("loss", "forward"), row("loss", "backward"), row("logits", "backward")];
  const found = pairStages(rows).map(({ forward, backward }) => [forward.number, backward?.number]);
  assert.deepEqual(found, [[1, 5], [2, undefined], [3, 4]]);
});

test("a class is bad if any entry of it is, in a dtype; not in exact arithmetic", () => {
  const told = { rows: [row("p", "forward"), row("p", "backward", [1])], columns: ["float32", "exact"], glyphs: [], chosen: 0, title: "" };
  assert.deepEqual([...badClasses(told)], [1]);
});

test("a hand lets go of the lever once; keys only move it", () => {
  fakePage();
  /** @type {string[]} */
  const acts = [];
  const lever = new GapLever({ moved: () => acts.push("moved"), released: () => acts.push("released") });
  const range = /** @type {any} */ (lever.range);
  for (const event of ["input", "change", "input", "change"]) range.happen(event);
  assert.deepEqual(acts.splice(0), ["moved", "moved"]);
  for (const event of ["pointerdown", "input", "pointerup", "change"]) range.happen(event);
  assert.deepEqual(acts, ["moved", "released"]);
  assert.equal(lever.held, false);
});
