// @ts-check
// Logits as bars to drag, and what follows from them in the same frame: p, the loss, its gradient,
// the Jacobian.

import { buildBar, keyed, pointed, shareOf, stretch } from "../drag/bars.js";
import { buildHandle, sayValue } from "../drag/handle.js";
import { Moved, staying } from "../drag/moved.js";
import { lowered, readable as spelled, shortest } from "../drag/numbers.js";
import {
  crossEntropy,
  crossEntropyGradient,
  naiveSoftmax,
  scores,
  softmax,
  softmaxJacobian,
} from "../drag/softmax.js";
import { element, fill, write } from "../web/dom.js";
import { JacobianTable } from "./jacobian.js";

/**
 * @typedef {import("../drag/bars.js").Ends} Ends
 * @typedef {{ logits: number[], temperature: number, target: number }} State
 * @typedef {import("../drag/moved.js").Told & State & { window: Ends, temperatures: Ends }} Data
 * @typedef {{ pointer: number, i: number, before: number, box: DOMRect }} Hand
 */

const KEY_PAUSE = 300;

/** @param {number} value @param {number} [digits] @param {number} [nothing] */
const readable = (value, digits = 3, nothing = 0) => spelled(value, { digits, finer: true, most: 1e5, nothing });

/** @extends {Moved<Data, State>} */
class Logits extends Moved {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    super(root, data, { pause: KEY_PAUSE });
    this.logits = [...data.logits];
    this.temperature = data.temperature;
    this.target = data.target;
    this.ends = data.window;
    /** @type {Hand | undefined} */
    this.hand = undefined;
    /** @type {number | null} */
    this.touched = null;
    /** @type {import("./jacobian.js").Place | null} */
    this.pointed = null;
    /** @type {number[][]} */
    this.jacobian = [];
    this.view = this.build();
  }

  get held() {
    return this.hand !== undefined;
  }

  /** @param {Data} data */
  stateOf({ logits, temperature, target }) {
    return { logits, temperature, target };
  }

  now() {
    const { logits, temperature, target } = this;
    return { logits: [...logits], temperature, target };
  }

  take() {
    const { logits, temperature, target } = this.data;
    const classes = this.logits.length;
    this.hand = undefined;
    Object.assign(this, { logits: [...logits], temperature, target });
    if (logits.length !== classes) this.view = this.build();
  }

  // The axis changes between two moves, never under a hand.
  settle() {
    if (!this.held) this.ends = this.data.window;
    this.draw();
  }

  build() {
    const { words, root } = this;
    this.touched = null;
    this.pointed = null;
    root.replaceChildren();
    const halves = element(root, "div", { class: "halves" });
    const left = element(halves, "section", { "aria-label": words.logits });
    element(left, "h2", {}, words.logits);
    element(left, "p", { class: "caption" }, words.how);
    const loss = element(left, "p", { class: "loss" });
    const said = { lossName: element(loss, "span"), loss: element(loss, "output") };
    const warmth = this.buildTemperature(left);
    const rows = this.buildRows(left);
    const naive = element(left, "p", { class: "naive" });
    const right = element(halves, "section", { "aria-label": words.jacobian });
    const table = new JacobianTable(right, words, this.logits.length, (place) => this.point(place));
    const readout = element(right, "p", { class: "readout caption" });
    return { ...said, ...warmth, ...rows, naive, table, readout };
  }

  /** @param {HTMLElement} half */
  buildTemperature(half) {
    const label = element(half, "label", { class: "temperature" });
    element(label, "span", {}, this.words.temperature);
    const [min, max] = this.data.temperatures.map(Math.log10);
    const slider = element(label, "input", { type: "range", min, max, step: (max - min) / 200 });
    slider.addEventListener("input", () => {
      this.temperature = Number((10 ** Number(slider.value)).toPrecision(3));
      this.draw();
    });
    slider.addEventListener("change", () => this.commitSoon());
    return { slider, warmth: element(label, "output") };
  }

  /** @param {HTMLElement} half */
  buildRows(half) {
    const { words } = this;
    const many = this.logits.length > 8 ? " many" : "";
    const rows = element(half, "div", { class: `rows${many}`, role: "group", "aria-label": words.logits });
    const head = element(rows, "div", { class: "row head" });
    for (const name of ["target", "logit", "p", "gradient"]) element(head, "span", {}, words[name]);
    const built = this.logits.map((_logit, i) => this.buildRow(rows, i));
    const total = element(rows, "div", { class: "row total" });
    element(total, "span", {}, "Σ");
    const [axis, sum, gradientSum] = [0, 1, 2].map(() => element(total, "span"));
    return { rows: built, axis, sum, gradientSum };
  }

  /** @param {HTMLElement} rows @param {number} i */
  buildRow(rows, i) {
    const { words } = this;
    const number = i + 1;
    const row = element(rows, "div", { class: "row" });
    const name = element(row, "label", { class: "class" });
    const asTarget = fill(words.asTarget, { number });
    const radio = element(name, "input", { type: "radio", name: "lab-target", "aria-label": asTarget });
    element(name, "span", {}, String(number));
    radio.addEventListener("change", () => {
      this.target = i;
      this.draw();
      this.commitSoon();
    });
    const logit = buildHandle(row, { class: "handle", "aria-label": fill(words.logitOf, { number }) }, {
      grab: (event) => this.grab(event, i),
      drag: (event) => this.drag(event),
      release: (event) => this.release(event),
      drop: () => this.drop(),
      press: (event) => this.press(event, i),
      leave: () => this.commitNow(),
      reach: () => this.touch(i),
    });
    row.addEventListener("pointerenter", () => !this.held && this.touch(i));
    const p = buildBar(element(row, "div", { class: "bar probability" }));
    const gradient = buildBar(element(row, "div", { class: "bar gradient" }));
    return { row, radio, logit, p, gradient };
  }

  // Moving a logit: by hand, and by key.

  /** @param {PointerEvent} event @param {number} i */
  grab(event, i) {
    if (event.button !== 0 || this.held) return;
    const { handle, track } = this.view.rows[i].logit;
    handle.setPointerCapture(event.pointerId);
    const box = track.getBoundingClientRect();
    this.hand = { pointer: event.pointerId, i, before: this.logits[i], box };
    this.touch(i);
    this.drag(event);
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (!this.hand || event.pointerId !== this.hand.pointer) return;
    const { i, box } = this.hand;
    this.set(i, pointed(event, box, this.ends));
  }

  /** @param {PointerEvent} event */
  release(event) {
    if (event.pointerId !== this.hand?.pointer) return;
    this.hand = undefined;
    this.settle();
    this.commitNow(true);
  }

  drop() {
    if (!this.hand) return;
    const { i, before } = this.hand;
    this.hand = undefined;
    this.set(i, before);
  }

  /** @param {KeyboardEvent} event @param {number} i */
  press(event, i) {
    const value = keyed(event, this.logits[i], this.ends);
    if (value === undefined) return;
    this.set(i, value);
    this.commitSoon();
  }

  /** @param {number} i @param {number} value */
  set(i, value) {
    this.logits[i] = Number(value.toFixed(4)) || 0;
    this.draw();
  }

  // What lights up.

  /** @param {number} i */
  touch(i) {
    this.pointed = null;
    this.light(i);
    this.describe();
  }

  /** @param {import("./jacobian.js").Place} place */
  point(place) {
    this.pointed = place;
    this.light(place[1]);
    this.describe();
  }

  /** @param {number} i */
  light(i) {
    const { touched, view } = this;
    if (touched === i) return;
    this.touched = i;
    for (const [which, on] of /** @type {[number | null, boolean][]} */ ([[touched, false], [i, true]])) {
      if (which === null) continue;
      view.rows[which].row.classList.toggle("touched", on);
      view.table.light(which, on);
    }
  }

  // Everything that depends on the logits.

  draw() {
    const a = scores(this.logits, this.temperature);
    const p = softmax(a);
    const loss = crossEntropy(a, this.target);
    this.jacobian = softmaxJacobian(p);
    this.drawLoss(loss);
    this.drawRows(p, crossEntropyGradient(p, this.target), loss);
    this.drawNaive(a);
    this.view.table.draw(this.jacobian);
    this.describe();
  }

  /** @param {number} loss */
  drawLoss(loss) {
    const { words, view, ends, temperature } = this;
    write(view.lossName, fill(words.loss, { i: lowered(this.target) }));
    write(view.loss, fill(words.nats, { loss: readable(loss, 4) }));
    view.loss.dataset.value = String(loss);
    view.slider.value = String(Math.log10(temperature));
    view.slider.setAttribute("aria-valuetext", shortest(temperature));
    write(view.warmth, shortest(temperature));
    write(view.axis, fill(words.axis, { low: shortest(ends[0]), high: shortest(ends[1]) }));
  }

  /** @param {number[]} p @param {number[]} gradient @param {number} loss */
  drawRows(p, gradient, loss) {
    const { words, hand, ends, view } = this;
    const zero = shareOf(0, ends);
    view.rows.forEach((row, i) => {
      const logit = this.logits[i];
      const at = shareOf(logit, ends);
      write(row.logit.number, shortest(logit));
      stretch(row.logit.bar, Math.min(zero, at), Math.max(zero, at));
      stretch(row.logit.knob, at, at + 100);
      row.logit.track.style.setProperty("--zero", `${zero}%`);
      // While one is dragged, the others need not be ready to be read out.
      if (hand === undefined || hand.i === i) {
        const said = { logit: shortest(logit), p: readable(p[i]), loss: readable(loss) };
        sayValue(row.logit, logit, ends, fill(words.said, said));
      }
      row.radio.checked = i === this.target;
      write(row.p.number, readable(p[i]));
      row.p.box.dataset.value = String(p[i]);
      stretch(row.p.bar, 0, 100 * p[i]);
      write(row.gradient.number, readable(gradient[i]));
      row.gradient.box.dataset.value = String(gradient[i]);
      stretch(row.gradient.bar, 50 + 50 * Math.min(0, gradient[i]), 50 + 50 * Math.max(0, gradient[i]));
    });
    /** @param {number[]} values */
    const sum = (values) => values.reduce((total, value) => total + value, 0);
    write(view.sum, readable(sum(p)));
    write(view.gradientSum, readable(sum(gradient), 3, 1e-12));
  }

  /**
   * The textbook formula, where it fails.
   *
   * @param {number[]} a
   */
  drawNaive(a) {
    const { naive } = this.view;
    const failed = naiveSoftmax(a).some(Number.isNaN);
    if (naive.hidden === failed) naive.hidden = !failed;
    if (!failed) return;
    const largest = Math.max(...a);
    const words = largest > 0 ? this.words.overflow : this.words.underflow;
    write(naive, fill(words, { largest: shortest(largest), power: readable(Math.exp(largest)) }));
  }

  // The entry under the pointer in words, or else what the touched logit does to all.
  describe() {
    const { words, jacobian, view } = this;
    if (!jacobian.length) return;
    const [i, j] = this.pointed ?? [this.touched ?? this.target, this.touched ?? this.target];
    const names = { row: i + 1, column: j + 1, i: lowered(i), j: lowered(j) };
    const entry = i === j ? words.diagonal : words.entry;
    const text = this.pointed === null ? words.column : entry;
    write(view.readout, fill(text, { ...names, value: readable(jacobian[i][j], 4) }));
    view.readout.dataset.value = String(jacobian[i][j]);
  }
}

const show = staying(".lab-logits", (root, /** @type {Data} */ data) => new Logits(root, data));

/** @param {import("../web/types.js").Component<Data>} component */
export default function showLogits(component) {
  return show(component, component.setStateValue);
}
