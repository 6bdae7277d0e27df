// @ts-check
// Charts on paper: light from either theme, what has three dimensions drawn again.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { fakePage } from "./page.js";

fakePage();
const { Paper } = await import("../../pages/lab/live/paper.js");

/** @param {object} [layout] */
const plotOf = (layout) => ({ _fullLayout: layout });

/** Charts that note in which theme they are drawn. @param {boolean} dark @param {any[]} [plots] */
function chartsOf(dark, plots = []) {
  /** @type {boolean[]} */
  const drawn = [];
  const charts = { theme: { dark, font: "Serif" }, plots: () => plots, again: () => drawn.push(charts.theme.dark), drawn };
  return charts;
}

/** @param {string} name */
const happens = (name) => /** @type {any} */ (globalThis).window.happen(name);

describe("charts on paper", () => {
  it("are drawn in the light colours, and in the dark ones again where those were on", () => {
    const charts = chartsOf(true);
    const paper = new Paper(charts);
    happens("beforeprint");
    assert.deepEqual(charts.theme, { dark: false, font: "Serif" });
    assert.ok(paper.screen);
    happens("afterprint");
    assert.deepEqual([charts.theme.dark, charts.drawn, paper.screen], [true, [false, true], undefined]);
  });

  it("are left as they are where the light ones are on", () => {
    const charts = chartsOf(false);
    new Paper(charts);
    happens("beforeprint");
    happens("afterprint");
    assert.deepEqual(charts.drawn, []);
  });

  it("have a scene drawn again, which the screen has forgotten, once its colours are there", () => {
    /** @type {string[]} */
    const seen = [];
    const scene = { _scene: { glplot: { redraw: () => seen.push("scene") } } };
    const charts = chartsOf(true, [plotOf({ scene }), plotOf({}), plotOf()]);
    Object.assign(charts, { again: () => seen.push("colours") });
    new Paper(charts);
    happens("beforeprint");
    assert.deepEqual(seen, ["colours", "scene"]);
  });
});
