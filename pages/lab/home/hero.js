// @ts-check
// The figure of the home page: a lead that hand, keys, and at first the figure itself, move.

import { keyed, pointed } from "../drag/bars.js";
import { ENDS, INSET } from "./hero_plan.js";
import { HeroView } from "./hero_view.js";

/**
 * @typedef {import("../web/types.js").Words} Words
 * @typedef {{ words: Words, lead: number, classes: number, moved: Record<string, string> }} Data
 * @typedef {{ pointer: number, before: number, finger: boolean }} Hand
 */

// By itself the lead goes down by so much and comes back, once: past the place where L2 rests.
const SWING = 2.7;
const SWING_MS = 4500;
const WAIT_MS = 900;

/** Where a visitor left it, who may come back. @type {{ lead: number, classes: number } | undefined} */
let kept;

class Hero {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    this.words = data.words;
    this.view = new HeroView(root, data.words);
    const { lead, classes } = kept ?? data;
    Object.assign(this.view, { lead, classes, inviting: !kept });
    /** @type {Hand | undefined} */
    this.hand = undefined;
    this.frame = 0;
    this.timer = kept ? undefined : setTimeout(() => this.swing(lead), WAIT_MS);
    this.watch = new ResizeObserver(() => this.fit());
    this.watch.observe(this.view.plot);
    this.fit();
    document.fonts.ready.then(() => this.view.measureAgain());
    this.listen();
  }

  fit() {
    const { clientWidth, clientHeight } = this.view.plot;
    this.view.resize(clientWidth, clientHeight);
  }

  listen() {
    const { plot, classesBar } = this.view;
    plot.addEventListener("pointerdown", (event) => this.grab(event));
    plot.addEventListener("pointermove", (event) => this.drag(event));
    plot.addEventListener("pointerup", (event) => this.release(event));
    plot.addEventListener("pointercancel", () => this.drop());
    plot.addEventListener("keydown", (event) => this.press(event));
    plot.addEventListener("focus", () => this.rest());
    classesBar.addEventListener("input", () => this.count(Number(classesBar.value)));
  }

  /** @param {number} lead */
  move(lead) {
    this.view.lead = lead;
    this.view.draw();
    this.note();
  }

  note() {
    const { lead, classes } = this.view;
    kept = { lead, classes };
  }

  /** @param {number} classes */
  count(classes) {
    this.touch();
    this.view.classes = classes;
    this.view.drawStill();
    this.note();
  }

  // By hand.

  /** @param {PointerEvent} event */
  grab(event) {
    if (event.button !== 0 || this.hand) return;
    this.rest();
    const { plot, lead } = this.view;
    plot.setPointerCapture(event.pointerId);
    // A finger may be about to scroll the page: it moves the lead once it goes sideways, or leaves.
    this.hand = { pointer: event.pointerId, before: lead, finger: event.pointerType === "touch" };
    if (!this.hand.finger) this.drag(event);
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (event.pointerId !== this.hand?.pointer) return;
    this.touch();
    const { left, width } = this.view.plot.getBoundingClientRect();
    this.move(pointed(event, { left: left + INSET, width: width - 2 * INSET }, ENDS));
  }

  /** @param {PointerEvent} event */
  release(event) {
    if (event.pointerId !== this.hand?.pointer) return;
    this.drag(event);
    this.hand = undefined;
  }

  drop() {
    if (!this.hand) return;
    this.move(this.hand.before);
    this.hand = undefined;
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const lead = keyed(event, this.view.lead, ENDS);
    if (lead === undefined) return;
    this.touch();
    this.move(lead);
  }

  touch() {
    this.rest();
    this.view.inviting = false;
  }

  // By itself.

  /** @param {number} lead */
  swing(lead) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const start = performance.now();
    const step = () => {
      const share = Math.min(1, (performance.now() - start) / SWING_MS);
      this.move(lead - (SWING * (1 - Math.cos(2 * Math.PI * share))) / 2);
      if (share < 1) this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  rest() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
  }

  remove() {
    this.rest();
    this.watch.disconnect();
  }
}

/** @type {WeakMap<HTMLElement, Hero>} */
const heroes = new WeakMap();

/**
 * One for each place on the page, which stays from run to run; in another language it is built anew.
 *
 * @param {import("../web/types.js").Component<Data>} component
 */
export default function showHero({ data, parentElement }) {
  const moved = data.moved[location.hash.slice(1)];
  if (moved) location.replace(new URL(moved, document.baseURI));
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".lab-hero"));
  let hero = heroes.get(parentElement);
  if (!hero || JSON.stringify(hero.words) !== JSON.stringify(data.words)) {
    hero?.remove();
    hero = new Hero(root, data);
    heroes.set(parentElement, hero);
  }
  const shown = hero;
  return () => {
    // Also called between two runs, while the node stays.
    if (root.isConnected) return;
    shown.remove();
    heroes.delete(parentElement);
  };
}
