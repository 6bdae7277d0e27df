// @ts-check
// A table of operations to step through, with the lever of the gap and the cure beside it. Stepping is
// the browser's own; the server hears where it has come to rest.

import { Moved, staying } from "../drag/moved.js";
import { fill, icon, make, setText } from "../web/dom.js";
import { cureCard } from "./cure_card.js";
import { GapLever } from "./gap_lever.js";
import { badClasses, buildTable } from "./trace_table.js";

/**
 * @typedef {{ step: number, gap: number | null }} State
 * @typedef {import("./trace_table.js").Told & {
 *   at: number, followed: number, target: number,
 *   gap: import("./gap_lever.js").Gap, cure: import("./cure_card.js").Cure
 * }} Shown
 * @typedef {import("../drag/moved.js").Told & Shown} Data
 */

const FRAME_MS = 900;

/** @extends {Moved<Data, State>} */
class Trace extends Moved {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    super(root, data);
    this.step = data.at;
    this.followed = data.followed;
    this.playing = false;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.turn = undefined;
    // What the table shows, in writing.
    this.shown = "";
    /** @type {{ line: HTMLTableRowElement, phase: string }[]} */
    this.stages = [];
    this.playLabel = make("span");
    this.play = this.button("play", () => this.toggle(), this.playLabel);
    this.back = this.button("back", () => this.by(-1));
    this.next = this.button("forward", () => this.by(1));
    this.range = make("input", { type: "range", class: "lab-range", min: "1", step: "1", "data-testid": "trace-step" });
    this.range.addEventListener("input", () => {
      this.pause();
      this.go(Number(this.range.value));
    });
    this.range.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      this.toggle();
    });
    this.place = make("span", { class: "trace-place" });
    this.said = make("p", { class: "trace-said", "aria-live": "polite" });
    this.grid = make("div", { class: "trace-grid" });
    this.caption = make("p", { class: "trace-caption" });
    this.classes = make("div", { class: "trace-classes", role: "group" });
    this.lever = new GapLever({ moved: () => this.stretch(), released: () => this.commitNow() });
    this.cure = make("section", { class: "trace-cure" });
    const steps = make("div", { class: "trace-steps" }, this.back, this.next, this.range, this.place);
    const picture = make("div", { class: "trace-picture" }, this.grid, this.said, this.caption, this.classes);
    const deck = make("div", { class: "trace-deck lab-foot-bar" }, this.play, this.lever.root, steps);
    root.replaceChildren(make("div", { class: "trace-page" }, picture, deck, this.cure));
  }

  /** @param {"play" | "back" | "forward"} name @param {() => void} action @param {...Node} extra */
  button(name, action, ...extra) {
    const node = make("button", { type: "button", class: `trace-${name}` }, icon(name), ...extra);
    node.addEventListener("click", action);
    return node;
  }

  get held() {
    return this.playing || this.lever.held;
  }

  /** @param {Data} data */
  stateOf({ at, gap }) {
    return { step: at, gap: gap.at };
  }

  now() {
    return { step: this.step, gap: this.lever.now };
  }

  take() {
    this.stop();
    this.step = this.data.at;
    this.drawLever();
  }

  /** @param {Data} data @param {import("../drag/moved.js").Send} send */
  receive(data, send) {
    const { rows, columns, chosen, words, cure, target, followed } = data;
    const shown = JSON.stringify([rows, columns, chosen, words, cure, target]);
    // Another table, whatever has been answered.
    if (shown !== this.shown) {
      this.shown = shown;
      this.data = data;
      this.words = words;
      this.followed = followed;
      this.pause();
      this.build();
    }
    super.receive(data, send);
    this.show();
  }

  build() {
    const { rows, columns, glyphs, cure, title, words } = this.data;
    this.range.max = String(rows.length);
    this.range.setAttribute("aria-label", words.step);
    for (const [node, word] of /** @type {const} */ ([[this.back, words.back], [this.next, words.next]])) {
      node.setAttribute("aria-label", word);
      node.title = word;
    }
    setText(this.caption, `${title}. ${words.framed}`);
    this.drawPlay();
    this.cure.replaceChildren(...cureCard(cure, columns, glyphs, words));
    this.drawTable();
    if (!this.lever.held) this.drawLever();
  }

  drawTable() {
    const { table, stages } = buildTable(this.data, this.followed, this.words, (step) => {
      this.pause();
      this.go(step);
    });
    this.stages = stages;
    this.grid.replaceChildren(table);
    this.drawClasses();
  }

  // Of two or more classes the table shows one; which are not finite is told by a hatch.
  drawClasses() {
    const { words, target, rows } = this.data;
    const bad = badClasses(this.data);
    const focused = this.classes.contains(document.activeElement);
    const buttons = rows[0].cells[0].entries.map((_entry, place) => {
      const node = make(
        "button",
        { type: "button", "aria-pressed": String(place === this.followed), class: bad.has(place) ? "failed" : null },
        String(place + 1), ...(place === target ? [make("small", {}, words.right_class)] : [])
      );
      node.addEventListener("click", () => {
        this.followed = place;
        this.drawTable();
        this.show();
      });
      return node;
    });
    this.classes.setAttribute("aria-label", words.followed);
    this.classes.replaceChildren(make("span", { "aria-hidden": "true" }, words.followed), ...buttons);
    if (focused) buttons[this.followed].focus();
  }

  drawLever() {
    const { gap, columns, glyphs, words } = this.data;
    this.lever.take(gap, Object.fromEntries(columns.map((name, place) => [name, glyphs[place]])), words);
  }

  show() {
    const { rows, words } = this.data;
    const count = rows.length;
    this.step = Math.min(Math.max(this.step, 1), count);
    this.range.value = String(this.step);
    const place = fill(words.place, { step: this.step, count });
    setText(this.place, place);
    this.range.setAttribute("aria-valuetext", place);
    setText(this.said, rows[this.step - 1].said);
    this.stages.forEach(({ line }) => line.removeAttribute("aria-current"));
    const { line, phase } = this.stages[this.step - 1];
    line.setAttribute("aria-current", "step");
    line.dataset.way = phase;
    this.root.dataset.step = String(this.step);
    this.mark();
    this.back.disabled = this.step === 1;
    this.next.disabled = this.step === count;
  }

  // The lever has moved under the hand: where it comes to rest, the server computes the table, which is
  // of another gap until then.
  stretch() {
    this.stop();
    this.mark();
    this.commitSoon();
  }

  mark() {
    this.root.dataset.moved = String(this.lever.now !== this.data.gap.at);
  }

  /** @param {number} steps */
  by(steps) {
    this.pause();
    this.go(this.step + steps);
  }

  /** @param {number} step */
  go(step) {
    this.step = step;
    this.show();
    if (!this.playing) this.commitSoon();
  }

  toggle() {
    if (this.playing) {
      this.pause();
      return;
    }
    this.playing = true;
    this.rest();
    if (this.step === this.data.rows.length) this.step = 1;
    this.drawPlay();
    this.show();
    this.turn = setInterval(() => {
      if (!this.root.isConnected || this.step >= this.data.rows.length) this.pause();
      else this.go(this.step + 1);
    }, FRAME_MS);
  }

  pause() {
    if (!this.playing) return;
    this.stop();
    this.commitSoon();
  }

  // Without a word to the server.
  stop() {
    clearInterval(this.turn);
    if (!this.playing) return;
    this.playing = false;
    this.drawPlay();
  }

  drawPlay() {
    const word = this.playing ? this.words.pause : this.words.play;
    this.play.firstChild?.replaceWith(icon(this.playing ? "pause" : "play"));
    setText(this.playLabel, word);
    this.play.setAttribute("aria-label", word);
  }

  remove() {
    super.remove();
    clearInterval(this.turn);
  }
}

const show = staying(".lab-trace", (root, /** @type {Data} */ data) => new Trace(root, data));

/** @param {import("../web/types.js").Component<Data>} component */
export default function showTrace(component) {
  return show(component, component.setTriggerValue);
}
