// @ts-check
// The one lever at the picture: the step of the descents, moved by hand or played.

import { Play } from "../drag/play.js";
import { element, make, setText, write } from "../web/dom.js";

const MS_PER_STOP = 110;

/**
 * What is heard at a step: a term without a share opens the one after it.
 *
 * @param {number} step @param {[term: string, share: string][]} shares
 */
export function said(step, shares) {
  return shares.reduce((text, [term, share], i) => `${text}${i && !shares[i - 1][1] ? " " : ", "}${term}${share && ` ${share}`}`, String(step));
}

/**
 * @typedef {object} Acts
 * @property {(step: number) => void} move
 * @property {() => void} rest the lever has come to rest, after a hand or after playing
 * @property {() => void} soon keys have moved it, and may again
 */

export class Lever {
  /** @param {HTMLElement} root @param {import("../web/types.js").Words} words @param {Acts} acts */
  constructor(root, words, acts) {
    this.acts = acts;
    this.held = false;
    /** @type {number[]} */
    this.stops = [0];
    this.node = element(root, "div", { class: "lever lab-foot-bar", role: "group", "aria-label": words.lever });
    this.play = new Play(this.node, words, MS_PER_STOP, {
      next: () => this.go(this.at + 1),
      rewind: () => this.go(0),
      rest: acts.rest,
    });
    this.range = make("input", { type: "range", class: "lab-range", min: 0, step: 1, "aria-label": words.lever });
    const name = element(this.node, "span", { class: "name" }, words.lever);
    this.node.append(this.range);
    this.value = element(this.node, "output", { class: "value" });
    this.found = element(this.node, "dl", { class: "found" });
    this.shares = ["p", "l1", "held", "l2"].map((which) => {
      const pair = element(this.found, "div", { class: which });
      return { term: element(pair, "dt"), share: element(pair, "dd") };
    });
    name.setAttribute("aria-hidden", "true");
    this.listen();
  }

  listen() {
    const { range, play } = this;
    range.addEventListener("pointerdown", () => {
      play.pause();
      this.held = true;
    });
    range.addEventListener("input", () => this.acts.move(this.stops[Number(range.value)]));
    range.addEventListener("change", () => (this.held ? this.letGo() : this.acts.soon()));
    for (const name of ["pointerup", "pointercancel"]) range.addEventListener(name, () => this.held && this.letGo());
    range.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      play.toggle();
    });
  }

  get busy() {
    return this.held || this.play.on;
  }

  letGo() {
    this.held = false;
    this.acts.rest();
  }

  /** @param {number} place of a stop; says whether there is one */
  go(place) {
    if (place >= this.stops.length) return false;
    this.acts.move(this.stops[place]);
    return true;
  }

  get at() {
    return Number(this.range.value);
  }

  /** @param {number[]} stops @param {number} step @param {[term: string, share: string][]} shares */
  draw(stops, step, shares) {
    this.stops = stops;
    this.range.max = String(stops.length - 1);
    this.range.value = String(stops.findIndex((stop) => stop >= step));
    this.range.setAttribute("aria-valuetext", said(step, shares));
    write(this.value, String(step));
    shares.forEach(([term, share], i) => {
      setText(this.shares[i].term, term);
      setText(this.shares[i].share, share);
    });
  }
}
