// @ts-check
// The one lever at the picture: the step of the descents, moved by hand or played.

import { element, icon, make, setText, write } from "../web/dom.js";

const MS_PER_STOP = 110;

/**
 * @typedef {object} Acts
 * @property {(step: number) => void} move
 * @property {() => void} rest the lever has come to rest, after a hand or after playing
 * @property {() => void} soon keys have moved it, and may again
 */

export class Lever {
  /** @param {HTMLElement} root @param {import("../web/types.js").Words} words @param {Acts} acts */
  constructor(root, words, acts) {
    this.words = words;
    this.acts = acts;
    this.playing = false;
    this.held = false;
    this.due = 0;
    /** @type {number[]} */
    this.stops = [0];
    this.node = element(root, "div", { class: "lever lab-foot-bar", role: "group", "aria-label": words.lever });
    this.play = make("button", { type: "button", class: "play" }, icon("play"));
    this.range = make("input", { type: "range", class: "lab-range", min: 0, step: 1, "aria-label": words.lever });
    this.node.append(this.play);
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
      this.pause();
      this.held = true;
    });
    range.addEventListener("input", () => this.acts.move(this.stops[Number(range.value)]));
    range.addEventListener("change", () => (this.held ? this.letGo() : this.acts.soon()));
    for (const name of ["pointerup", "pointercancel"]) range.addEventListener(name, () => this.held && this.letGo());
    range.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      this.toggle();
    });
    play.addEventListener("click", () => this.toggle());
  }

  get busy() {
    return this.held || this.playing;
  }

  letGo() {
    this.held = false;
    this.acts.rest();
  }

  toggle() {
    if (this.playing) {
      this.pause();
      this.acts.rest();
    } else this.start();
  }

  start() {
    this.playing = true;
    if (this.at === this.stops.length - 1) this.acts.move(this.stops[0]);
    this.due = performance.now() + MS_PER_STOP;
    this.sayPlaying();
    requestAnimationFrame((now) => this.advance(now));
  }

  /** @param {number} now */
  advance(now) {
    if (!this.playing || !this.node.isConnected) return;
    if (now >= this.due) {
      if (this.at === this.stops.length - 1) {
        this.toggle();
        return;
      }
      this.acts.move(this.stops[this.at + 1]);
      this.due = Math.max(now, this.due + MS_PER_STOP);
    }
    requestAnimationFrame((next) => this.advance(next));
  }

  pause() {
    this.playing = false;
    this.sayPlaying();
  }

  sayPlaying() {
    this.play.firstChild?.replaceWith(icon(this.playing ? "pause" : "play"));
    this.play.setAttribute("aria-label", this.words[this.playing ? "pause" : "play"]);
  }

  get at() {
    return Number(this.range.value);
  }

  /** @param {number[]} stops @param {number} step @param {[term: string, share: string][]} shares */
  draw(stops, step, shares) {
    this.stops = stops;
    this.range.max = String(stops.length - 1);
    this.range.value = String(stops.findIndex((stop) => stop >= step));
    this.range.setAttribute("aria-valuetext", [step, ...shares.map((pair) => pair.join(" "))].join(", "));
    write(this.value, String(step));
    shares.forEach(([term, share], i) => {
      setText(this.shares[i].term, term);
      setText(this.shares[i].share, share);
    });
    if (!this.play.hasAttribute("aria-label")) this.sayPlaying();
  }
}
