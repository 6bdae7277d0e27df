// @ts-check
// The bar that scrubs: what it says to who does not see it, and where the lab cannot be reached.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";

import { groupOf } from "../../pages/lab/live/groups.js";
import { TimelineBar } from "../../pages/lab/live/timeline.js";
import { fakePage } from "./page.js";

const VALUES = [1, 2, 4];
const TEXTS = { play: "Play", pause: "Pause", waiting: "Wait", unreachable: "Out of reach", failed: "Failed", more: "More" };

describe("timeline", () => {
  /** @type {TimelineBar} */
  let bar;
  /** @type {any[]} */
  let told;
  let groups = 0;
  /** @type {() => Promise<any>} */
  let answer;
  let fetched = 0;

  /** What the server says of a state: its numbers are those of its token and value. */
  const head = (token = "a", at = 1, answered = 0) => /** @type {any} */ ({
    group: `group ${groups}`, token, animation: `/lab/animation/${token}`, label: "n", values: VALUES,
    spelled: VALUES.map(String), at, session: "s", answered, readouts: [["r", `${token}${at}`]], texts: TEXTS,
  });
  /** @param {any} said */
  const hear = (said) => bar.update(said, { setTriggerValue: (_name, message) => told.push(message), fail() {} });
  const spoken = () => bar.view.announcer.textContent;
  const said = () => bar.view.trouble.textContent;
  const play = () => /** @type {any} */ (bar.view.play).happen("click");
  // Promises that follow one another.
  const settle = async () => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  /** The animation comes for a token, as though it had been fetched. */
  const come = (token = "a") => {
    const frames = { token, values: VALUES, cards: {}, numbers: {}, readouts: VALUES.map((at) => [["r", `${token}${at}`]]) };
    Object.assign(groupOf(`group ${groups}`).frames, { animation: frames, asked: null });
    bar.arrived();
  };

  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout"] });
    mock.method(console, "warn", () => {});
    mock.method(globalThis, "fetch", () => {
      fetched += 1;
      return answer();
    });
    groups += 1;
    [told, fetched] = [[], 0];
    answer = () => new Promise(() => {});
    bar = new TimelineBar(/** @type {any} */ (fakePage()));
    hear(head());
  });
  afterEach(() => {
    bar.remove();
    mock.timers.reset();
    mock.restoreAll();
  });

  it("says nothing before a hand was at it", () => {
    hear(head("b"));
    assert.equal(spoken(), "");
  });

  it("says the numbers of where it rests at once where it has the animation", () => {
    come();
    bar.step(1);
    mock.timers.tick(1000);
    assert.equal(spoken(), "n 2: r a2");
  });

  it("waits without an animation for the numbers that the server answers", () => {
    bar.step(1);
    mock.timers.tick(400);
    assert.deepEqual(told, [{ value: 2, serial: 1, session: "s" }]);
    assert.equal(spoken(), "");
    hear(head("a", 2, 1));
    assert.equal(spoken(), "n 2: r a2");
  });

  it("says the numbers anew when something else was moved, after it has played", () => {
    come();
    play();
    play();
    bar.step(1);
    mock.timers.tick(1000);
    hear(head("a", 2, 1));
    assert.equal(spoken(), "n 2: r a2");
    hear(head("b", 2, 1));
    assert.equal(spoken(), "n 2: r b2");
  });

  it("says nothing of an answer to what was moved since, nor while a hand is on it", () => {
    come();
    bar.step(1);
    mock.timers.tick(400);
    hear(head("b", 1, 0));
    assert.equal(spoken(), "n 2: r a2");
    bar.dragging = true;
    hear(head("c", 2, 1));
    assert.equal(spoken(), "n 2: r a2");
  });

  it("says that the lab cannot be reached, and plays once it can be", async () => {
    answer = () => Promise.reject(new TypeError("Failed to fetch"));
    play();
    await settle();
    assert.equal(said(), "Out of reach");
    assert.equal(bar.view.waiting.hidden, true);
    assert.equal(bar.view.playLabel.textContent, "Pause");
    for (const status of [502, 503]) {
      answer = () => Promise.resolve({ ok: false, status, statusText: "" });
      mock.timers.tick(2000);
      await settle();
      assert.equal(said(), "Out of reach");
    }
    assert.equal(fetched, 3);
    come();
    assert.equal(said(), "");
    assert.equal(bar.playing, true);
  });

  it("has a lab that was started anew offer the animation, by one act that says nothing", async () => {
    answer = () => Promise.resolve({ ok: true, status: 204, statusText: "" });
    play();
    for (let time = 0; time < 3; time += 1) {
      await settle();
      assert.equal(said(), "Out of reach");
      assert.deepEqual(told, [{}]);
      mock.timers.tick(2000);
    }
    await settle();
    answer = () => new Promise(() => {});
    hear({ ...head(), session: "new", animation: "/lab/animation/new" });
    assert.equal(fetched, 5);
    come();
    assert.equal(bar.playing, true);
  });

  it("asks no more once the hand has thought better of it", async () => {
    answer = () => Promise.reject(new TypeError("Failed to fetch"));
    play();
    await settle();
    play();
    assert.equal(said(), "");
    assert.equal(bar.view.playLabel.textContent, "Play");
    mock.timers.tick(60_000);
    await settle();
    assert.equal(fetched, 1);
  });

  it("says nothing where a hand came by without a press", async () => {
    answer = () => Promise.reject(new TypeError("Failed to fetch"));
    bar.reach();
    await settle();
    assert.equal(said(), "");
    mock.timers.tick(60_000);
    assert.equal(fetched, 1);
  });

  it("says that an animation could not be computed, and asks at the next press only", async () => {
    answer = () => Promise.resolve({ ok: false, status: 500, statusText: "" });
    play();
    await settle();
    assert.equal(said(), "Failed");
    assert.equal(bar.view.playLabel.textContent, "Play");
    mock.timers.tick(60_000);
    assert.equal(fetched, 1);
    answer = () => new Promise(() => {});
    play();
    assert.equal(said(), "");
    assert.equal(fetched, 2);
  });

  it("says so no more of another state", async () => {
    answer = () => Promise.resolve({ ok: false, status: 500, statusText: "" });
    play();
    await settle();
    hear(head("b"));
    assert.equal(said(), "");
  });

  it("unfolds what a phone has no room for, and folds it by the same button or by Escape", () => {
    const { node, more } = /** @type {any} */ (bar.view);
    const unfolded = () => more.getAttribute("aria-expanded");
    assert.equal(more.getAttribute("aria-label"), "More");
    assert.equal(unfolded(), "false");
    for (const shown of ["true", "false", "true"]) {
      more.happen("click");
      assert.equal(unfolded(), shown);
    }
    node.happen("keydown", { key: "a" });
    assert.equal(unfolded(), "true");
    let focused = 0;
    more.focus = () => (focused += 1);
    for (let press = 0; press < 2; press += 1) node.happen("keydown", { key: "Escape" });
    assert.equal(unfolded(), "false");
    assert.equal(focused, 1);
  });

  it("has room for its longest value from the start, so that the lever stands still under the hand", () => {
    hear({ ...head(), spelled: ["1", "0.0001", "16"] });
    const room = bar.view.output.style.minWidth;
    assert.equal(room, "6ch");
    bar.step(1);
    assert.equal(bar.view.output.style.minWidth, room);
  });
});
