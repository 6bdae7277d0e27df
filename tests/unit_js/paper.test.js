// @ts-check
// Charts on paper: light from either theme, no wider than the paper, what has three dimensions drawn again.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { fakePage } from "./page.js";

fakePage();
const { Paper } = await import("../../pages/lab/live/paper.js");

/** @param {number} width @param {object} [layout] */
const plotOf = (width, layout) => {
  /** @type {Record<string, string>} */
  const style = {};
  const setProperty = (/** @type {string} */ name, /** @type {string} */ value) => (style[name] = value);
  return { clientWidth: width, _fullLayout: layout, style: { setProperty }, said: style };
};

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
  it("are smaller where they are too wide, and never larger", () => {
    const plots = [plotOf(1280), plotOf(640), plotOf(320)];
    new Paper(chartsOf(false, plots));
    happens("beforeprint");
    assert.deepEqual(plots.map(({ said }) => said["--lab-print-zoom"]), ["0.5", "1", "1"]);
  });

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
    const charts = chartsOf(true, [plotOf(500, { scene }), plotOf(500, {}), plotOf(500)]);
    Object.assign(charts, { again: () => seen.push("colours") });
    new Paper(charts);
    happens("beforeprint");
    assert.deepEqual(seen, ["colours", "scene"]);
  });
});
