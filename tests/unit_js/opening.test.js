// @ts-check
// What every page does beside Streamlit.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";

import { bringIntoSight, keepTheScreen, skipToHeading, watchTheDoor } from "../../pages/lab/web/opening.js";

describe("door", () => {
  /** @type {Pick<HTMLElement, "hidden">} */
  let notice;
  let connected = false;
  /** @type {string | Error} */
  let room = "free";
  let asked = 0;
  /** @type {() => unknown} */
  let next;

  beforeEach(() => {
    notice = { hidden: true };
    [connected, room, asked] = [false, "free", 0];
    return watchTheDoor(notice, {
      connected: () => connected,
      async ask() {
        asked += 1;
        if (room instanceof Error) throw room;
        return room;
      },
      later: (act) => (next = act),
    });
  });

  it("asks nobody while the page is connected", async () => {
    connected = true;
    for (let look = 0; look < 5; look += 1) await next();
    assert.equal(asked, 0);
    assert.equal(notice.hidden, true);
  });

  it("says that the server is full after a while, and no more once the visitor is in", async () => {
    room = "full";
    assert.equal(asked, 0);
    await next();
    assert.deepEqual([asked, notice.hidden], [1, false]);
    connected = true;
    await next();
    assert.equal(notice.hidden, true);
  });

  it("says nothing of a server that has room, or cannot be reached", async () => {
    for (const answer of ["free", new Error("gone"), "<html>"]) {
      room = "full";
      await next();
      await next();
      assert.equal(notice.hidden, false);
      room = answer;
      await next();
      await next();
      assert.equal(notice.hidden, true);
    }
  });
});

describe("row of pages", () => {
  it("is scrolled to the page that is shown, and again when a part of it becomes wider", () => {
    /** @type {{ parts: unknown[], grow: () => void, live: boolean }[]} */
    const watchers = [];
    Object.assign(globalThis, {
      ResizeObserver: class {
        /** @param {() => void} grow */
        constructor(grow) {
          this.watcher = { parts: /** @type {unknown[]} */ ([]), grow, live: true };
          watchers.push(this.watcher);
        }

        /** @param {unknown} part */
        observe(part) {
          this.watcher.parts.push(part);
        }

        disconnect() {
          this.watcher.live = false;
        }
      },
    });
    const row = { children: ["home", "softmax"] };
    /** @type {string[]} */
    const brought = [];
    /** @param {string} name @param {string} animationName */
    const begin = (name, animationName) => {
      const target = { closest: () => row, scrollIntoView: () => brought.push(name) };
      bringIntoSight(/** @type {any} */ ({ animationName, target }));
    };
    begin("home", "another");
    assert.equal(watchers.length, 0);
    begin("home", "lab-here");
    begin("softmax", "lab-here");
    assert.deepEqual(watchers.map(({ live }) => live), [false, true]);
    assert.deepEqual(watchers[1].parts, [row, "home", "softmax"]);
    watchers[1].grow();
    assert.deepEqual(brought, ["softmax"]);
  });
});

/** A document in which each selector finds this. @param {object | null} found */
const documentWith = (found, rest = {}) => Object.assign(globalThis, { document: { querySelector: () => found, ...rest } });

describe("link to the main content", () => {
  /** @param {boolean} there @param {object | null} heading */
  function pressed(there, heading) {
    documentWith(heading);
    /** @type {string[]} */
    const calls = [];
    const event = {
      target: { closest: () => (there ? {} : null) },
      preventDefault: () => calls.push("prevented"),
      stopPropagation: () => calls.push("stopped"),
    };
    skipToHeading(/** @type {any} */ (event));
    return calls;
  }

  it("leads to the heading, which can be reached by nothing else", () => {
    const heading = { tabIndex: 0, focused: 0, focus() { this.focused += 1; } };
    assert.deepEqual(pressed(true, heading), ["prevented", "stopped"]);
    assert.deepEqual([heading.tabIndex, heading.focused], [-1, 1]);
  });

  it("is left to Streamlit while there is no heading, as are all other clicks", () => {
    const heading = { focus: () => assert.fail() };
    assert.deepEqual([...pressed(true, null), ...pressed(false, heading)], []);
  });
});

describe("paper", () => {
  it("is told the width of what is on the screen, and the height of the screen", () => {
    /** @type {Record<string, string>} */
    const said = {};
    const style = { setProperty: (/** @type {string} */ name, /** @type {string} */ value) => (said[name] = value) };
    Object.assign(globalThis, { innerHeight: 720, getComputedStyle: () => ({ paddingLeft: "48px", paddingRight: "12.5px" }) });
    documentWith(null, { documentElement: { style } });
    keepTheScreen();
    assert.deepEqual(said, {});
    documentWith({ clientWidth: 1040 }, { documentElement: { style } });
    keepTheScreen();
    assert.deepEqual(said, { "--lab-print-width": "979.5px", "--lab-print-height": "720px" });
  });
});
