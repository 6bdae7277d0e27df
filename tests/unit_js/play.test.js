// @ts-check
// What plays, and what is shown on the way from one state of /softmax to another.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { fakePage } from "./page.js";
import { near } from "./support.js";

const node = fakePage();
const { Play } = await import("../../pages/lab/drag/play.js");
const { passing } = await import("../../pages/lab/softmax/passing.js");

/** A disc that plays up to a stop, on a clock of frames that the test moves. @param {number} last */
function played(last) {
  /** @type {((now: number) => void)[]} */
  const frames = [];
  let clock = 0;
  Object.assign(globalThis, { requestAnimationFrame: (/** @type {any} */ act) => frames.push(act) });
  Object.defineProperty(globalThis, "performance", { value: { now: () => clock }, configurable: true });
  const seen = { at: 0, rests: 0, spent: (/** @type {number} */ ms) => {
    clock += ms;
    for (const act of frames.splice(0)) act(clock);
  } };
  const play = new Play(/** @type {any} */ (node), { play: "Play", pause: "Pause" }, 20, {
    next: () => seen.at < last && Boolean((seen.at += 1)),
    rewind: () => (seen.at = 0),
    rest: () => (seen.rests += 1),
  });
  return { play, seen };
}

describe("a disc that plays", () => {
  it("moves at once, then a stop each 20 ms, and rests once at the end", () => {
    const { play, seen } = played(3);
    play.toggle();
    assert.equal(seen.at, 1);
    const places = [10, 10, 20, 20, 20].map((ms) => {
      seen.spent(ms);
      return seen.at;
    });
    assert.deepEqual(places, [1, 2, 3, 3, 3]);
    assert.deepEqual([play.on, seen.rests], [false, 1]);
    // From its end it goes back to the first stop.
    play.toggle();
    assert.equal(seen.at, 0);
  });

  it("rests under a hand, and without a word where another state has come", () => {
    const { play, seen } = played(9);
    play.yield();
    assert.equal(seen.rests, 0);
    play.toggle();
    play.yield();
    assert.deepEqual([play.on, seen.rests], [false, 1]);
    play.toggle();
    play.pause();
    seen.spent(40);
    assert.deepEqual([play.on, seen.rests, seen.at], [false, 1, 2]);
  });
});

describe("the way from one state of /softmax to another", () => {
  /** @type {import("../../pages/lab/softmax/passing.js").Place} */
  const from = { logits: [2, 1 / 3], temperature: 1, ends: [-5, 5] };
  /** @type {import("../../pages/lab/softmax/passing.js").Place} */
  const to = { logits: [12, 1 / 3], temperature: 100, ends: [-20, 20] };

  it("begins and ends at the two, and leaves alone what stays", () => {
    assert.deepEqual(passing(from, to, 0), from);
    assert.deepEqual(passing(from, to, 1), to);
    assert.equal(passing(from, to, 0.3).logits[1], 1 / 3);
  });

  it("goes in equal steps of logits and axis, in equal ratios of the temperature", () => {
    for (const share of [0.1, 0.4, 0.8]) {
      const { logits, temperature, ends } = passing(from, to, share);
      const gone = (logits[0] - 2) / 10;
      assert.ok(gone > share && gone < 1);
      near([Math.log10(temperature) / 2, (ends[1] - 5) / 15], [gone, gone], { abs: 0.005 });
    }
  });
});
