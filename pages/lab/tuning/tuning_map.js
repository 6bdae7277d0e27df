// @ts-check
// The map of ε by iterations, held by a dot and a lever: what each cell leaves misplaced, how far its rows
// spread, where each need holds; beside it the scores, the plan of the cell, and code to paste.

import { Moved, staying } from "../drag/moved.js";
import { element, fill, make, makeSvg, setAll, setText } from "../web/dom.js";
import { Around } from "./around.js";
import { areaOf, borderOf, cellAt, steppedCell, strengthOf } from "./cells.js";

/**
 * @typedef {import("./cells.js").Cell} Cell
 * @typedef {{ spread: number, cell: [eps: number, count: number] | null }} State `null`: the cell that is recommended
 * @typedef {{ stop: number, cell: Cell | null }} Hold the same by where it stands on the lever and on the map
 * @typedef {[misplaced: string, spread: string]} Said
 *
 * @typedef {object} Map
 * @property {number[]} eps
 * @property {string[]} epsSaid
 * @property {number[]} counts
 * @property {number[][]} misplaced by ε, then by count
 * @property {number[][]} spread
 * @property {number[][]} used
 * @property {Said[][]} said
 * @property {{ misplaced: number, used: number, misplacedSaid: string }} needs
 * @property {number[]} stops of the lever
 * @property {string[]} stopsSaid
 * @property {(Cell | null)[]} best at each stop
 * @property {Cell} nearest where no cell meets all needs
 *
 * @typedef {import("../drag/moved.js").Told & Hold & Map & import("./around.js").Data} Data
 */

// So strong is what bears words in the colour of the page.
const DARK = 60;

/** @extends {Moved<Data, State>} */
class TuningMap extends Moved {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    super(root, data);
    this.stop = data.stop;
    /** @type {Cell | null} */
    this.cell = data.cell;
    this.pulled = false;
    /** @type {{ pointer: number, before: Cell | null } | undefined} */
    this.hand = undefined;
    this.drawn = "";
    this.view = this.build();
  }

  get held() {
    return this.hand !== undefined || this.pulled;
  }

  /** @param {Hold & Pick<Map, "stops" | "eps" | "counts">} data @returns {State} */
  stateOf({ stop, cell, stops, eps, counts }) {
    return { spread: stops[stop], cell: cell && [eps[cell[0]], counts[cell[1]]] };
  }

  now() {
    return this.stateOf({ ...this.data, stop: this.stop, cell: this.cell });
  }

  take() {
    this.hand = undefined;
    this.pulled = false;
    this.stop = this.data.stop;
    this.cell = this.data.cell;
  }

  settle() {
    // Another map may have fewer of either.
    if (!this.held) this.stop = Math.min(this.stop, this.data.stops.length - 1);
    this.view.around.draw(this.data);
    this.drawCells();
    this.draw();
  }

  get columns() {
    return this.data.eps.length;
  }

  get rows() {
    return this.data.counts.length;
  }

  /** Where the dot stands. @returns {Cell} */
  get spot() {
    const [column, row] = this.cell ?? this.data.best[this.stop] ?? this.data.nearest;
    return [Math.min(column, this.columns - 1), Math.min(row, this.rows - 1)];
  }

  // All that there is.

  build() {
    const { root, words } = this;
    root.replaceChildren();
    const around = new Around(root, words);
    const middle = element(root, "section", { class: "middle" });
    const map = this.buildMap(middle);
    const right = element(root, "section", { class: "right" });
    const lever = this.buildLever(right);
    const numbers = element(right, "dl", { class: "numbers" });
    const [misplaced, spread] = ["misplaced", "spread"].map((name) => {
      const box = element(numbers, "div", { class: name });
      element(box, "dt", {}, words[`${name}Here`]);
      return element(box, "dd");
    });
    const back = element(right, "button", { type: "button", class: "back" }, words.back);
    back.addEventListener("click", () => {
      this.cell = null;
      this.draw();
      this.commitNow(true);
    });
    root.append(around.code, around.ends);
    return { around, ...map, ...lever, misplaced, spread, back };
  }

  /** @param {HTMLElement} middle */
  buildMap(middle) {
    const { words } = this;
    const head = element(middle, "p", { class: "head" });
    element(head, "b", {}, words.counts);
    const key = element(head, "span", { class: "key" }, words.key);
    const frame = element(middle, "div", { class: "frame" });
    const counts = element(frame, "div", { class: "ticks counts", "aria-hidden": "true" });
    const field = element(frame, "div", { class: "field", "data-testid": "tuning-field" });
    const eps = element(frame, "div", { class: "ticks eps", "aria-hidden": "true" });
    element(frame, "b", { class: "axis" }, words.eps);
    const svg = makeSvg("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
    const cells = makeSvg("g", { class: "cells" });
    const area = makeSvg("path", { class: "area" });
    const [misplacedLine, usedLine, spreadLine] = ["misplaced", "used", "spread"].map((name) =>
      makeSvg("path", { class: `line ${name}` }));
    svg.append(cells, area, misplacedLine, usedLine, spreadLine);
    field.append(svg);
    const labels = ["met", "off", "over"].map((name) => element(field, "span", { class: `label ${name}`, "aria-hidden": "true" }));
    const dot = makeSvg("svg", { width: 44, height: 44, "aria-hidden": "true" },
      ...["lab-halo", "lab-knob"].map((name) => makeSvg("circle", { class: name, cx: 22, cy: 22, r: name === "lab-halo" ? 18 : 9 })));
    const tag = make("span");
    const grip = make("div", { class: "grip lab-grip", role: "slider", tabindex: 0, "aria-label": words.dot }, dot, tag);
    field.append(grip);
    this.listen(field, grip);
    return { key, counts, field, epsTicks: eps, svg, cells, area, misplacedLine, usedLine, spreadLine, labels, grip, tag };
  }

  /** @param {HTMLElement} right */
  buildLever(right) {
    const { words } = this;
    const value = make("output", { class: "value" });
    const range = make("input", { type: "range", class: "lab-range", min: "0", step: "1", "data-testid": "tuning-spread" });
    range.setAttribute("aria-label", words.lever);
    const lever = element(right, "label", { class: "lever lab-foot-bar" });
    lever.append(make("span", { class: "name" }, words.lever), value, range);
    range.addEventListener("pointerdown", () => (this.pulled = true));
    range.addEventListener("input", () => {
      this.stop = Number(range.value);
      this.cell = null;
      this.draw();
      if (!this.pulled) this.commitSoon();
    });
    const letGo = () => {
      if (!this.pulled) return;
      this.pulled = false;
      this.commitNow(true);
    };
    for (const end of ["pointerup", "pointercancel", "change"]) range.addEventListener(end, letGo);
    range.addEventListener("blur", () => this.commitNow());
    return { range, value };
  }

  // By hand and by key.

  /** @param {HTMLElement} field @param {HTMLElement} grip */
  listen(field, grip) {
    field.addEventListener("pointerdown", (event) => {
      const on = event.target instanceof Node && grip.contains(event.target);
      // A finger beside the dot scrolls the page, or taps a cell.
      if (event.button !== 0 || this.held || (event.pointerType !== "mouse" && !on)) return;
      event.preventDefault();
      field.setPointerCapture(event.pointerId);
      this.hand = { pointer: event.pointerId, before: this.cell };
      grip.focus({ preventScroll: true });
      if (!on) this.goTo(event);
    });
    field.addEventListener("pointermove", (event) => {
      if (event.pointerId === this.hand?.pointer) this.goTo(event);
    });
    field.addEventListener("pointerup", (event) => this.release(event));
    field.addEventListener("pointercancel", () => this.drop());
    field.addEventListener("click", (event) => {
      if (/** @type {PointerEvent} */ (event).pointerType === "mouse" || this.held) return;
      this.goTo(event);
      this.commitNow(true);
    });
    grip.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const cell = steppedCell(event.key, this.spot, this.columns, this.rows);
      if (!cell) return;
      event.preventDefault();
      this.cell = cell;
      this.draw();
      this.commitSoon();
    });
    grip.addEventListener("blur", () => this.commitNow());
  }

  /** @param {MouseEvent} event */
  goTo(event) {
    this.cell = cellAt(event, this.view.field.getBoundingClientRect(), this.columns, this.rows);
    this.draw();
  }

  drop() {
    if (!this.hand) return;
    this.cell = this.hand.before;
    this.hand = undefined;
    this.draw();
  }

  // What is shown.

  drawCells() {
    const { data, view, columns, rows } = this;
    const drawn = JSON.stringify([data.misplaced, data.eps, data.counts]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    setAll(view.svg, { viewBox: `0 0 ${columns} ${rows}` });
    view.cells.replaceChildren(
      ...data.misplaced.flatMap((column, x) =>
        column.map((share, row) =>
          makeSvg("rect", { x, y: rows - 1 - row, width: 1, height: 1, style: `--strength: ${strengthOf(share)}%` })))
    );
    view.counts.replaceChildren(...[...data.counts].reverse().map((count) => make("span", {}, String(count))));
    view.epsTicks.replaceChildren(...data.epsSaid.map((said) => make("span", {}, said)));
  }

  draw() {
    const { data, view, words, columns, rows } = this;
    const { misplaced, spread, used, needs, stops, stopsSaid, said } = data;
    const most = stops[this.stop];
    const few = (/** @type {number} */ x, /** @type {number} */ y) => misplaced[x][y] <= needs.misplaced;
    const narrow = (/** @type {number} */ x, /** @type {number} */ y) => spread[x][y] <= most;
    const wide = (/** @type {number} */ x, /** @type {number} */ y) => used[x][y] >= needs.used;
    const all = (/** @type {number} */ x, /** @type {number} */ y) => few(x, y) && narrow(x, y) && wide(x, y);
    view.area.setAttribute("d", areaOf(columns, rows, all));
    view.misplacedLine.setAttribute("d", borderOf(columns, rows, few));
    view.usedLine.setAttribute("d", borderOf(columns, rows, wide));
    view.spreadLine.setAttribute("d", borderOf(columns, rows, narrow));
    this.label(all, few, narrow);
    const [column, row] = this.spot;
    const [off, over] = said[column][row];
    const here = { eps: data.epsSaid[column], count: data.counts[row], misplaced: off, spread: over };
    view.grip.style.left = `${(100 * (column + 0.5)) / columns}%`;
    view.grip.style.top = `${100 * (1 - (row + 0.5) / rows)}%`;
    view.grip.classList.toggle("left", column > 0.55 * columns);
    const best = data.best[this.stop];
    const isBest = best !== null && best[0] === column && best[1] === row;
    setText(view.tag, fill(isBest ? words.best : words.here, here));
    setAll(view.grip, {
      "aria-valuemin": 0, "aria-valuemax": columns * rows - 1, "aria-valuenow": column * rows + row,
      "aria-valuetext": fill(words.spoken, here),
    });
    mark(view.epsTicks, column);
    mark(view.counts, rows - 1 - row);
    setText(view.misplaced, off);
    setText(view.spread, over);
    view.back.hidden = this.cell === null || best === null;
    view.range.max = String(stops.length - 1);
    view.range.value = String(this.stop);
    setText(view.value, stopsSaid[this.stop]);
    view.range.setAttribute("aria-valuetext", stopsSaid[this.stop]);
    // What is said of the state elsewhere is of before, until the server has answered.
    this.root.dataset.moved = String(JSON.stringify(this.now()) !== JSON.stringify(this.stateOf(data)));
  }

  /**
   * Name each part of the map where it has room for the words.
   *
   * @param {(x: number, y: number) => boolean} all
   * @param {(x: number, y: number) => boolean} few
   * @param {(x: number, y: number) => boolean} narrow
   */
  label(all, few, narrow) {
    const { view, words, data, columns, rows } = this;
    const { misplaced } = data;
    const top = rows - 1;
    const [met, off, over] = view.labels;
    const along = [...Array(columns).keys()];
    const metAt = along.filter((x) => all(x, top) && all(x, top - 1));
    place(met, metAt, columns, words.met);
    place(off, along.filter((x) => !few(x, 0) && strengthOf(misplaced[x][0]) > DARK), columns, fill(words.off, { share: data.needs.misplacedSaid }));
    place(over, along.filter((x) => !narrow(x, top) && !narrow(x, top - 2)), columns,
      fill(words.over, { count: data.stopsSaid[this.stop] }));
  }
}

/** @param {HTMLElement} node @param {number[]} along @param {number} columns @param {string} text */
function place(node, along, columns, text) {
  setText(node, text);
  node.hidden = along.length < Math.max(2, columns / 5);
  node.style.left = `${(100 * (along[0] ?? 0)) / columns}%`;
  node.style.width = `${(100 * along.length) / columns}%`;
}

/** @param {HTMLElement} ticks @param {number} here */
function mark(ticks, here) {
  [...ticks.children].forEach((tick, at) => tick.classList.toggle("here", at === here));
}

const show = staying(".lab-tuning-map", (root, /** @type {Data} */ data) => new TuningMap(root, data));

/** @param {import("../web/types.js").Component<Data>} component */
export default function showTuningMap(component) {
  return show(component, component.setStateValue);
}
