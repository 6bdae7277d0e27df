// @ts-check
// The disc that plays: one thing goes from stop to stop, until its end or until a hand comes.

import { element, icon } from "../web/dom.js";

/**
 * @typedef {object} Acts
 * @property {() => boolean} next goes to the next stop; says whether there is one
 * @property {() => void} rewind goes to the first stop
 * @property {() => void} rest what is played has come to rest by itself, or by the disc
 */

export class Play {
  /** @param {Element} parent @param {import("../web/types.js").Words} words @param {number} pace milliseconds a stop @param {Acts} acts */
  constructor(parent, words, pace, acts) {
    this.words = words;
    this.pace = pace;
    this.acts = acts;
    this.on = false;
    this.due = 0;
    this.node = element(parent, "button", { type: "button", class: "lab-disc" });
    this.node.addEventListener("click", () => this.toggle());
    this.say();
  }

  toggle() {
    if (!this.on) {
      this.start();
      return;
    }
    this.pause();
    this.acts.rest();
  }

  start() {
    this.on = true;
    this.say();
    if (!this.acts.next()) this.acts.rewind();
    this.due = performance.now() + this.pace;
    requestAnimationFrame((now) => this.advance(now));
  }

  /** @param {number} now */
  advance(now) {
    if (!this.on || !this.node.isConnected) return;
    if (now >= this.due) {
      if (!this.acts.next()) {
        this.toggle();
        return;
      }
      this.due = Math.max(now, this.due + this.pace);
    }
    requestAnimationFrame((next) => this.advance(next));
  }

  /** A hand has come for something else: here it rests. */
  yield() {
    if (this.on) this.toggle();
  }

  /** Without a word of rest. */
  pause() {
    if (!this.on) return;
    this.on = false;
    this.say();
  }

  say() {
    this.node.replaceChildren(icon(this.on ? "pause" : "play"));
    this.node.setAttribute("aria-label", this.words[this.on ? "pause" : "play"]);
  }
}
