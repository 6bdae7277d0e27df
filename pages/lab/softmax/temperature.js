// @ts-check
// The one lever at the picture: the temperature, moved by hand or played, in equal ratios.

import { shortest } from "../drag/numbers.js";
import { Play } from "../drag/play.js";
import { element, write } from "../web/dom.js";

const STEPS = 200;
const MS_PER_STEP = 20;

/**
 * @typedef {object} Acts
 * @property {(temperature: number) => void} move
 * @property {() => void} rest what was played has come to rest
 * @property {() => void} soon a hand or a key has moved it, and may again
 */

export class TemperatureLever {
  /** @param {Element} parent @param {import("../web/types.js").Words} words @param {import("../drag/bars.js").Ends} ends @param {Acts} acts */
  constructor(parent, words, ends, acts) {
    this.acts = acts;
    const node = element(parent, "div", { class: "temperature lab-foot-bar", role: "group", "aria-label": words.temperature });
    this.play = new Play(node, words, MS_PER_STEP, {
      next: () => this.step(),
      rewind: () => acts.move(ends[0]),
      rest: acts.rest,
    });
    element(node, "span", { "aria-hidden": true }, words.temperature);
    element(node, "small", {}, words.cold);
    const [min, max] = ends.map(Math.log10);
    this.range = element(node, "input", {
      type: "range", class: "lab-range", min, max, step: (max - min) / STEPS, "aria-label": words.temperature,
    });
    element(node, "small", {}, words.hot);
    this.value = element(node, "output");
    this.range.addEventListener("pointerdown", () => this.play.yield());
    this.range.addEventListener("input", () => acts.move(this.there));
    this.range.addEventListener("change", acts.soon);
    this.range.addEventListener("keydown", (event) => {
      if (event.key !== " ") this.play.yield();
      else {
        event.preventDefault();
        this.play.toggle();
      }
    });
  }

  /** The temperature at which the lever stands. */
  get there() {
    return Number((10 ** Number(this.range.value)).toPrecision(3));
  }

  step() {
    if (this.range.value === this.range.max) return false;
    this.range.stepUp();
    this.acts.move(this.there);
    return true;
  }

  /** @param {number} temperature */
  draw(temperature) {
    this.range.value = String(Math.log10(temperature));
    this.range.setAttribute("aria-valuetext", shortest(temperature));
    write(this.value, shortest(temperature));
  }
}
