// @ts-check
// The first figure of `/gradient`: its descents, held to `ce_core`, and its triangle.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { softmax } from "../../pages/lab/drag/softmax.js";
import { DESCENTS, Path, spread } from "../../pages/lab/gradient/descents.js";
import { said } from "../../pages/lab/gradient/lever.js";
import { cornersFor, logitsOf, mapOf, otherStarts } from "../../pages/lab/gradient/simplex.js";
import { fixture, near } from "./support.js";

describe("descents", () => {
  it("are those of the core, step by step", () => {
    const cases = fixture("descents");
    assert.ok(cases.length > 40);
    for (const { a, course, p } of cases) {
      DESCENTS.forEach((descent, k) => {
        const path = new Path(descent, a, course);
        p[k].forEach((/** @type {number[]} */ wanted, /** @type {number} */ step) => {
          near(path.at(step), wanted, { abs: 1e-11 }, `${descent} from ${a}, step ${step}`);
          assert.equal(path.of(step, 1), path.at(step)[1]);
        });
      });
    }
  });

  it("are drawn at every step, or at the more the earlier", () => {
    assert.deepEqual(spread(3, 10), [0, 1, 2, 3]);
    const many = spread(2000, 400);
    assert.ok(many[0] === 0 && many.at(-1) === 2000 && many.length <= 400);
    assert.ok(many.every((step, i) => i === 0 || step > many[i - 1]));
  });
});

describe("the lever", () => {
  it("says what the shares are of, and no empty one", () => {
    assert.equal(said(12, [["p₁ there:", ""], ["L1", "0.997"], ["L2 in full", "0.9"]]), "12, p₁ there: L1 0.997, L2 in full 0.9");
    assert.equal(said(0, [["L1", "0.5"]]), "0, L1 0.5");
  });
});

describe("the triangle", () => {
  const SIZES = [{ width: 455, height: 440 }, { width: 336, height: 320 }, { width: 900, height: 300 }];

  it("has the class of the target on top, and each p once", () => {
    for (const size of SIZES) {
      for (const watched of [0, 1, 2]) {
        const corners = cornersFor(watched);
        const { place, at } = mapOf(size, corners);
        const high = [0, 1, 2].map((i) => place([0, 1, 2].map((j) => Number(i === j)))[1]);
        assert.equal(Math.min(...high), high[watched]);
        for (const p of [[0.2, 0.5, 0.3], [0.9, 0.05, 0.05], [1 / 3, 1 / 3, 1 / 3]]) {
          const [x, y] = place(p);
          assert.ok(x >= 0 && x <= size.width && y >= 0 && y <= size.height);
          near(at(x, y), p, { abs: 1e-12 });
        }
      }
    }
  });

  it("keeps the hand inside, wherever it goes", () => {
    const { at } = mapOf(SIZES[0], cornersFor(0));
    for (const [x, y] of [[-500, 900], [900, 900], [230, -300], [0, 0], [1e6, -1e6]]) {
      const p = at(x, y);
      near(p.reduce((total, share) => total + share, 0), 1, { abs: 1e-12 });
      assert.ok(Math.min(...p) > 1e-4, `${p}`);
      assert.ok(logitsOf(p, [0, 0, 0], 50).every((a) => Math.abs(a) <= 50));
    }
  });

  it("keeps the sum of the logits, as the descents do, but for the digits that are kept", () => {
    const p = [0.7, 0.2, 0.1];
    const a = logitsOf(p, [4, 1, -2], 50);
    near(a[0] + a[1] + a[2], 3, { abs: 0.016 });
    near(softmax(a), p, { abs: 0.004 });
    const bounded = logitsOf(p, [50, 50, 50], 50);
    assert.equal(Math.max(...bounded), 50);
    near(softmax(bounded), p, { abs: 0.004 });
  });

  it("has other starts inside it", () => {
    for (const start of otherStarts(cornersFor(1))) {
      near(start.reduce((total, log) => total + Math.exp(log), 0), 1, { abs: 1e-12 });
    }
  });
});
