// @ts-check
// The lever of the gap between the logits, with a mark where p becomes 0 in each dtype.

import { make, setText } from "../web/dom.js";

/** @typedef {{ stops: number[], at: number | null, marks: Record<string, number | null> }} Gap */

// Nearer than this share of the lever, two marks have their numbers on either side.
const NEAR = 0.18;

/**
 * Where a gap lies on a lever whose stops are equally far apart: a share from 0 to 1.
 *
 * @param {number[]} stops
 * @param {number} gap
 */
export function placeOf(stops, gap) {
  const above = stops.findIndex((stop) => stop >= gap);
  if (above <= 0) return above ? 1 : 0;
  const share = (gap - stops[above - 1]) / (stops[above] - stops[above - 1]);
  return (above - 1 + share) / (stops.length - 1);
}

/**
 * The marks of a lever, in order, each with the side on which its number has room.
 *
 * @param {Gap} gap
 */
export function marksOf({ stops, marks }) {
  const found = Object.entries(marks)
    .flatMap(([dtype, at]) => (at === null ? [] : [{ dtype, at, place: placeOf(stops, at) }]))
    .sort((one, other) => one.at - other.at);
  return found.map((mark, i) => {
    const after = found[i + 1];
    const left = (after && after.place - mark.place < NEAR) || mark.place > 1 - NEAR;
    return { ...mark, side: left ? "left" : "right" };
  });
}

export class GapLever {
  /** @param {{ moved: () => void, released: () => void }} acts `released` by a hand: keys only come to rest */
  constructor({ moved, released }) {
    this.held = false;
    /** @type {Gap} */
    this.gap = { stops: [], at: null, marks: {} };
    this.name = make("span");
    this.value = make("output", { class: "lever-value" });
    this.marks = make("div", { class: "lever-marks", "aria-hidden": "true" });
    this.range = make("input", { type: "range", class: "lab-range", min: "0", step: "1", "data-testid": "trace-gap" });
    this.note = make("p", { class: "lever-note" });
    this.range.addEventListener("pointerdown", () => (this.held = true));
    this.range.addEventListener("input", () => {
      this.show();
      moved();
    });
    const letGo = () => {
      if (!this.held) return;
      this.held = false;
      released();
    };
    for (const end of ["pointerup", "pointercancel", "change"]) this.range.addEventListener(end, letGo);
    this.label = make("label", {}, make("span", { class: "lever-head" }, this.name, this.value), this.range);
    this.root = make("div", { class: "lever" }, this.label, this.marks, this.note);
  }

  /** The gap under the hand; null where there is none to stretch. */
  get now() {
    return this.gap.at === null ? null : this.gap.stops[Number(this.range.value)];
  }

  /**
   * @param {Gap} gap
   * @param {Record<string, string>} glyphs by dtype
   * @param {import("../web/types.js").Words} words
   */
  take(gap, glyphs, words) {
    this.gap = gap;
    this.root.hidden = gap.at === null;
    setText(this.name, words.gap);
    // A phone has no room for the name, which is said all the same.
    this.range.setAttribute("aria-label", words.gap);
    setText(this.note, words.marks);
    this.range.max = String(gap.stops.length - 1);
    if (gap.at !== null) this.range.value = String(gap.stops.indexOf(gap.at));
    this.marks.replaceChildren(
      ...marksOf(gap).map(({ dtype, at, place, side }) =>
        make("span", { class: `lever-mark ${side}`, style: `--place: ${place}`, "data-at": at },
          make("b", { class: `glyph ${dtype}` }, glyphs[dtype]), make("span", {}, String(at)))
      )
    );
    this.show();
  }

  show() {
    const { now } = this;
    const text = now === null ? "" : String(now);
    setText(this.value, text);
    this.range.setAttribute("aria-valuetext", text);
    for (const mark of this.marks.children) {
      mark.classList.toggle("passed", now !== null && Number(/** @type {HTMLElement} */ (mark).dataset.at) <= now);
    }
  }
}
