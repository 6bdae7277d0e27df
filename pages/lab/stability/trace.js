// A table of operations to step through. Stepping is the browser's own; the server hears where it
// has come to rest, and answers with `serial`, by which an answer to an older message is told from a
// change that came from elsewhere.

import { icon, make, setText } from "../web/dom.js";
import { staying } from "../drag/moved.js";

const REST_MS = 400;
const FRAME_MS = 900;

class Trace {
  constructor(root) {
    this.root = root;
    this.serial = 0;
    this.step = 1;
    this.playing = false;
    this.build();
  }

  build() {
    const button = (name, action, ...extra) => {
      const node = make("button", { type: "button", class: `trace-${name}` }, icon(name), ...extra);
      node.addEventListener("click", action);
      return node;
    };
    this.heading = make("h2");
    this.playLabel = make("span");
    this.play = button("play", () => this.toggle(), this.playLabel);
    this.back = button("back", () => this.by(-1));
    this.next = button("forward", () => this.by(1));
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
    this.root.replaceChildren(
      this.heading,
      make("div", { class: "trace-deck" }, this.play, this.back, this.next, this.range, this.place),
      this.said,
      this.scroller
    );
  }

  // What the server says counts unless a newer message is on its way to it.
  receive(data, send) {
    this.send = send;
    const told = JSON.stringify([data.rows, data.columns, data.chosen, data.words]);
    const fresh = told !== this.told;
    if (fresh) {
      this.told = told;
      this.data = data;
      this.pause();
      this.fill();
    }
    const moving = this.timer !== undefined || this.playing;
    if (data.serial >= this.serial && (fresh || !moving)) {
      this.serial = data.serial;
      this.committed = data.at;
      clearTimeout(this.timer);
      this.timer = undefined;
      this.step = data.at;
    }
    this.show(fresh);
  }

  get count() {
    return this.data.rows.length;
  }

  fill() {
    const { rows, columns, chosen, words, title } = this.data;
    setText(this.heading, title);
    this.range.max = String(rows.length);
    this.range.setAttribute("aria-label", words.step);
    this.scroller.setAttribute("aria-label", words.scroll);
    for (const [node, word] of [[this.back, words.back], [this.next, words.next]]) {
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
    this.rows = [];
    const bodies = ["forward", "backward"].map((phase) => {
      const group = make("tr", { class: "phase" },
        make("th", { scope: "rowgroup", colspan: columns.length + 1 }, make("span", {}, words[phase])));
      const lines = rows.flatMap((row, place) => (row.phase === phase ? [this.line(row, place)] : []));
      return make("tbody", {}, group, ...lines);
    });
    this.scroller.replaceChildren(make("table", {}, make("thead", {}, head), ...bodies));
  }

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
    this.rows[place] = line;
    return line;
  }

  show(fresh = false) {
    const { rows, words } = this.data;
    this.step = Math.min(Math.max(this.step, 1), this.count);
    this.range.value = String(this.step);
    const place = words.place.replace("{step}", this.step).replace("{count}", this.count);
    setText(this.place, place);
    const said = rows[this.step - 1].said;
    this.range.setAttribute("aria-valuetext", place);
    setText(this.said, said);
    this.rows.forEach((line, index) => {
      if (index === this.step - 1) line.setAttribute("aria-current", "step");
      else line.removeAttribute("aria-current");
    });
    this.root.dataset.step = String(this.step);
    this.back.disabled = this.step === 1;
    this.next.disabled = this.step === this.count;
    this.reveal(fresh);
  }

  // Only the box scrolls, never the page.
  reveal() {
    const line = this.rows[this.step - 1];
    const { scroller } = this;
    const head = scroller.querySelector("thead").offsetHeight;
    const top = line.offsetTop - head - 8;
    const bottom = line.offsetTop + line.offsetHeight + 8;
    if (top < scroller.scrollTop) scroller.scrollTop = top - line.offsetHeight;
    else if (bottom > scroller.scrollTop + scroller.clientHeight) {
      scroller.scrollTop = bottom + line.offsetHeight - scroller.clientHeight;
    }
  }

  by(steps) {
    this.pause();
    this.go(this.step + steps);
  }

  go(step) {
    this.step = step;
    this.show();
    if (!this.playing) this.rest();
  }

  toggle() {
    if (this.playing) return this.pause();
    this.playing = true;
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.step === this.count) this.step = 1;
    this.drawPlay();
    this.show();
    this.turn = setInterval(() => {
      if (!this.root.isConnected || this.step >= this.count) return void this.pause();
      this.go(this.step + 1);
      return undefined;
    }, FRAME_MS);
    return undefined;
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    clearInterval(this.turn);
    this.drawPlay();
    this.rest();
  }

  drawPlay() {
    this.play.replaceChild(icon(this.playing ? "pause" : "play"), this.play.firstChild);
    setText(this.playLabel, this.playing ? this.data.words.pause : this.data.words.play);
  }

  rest() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.step === this.committed) return;
      this.committed = this.step;
      this.serial += 1;
      this.send("moved", { step: this.step, serial: this.serial });
    }, REST_MS);
  }

  remove() {
    clearTimeout(this.timer);
    clearInterval(this.turn);
  }
}

const show = staying(".lab-trace", (root) => new Trace(root));

export default function (component) {
  return show(component, component.setTriggerValue);
}
