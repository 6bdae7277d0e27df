// @ts-check
// Arrow keys move along the points of a figure: a ring shows where, and the page reads it out.

import { fill, makeSvg, setAll } from "../web/dom.js";
import { stepped, tracksOf } from "./tracks.js";

/**
 * @typedef {import("./chart.js").Chart} Chart
 * @typedef {import("./tracks.js").Point} Point
 * @typedef {import("./tracks.js").Track} Track
 */

const DIGITS = 4;
const KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);

export class Reader {
  /**
   * @param {Chart} chart
   * @param {(text: string) => void} say
   */
  constructor(chart, say) {
    this.chart = chart;
    this.say = say;
    this.sentence = "";
    /** @type {{ track: number, point: number } | null} */
    this.at = null;
    this.ring = makeSvg("circle", { class: "lab-ring", r: 10, visibility: "hidden" });
    chart.labels.node.append(this.ring);
    chart.plot.addEventListener("keydown", (event) => this.press(event));
    chart.plot.addEventListener("blur", () => this.leave());
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.target !== this.chart.plot || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape") this.leave();
    else if (KEYS.has(event.key) && this.step(event.key)) event.preventDefault();
  }

  /** @param {string} key */
  step(key) {
    const tracks = this.tracks();
    if (!tracks.length) return false;
    // The first key only arrives.
    this.at = this.at ? stepped(tracks, this.within(tracks, this.at), key) : { track: 0, point: 0 };
    this.show(tracks);
    this.say(this.told(tracks[this.at.track], this.at.point));
    return true;
  }

  tracks() {
    const { plot, drawn, figure } = this.chart;
    return drawn && plot._fullLayout?._plots ? tracksOf(plot, figure) : [];
  }

  /** @param {Track[]} tracks @param {{ track: number, point: number }} at */
  within(tracks, at) {
    const track = Math.min(at.track, tracks.length - 1);
    return { track, point: Math.min(at.point, tracks[track].points.length - 1) };
  }

  // The figure has changed under the ring.
  follow() {
    if (!this.at) return;
    const tracks = this.tracks();
    if (!tracks.length) this.leave();
    else {
      this.at = this.within(tracks, this.at);
      this.show(tracks);
    }
  }

  /** @param {Track[]} tracks */
  show(tracks) {
    if (!this.at) return;
    const [x, y] = tracks[this.at.track].points[this.at.point].at;
    setAll(this.ring, { cx: Math.round(x), cy: Math.round(y), visibility: "visible" });
  }

  leave() {
    this.at = null;
    this.ring.setAttribute("visibility", "hidden");
  }

  /** @param {Track} track @param {number} k */
  told({ name, axes, points }, k) {
    const { meta = {} } = this.chart.figure.layout;
    const { x, y, z } = points[k];
    const [across, down] = [x, y].map((value, side) => [meta[axes[side]], said(value)].filter(Boolean).join(" "));
    const place = z === undefined ? [across, down] : [across, down, said(z)];
    return fill(this.sentence, { name, place: place.join(", "), number: k + 1, count: points.length });
  }
}

/** @param {unknown} value */
function said(value) {
  return typeof value === "number" ? String(Number(value.toPrecision(DIGITS))).replace("-", "−") : String(value ?? "");
}
