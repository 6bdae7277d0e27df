// @ts-check
// The Jacobian as a table whose entries are read by pointer and by key.

import { readable } from "../drag/numbers.js";
import { element, write } from "../web/dom.js";

/** @typedef {import("../web/types.js").Words} Words */
/** @typedef {[row: number, column: number]} Place */

/** @param {Element} line @param {string} role @param {string} [text] */
const cell = (line, role, text) => element(line, "span", { role }, text);

/** @param {number} classes */
function sizeOf(classes) {
  if (classes > 8) return "dense";
  return classes > 5 ? "crowded" : "";
}

export class JacobianTable {
  /**
   * @param {HTMLElement} half
   * @param {Words} words
   * @param {number} classes
   * @param {(place: Place) => void} onPoint
   */
  constructor(half, words, classes, onPoint) {
    this.classes = classes;
    this.onPoint = onPoint;
    /** @type {Place} The entry that the keyboard reaches. */
    this.place = [0, 0];
    element(half, "h2", {}, words.jacobian);
    element(half, "p", { class: "caption" }, words.jacobianHow);
    const table = element(half, "div", {
      class: `jacobian ${sizeOf(classes)}`,
      role: "grid",
      "aria-label": words.jacobian,
    });
    table.style.setProperty("--classes", String(classes));
    const line = () => element(table, "div", { class: "line", role: "row" });
    const numbers = [...Array(classes).keys()];
    const head = line();
    cell(head, "gridcell");
    this.columns = numbers.map((j) => cell(head, "columnheader", String(j + 1)));
    cell(head, "columnheader", "Σ").setAttribute("aria-label", words.sum);
    /** @type {WeakMap<EventTarget, Place>} */
    const places = new WeakMap();
    this.lines = numbers.map((i) => {
      const row = line();
      const name = cell(row, "rowheader", String(i + 1));
      const entries = numbers.map((j) => {
        const kind = i === j ? "entry" : "entry loses";
        const entry = element(row, "span", { class: kind, role: "gridcell", tabindex: -1 });
        places.set(entry, [i, j]);
        return { node: entry, shade: "" };
      });
      return { name, entries, sum: element(row, "span", { class: "sum", role: "gridcell" }) };
    });
    this.lines[0].entries[0].node.tabIndex = 0;
    /** @param {Event} event */
    const point = (event) => {
      const place = event.target && places.get(event.target);
      if (place) this.point(place);
    };
    table.addEventListener("pointerover", point);
    table.addEventListener("focusin", point);
    table.addEventListener("keydown", (event) => this.walk(event));
  }

  /** @param {Place} place */
  entry([i, j]) {
    return this.lines[i].entries[j].node;
  }

  /** @param {Place} place */
  point(place) {
    this.entry(this.place).tabIndex = -1;
    this.place = place;
    this.entry(place).tabIndex = 0;
    this.onPoint(place);
  }

  /** @param {KeyboardEvent} event */
  walk(event) {
    const [i, j] = this.place;
    const last = this.classes - 1;
    /** @type {Record<string, Place>} */
    const places = {
      ArrowRight: [i, j + 1], ArrowLeft: [i, j - 1], ArrowDown: [i + 1, j], ArrowUp: [i - 1, j],
      Home: [i, 0], End: [i, last],
    };
    const place = places[event.key];
    if (!place || Math.min(...place) < 0 || Math.max(...place) > last) return;
    event.preventDefault();
    this.entry(place).focus();
  }

  /**
   * The row and the column of a class.
   *
   * @param {number} i
   * @param {boolean} on
   */
  light(i, on) {
    const line = this.lines[i];
    line.name.classList.toggle("touched", on);
    line.sum.classList.toggle("touched", on);
    this.columns[i].classList.toggle("touched-down", on);
    for (const { node } of line.entries) node.classList.toggle("touched", on);
    for (const { entries } of this.lines) entries[i].node.classList.toggle("touched-down", on);
  }

  /**
   * The strength of the colour is the square root of an entry's share of 1/4, the most there is.
   *
   * @param {number[][]} jacobian
   */
  draw(jacobian) {
    const texts = this.classes <= 8;
    this.lines.forEach(({ entries, sum }, i) => {
      let total = 0;
      entries.forEach((entry, j) => {
        const value = jacobian[i][j];
        total += value;
        const full = i === j ? "gains" : "loses";
        const strength = (200 * Math.sqrt(Math.abs(value))).toFixed(0);
        const shade = `color-mix(in srgb, var(--${full}) ${strength}%, transparent)`;
        if (shade !== entry.shade) entry.node.style.background = entry.shade = shade;
        if (texts) write(entry.node, readable(value, { finer: true, most: 1e5 }));
      });
      write(sum, readable(total, { finer: true, most: 1e5, nothing: 1e-15 }));
    });
  }
}
