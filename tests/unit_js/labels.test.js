// @ts-check
// Names of curves: which there are, and that they stand where nothing lies.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { boxAt, meet } from "../../pages/lab/drag/labels.js";
import { labelsOf, LINE, namesIn } from "../../pages/lab/live/curve_labels.js";
import { sampleOf } from "../../pages/lab/live/sample.js";
import { stepped, tracksOf } from "../../pages/lab/live/tracks.js";
import { shapesOf } from "../../pages/lab/live/shapes.js";
import { fakePage } from "./page.js";

const WIDTH = 320;
const HEIGHT = 260;

/** @param {string} id @param {number} offset @param {number} length @param {(share: number) => number} place */
const axis = (id, offset, length, place) => ({
  _id: id, _offset: offset, _length: length, type: "linear",
  c2p: (/** @type {number} */ value) => length * place(value), d2c: Number, r2p: (/** @type {number} */ value) => length * place(value),
});

/** A figure of unit ranges as Plotly keeps it. @param {any[]} data @param {any[]} [annotations] @returns {any} */
function plotOf(data, annotations = []) {
  const full = data.map((trace) => ({
    visible: true, xaxis: "x", yaxis: "y", line: { width: 3 }, marker: { size: 9 }, mode: "lines", ...trace,
  }));
  const xaxis = axis("x", 60, WIDTH, (share) => share);
  const yaxis = axis("y", 28, HEIGHT, (share) => 1 - share);
  const layout = { _plots: { xy: { xaxis, yaxis } }, _size: { l: 60, t: 28, w: WIDTH, h: HEIGHT }, xaxis, yaxis, annotations };
  return { _fullData: full, _fullLayout: layout, calcdata: data.map(() => []) };
}

const widthOf = (/** @type {string} */ text) => 7 * text.length;

/** @param {string} uid @param {(x: number) => number} height */
function curve(uid, height, more = {}) {
  const x = Array.from({ length: 61 }, (_none, k) => k / 60);
  return { type: "scatter", uid, name: `curve ${uid}`, x, y: x.map(height), mode: "lines", line: { color: "#1F74EB", width: 3 }, ...more };
}

/** @param {any[]} data @param {any} [layout] */
const figureOf = (data, layout = {}) => ({ data, layout });

/** @param {any} label */
const boxOf = (label) => boxAt({ width: widthOf(label.text), height: LINE }, label);

describe("namesIn", () => {
  const two = [curve("a", () => 0), curve("b", () => 1)];

  it("has those that a legend would have, and nothing for one alone", () => {
    assert.deepEqual(namesIn(figureOf(two)).map(({ text }) => text), ["curve a", "curve b"]);
    assert.deepEqual(namesIn(figureOf([two[0], { ...two[1], showlegend: false }])), []);
    assert.deepEqual(namesIn(figureOf([two[0], { type: "heatmap", name: "cells" }])), []);
    assert.deepEqual(namesIn(figureOf(two, { showlegend: false })), []);
  });

  it("goes by a record", () => {
    const told = { ...two[0], showlegend: false, meta: { label: { at: "start", text: "A" } } };
    const [found, ...rest] = namesIn(figureOf([told, { ...two[1], meta: { label: null } }]));
    assert.deepEqual([found.text, found.at, found.colour, rest.length], ["A", "start", "#1F74EB", 0]);
  });
});

describe("sampleOf", () => {
  it("is hatched as its area is", () => {
    fakePage();
    const [plain, one, both] = [undefined, "/", "x"].map((shape) => {
      const sample = /** @type {any} */ (sampleOf({ mode: "none", fill: "toself", fillpattern: { shape } }, "red", "white"));
      return sample.children.map((/** @type {any} */ part) => part.getAttribute("d"));
    });
    assert.deepEqual([plain.length, one.length, both.length], [1, 2, 2]);
    assert.ok(both[1].startsWith(one[1]) && both[1] !== one[1]);
  });
});

describe("labelsOf", () => {
  const waves = [1, 2, 3, 4].map((k) => curve(`w${k}`, (x) => 0.5 + 0.45 * Math.sin(k * (1 + 5 * x)) * (k / 4)));

  it("puts no name on a mark, on another or outside", () => {
    for (const data of [waves, [curve("down", (x) => 1 - x), curve("up", (x) => x), curve("steep", (x) => 40 * x - 20)]]) {
      const plot = plotOf(data);
      const { labels, left } = labelsOf(plot, figureOf(data), widthOf);
      assert.equal(labels.length + left.length, data.length);
      assert.ok(labels.length >= 2, left.map(({ text }) => text).join());
      const [{ frame, shapes }] = shapesOf(plot, figureOf(data));
      const marks = [...shapes.values()].flatMap(({ boxes }) => boxes);
      labels.forEach((label, k) => {
        const box = boxOf(label);
        assert.ok(box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom);
        for (const other of [...marks, ...labels.slice(k + 1).map(boxOf)]) assert.equal(meet(box, other), false, label.text);
      });
    }
  });

  it("is at the calm end, and at the start where a record says so", () => {
    const flat = [curve("a", () => 0.2), curve("b", () => 0.8, { meta: { label: { at: "start" } } })];
    const { labels } = labelsOf(plotOf(flat), figureOf(flat), widthOf);
    assert.deepEqual(labels.map(({ x, anchor }) => [x, anchor]), [[60 + WIDTH, "end"], [60, "start"]]);
  });

  it("stands off a note, and beside a line that is upright", () => {
    const data = [curve("a", () => 0.2), curve("b", () => 0.6, { x: [0.5, 0.5], y: [0, 1] })];
    const note = { text: "a note", visible: true, xref: "x", yref: "y", x: 0.5, y: 0.98, xanchor: "left", yanchor: "middle" };
    const { labels } = labelsOf(plotOf(data, [note]), figureOf(data), widthOf);
    assert.equal(labels.length, 2);
    assert.equal(labels[1].y, boxOf(labels[1]).top + LINE / 2);
    assert.notEqual(labels[1].anchor, "middle");
    const noted = boxAt({ width: widthOf("a note"), height: LINE }, { x: 60 + WIDTH / 2, y: 28 + 0.02 * HEIGHT, anchor: "start" });
    assert.equal(meet(boxOf(labels[1]), noted), false);
  });

  it("leaves to the key what has no room, or is to be there", () => {
    const wall = Array.from({ length: 40 }, (_none, k) => curve(`l${k}`, () => k / 39, { showlegend: false }));
    const data = [...wall, curve("lost", (x) => x), curve("keyed", (x) => 1 - x, { meta: { label: { at: "key" } } })];
    const { labels, left } = labelsOf(plotOf(data), figureOf(data), widthOf);
    assert.deepEqual([labels.length, left.map(({ uid }) => uid)], [0, ["lost", "keyed"]]);
  });

  it("has the names of all bars at the bars, or all in the key", () => {
    const bar = { type: "bar", x: [0.5], y: [0.9], marker: { color: "#1F74EB" } };
    const data = [{ ...bar, uid: "one", name: "one" }, { ...bar, uid: "two", name: "two".repeat(40) }];
    const plot = plotOf(data);
    plot.calcdata = data.map(() => [{ p0: 0.4, p1: 0.6 }]);
    const { labels, left } = labelsOf(plot, figureOf(data), widthOf);
    assert.deepEqual([labels.length, left.map(({ uid }) => uid)], [0, ["one", "two"]]);
  });

  it("keeps its spot from frame to frame as long as that is free", () => {
    const one = [curve("a", (x) => 0.3 * x), curve("b", () => 0.9)];
    const { spots } = labelsOf(plotOf(one), figureOf(one), widthOf);
    const kept = new Map([["a", /** @type {number} */ (spots.get("a")) + 40]]);
    assert.equal(labelsOf(plotOf(one), figureOf(one), widthOf, kept).spots.get("a"), kept.get("a"));
  });
});

describe("tracksOf", () => {
  const data = [
    curve("a", (x) => x, { x: [0, 0.5, 1], y: [0, NaN, 1] }),
    curve("b", (x) => x, { x: [0.1, 0.4, 0.9, 7], y: [0.5, 0.5, 0.5, 0.5] }),
    curve("line", () => 0, { hoverinfo: "skip" }),
  ];
  const tracks = tracksOf(plotOf(data), figureOf(data));

  it("has the points that are seen, of the curves that tell of values", () => {
    assert.deepEqual(tracks.map(({ name, points }) => [name, points.map(({ x }) => x)]), [
      ["curve a", [0, 1]], ["curve b", [0.1, 0.4, 0.9]],
    ]);
    assert.deepEqual(tracks[0].points[1].at, [60 + WIDTH, 28]);
  });

  it("is gone along with keys, and to what is nearest on the next curve", () => {
    let at = { track: 0, point: 0 };
    const path = ["ArrowLeft", "ArrowRight", "ArrowRight", "ArrowDown", "Home", "ArrowUp", "ArrowUp", "End"].map((key) => {
      at = stepped(tracks, at, key);
      return `${at.track}.${at.point}`;
    });
    assert.deepEqual(path, ["0.0", "0.1", "0.1", "1.2", "1.0", "0.0", "1.0", "1.2"]);
  });
});
