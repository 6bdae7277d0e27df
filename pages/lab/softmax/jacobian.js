// @ts-check
// The Jacobian as squares, whose area is the size of an entry: filled where p gains, hollow where it
// loses. Its entries are read by pointer and by key; one that is pressed takes hold of its column.

import { lowered, readable } from "../drag/numbers.js";
import { element, fill, makeSvg, setAll, write } from "../web/dom.js";
import { spelledPace } from "./answer.js";

/**
 * @typedef {import("../web/types.js").Words} Words
 * @typedef {[row: number, column: number]} Place
 * @typedef {{ point: (place: Place | null) => void, hold: (column: number) => void }} Acts
 * @typedef {{ width: number, height: number, below: number }} Cell `below` is kept free for a number
 */

const MARGIN = 4;
const NUMBER = 16;
const ROOM_FOR_NUMBERS = { width: 34, height: 40 };
const DOT = 1;

/**
 * The squares of both signs as two paths. The largest entry there is, 1/4, fills its cell.
 *
 * @param {number[][]} jacobian
 * @param {Cell} cell
 */
export function squaresOf(jacobian, { width, height, below }) {
  const most = Math.min(width, height - below) - MARGIN;
  const paths = { gains: "", loses: "" };
  jacobian.forEach((row, i) =>
    row.forEach((value, j) => {
      if (value === 0) return;
      const side = Math.max(DOT, 2 * Math.sqrt(Math.abs(value)) * most);
      const left = ((j + 0.5) * width - side / 2).toFixed(1);
      const top = (i * height + (height - below) / 2 - side / 2).toFixed(1);
      const edge = side.toFixed(1);
      paths[value > 0 ? "gains" : "loses"] += `M${left} ${top}h${edge}v${edge}h-${edge}z`;
    })
  );
  return paths;
}

export class JacobianTable {
  /** @param {Element} root @param {Words} words @param {number} classes @param {Acts} acts */
  constructor(root, words, classes, acts) {
    this.words = words;
    this.classes = classes;
    this.acts = acts;
    /** @type {Place} The entry that the keyboard reaches. */
    this.place = [0, 0];
    /** @type {number | null} */
    this.held = null;
    /** @type {number[][]} */
    this.jacobian = [];
    const head = element(root, "div", { class: "head" });
    element(head, "h2", {}, words.jacobian);
    element(head, "p", { class: "caption" }, fill(words.jacobianHow, { rank: classes - 1, classes }));
    const table = element(root, "div", { class: "jacobian", role: "grid", "aria-label": words.jacobianName });
    const numbers = [...Array(classes).keys()];
    const names = element(table, "div", { class: "line names", role: "row" });
    element(names, "span", { role: "gridcell", class: "name" });
    this.columns = numbers.map((j) => element(names, "span", { role: "columnheader" }, `a${lowered(j)}`));
    const body = element(table, "div", { class: "body", role: "rowgroup" });
    this.svg = makeSvg("svg", { "aria-hidden": "true" });
    this.paths = { gains: makeSvg("path", { class: "gains" }), loses: makeSvg("path", { class: "loses" }) };
    this.svg.append(this.paths.loses, this.paths.gains);
    body.append(this.svg);
    /** @type {WeakMap<EventTarget, Place>} */
    this.places = new WeakMap();
    this.lines = numbers.map(() => element(body, "div", { class: "line", role: "row" }));
    this.entries = this.lines.map((line, i) => this.fillLine(line, i, numbers));
    const foot = element(table, "div", { class: "line foot", role: "row" });
    element(foot, "span", { role: "rowheader", class: "name" }, "Σ").setAttribute("aria-label", words.sum);
    this.sums = numbers.map(() => element(foot, "span", { role: "gridcell", class: "sum" }));
    this.entries[0][0].tabIndex = 0;
    this.listen(table);
    this.body = body;
    this.watch = new ResizeObserver(() => this.drawSquares());
    this.watch.observe(body);
  }

  /** @param {Element} line @param {number} i @param {number[]} numbers */
  fillLine(line, i, numbers) {
    element(line, "span", { role: "rowheader", class: "name" }, `p${lowered(i)}`);
    return numbers.map((j) => {
      const entry = element(line, "span", { class: "entry", role: "gridcell", tabindex: -1 });
      this.places.set(entry, [i, j]);
      return entry;
    });
  }

  /** @param {HTMLElement} table */
  listen(table) {
    /** @param {Event} event */
    const placeOf = ({ target }) => target && this.places.get(target);
    /** @param {Event} event */
    const point = (event) => {
      const place = placeOf(event);
      if (place) this.point(place);
    };
    table.addEventListener("pointerover", point);
    table.addEventListener("focusin", point);
    table.addEventListener("pointerleave", () => this.acts.point(null));
    table.addEventListener("focusout", () => this.acts.point(null));
    table.addEventListener("click", (event) => {
      const place = placeOf(event);
      const column = place ? place[1] : this.columns.indexOf(/** @type {any} */ (event.target));
      if (column >= 0) this.acts.hold(column);
    });
    table.addEventListener("keydown", (event) => this.walk(event));
  }

  /** @param {Place} place */
  entry([i, j]) {
    return this.entries[i][j];
  }

  /** @param {Place} place */
  point(place) {
    this.entry(this.place).tabIndex = -1;
    this.place = place;
    this.entry(place).tabIndex = 0;
    this.acts.point(place);
  }

  /** @param {KeyboardEvent} event */
  walk(event) {
    const [i, j] = this.place;
    const last = this.classes - 1;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.acts.hold(j);
    }
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
   * Mark the row and the column of a class; the numbers of the last one go.
   *
   * @param {number} held
   */
  hold(held) {
    if (held === this.held) return;
    for (const [i, on] of /** @type {[number | null, boolean][]} */ ([[this.held, false], [held, true]])) {
      if (i === null) continue;
      const column = [this.columns[i], this.sums[i], ...this.entries.map((line) => line[i])];
      for (const node of [...column, this.lines[i]]) node.classList.toggle("touched", on);
      for (const node of [this.sums[i], ...this.entries.map((line) => line[i]), ...this.entries[i]]) write(node, "");
    }
    this.held = held;
  }

  /** @param {number[][]} jacobian @param {number} held */
  draw(jacobian, held) {
    this.jacobian = jacobian;
    this.hold(held);
    this.drawSquares();
    const { entries, sums, words } = this;
    let total = 0;
    jacobian[held].forEach((value, j) => {
      total += value;
      const text = value < 0 ? `−${spelledPace(value)}` : `${value > 0 && j === held ? "+" : ""}${spelledPace(value)}`;
      write(entries[held][j], text);
      write(entries[j][held], text);
    });
    write(sums[held], fill(words.sumIs, { value: readable(total, { nothing: 1e-15 }) }));
  }

  drawSquares() {
    const { clientWidth, clientHeight } = this.svg;
    if (!this.jacobian.length || !clientWidth) return;
    const width = clientWidth / this.classes;
    const height = clientHeight / this.classes;
    const numbered = width >= ROOM_FOR_NUMBERS.width && height >= ROOM_FOR_NUMBERS.height;
    if (this.body.classList.contains("numbered") !== numbered) this.body.classList.toggle("numbered", numbered);
    const paths = squaresOf(this.jacobian, { width, height, below: numbered ? NUMBER : 0 });
    setAll(this.paths.gains, { d: paths.gains });
    setAll(this.paths.loses, { d: paths.loses });
  }

  remove() {
    this.watch.disconnect();
  }
}
