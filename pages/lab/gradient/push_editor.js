// @ts-check
// Logits and target as bars to drag, with arrows on the logits: which way each loss pushes.

import { buildBar, keyed, pointed, shareOf, stretch } from "../drag/bars.js";
import { buildHandle, sayValue } from "../drag/handle.js";
import { Moved, staying } from "../drag/moved.js";
import { lowered, readable as spelled, shortest } from "../drag/numbers.js";
import { element, fill, write } from "../web/dom.js";
import { buildArrow, drawArrow } from "../drag/arrow.js";
import { gradientsOf, targetWith } from "./gradient.js";

/**
 * @typedef {import("../drag/bars.js").Ends} Ends
 * @typedef {{ logits: number[], q: number[], kind: string, target: number }} State
 * @typedef {import("../drag/moved.js").Told & State & { smoothing: number, window: Ends }} Data
 * @typedef {"q" | "logit"} What
 * @typedef {Pick<State, "logits" | "q" | "kind">} Before
 * @typedef {{ pointer: number, what: What, i: number, before: Before, box: DOMRect, pressed: number }} Hand
 */

// A gradient of 1 is drawn as so many percent of the axis of the logits.
const ARROW = 50;
// What is smaller is rounding.
const NOTHING = 1e-12;
const COLUMNS = /** @type {const} */ (["class", "q", "logit", "p", "pulls", "residual", "full"]);
const FOUND = /** @type {const} */ (["p", "pulls", "residual", "full"]);

/** @param {number} value @param {number} [digits] */
const readable = (value, digits = 3) => spelled(value, { digits, nothing: NOTHING });

/** @extends {Moved<Data, State>} */
class PushEditor extends Moved {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    super(root, data);
    this.logits = [...data.logits];
    this.q = [...data.q];
    this.kind = data.kind;
    this.target = data.target;
    this.smoothing = data.smoothing;
    this.ends = data.window;
    this.touched = 0;
    /** @type {Hand | undefined} */
    this.hand = undefined;
    this.found = gradientsOf(this.logits, this.q);
    this.view = this.build();
  }

  /** @param {Data} data */
  stateOf({ logits, q, kind, target }) {
    return { logits, q, kind, target };
  }

  now() {
    const { logits, q, kind, target } = this;
    return { logits: [...logits], q: [...q], kind, target };
  }

  take() {
    const { logits, q, kind, target, smoothing } = this.data;
    const classes = this.logits.length;
    this.hand = undefined;
    Object.assign(this, { logits: [...logits], q: [...q], kind, target, smoothing });
    if (logits.length !== classes) this.view = this.build();
  }

  // The axis changes between two moves, never under a hand.
  settle() {
    if (!this.held) this.ends = this.data.window;
    this.draw();
  }

  build() {
    const { words, root } = this;
    this.touched = 0;
    root.replaceChildren();
    element(root, "h2", {}, words.title);
    element(root, "p", { class: "caption" }, words.how);
    const losses = element(root, "p", { class: "losses" });
    const legend = element(root, "p", { class: "legend caption" });
    for (const name of ["held", "full"]) {
      const item = element(legend, "span");
      element(item, "i", { class: name, "aria-hidden": "true" });
      element(item, "span", {}, words[`${name}Arrow`]);
    }
    const box = element(root, "div", { class: "rows", role: "group", "aria-label": words.title });
    const head = element(box, "div", { class: "row head", "aria-hidden": "true" });
    for (const name of COLUMNS) element(head, "span", { class: `at-${name}` }, words[name]);
    const rows = this.logits.map((_logit, i) => this.buildRow(box, i));
    const total = element(box, "div", { class: "row total" });
    const totalOf = /** @param {string} name */ (name) => element(total, "span", { class: `at-${name}` });
    const [name, q, logit, p, pulls, residual, full] = COLUMNS.map(totalOf);
    const totals = { name, q, logit, p, pulls, residual, full };
    return { losses, rows, totals, readout: element(root, "p", { class: "readout" }) };
  }

  /** @param {HTMLElement} rows @param {number} i */
  buildRow(rows, i) {
    const { words } = this;
    const number = i + 1;
    const row = element(rows, "div", { class: "row" });
    const name = element(row, "label", { class: "class at-class" });
    const asTarget = fill(words.asTarget, { number });
    const radio = element(name, "input", { type: "radio", name: "lab-push-target", "aria-label": asTarget });
    element(name, "span", {}, String(number));
    radio.addEventListener("change", () => this.aim(i));
    const [q, logit] = /** @type {What[]} */ (["q", "logit"]).map((what) => this.buildHandle(row, what, i));
    const [heldArrow, fullArrow] = ["held", "full"].map((which) => buildArrow(logit.handle, which));
    row.addEventListener("pointerenter", () => !this.held && this.touch(i));
    const [p, pulls, residual, full] = FOUND.map((what) =>
      buildBar(element(row, "div", { class: `bar ${what} at-${what}` }))
    );
    return { row, radio, heldArrow, fullArrow, q, logit, p, pulls, residual, full };
  }

  /** @param {HTMLElement} row @param {What} what @param {number} i */
  buildHandle(row, what, i) {
    const label = fill(this.words[`${what}Of`], { number: i + 1 });
    return buildHandle(row, { class: `handle ${what} at-${what}`, "aria-label": label }, {
      grab: (event) => this.grab(event, what, i),
      drag: (event) => this.drag(event),
      release: (event) => this.release(event),
      drop: () => this.drop(),
      press: (event) => this.press(event, what, i),
      leave: () => this.commitNow(),
      reach: () => this.touch(i),
    });
  }

  // Moving by hand and by key.

  /** @param {What} what @returns {Ends} */
  endsOf(what) {
    return what === "q" ? [0, 1] : this.ends;
  }

  /** @param {PointerEvent} event @param {What} what @param {number} i */
  grab(event, what, i) {
    if (event.button !== 0 || this.held) return;
    const { handle, track } = this.view.rows[i][what];
    handle.setPointerCapture(event.pointerId);
    const before = { logits: [...this.logits], q: [...this.q], kind: this.kind };
    const box = track.getBoundingClientRect();
    this.hand = { pointer: event.pointerId, what, i, before, box, pressed: event.clientX };
    this.touch(i);
    // To press a bar of q is not yet to change it.
    if (what === "logit") this.drag(event);
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (!this.hand || event.pointerId !== this.hand.pointer) return;
    const { what, i, box, before, pressed } = this.hand;
    if (what === "q" && this.kind !== "free" && Math.abs(event.clientX - pressed) < 3) return;
    this.set(what, i, pointed(event, box, this.endsOf(what)), before.q);
  }

  drop() {
    if (!this.hand) return;
    Object.assign(this, this.hand.before);
    this.hand = undefined;
    this.draw();
  }

  /** @param {KeyboardEvent} event @param {What} what @param {number} i */
  press(event, what, i) {
    const now = what === "q" ? this.q[i] : this.logits[i];
    const value = keyed(event, now, this.endsOf(what));
    if (value === undefined) return;
    this.set(what, i, value, this.q);
    this.commitSoon();
  }

  /** @param {What} what @param {number} i @param {number} value @param {number[]} before */
  set(what, i, value, before) {
    const rounded = Number(value.toFixed(4)) || 0;
    if (what === "logit") this.logits[i] = rounded;
    else {
      this.q = targetWith(before, i, rounded);
      this.kind = "free";
    }
    this.draw();
  }

  /**
   * All of q on one class, or smoothed as it was.
   *
   * @param {number} i
   */
  aim(i) {
    if (this.kind === "free") this.kind = "one-hot";
    const smoothing = this.kind === "smoothed" ? this.smoothing : 0;
    const classes = this.logits.length;
    this.target = i;
    this.q = this.logits.map((_logit, j) => smoothing / classes + (j === i ? 1 - smoothing : 0));
    this.draw();
    this.commitSoon();
  }

  /** @param {number} i */
  touch(i) {
    this.view.rows[this.touched].row.classList.remove("touched");
    this.touched = i;
    this.view.rows[i].row.classList.add("touched");
    this.describe();
  }

  // Everything that follows from the logits and the target.

  draw() {
    this.found = gradientsOf(this.logits, this.q);
    const { words, found, view, ends } = this;
    const { l1, l2 } = found;
    const losses = { l1: readable(l1, 4), l2: readable(l2, 4), entropy: readable(l1 - l2, 4) };
    write(view.losses, fill(words.losses, losses));
    Object.assign(view.losses.dataset, { l1: String(l1), l2: String(l2) });
    view.rows.forEach((_row, i) => this.drawRow(i));
    const sum = /** @param {number[]} values */ (values) => readable(values.reduce((total, value) => total + value, 0));
    write(view.totals.name, "Σ");
    write(view.totals.q, sum(this.q));
    write(view.totals.logit, fill(words.axis, { low: shortest(ends[0]), high: shortest(ends[1]) }));
    for (const name of FOUND) write(view.totals[name], sum(found[name]));
    this.describe();
  }

  /** @param {number} i */
  drawRow(i) {
    const { found, words, ends } = this;
    const row = this.view.rows[i];
    const logit = this.logits[i];
    const q = this.q[i];
    const at = shareOf(logit, ends);
    const zero = shareOf(0, ends);
    write(row.logit.number, shortest(logit));
    stretch(row.logit.bar, Math.min(zero, at), Math.max(zero, at));
    row.logit.knob.style.left = `${at.toFixed(2)}%`;
    row.logit.track.style.setProperty("--zero", `${zero}%`);
    write(row.q.number, readable(q));
    stretch(row.q.bar, 0, 100 * q);
    row.q.knob.style.left = `${(100 * q).toFixed(2)}%`;
    // Descent moves against the gradient.
    drawArrow(row.heldArrow, at, at - ARROW * found.pulls[i]);
    drawArrow(row.fullArrow, at, at - ARROW * found.full[i]);
    const said = {
      logit: shortest(logit), q: readable(q), p: readable(found.p[i]),
      held: readable(-found.pulls[i]), full: readable(-found.full[i]),
    };
    sayValue(row.q, q, [0, 1], fill(words.qSaid, said));
    sayValue(row.logit, logit, ends, fill(words.logitSaid, said));
    row.radio.checked = this.kind !== "free" && i === this.target;
    this.drawFound(i);
  }

  /** @param {number} i */
  drawFound(i) {
    const { found } = this;
    const row = this.view.rows[i];
    // The gradients on one scale, which holds the largest of them.
    const reach = Math.max(1, ...found.full.map(Math.abs), ...found.residual.map(Math.abs));
    for (const what of FOUND) {
      const value = found[what][i];
      const end = (50 * value) / reach;
      write(row[what].number, readable(value));
      row[what].box.dataset.value = String(value);
      if (what === "p") stretch(row.p.bar, 0, 100 * value);
      else stretch(row[what].bar, 50 + Math.min(0, end), 50 + Math.max(0, end));
    }
  }

  // Which way the losses push the touched logit, in words.
  describe() {
    const { words, touched: i, found, view } = this;
    const said = /** @param {string} loss @param {number} gradient */ (loss, gradient) => {
      const way = Math.abs(gradient) < NOTHING ? "Rest" : gradient < 0 ? "Up" : "Down";
      return fill(words[loss + way], { a: `a${lowered(i)}`, size: readable(Math.abs(gradient)) });
    };
    const before = said("held", found.pulls[i]);
    write(view.readout, fill(words.both, { before, after: said("full", found.full[i]) }));
  }
}

const show = staying(".lab-push-editor", (root, /** @type {Data} */ data) => new PushEditor(root, data));

/** @param {import("../web/types.js").Component<Data>} component */
export default function showPushEditor(component) {
  return show(component, component.setStateValue);
}
