// @ts-check
// The figure of the home page: a lead that hand, keys, and at first the figure itself, move.

import { keyed, pointed } from "../drag/bars.js";
import { Moved, staying } from "../drag/moved.js";
import { ENDS, INSET } from "./hero_plan.js";
import { HeroView } from "./hero_view.js";

/**
 * @typedef {{ lead: number, k: number }} State
 * @typedef {import("../drag/moved.js").Told & State & { moves: boolean, old_anchors: Record<string, string> }} Data
 *   `moves` says whether it may move by itself; `moved` has where links lead whose end is old.
 * @typedef {{ pointer: number, before: number, finger: boolean }} Hand
 */

// By itself the lead goes down by so much and comes back, once: past the place where L2 rests.
const SWING = 2.7;
const SWING_MS = 4500;
const WAIT_MS = 1200;

/** The one of the opening HTML, until it stands where Streamlit has made room. @type {Hero | undefined} */
let early;
// Whether one has moved by itself, or has come back to a visitor who knows it.
let known = false;

/** @extends {Moved<Data, State>} */
class Hero extends Moved {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    super(root, data);
    // What it is drawn with, before the server says so.
    this.conversation.state = JSON.stringify(this.stateOf(data));
    root.replaceChildren();
    this.view = new HeroView(root, data.words);
    this.view.inviting = data.moves && !known;
    /** @type {Hand | undefined} */
    this.hand = undefined;
    this.sliding = false;
    this.touched = false;
    /** @type {HTMLElement | undefined} */
    this.place = undefined;
    this.measure = () => this.view.measureAgain();
    this.frame = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.wait = undefined;
    this.watch = new ResizeObserver(() => this.fit());
    this.watch.observe(this.view.plot);
    this.take();
    if (this.view.inviting) this.wait = setTimeout(() => this.swing(data.lead), WAIT_MS);
    known = true;
    this.fit();
    document.fonts.addEventListener("loadingdone", this.measure);
    this.listen();
  }

  get held() {
    return this.hand !== undefined || this.sliding;
  }

  /** @param {Data} data */
  stateOf({ lead, k }) {
    return { lead, k };
  }

  now() {
    const { lead, classes } = this.view;
    return { lead, k: classes };
  }

  take() {
    this.halt();
    this.hand = undefined;
    Object.assign(this.view, { lead: this.data.lead, classes: this.data.k });
    this.view.drawStill();
  }

  /** @param {Data} data @param {import("../drag/moved.js").Send} send */
  receive(data, send) {
    const first = !this.conversation.begun;
    super.receive(data, send);
    // What was moved before anybody heard of it.
    if (first && this.touched && !this.held) this.commitNow(true);
  }

  commitNow(released = false) {
    if (this.conversation.begun) super.commitNow(released);
  }

  /** Go where Streamlit has made room, as soon as no hand is on it. @param {HTMLElement} place */
  moveTo(place) {
    this.place = place;
    this.settleDown();
    return this;
  }

  settleDown() {
    const { root, place } = this;
    if (!place || this.held) return;
    const focused = /** @type {HTMLElement | null} */ (root.contains(document.activeElement) && document.activeElement);
    place.replaceChildren(...root.childNodes);
    if (focused) focused.focus({ preventScroll: true });
    this.root = place;
    this.place = undefined;
    endOpening(root);
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
    plot.addEventListener("blur", () => this.commitNow());
    plot.addEventListener("focus", () => this.halt());
    classesBar.addEventListener("input", () => this.count(Number(classesBar.value)));
    classesBar.addEventListener("pointerdown", () => (this.sliding = true));
    for (const end of ["pointerup", "pointercancel"]) classesBar.addEventListener(end, () => this.letGo());
  }

  /** @param {number} lead */
  move(lead) {
    this.view.lead = lead;
    this.view.draw();
  }

  /** @param {number} classes */
  count(classes) {
    this.touch();
    this.view.classes = classes;
    this.view.drawStill();
    if (!this.sliding) this.commitSoon();
  }

  // By hand.

  /** @param {PointerEvent} event */
  grab(event) {
    if (event.button !== 0 || this.hand) return;
    this.halt();
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
    this.letGo();
  }

  letGo() {
    this.hand = undefined;
    this.sliding = false;
    this.commitNow(true);
    this.settleDown();
  }

  drop() {
    if (!this.hand) return;
    this.move(this.hand.before);
    this.hand = undefined;
    this.settleDown();
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const lead = keyed(event, this.view.lead, ENDS);
    if (lead === undefined) return;
    this.touch();
    this.move(lead);
    this.commitSoon();
  }

  touch() {
    this.halt();
    this.touched = true;
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

  halt() {
    clearTimeout(this.wait);
    cancelAnimationFrame(this.frame);
  }

  remove() {
    super.remove();
    this.halt();
    this.watch.disconnect();
    document.fonts.removeEventListener("loadingdone", this.measure);
  }
}

/**
 * Draw it in the HTML that the page opens with, to be held before Streamlit has come.
 *
 * @param {HTMLElement} opening
 */
export function open(opening) {
  const data = /** @type {Data} */ (JSON.parse(opening.querySelector("script")?.textContent ?? ""));
  const moved = data.old_anchors[location.hash.slice(1)];
  if (moved) location.replace(new URL(moved, document.baseURI));
  const theme = localStorage.getItem(`stActiveTheme-${location.pathname}-v2`);
  // "System" is no colour scheme.
  document.documentElement.style.colorScheme = (theme ?? "").toLowerCase().replaceAll('"', "");
  early = new Hero(/** @type {HTMLElement} */ (opening.querySelector(".lab-hero")), data);
  const here = location.pathname;
  // By which a page of Streamlit's shows that it has come, as web/opening.js has it: it may be another.
  const leave = () => {
    if (location.pathname === here) return;
    document.removeEventListener("animationstart", leave);
    early?.remove();
    endOpening(opening);
  };
  document.addEventListener("animationstart", leave);
}

/** @param {HTMLElement} part of it */
function endOpening(part) {
  early = undefined;
  document.documentElement.style.colorScheme = "";
  part.closest("#lab-opening")?.remove();
}

const showStaying = staying(".lab-hero", (root, /** @type {Data} */ data) => early?.moveTo(root) ?? new Hero(root, data));

/** @param {import("../web/types.js").Component<Data>} component */
export default function showHero(component) {
  return showStaying(component, component.setStateValue);
}
