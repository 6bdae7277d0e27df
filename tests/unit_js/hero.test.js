// @ts-check
// The figure of the home page: its numbers, held to `ce_core`, and where its labels stand.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { curveOf, ENDS, obstaclesOf, scaleOf, sceneOf, spotsOf } from "../../pages/lab/home/hero_plan.js";
import { boxAt, meet, placeLabels } from "../../pages/lab/drag/labels.js";
import { answerTo, lambertW, restOf, wayOf } from "../../pages/lab/home/two_losses.js";
import { drawn, fixture, near } from "./support.js";

describe("two losses", () => {
  it("are those of the core, with their pushes", () => {
    for (const { classes, leads, ...wanted } of fixture("two_losses")) {
      leads.forEach((/** @type {number} */ lead, /** @type {number} */ i) => {
        for (const [name, value] of Object.entries(answerTo(lead, classes))) {
          near(value, wanted[name][i], { rel: 1e-13, abs: 1e-14 }, `${name} at ${lead} of ${classes}`);
        }
      });
    }
  });

  it("come to rest where the core says", () => {
    for (const { classes, rest } of fixture("two_losses")) {
      const found = restOf(classes);
      for (const name of /** @type {const} */ (["lead", "p", "l2"])) near(found[name], rest[name], { rel: 1e-13 }, name);
      near(answerTo(found.lead, classes).push2, 0, { abs: 1e-15 });
    }
  });

  it("push opposite ways beyond that place, and only there", () => {
    for (let classes = 2; classes <= 64; classes += 1) {
      const { lead } = restOf(classes);
      assert.ok(lead > ENDS[0] + 1 && lead < ENDS[1] - 1, `${classes}`);
      for (const away of [0.001, 0.5, 3]) {
        assert.ok(answerTo(lead - away, classes).push2 > 0 && answerTo(lead + away, classes).push2 < 0);
        assert.ok(answerTo(lead + away, classes).push1 > 0);
      }
    }
  });

  it("are said to push as their definitions do, in a thousand states", () => {
    /** Sum of (p - q) a: no closed form. @param {number} lead @param {number} classes */
    const l2 = (lead, classes) => {
      const a = Array.from({ length: classes }, (_none, i) => (i ? 0 : lead));
      const powers = a.map(Math.exp);
      const all = powers.reduce((sum, power) => sum + power, 0);
      return powers.reduce((sum, power, i) => sum + (power / all - (i ? 0 : 1)) * a[i], 0);
    };
    const draw = drawn(11);
    for (let state = 0; state < 1000; state += 1) {
      const classes = 2 + Math.floor(63 * draw());
      const lead = ENDS[0] + Math.round(1000 * draw()) / 100;
      const push = (l2(lead - 5e-4, classes) - l2(lead + 5e-4, classes)) / 1e-3;
      const said = wayOf(lead, restOf(classes));
      const where = `${said} at ${lead} of ${classes}`;
      if (said === "rests") assert.ok(Math.abs(push) < 0.003, where);
      else assert.equal(push > 0, said === "same", where);
    }
  });

  it("know Lambert's W", () => {
    for (const x of [0, 1e-9, 0.3, 1, Math.E, 23, 100]) near(lambertW(x) * Math.exp(lambertW(x)), x, { rel: 1e-14 });
  });
});

describe("labels", () => {
  const frame = { left: 0, top: 0, right: 100, bottom: 100 };
  /** @param {string} name @param {...number} xs @returns {import("../../pages/lab/drag/labels.js").Label} */
  const label = (name, ...xs) => ({
    name, width: 20, height: 10, spots: xs.map((x) => ({ x, y: 50, anchor: "start" })),
  });

  it("take the first free spot, and none that leaves the frame", () => {
    const places = placeLabels([label("a", 90, 10), label("b", 15, 60), label("c", 12)], [], frame);
    assert.deepEqual([...places], [["a", 1], ["b", 1]]);
  });

  it("have a short form where the long one finds no room", () => {
    const short = { ...label("short", 40), width: 5, unless: "long" };
    assert.deepEqual([...placeLabels([label("long", 95), short], [], frame)], [["short", 0]]);
    assert.deepEqual([...placeLabels([label("long", 5), short], [], frame)], [["long", 0]]);
  });
});

describe("the figure", () => {
  const WIDE = { width: 800, height: 430 };
  const PHONE = { width: 336, height: 330 };
  // As wide as the letters of the page are, on a wide screen and on a phone.
  const WIDTHS = {
    region: [178, 86], rest: [166, 98], push1: [62, 62], push2: [62, 62], entropy: [118, 118], entropyOnly: [65, 65], l1: [112, 112],
    l1Only: [18, 18], l2: [166, 106], l2Only: [18, 18], zero: [60, 60],
  };

  /** @param {import("../../pages/lab/home/hero_plan.js").Size} size @param {number} of */
  function* scenes(size, of) {
    for (let classes = 2; classes <= 64; classes += classes < 12 ? 1 : 4) {
      const scale = scaleOf(size, classes);
      const curves = [curveOf(scale, size, classes, "l1"), curveOf(scale, size, classes, "l2")];
      for (let lead = ENDS[0]; lead <= ENDS[1]; lead += 0.05) {
        const scene = sceneOf(scale, size, lead, classes);
        const spots = spotsOf(scale, scene, size, classes);
        const labels = Object.entries(WIDTHS)
          .filter(([name]) => name !== "push2" || scene.way !== "rests")
          .map(([name, widths]) => ({
            name, width: widths[of], height: 20, spots: spots[/** @type {keyof typeof spots} */ (name)],
            unless: { l1Only: "l1", l2Only: "l2", entropyOnly: "entropy" }[name],
          }));
        const obstacles = obstaclesOf(scale, scene, size, curves);
        const places = placeLabels(labels, obstacles, { left: 0, top: 0, right: size.width, bottom: size.height + 16 });
        yield { where: `${classes} classes, lead ${lead.toFixed(2)}`, scene, labels, obstacles, places };
      }
    }
  }

  for (const [name, size, of] of /** @type {const} */ ([["wide", WIDE, 0], ["phone", PHONE, 1]])) {
    it(`has no label on another, nor on a line, ${name}`, () => {
      for (const { where, labels, obstacles, places } of scenes(size, of)) {
        const boxes = labels.filter((one) => places.has(one.name)).map((one) => ({
          name: one.name, box: boxAt(one, one.spots[/** @type {number} */ (places.get(one.name))]),
        }));
        for (const { name: first, box } of boxes) {
          const met = boxes.find((other) => other.name !== first && meet(box, other.box));
          assert.equal(met?.name, undefined, `${first}, ${where}`);
          assert.ok(!obstacles.some((other) => meet(box, other)), `${first} on a line, ${where}`);
        }
      }
    });

    it(`says nearly always what pushes, and always which curve is which, ${name}`, () => {
      let all = 0;
      let silent = 0;
      for (const { where, labels, places } of scenes(size, of)) {
        for (const loss of ["l1", "l2"]) assert.ok(places.has(loss) || places.has(`${loss}Only`), `${loss}, ${where}`);
        assert.ok(places.has("rest") && places.has("region"), where);
        const pushes = labels.filter((one) => one.name.startsWith("push"));
        all += pushes.length;
        silent += pushes.filter((one) => !places.has(one.name)).length;
      }
      assert.ok(silent <= 0.02 * all, `${silent} of ${all}`);
    });
  }

  it("has arrows as long as the pushes, within the plot", () => {
    for (const size of [WIDE, PHONE]) {
      for (const { where, scene } of scenes(size, 0)) {
        const { answer, arrow1, arrow2 } = scene;
        const [length1, length2] = [arrow1, arrow2].map(({ from, tip }) => tip - from);
        if (!arrow1.short && !arrow2.short) near(length1 * answer.push2, length2 * answer.push1, { abs: 1e-9 }, where);
        assert.ok(length1 > 0 && Math.sign(length2) === { same: 1, opposite: -1, rests: 0 }[scene.way], where);
        assert.ok(arrow2.tip >= 0 && Math.max(arrow1.tip, arrow2.tip) <= size.width, where);
        assert.ok(scene.y1 >= 0 && scene.y2 <= size.height - 30, where);
      }
    }
  });
});
