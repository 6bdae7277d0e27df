// @ts-check
// A page on paper: charts no wider than the paper, a dark page told of, what has three dimensions drawn again.

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";

import { layOutForPaper } from "../../pages/lab/web/print.js";

/** @param {number} width @param {object} [layout] */
const plotOf = (width, layout) => {
  /** @type {Record<string, string>} */
  const style = {};
  const setProperty = (/** @type {string} */ name, /** @type {string} */ value) => (style[name] = value);
  return { clientWidth: width, _fullLayout: layout, style: { setProperty }, said: style };
};

/** @param {object[]} plots */
const pageOf = (plots) => /** @type {any} */ ({
  querySelectorAll: () => plots, querySelector: () => ({}), documentElement: { dataset: {} },
});

/** @param {string} scheme */
const themed = (scheme) => Object.assign(globalThis, { getComputedStyle: () => ({ colorScheme: scheme }) });

describe("a page on paper", () => {
  afterEach(() => Reflect.deleteProperty(globalThis, "getComputedStyle"));

  it("has charts that are too wide made smaller, and no chart larger", () => {
    themed("light");
    const plots = [plotOf(1280), plotOf(640), plotOf(320)];
    layOutForPaper(pageOf(plots));
    assert.deepEqual(plots.map(({ said }) => said["--lab-print-zoom"]), ["0.5", "1", "1"]);
  });

  it("says whether it is dark, each time", () => {
    const page = pageOf([]);
    for (const [scheme, dark] of [["dark", "true"], ["light", "false"]]) {
      themed(scheme);
      layOutForPaper(page);
      assert.equal(page.documentElement.dataset.dark, dark);
    }
  });

  it("has a scene drawn again, which the screen has forgotten", () => {
    themed("light");
    let drawn = 0;
    const scene = { _scene: { glplot: { redraw: () => (drawn += 1) } } };
    layOutForPaper(pageOf([plotOf(500, { scene }), plotOf(500, {}), plotOf(500)]));
    assert.equal(drawn, 1);
  });
});
