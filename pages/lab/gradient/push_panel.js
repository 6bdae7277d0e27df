// @ts-check
// The logits as handles, and on each the push of every descent.

import { shareOf } from "../drag/bars.js";
import { buildHandle, sayValue } from "../drag/handle.js";
import { lowered, readable, shortest, signed } from "../drag/numbers.js";
import { element, fill, write } from "../web/dom.js";
import { buildArrow, drawArrow } from "../drag/arrow.js";
import { gradientsOf } from "./gradient.js";

/**
 * @typedef {import("./held_logits.js").Scene} Scene
 * @typedef {import("../drag/bars.js").Ends} Ends
 * @typedef {ReturnType<PushPanel["buildRow"]>} Row
 */

const PUSHES = /** @type {const} */ (["l1", "held", "l2"]);
// A push of 1 is as long as so many percent of the axis.
const UNIT = 80;
// A smaller push has no number at its arrow, which is hardly seen.
const SMALL = 0.005;
// So few classes have a lane for each arrow.
const ROOMY = 4;

/** @param {number} push */
const pushText = (push) => signed(push, readable(push));

export class PushPanel {
  /**
   * @param {HTMLElement} root
   * @param {import("../web/types.js").Words} words
   * @param {(i: number) => import("../drag/handle.js").Acts} actsOf what happens to the handle of a class
   */
  constructor(root, words, actsOf) {
    this.words = words;
    this.actsOf = actsOf;
    this.title = element(root, "h2", {}, words.pushes);
    this.box = element(root, "div", { class: "rows", role: "group", "aria-label": words.pushes });
    this.axis = element(root, "div", { class: "axis", "aria-hidden": "true" });
    this.ticks = [0, 1, 2].map(() => element(this.axis, "span"));
    /** @type {Row[]} */
    this.rows = [];
  }

  /** @param {number} classes */
  build(classes) {
    this.box.replaceChildren();
    this.box.dataset.roomy = String(classes <= ROOMY);
    this.box.style.setProperty("--classes", String(classes));
    this.rows = Array.from({ length: classes }, (_none, i) => this.buildRow(i));
  }

  /** @param {number} i */
  buildRow(i) {
    const row = element(this.box, "div", { class: "row" });
    element(row, "span", { class: "class", "aria-hidden": "true" }, String(i + 1));
    const label = fill(this.words.logitOf, { number: i + 1 });
    const handle = buildHandle(row, { class: "handle", "aria-label": label }, this.actsOf(i));
    const pushes = PUSHES.map((which) => {
      const arrow = buildArrow(handle.handle, which);
      return { arrow, said: element(arrow.box, "span") };
    });
    return { ...handle, pushes };
  }

  /** @param {Scene} scene @param {Ends} ends */
  draw({ a, q }, ends) {
    if (this.rows.length !== a.length) this.build(a.length);
    const found = gradientsOf(a, q);
    [ends[0], 0, ends[1]].forEach((tick, i) => write(this.ticks[i], shortest(tick)));
    this.rows.forEach((row, i) => {
      const at = shareOf(a[i], ends);
      row.track.style.setProperty("--zero", `${shareOf(0, ends)}%`);
      row.knob.style.left = row.number.style.left = `${at.toFixed(2)}%`;
      write(row.number, fill(this.words.logitAt, { a: `a${lowered(i)}`, value: shortest(a[i]) }));
      // Descent moves against the gradient.
      const pushes = { l1: -found.pulls[i], held: -found.pulls[i], l2: -found.full[i] };
      row.pushes.forEach((push, k) => this.drawPush(push, at, pushes[PUSHES[k]], PUSHES[k]));
      const said = { logit: shortest(a[i]), p: readable(found.p[i]), held: pushText(pushes.l1), full: pushText(pushes.l2) };
      sayValue(row, a[i], ends, fill(this.words.logitSaid, said));
    });
  }

  /** @param {Row["pushes"][number]} push @param {number} at @param {number} size @param {typeof PUSHES[number]} which */
  drawPush({ arrow, said }, at, size, which) {
    const tip = drawArrow(arrow, at, at + UNIT * size);
    arrow.box.dataset.push = String(size);
    const small = Math.abs(size) < SMALL;
    said.hidden = small;
    if (small) return;
    write(said, fill(this.words[`${which}Push`], { push: pushText(size) }));
    // Before the tip, or behind the logit where the axis ends.
    const right = size > 0 ? tip < 68 : tip <= 32;
    const from = right === size > 0 ? tip : at;
    said.style.left = `${from.toFixed(2)}%`;
    said.dataset.way = right ? (from > 68 ? "end" : "right") : (from < 32 ? "start" : "left");
  }
}
