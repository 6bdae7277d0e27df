// @ts-check
// Numbers as they are written on what is dragged, and where keys and pointers move it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { keyed, pointed, shareOf } from "../../pages/lab/drag/bars.js";
import { lowered, readable, scientific, shortest, signed } from "../../pages/lab/drag/numbers.js";
import { diamondAt, pathOf } from "../../pages/lab/drag/paths.js";
import { fill } from "../../pages/lab/web/dom.js";
import { near } from "./support.js";

describe("paths", () => {
  it("go through all points, and around a diamond", () => {
    assert.equal(pathOf([[0, 1], [2.04, -3]]), "M0.0 1.0L2.0 -3.0");
    assert.equal(diamondAt([10, 20], 7), "M10 13L17 20L10 27L3 20Z");
  });
});

describe("numbers", () => {
  it("have a sign where they are above 0", () =>
    assert.deepEqual([1, 0, -1].map((value) => signed(value, readable(value))), ["+1.000", "0", "−1.000"]));

  it("count classes from 1, in subscripts", () => assert.deepEqual([0, 9, 29].map(lowered), ["₁", "₁₀", "₃₀"]));

  it("have two digits and a power of ten", () => {
    assert.deepEqual([1.26e-7, -3e12, 1, 9.96e-5].map(scientific), ["1.3·10⁻⁷", "−3.0·10¹²", "1.0·10⁰", "1.0·10⁻⁴"]);
  });

  it("are as short as four places let them be", () => {
    assert.deepEqual([2, -0.5, 0.12345, -0.00001, 1000].map(shortest), ["2", "−0.5", "0.1235", "0", "1000"]);
  });

  it("are readable", () => {
    assert.deepEqual([0.25, -1, 0.0004, 0].map((value) => readable(value)), ["0.250", "−1.000", "4.0·10⁻⁴", "0"]);
    assert.deepEqual([NaN, Infinity, -Infinity].map((value) => readable(value)), ["NaN", "∞", "−∞"]);
    assert.equal(readable(0.05, { finer: true }), "0.0500");
    assert.equal(readable(-1e-13, { nothing: 1e-12 }), "0");
    assert.equal(readable(123456, { most: 1e5 }), "1.2·10⁵");
    assert.equal(readable(1.23456, { digits: 4 }), "1.2346");
  });

  it("stand in sentences", () => assert.equal(fill("{a} of {b}, {a}", { a: 1, b: "two" }), "1 of two, 1"));
});

describe("bars", () => {
  /** @type {[number, number]} */
  const ends = [-5, 5];
  const box = { left: 100, width: 200 };

  /** @param {string} key @param {object} [more] @returns {any} */
  const press = (key, more) => ({ key, preventDefault() {}, ...more });

  it("stand within their track", () => assert.deepEqual([-9, 0, 5].map((value) => shareOf(value, ends)), [0, 50, 100]));

  it("follow a pointer in thousandths of the track", () => {
    assert.equal(pointed({ clientX: 200 }, box, ends), 0);
    assert.equal(pointed({ clientX: 0 }, box, ends), -5);
    assert.equal(pointed({ clientX: 999 }, box, ends), 5);
    near(pointed({ clientX: 200.26 }, box, ends), 0.01, { abs: 1e-12 });
  });

  it("move by keys in hundredths, and never beyond an end", () => {
    near(keyed(press("ArrowRight"), 1, ends), 1.1, { abs: 1e-12 });
    near(keyed(press("PageDown"), 1, ends), 0, { abs: 1e-12 });
    assert.equal(keyed(press("ArrowUp"), 5, ends), 5);
    assert.deepEqual([keyed(press("Home"), 1, ends), keyed(press("End"), 1, ends)], [-5, 5]);
  });

  it("leave other keys, and those of the browser, alone", () => {
    assert.equal(keyed(press("a"), 1, ends), undefined);
    assert.equal(keyed(press("ArrowLeft", { altKey: true }), 1, ends), undefined);
  });
});
