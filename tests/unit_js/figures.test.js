// @ts-check
// Figures: unpacked from what the server packs, as frames, as tables, and their ticks.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { differences, equal, frameOf, still } from "../../pages/lab/live/animation.js";
import { wrapped } from "../../pages/lab/live/picture.js";
import { csvOf, rowsOf, shown } from "../../pages/lab/live/table.js";
import { ticksOf } from "../../pages/lab/live/ticks.js";
import { between } from "../../pages/lab/live/tween.js";
import { unpack } from "../../pages/lab/live/unpack.js";
import { fixture, near, plain } from "./support.js";

/** @param {string} name */
async function unpacked(name) {
  const { bytes, tree } = fixture("packed").find((/** @type {any} */ one) => one.name === name);
  return { found: await unpack(new Uint8Array(Buffer.from(bytes, "base64"))), tree };
}

/** @param {any} tree As a float32 has it, which draws the same picture. @returns {any} */
function rounded(tree) {
  if (Array.isArray(tree)) return tree.map(rounded);
  if (typeof tree === "number") return Math.fround(tree);
  if (tree === null || typeof tree !== "object") return tree;
  return Object.fromEntries(Object.entries(tree).map(([name, child]) => [name, rounded(child)]));
}

describe("unpack", () => {
  it("gives back every kind of what was packed", async () => {
    const { found, tree } = await unpacked("every kind");
    assert.ok(found.u1 instanceof Uint8Array && found.u2 instanceof Uint16Array);
    assert.ok(found.f4 instanceof Float32Array && found.f8 instanceof Float64Array);
    assert.deepEqual([...found.f8], tree.f8);
    assert.ok(Number.isNaN(found.nan[1]));
    assert.deepEqual(rounded(plain(found)), rounded(tree));
  });

  it("inflates what was deflated", async () => {
    const { found, tree } = await unpacked("deflated");
    assert.equal(found.z.length, 40);
    assert.ok(found.z[39] instanceof Float32Array);
    assert.deepEqual(rounded(plain(found)), rounded(tree));
  });
});

describe("animation", () => {
  it("has the figures that Python split", async () => {
    const { found, tree } = await unpacked("animation");
    for (const [index, wanted] of tree.frames.entries()) {
      assert.deepEqual(rounded(plain(frameOf(found.animation, index))), rounded(wanted));
    }
  });

  it("gives containers that may be written into, and arrays that are shared", async () => {
    const { animation } = (await unpacked("animation")).found;
    const one = frameOf(animation, 1);
    one.layout.title.text = "written over";
    one.data[0].name = "written over";
    const again = frameOf(animation, 1);
    assert.deepEqual([again.layout.title.text, again.data[0].name], ["å", "moves"]);
    assert.equal(again.data[0].y, one.data[0].y);
  });

  it("leaves out of a frame what it lacks", () => {
    const base = { data: [], layout: { shapes: [], height: 1 } };
    const moves = [[["layout", "shapes"], [[[1]], []]]];
    assert.deepEqual(frameOf(/** @type {any} */ ({ base, moves }), 1), { data: [], layout: { height: 1 } });
  });

  it("knows frames that are the same picture", async () => {
    const { animation } = (await unpacked("animation")).found;
    assert.equal(still(animation, 0, 0), true);
    assert.equal(still(animation, 0, 1), false);
    assert.equal(still(animation, 0, 2), false);
  });
});

describe("between", () => {
  const from = { data: [{ x: Float32Array.of(0, 1), y: [1, 1e-4], name: "old" }], layout: { xaxis: { range: [0, 1] } } };
  const to = { data: [{ x: Float32Array.of(2, NaN), y: [1, 1e-8], name: "new" }], layout: { xaxis: { range: [0, 3] }, height: 3 } };
  const halfway = between(from, to, 0.5, (_trace, name) => name === "y");

  it("moves what is a number, on a logarithm by its logarithm, and nothing else", () => {
    near(halfway.data[0].x[0], 2 * 0.875, { rel: 1e-12 });
    near(halfway.data[0].y[1], 1e-4 * 1e-4 ** 0.875, { rel: 1e-12 });
    near(halfway.layout.xaxis.range, [0, 1 + 2 * 0.875], { rel: 1e-12 });
    assert.ok(Number.isNaN(halfway.data[0].x[1]));
    assert.deepEqual([halfway.data[0].name, halfway.layout.height], ["new", 3]);
  });

  it("is the one at the start and the other at the end", () => {
    assert.equal(between(from, to, 0, () => false).data[0].x[0], 0);
    assert.deepEqual(between(from, to, 1, () => true).layout, to.layout);
  });

  it("is the other at once where there are more or fewer points", () => {
    const more = { data: [{ x: [5, 6, 7] }], layout: {} };
    assert.deepEqual(between(from, more, 0.1, () => false).data[0].x, [5, 6, 7]);
  });
});

describe("equal", () => {
  const same = [[1, 1], [NaN, NaN], [0, -0], [[], []], [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }],
    [Float32Array.of(1, NaN), Float32Array.of(1, NaN)]];
  const other = [[1, "1"], [null, {}], [undefined, null], [[1], [1, 2]], [[1], { 0: 1 }], [{ a: 1 }, { a: 1, b: 2 }],
    [Float32Array.of(1), Float32Array.of(2)], [[[1]], [[2]]]];

  it("holds of what is alike", () => {
    for (const [one, two] of same) assert.equal(equal(one, two), true);
  });

  it("fails of what is not", () => {
    for (const [one, two] of other) {
      assert.equal(equal(one, two), false);
      assert.equal(equal(two, one), false);
    }
  });

  it("names what differs", () => {
    assert.deepEqual(differences({ a: 1, b: 2, c: 3 }, { a: 1, b: 4, d: 5 }), ["b", "c", "d"]);
  });
});

describe("table", () => {
  const line = { type: "scatter", name: "l, \"1\"", x: Float32Array.of(0.1, 0.2), y: [3, null] };
  const layout = { xaxis: {}, yaxis: {}, meta: { xaxis: "x", yaxis: "loss" } };

  it("has a row a point", () => {
    const { columns, rows } = rowsOf({ data: [line, { type: "bar", y: [7] }], layout });
    assert.deepEqual(columns, ["x", "loss"]);
    assert.deepEqual(rows.map((row) => row.map(shown)), [
      ["l, \"1\"", "0.1", "3"], ["l, \"1\"", "0.2", ""], ["bar", "0", "7"],
    ]);
  });

  it("has a row a cell, and what a cell stands for where that is given", () => {
    const map = { type: "heatmap", x: [5, 6], z: [[1, 2], [3, 4]] };
    assert.deepEqual(rowsOf({ data: [map], layout: {} }), {
      columns: ["x", "y", "z"],
      rows: [["heatmap", 5, 0, 1], ["heatmap", 6, 0, 2], ["heatmap", 5, 1, 3], ["heatmap", 6, 1, 4]],
    });
    const meant = rowsOf({ data: [{ ...map, customdata: [["a", "b"], ["c", "d"]] }], layout: {} });
    assert.deepEqual(meant.rows.map((row) => row[3]), ["a", "b", "c", "d"]);
  });

  it("takes no title for the axes of two charts", () => {
    assert.deepEqual(rowsOf({ data: [], layout: { ...layout, xaxis2: {} } }).columns, ["x", "y"]);
  });

  it("is CSV that a spreadsheet reads", () => {
    assert.equal(csvOf(rowsOf({ data: [line], layout }), "series"), 'series,x,loss\n"l, ""1""",0.1,3\n"l, ""1""",0.2,\n');
  });

  it("is no formula of a spreadsheet as CSV, and its numbers stay numbers", () => {
    const formulas = { type: "scatter", name: "=1+1", x: ["-log q", "@a", "+b", "\tc", "\rd", "-3.5e-3"], y: [-1, -Infinity] };
    const lines = csvOf(rowsOf({ data: [formulas], layout: {} }), "-series").split("\n");
    assert.deepEqual(lines, [
      "'-series,x,y",
      "'=1+1,'-log q,-1",
      "'=1+1,'@a,-Infinity",
      "'=1+1,'+b,",
      "'=1+1,'\tc,",
      "'=1+1,\"'\rd\",",
      "'=1+1,-3.5e-3,",
      "",
    ]);
  });

  it("writes 8 digits and says what is not finite", () => {
    assert.deepEqual([1 / 3, 1e-20, Infinity, NaN, undefined].map(shown), ["0.33333333", "1e-20", "Infinity", "NaN", ""]);
  });
});

describe("ticks", () => {
  /** @param {number[]} range @param {number} [most] */
  const texts = (range, most = 6) => ticksOf(range, most, 3).map(({ text, power }) => (power ? `${text}e${power}` : text));

  it("stand at 2, 5 or 10 times a power of ten", () => {
    assert.deepEqual(texts([0, 1]), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
    assert.deepEqual(texts([-3, 3]), ["\u22122", "0", "2"]);
    assert.deepEqual(texts([0, 26]), ["0", "5", "10", "15", "20", "25"]);
  });

  it("are the same from either end", () => {
    assert.deepEqual(ticksOf([1, 0], 6, 3), ticksOf([0, 1], 6, 3));
  });

  it("hold no rounding", () => {
    assert.deepEqual(texts([0.1, 0.7], 8), ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"]);
  });

  it("are written with a power of ten where they are large or small", () => {
    assert.deepEqual(texts([0, 50_000]), ["0", "1e4", "2e4", "3e4", "4e4", "5e4"]);
    assert.deepEqual(texts([0, 5e-7]), ["0", "1e-7", "2e-7", "3e-7", "4e-7", "5e-7"]);
  });

  it("are none where no whole number counts them, or there is nothing to see", () => {
    assert.deepEqual(ticksOf([1, 1 + 1e-14], 6, 3), []);
    assert.deepEqual(ticksOf([2, 2], 6, 3), []);
    assert.deepEqual(ticksOf([NaN, 1], 6, 3), []);
  });
});

describe("title of a picture", () => {
  /** @param {string} text */
  const narrow = (text) => wrapped(text, (line) => line.length <= 9);

  it("is broken between words", () => assert.deepEqual(narrow("one two three four"), ["one two", "three", "four"]));
  it("stays whole where it fits", () => assert.deepEqual(narrow("one two"), ["one two"]));
  it("keeps a word that is too long", () => assert.deepEqual(narrow("a superlative b"), ["a", "superlative", "b"]));
});
