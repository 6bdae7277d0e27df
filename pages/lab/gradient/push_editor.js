// Logits and target as bars to drag, with arrows on the logits: which way each loss pushes.

import {
  buildBar, element, keyed, lowered, pointed, scientific, shareOf, shortest, stretch, write,
} from "../drag/bars.js";
import { fill } from "../web/dom.js";
import { gradientsOf, targetWith } from "./gradient.js";
import { Moved, staying } from "../drag/moved.js";

const KEY_PAUSE = 300;
// A gradient of 1 is drawn as so many percent of the axis of the logits.
const ARROW = 50;
// What is smaller is rounding.
const NOTHING = 1e-12;

function readable(value, digits = 3) {
  const size = Math.abs(value);
  if (size < NOTHING) return "0";
  if (size < 10 ** -digits) return scientific(value);
  return value.toFixed(digits).replace("-", "−");
}

class PushEditor extends Moved {
  constructor(root) {
    super(root, KEY_PAUSE);
    this.touched = 0;
    this.classes = 0;
  }

  message({ logits, q, kind, target }) {
    return { logits: [...logits], q: [...q], kind, target };
  }

  // What the server says counts unless a newer message is on its way to it.
  receive(data, send) {
    this.send = send;
    const retold = JSON.stringify(this.words) !== JSON.stringify(data.words);
    this.words = data.words;
    // In another language all is built anew.
    if (retold) this.told = this.classes = undefined;
    if (data.serial < this.serial) return;
    this.serial = data.serial;
    this.window = data.window;
    const told = JSON.stringify(this.message(data));
    if (told !== this.told) {
      this.hand = undefined;
      this.waiting = false;
      this.told = told;
      Object.assign(this, { logits: [...data.logits], q: [...data.q], kind: data.kind });
      this.target = data.target;
      this.smoothing = data.smoothing;
      if (this.logits.length !== this.classes) this.build();
    }
    this.settle();
  }

  // The axis changes between two moves, never under a hand.
  settle() {
    if (this.hand === undefined) [this.low, this.high] = this.window;
    this.draw();
  }

  build() {
    const { words, root } = this;
    this.classes = this.logits.length;
    this.touched = 0;
    root.replaceChildren();
    element(root, "h2", {}, words.title);
    element(root, "p", { class: "caption" }, words.how);
    this.losses = element(root, "p", { class: "losses" });
    const legend = element(root, "p", { class: "legend caption" });
    for (const name of ["held", "full"]) {
      const item = element(legend, "span");
      element(item, "i", { class: name, "aria-hidden": "true" });
      element(item, "span", {}, words[`${name}Arrow`]);
    }
    const rows = element(root, "div", { class: "rows", role: "group", "aria-label": words.title });
    const head = element(rows, "div", { class: "row head", "aria-hidden": "true" });
    for (const name of ["class", "q", "logit", "p", "pulls", "residual", "full"]) {
      element(head, "span", { class: `at-${name}` }, words[name]);
    }
    this.rows = this.logits.map((_logit, i) => this.buildRow(rows, i));
    const total = element(rows, "div", { class: "row total" });
    this.totals = {};
    for (const name of ["class", "q", "logit", "p", "pulls", "residual", "full"]) {
      this.totals[name] = element(total, "span", { class: `at-${name}` });
    }
    this.readout = element(root, "p", { class: "readout" });
  }

  buildRow(rows, i) {
    const { words } = this;
    const number = i + 1;
    const row = element(rows, "div", { class: "row" });
    const name = element(row, "label", { class: "class at-class" });
    const asTarget = fill(words.asTarget, { number });
    const radio = element(name, "input", { type: "radio", name: "lab-push-target", "aria-label": asTarget });
    element(name, "span", {}, String(number));
    radio.addEventListener("change", () => this.aim(i));
    const handles = {};
    for (const what of ["q", "logit"]) {
      const handle = element(row, "div", {
        class: `handle ${what} at-${what}`,
        role: "slider",
        tabindex: 0,
        "aria-label": fill(words[`${what}Of`], { number }),
      });
      const bar = buildBar(handle);
      bar.knob = element(bar.track, "b");
      handle.addEventListener("pointerdown", (event) => this.grab(event, what, i));
      handle.addEventListener("pointermove", (event) => this.drag(event));
      handle.addEventListener("pointerup", (event) => this.release(event));
      handle.addEventListener("pointercancel", () => this.drop());
      handle.addEventListener("keydown", (event) => this.press(event, what, i));
      handle.addEventListener("blur", () => this.commitNow());
      handle.addEventListener("focus", () => this.touch(i));
      handles[what] = { handle, ...bar };
    }
    const arrows = ["held", "full"].map((which) => {
      const arrow = element(handles.logit.handle, "div", { class: `arrow ${which}` });
      return { shaft: element(arrow, "i"), head: element(arrow, "b") };
    });
    row.addEventListener("pointerenter", () => this.hand === undefined && this.touch(i));
    const bars = {};
    for (const what of ["p", "pulls", "residual", "full"]) {
      bars[what] = buildBar(element(row, "div", { class: `bar ${what} at-${what}` }));
    }
    return { row, radio, arrows, ...handles, ...bars };
  }

  // Moving by hand and by key; `what` is "q" or "logit".

  ends(what) {
    return what === "q" ? [0, 1] : [this.low, this.high];
  }

  grab(event, what, i) {
    if (event.button !== 0 || this.hand !== undefined) return;
    const { handle, track } = this.rows[i][what];
    handle.setPointerCapture(event.pointerId);
    const before = { logits: [...this.logits], q: [...this.q], kind: this.kind };
    this.hand = { pointer: event.pointerId, what, i, before, box: track.getBoundingClientRect() };
    this.touch(i);
    // To press a bar of q is not yet to change it.
    this.hand.pressed = event.clientX;
    if (what === "logit") this.drag(event);
  }

  drag(event) {
    if (event.pointerId !== this.hand?.pointer) return;
    const { what, i, box, before, pressed } = this.hand;
    if (what === "q" && this.kind !== "free" && Math.abs(event.clientX - pressed) < 3) return;
    this.set(what, i, pointed(event, box, this.ends(what)), before.q);
  }

  release(event) {
    if (event.pointerId !== this.hand?.pointer) return;
    this.hand = undefined;
    this.settle();
    this.commitNow(true);
  }

  // A finger that scrolls the page moves nothing.
  drop() {
    if (this.hand === undefined) return;
    Object.assign(this, this.hand.before);
    this.hand = undefined;
    this.draw();
  }

  press(event, what, i) {
    const now = what === "q" ? this.q[i] : this.logits[i];
    const value = keyed(event, now, this.ends(what));
    if (value === undefined) return;
    this.set(what, i, value, this.q);
    this.commitSoon();
  }

  set(what, i, value, before) {
    const rounded = Number(value.toFixed(4)) || 0;
    if (what === "logit") this.logits[i] = rounded;
    else {
      this.q = targetWith(before, i, rounded);
      this.kind = "free";
    }
    this.draw();
  }

  // All of q on one class, or smoothed as it was.
  aim(i) {
    if (this.kind === "free") this.kind = "one-hot";
    const smoothing = this.kind === "smoothed" ? this.smoothing : 0;
    this.target = i;
    this.q = this.logits.map((_logit, j) => smoothing / this.classes + (j === i ? 1 - smoothing : 0));
    this.draw();
    this.commitSoon();
  }

  touch(i) {
    this.rows[this.touched].row.classList.remove("touched");
    this.touched = i;
    this.rows[i].row.classList.add("touched");
    this.describe();
  }

  // Everything that follows from the logits and the target.

  draw() {
    this.found = gradientsOf(this.logits, this.q);
    const { words, found, low, high } = this;
    const losses = { l1: readable(found.l1, 4), l2: readable(found.l2, 4), entropy: readable(found.l1 - found.l2, 4) };
    write(this.losses, fill(words.losses, losses));
    this.losses.dataset.l1 = String(found.l1);
    this.losses.dataset.l2 = String(found.l2);
    this.rows.forEach((row, i) => this.drawRow(row, i));
    const sum = (values) => readable(values.reduce((total, value) => total + value, 0));
    write(this.totals.class, "Σ");
    write(this.totals.q, sum(this.q));
    write(this.totals.logit, fill(words.axis, { low: shortest(low), high: shortest(high) }));
    for (const name of ["p", "pulls", "residual", "full"]) write(this.totals[name], sum(found[name]));
    this.describe();
  }

  drawRow(row, i) {
    const { found, low, high, words } = this;
    const share = (value) => shareOf(value, [low, high]);
    const logit = this.logits[i];
    const at = share(logit);
    const zero = share(0);
    write(row.logit.number, shortest(logit));
    stretch(row.logit.bar, Math.min(zero, at), Math.max(zero, at));
    row.logit.knob.style.left = `${at.toFixed(2)}%`;
    row.logit.track.style.setProperty("--zero", `${zero}%`);
    write(row.q.number, readable(this.q[i]));
    stretch(row.q.bar, 0, 100 * this.q[i]);
    row.q.knob.style.left = `${(100 * this.q[i]).toFixed(2)}%`;
    // Descent moves against the gradient.
    this.drawArrow(row.arrows[0], at, at - ARROW * found.pulls[i]);
    this.drawArrow(row.arrows[1], at, at - ARROW * found.full[i]);
    const said = {
      logit: shortest(logit), q: readable(this.q[i]), p: readable(found.p[i]),
      held: readable(-found.pulls[i]), full: readable(-found.full[i]),
    };
    for (const [what, value, bounds] of [["q", this.q[i], [0, 1]], ["logit", logit, [low, high]]]) {
      const { handle } = row[what];
      handle.setAttribute("aria-valuemin", Math.min(bounds[0], value));
      handle.setAttribute("aria-valuemax", Math.max(bounds[1], value));
      handle.setAttribute("aria-valuenow", value);
      handle.setAttribute("aria-valuetext", fill(words[`${what}Said`], said));
    }
    row.radio.checked = this.kind !== "free" && i === this.target;
    write(row.p.number, readable(found.p[i]));
    row.p.box.dataset.value = String(found.p[i]);
    stretch(row.p.bar, 0, 100 * found.p[i]);
    // All three on one scale, which holds the largest of them.
    const reach = Math.max(1, ...found.full.map(Math.abs), ...found.residual.map(Math.abs));
    for (const what of ["pulls", "residual", "full"]) {
      const value = found[what][i];
      const end = (50 * value) / reach;
      write(row[what].number, readable(value));
      row[what].box.dataset.value = String(value);
      stretch(row[what].bar, 50 + Math.min(0, end), 50 + Math.max(0, end));
    }
  }

  drawArrow({ shaft, head }, from, to) {
    const tip = Math.min(100, Math.max(0, to));
    const seen = Math.abs(tip - from) >= 0.6;
    shaft.style.visibility = head.style.visibility = seen ? "" : "hidden";
    stretch(shaft, Math.min(from, tip), Math.max(from, tip));
    head.style.left = `${tip.toFixed(2)}%`;
    head.dataset.way = tip < from ? "left" : "right";
  }

  // Which way the losses push the touched logit, in words.
  describe() {
    const { words, touched: i, found } = this;
    if (!found) return;
    const said = (loss, gradient) => {
      const way = Math.abs(gradient) < NOTHING ? "Rest" : gradient < 0 ? "Up" : "Down";
      return fill(words[loss + way], { a: `a${lowered(i)}`, size: readable(Math.abs(gradient)) });
    };
    const before = said("held", found.pulls[i]);
    write(this.readout, fill(words.both, { before, after: said("full", found.full[i]) }));
  }
}

const show = staying(".lab-push-editor", (root) => new PushEditor(root));

export default function (component) {
  return show(component, component.setStateValue);
}
