// @ts-check
// The rows of the figure: a logit to drag, the p that follows, and what it gains or loses as the held
// logit rises.

import { buildArrow, drawArrow } from "../drag/arrow.js";
import { buildBar, shareOf, stretch } from "../drag/bars.js";
import { buildHandle, sayValue } from "../drag/handle.js";
import { readable as spelled, shortest } from "../drag/numbers.js";
import { element, fill, write } from "../web/dom.js";
import { spelledPace } from "./answer.js";

/**
 * @typedef {import("../web/types.js").Words} Words
 * @typedef {import("../drag/bars.js").Ends} Ends
 * @typedef {import("../drag/handle.js").Acts} HandleActs
 * @typedef {{ acts: (i: number) => HandleActs, hold: (i: number) => void }} Acts
 *
 * @typedef {object} Scene
 * @property {number[]} logits
 * @property {Ends} ends
 * @property {number[]} p
 * @property {number[]} paces of each p as the held logit rises
 * @property {number} held
 * @property {string} raised what rises: a₂, or a₂/T
 * @property {number | undefined} dragged the row under a hand
 */

/** @param {number} value */
export const readable = (value) => spelled(value, { finer: true, most: 1e5 });

export class Rows {
  /** @param {Element} root @param {Words} words @param {number} classes @param {Acts} acts */
  constructor(root, words, classes, acts) {
    this.words = words;
    this.held = 0;
    const block = element(root, "div", { class: "rows", role: "group", "aria-label": words.logits });
    const head = element(block, "div", { class: "row head" });
    element(head, "span");
    const [logits, p] = [words.logitsTitle, words.pTitle].map((title) => {
      const box = element(head, "div");
      element(box, "h2", {}, title);
      return box;
    });
    p.classList.add("of-p");
    element(logits, "p", { class: "caption" }, words.logitsHow);
    this.how = element(p, "p", { class: "caption" });
    const axis = element(block, "div", { class: "row names" });
    element(axis, "span");
    const ends = element(axis, "div", { class: "ends" });
    this.ends = [0, 1, 2].map(() => element(ends, "span"));
    this.rows = [...Array(classes).keys()].map((i) => this.build(block, i, acts));
    const foot = element(block, "div", { class: "row foot" });
    element(foot, "span");
    element(foot, "span");
    this.sum = element(foot, "span", { class: "of-p" });
  }

  /** @param {Element} block @param {number} i @param {Acts} acts */
  build(block, i, { acts, hold }) {
    const { words } = this;
    const number = i + 1;
    const row = element(block, "div", { class: "row" });
    element(row, "button", { type: "button", class: "class", "aria-label": fill(words.holdClass, { number }) }, String(number));
    const handle = buildHandle(row, { class: "handle", "aria-label": fill(words.logitOf, { number }) }, acts(i));
    const p = buildBar(element(row, "div", { class: "bar probability" }));
    const arrow = buildArrow(p.box, "pace");
    const pace = element(p.box, "span", { class: "words", "aria-hidden": true });
    const change = element(p.box, "span", { class: "change", "aria-hidden": true });
    row.addEventListener("click", (event) => {
      if (event.target !== handle.handle) hold(i);
    });
    return { row, handle, p, arrow, pace, change };
  }

  /** @param {Scene} scene */
  draw(scene) {
    const { words, rows, how, ends, sum } = this;
    this.light(scene.held);
    write(how, fill(words.pHow, { a: scene.raised }));
    const [low, high] = scene.ends;
    [low, (low + high) / 2, high].forEach((value, k) => write(ends[k], shortest(value)));
    rows.forEach((_row, i) => this.drawRow(i, scene));
    write(sum, fill(words.sumIs, { value: spelled(scene.p.reduce((total, share) => total + share, 0)) }));
  }

  /** @param {number} held */
  light(held) {
    for (const [i, on] of /** @type {[number, boolean][]} */ ([[this.held, false], [held, true]])) {
      const { row } = this.rows[i];
      if (row.classList.contains("touched") === on) continue;
      row.classList.toggle("touched", on);
      row.firstElementChild?.setAttribute("aria-pressed", String(on));
    }
    this.held = held;
  }

  /** @param {number} i @param {Scene} scene */
  drawRow(i, scene) {
    const { logits, ends, p, dragged } = scene;
    const { handle, p: share } = this.rows[i];
    const logit = logits[i];
    const [zero, at] = [shareOf(0, ends), shareOf(logit, ends)];
    write(handle.number, shortest(logit));
    stretch(handle.number, at, at + 100);
    stretch(handle.bar, Math.min(zero, at), Math.max(zero, at));
    stretch(handle.knob, at, at + 100);
    // Far from 0 there is no line of it.
    handle.handle.style.setProperty("--zero", 0 < ends[0] || 0 > ends[1] ? "-100vw" : `${zero}%`);
    write(share.number, readable(p[i]));
    share.box.dataset.value = String(p[i]);
    stretch(share.bar, 0, 100 * p[i]);
    const words = this.drawPace(i, scene);
    // While one is dragged, the others need not be ready to be read out.
    if (dragged === undefined || dragged === i) sayValue(handle, logit, ends, words);
  }

  /**
   * What p gains or loses, as an arrow from the end of its bar; returns the row in words.
   *
   * @param {number} i
   * @param {Scene} scene
   */
  drawPace(i, { logits, p, paces, raised }) {
    const { words } = this;
    const { arrow, pace, change } = this.rows[i];
    const gains = paces[i] > 0;
    const value = spelledPace(paces[i]);
    const from = 100 * p[i];
    const tip = drawArrow(arrow, from, from + 100 * paces[i]);
    const still = paces[i] === 0;
    write(pace, still ? "" : fill(gains ? words.gains : words.loses, { value }));
    write(change, still ? "" : `${gains ? "+" : "−"}${value}`);
    const [left, right] = [Math.min(from, tip), Math.max(from, tip)];
    const after = 100 - right >= left;
    pace.classList.toggle("before", !after);
    stretch(pace, after ? right : left - 100, after ? right + 100 : left);
    const moving = gains ? words.saidGains : words.saidLoses;
    return fill(still ? words.saidStill : moving, {
      logit: shortest(logits[i]), p: readable(p[i]), value, a: raised,
    });
  }
}
