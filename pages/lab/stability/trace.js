// @ts-check
// A table of operations to step through. Stepping is the browser's own; the server hears where it
// has come to rest.

import { Moved, staying } from "../drag/moved.js";
import { fill, icon, make, setText } from "../web/dom.js";

/**
 * @typedef {{ step: number }} State
 * @typedef {{ entries: string[], bad: number[], mark: string }} Cell
 * @typedef {{ phase: string, text: string, said: string, cells: Cell[] }} Row
 * @typedef {{ rows: Row[], columns: string[], chosen: number, at: number, title: string }} Table
 * @typedef {import("../drag/moved.js").Told & Table} Data
 */

const REST_MS = 400;
const FRAME_MS = 900;

/** @extends {Moved<Data, State>} */
class Trace extends Moved {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    super(root, data, { pause: REST_MS });
    this.step = data.at;
    this.playing = false;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.turn = undefined;
    // What the table shows, in writing.
    this.shown = "";
    /** @type {HTMLTableRowElement[]} */
    this.lines = [];
    this.heading = make("h2");
    this.playLabel = make("span");
    this.play = this.button("play", () => this.toggle(), this.playLabel);
    this.back = this.button("back", () => this.by(-1));
    this.next = this.button("forward", () => this.by(1));
    this.range = make("input", { type: "range", min: "1", step: "1", "data-testid": "trace-step" });
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
    this.scroller = make("div", { class: "trace-scroller", role: "region", tabindex: "0" });
    this.tableHead = make("thead");
    root.replaceChildren(
      this.heading,
      make("div", { class: "trace-deck" }, this.play, this.back, this.next, this.range, this.place),
      this.said,
      this.scroller
    );
  }

  /** @param {"play" | "back" | "forward"} name @param {() => void} action @param {...Node} extra */
  button(name, action, ...extra) {
    const node = make("button", { type: "button", class: `trace-${name}` }, icon(name), ...extra);
    node.addEventListener("click", action);
    return node;
  }

  get held() {
    return this.playing;
  }

  /** @param {Data} data */
  stateOf({ at }) {
    return { step: at };
  }

  now() {
    return { step: this.step };
  }

  take() {
    this.stop();
    this.step = this.data.at;
  }

  /** @param {Data} data @param {import("../drag/moved.js").Send} send */
  receive(data, send) {
    const { rows, columns, chosen, words } = data;
    const shown = JSON.stringify([rows, columns, chosen, words]);
    // Another table, whatever has been answered.
    if (shown !== this.shown) {
      this.shown = shown;
      this.data = data;
      this.words = words;
      this.pause();
      this.build();
    }
    super.receive(data, send);
    this.show();
  }

  build() {
    const { rows, columns, chosen, words, title } = this.data;
    setText(this.heading, title);
    this.range.max = String(rows.length);
    this.range.setAttribute("aria-label", words.step);
    this.scroller.setAttribute("aria-label", words.scroll);
    for (const [node, word] of /** @type {const} */ ([[this.back, words.back], [this.next, words.next]])) {
      node.setAttribute("aria-label", word);
      node.title = word;
    }
    setText(this.playLabel, this.playing ? words.pause : words.play);
    const head = make(
      "tr", {},
      make("th", { scope: "col" }, words.operation),
      ...columns.map((name, place) =>
        make("th", place === chosen ? { scope: "col", class: "chosen" } : { scope: "col" },
          name, ...(place === chosen ? [make("small", {}, words.chosen)] : []))
      )
    );
    this.lines = rows.map((row, place) => this.line(row, place));
    const bodies = ["forward", "backward"].map((phase) => {
      const group = make("tr", { class: "phase" },
        make("th", { scope: "rowgroup", colspan: columns.length + 1 }, make("span", {}, words[phase])));
      return make("tbody", {}, group, ...this.lines.filter((_line, place) => rows[place].phase === phase));
    });
    this.tableHead = make("thead", {}, head);
    this.scroller.replaceChildren(make("table", {}, this.tableHead, ...bodies));
  }

  /** @param {Row} row @param {number} place */
  line(row, place) {
    const cells = row.cells.map((cell, column) => {
      const classes = [
        column === this.data.chosen ? "chosen" : "", cell.mark ? "begins" : "", cell.bad.length ? "failed" : "",
      ];
      const entries = cell.entries.flatMap((text, i) => {
        const node = cell.bad.includes(i) ? make("strong", {}, text) : make("span", {}, text);
        return i ? [", ", node] : [node];
      });
      const mark = cell.mark ? [make("small", { class: "mark" }, `◀ ${cell.mark}`)] : [];
      return make("td", { class: classes.join(" ").trim() || null }, ...entries, ...mark);
    });
    const line = make(
      "tr", {},
      make("th", { scope: "row" }, make("i", {}, String(place + 1)), make("span", {}, row.text)),
      ...cells
    );
    line.addEventListener("click", () => {
      this.pause();
      this.go(place + 1);
    });
    return line;
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
    this.lines.forEach((line, index) => {
      if (index === this.step - 1) line.setAttribute("aria-current", "step");
      else line.removeAttribute("aria-current");
    });
    this.root.dataset.step = String(this.step);
    this.back.disabled = this.step === 1;
    this.next.disabled = this.step === count;
    this.reveal();
  }

  // Only the box scrolls, never the page.
  reveal() {
    const line = this.lines[this.step - 1];
    const { scroller } = this;
    const top = line.offsetTop - this.tableHead.offsetHeight - 8;
    const bottom = line.offsetTop + line.offsetHeight + 8;
    if (top < scroller.scrollTop) scroller.scrollTop = top - line.offsetHeight;
    else if (bottom > scroller.scrollTop + scroller.clientHeight) {
      scroller.scrollTop = bottom + line.offsetHeight - scroller.clientHeight;
    }
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
    this.play.firstChild?.replaceWith(icon(this.playing ? "pause" : "play"));
    setText(this.playLabel, this.playing ? this.words.pause : this.words.play);
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
