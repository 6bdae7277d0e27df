// @ts-check
// Two rows of upright bars. A hand that moves across them paints.

import { Moved } from "../drag/moved.js";
import { fill, make } from "../web/dom.js";

/**
 * @typedef {"mu" | "nu"} Side
 * @typedef {{ mu: number[], nu: number[] }} State
 * @typedef {object} Steps
 * @property {number} highest the most that a weight may be
 * @property {number} middle what every weight of a uniform marginal is
 *
 * @typedef {import("../drag/moved.js").Told & State & Steps & { kind: "weights" }} Data
 * @typedef {{ pointer: number, name: Side, before: number[], box: DOMRect, place: number | undefined }} Hand
 */

const SIDES = /** @type {const} */ (["mu", "nu"]);

/** @extends {Moved<Data, State>} */
export class Weights extends Moved {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    super(root, data);
    this.highest = data.highest;
    this.middle = data.middle;
    /** @type {State} */
    this.weights = { mu: [...data.mu], nu: [...data.nu] };
    /** @type {Hand | undefined} */
    this.hand = undefined;
    this.bars = this.build();
  }

  /** @param {Data} data */
  stateOf({ mu, nu }) {
    return { mu, nu };
  }

  now() {
    return { mu: [...this.weights.mu], nu: [...this.weights.nu] };
  }

  take() {
    const { mu, nu, highest, middle } = this.data;
    const before = this.weights;
    this.hand = undefined;
    this.highest = highest;
    this.middle = middle;
    this.weights = { mu: [...mu], nu: [...nu] };
    const alike = SIDES.every((name) => before[name].length === this.weights[name].length);
    if (!alike) this.bars = this.build();
  }

  settle() {
    this.draw();
  }

  build() {
    this.root.replaceChildren();
    return { nu: this.buildSide("nu"), mu: this.buildSide("mu") };
  }

  /** @param {Side} name */
  buildSide(name) {
    const level = make("button", { type: "button", "aria-label": this.words[`${name}Level`] }, this.words.level);
    level.addEventListener("click", () => {
      this.weights[name] = this.weights[name].map(() => this.middle);
      this.draw();
      this.commitNow(true);
    });
    const head = make("div", { class: "head" }, make("h3", {}, this.words[name]), level);
    const track = make("div", { class: "bars" });
    const bars = this.weights[name].map((_weight, i) => this.buildBar(name, i));
    track.append(...bars.map(({ bar }) => bar));
    track.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || this.held) return;
      track.setPointerCapture(event.pointerId);
      const before = [...this.weights[name]];
      this.hand = { pointer: event.pointerId, name, before, box: track.getBoundingClientRect(), place: undefined };
      this.paint(event);
    });
    track.addEventListener("pointermove", (event) => this.paint(event));
    track.addEventListener("pointerup", (event) => event.pointerId === this.hand?.pointer && this.release());
    track.addEventListener("pointercancel", () => this.drop());
    this.root.append(make("div", { class: `weights ${name}` }, head, track));
    return bars;
  }

  /** @param {Side} name @param {number} i */
  buildBar(name, i) {
    const level = make("i");
    const bar = make("div", {
      class: "bar",
      role: "slider",
      tabindex: i ? -1 : 0,
      "aria-label": fill(this.words[`${name}Of`], { number: i + 1 }),
      "aria-orientation": "vertical",
      "aria-valuemin": 0,
      "aria-valuemax": this.highest,
    }, level);
    bar.addEventListener("keydown", (event) => this.press(event, name, i));
    bar.addEventListener("blur", () => this.commitNow());
    return { bar, level };
  }

  /** @param {PointerEvent} event */
  paint(event) {
    if (!this.hand || event.pointerId !== this.hand.pointer) return;
    const { name, box } = this.hand;
    const count = this.weights[name].length;
    const place = Math.min(count - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * count)));
    const share = (box.bottom - event.clientY) / box.height;
    // What lies between two events of a quick hand is painted too.
    const last = this.hand.place ?? place;
    const value = Math.round(this.highest * Math.min(1, Math.max(0, share)));
    for (let i = Math.min(last, place); i <= Math.max(last, place); i += 1) this.set(name, i, value);
    this.hand.place = place;
    this.draw();
  }

  release() {
    this.hand = undefined;
    this.commitNow(true);
  }

  // A finger that scrolls the page paints nothing.
  drop() {
    if (!this.hand) return;
    this.weights[this.hand.name] = this.hand.before;
    this.hand = undefined;
    this.draw();
  }

  /**
   * One weight must stay, or there would be no mass.
   *
   * @param {Side} name
   * @param {number} i
   * @param {number} value
   */
  set(name, i, value) {
    const weights = this.weights[name];
    const before = weights[i];
    weights[i] = Math.min(this.highest, Math.max(0, value));
    if (!weights.some(Boolean)) weights[i] = before;
  }

  /** @param {KeyboardEvent} event @param {Side} name @param {number} i */
  press(event, name, i) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { highest } = this;
    /** @type {Record<string, number>} */
    const moves = { ArrowUp: 1, ArrowDown: -1, PageUp: 6, PageDown: -6, Home: -highest, End: highest };
    /** @type {Record<string, number>} */
    const steps = { ArrowRight: 1, ArrowLeft: -1 };
    if (event.key in steps) this.bars[name][i + steps[event.key]]?.bar.focus();
    else if (event.key in moves) {
      this.set(name, i, this.weights[name][i] + moves[event.key]);
      this.draw();
      this.commitSoon();
    } else return;
    event.preventDefault();
  }

  draw() {
    for (const name of SIDES) {
      const total = this.weights[name].reduce((sum, weight) => sum + weight, 0);
      this.bars[name].forEach(({ bar, level }, i) => {
        const weight = this.weights[name][i];
        level.style.transform = `scaleY(${weight / this.highest})`;
        bar.setAttribute("aria-valuenow", String(weight));
        bar.setAttribute("aria-valuetext", `${((100 * weight) / total).toFixed(1)} %`);
      });
    }
  }
}
