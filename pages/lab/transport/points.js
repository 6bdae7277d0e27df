// @ts-check
// Two clouds on a square; the plan of the server's last answer stays tied to the points.

import { Moved } from "../drag/moved.js";
import { element, fill, makeSvg, setAll, setText } from "../web/dom.js";

/**
 * @typedef {"x" | "y"} Cloud
 * @typedef {[number, number]} Point
 * @typedef {{ x: Point[], y: Point[] }} State
 * @typedef {object} Plan
 * @property {[row: number, column: number, share: number][]} lines
 * @property {number} finest in how many steps a coordinate goes from 0 to 1
 *
 * @typedef {import("../drag/moved.js").Told & State & Plan & { kind: "points" }} Data
 * @typedef {{ pointer: number, name: Cloud, i: number, before: Point }} Hand
 */

const CLOUDS = /** @type {const} */ (["x", "y"]);

/** @param {Point} point @returns {Point} Where it lies in the picture. */
const placed = ([a, b]) => [100 * a, 100 * (1 - b)];

/** @param {Point[]} points @returns {Point[]} */
const copied = (points) => points.map(([a, b]) => [a, b]);

/** @extends {Moved<Data, State>} */
export class Points extends Moved {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    super(root, data);
    /** @type {State} */
    this.clouds = { x: copied(data.x), y: copied(data.y) };
    /** @type {Hand | undefined} */
    this.hand = undefined;
    this.view = this.build();
  }

  /** @param {Data} data */
  stateOf({ x, y }) {
    return { x, y };
  }

  now() {
    return { x: copied(this.clouds.x), y: copied(this.clouds.y) };
  }

  take() {
    const { x, y } = this.data;
    const before = this.clouds;
    this.hand = undefined;
    this.clouds = { x: copied(x), y: copied(y) };
    const alike = CLOUDS.every((name) => before[name].length === this.clouds[name].length);
    if (!alike) this.view = this.build();
  }

  settle() {
    this.draw();
  }

  build() {
    const { root, words } = this;
    root.replaceChildren();
    element(root, "p", { class: "caption" }, words.how);
    const picture = makeSvg("svg", { viewBox: "-5 -5 110 110", role: "group", "aria-label": words.pad });
    picture.append(makeSvg("rect", { class: "frame", x: -5, y: -5, width: 110, height: 110 }));
    const lines = makeSvg("g", { class: "lines" });
    picture.append(lines);
    root.append(picture);
    const said = element(root, "p", { class: "caption readout" });
    const [x, y] = CLOUDS.map((name) =>
      this.clouds[name].map((_point, i) => {
        const dot = this.buildDot(picture, name, i);
        picture.append(dot);
        return dot;
      })
    );
    return { lines, said, dots: { x, y } };
  }

  /** @param {SVGSVGElement} picture @param {Cloud} name @param {number} i */
  buildDot(picture, name, i) {
    const mark = name === "x"
      ? makeSvg("circle", { class: "mark", r: 1.7 })
      : makeSvg("rect", { class: "mark", x: -1.6, y: -1.6, width: 3.2, height: 3.2 });
    // Large enough for a finger, whatever is seen of it.
    const reach = makeSvg("circle", { class: "reach", r: 5 });
    const dot = makeSvg("g", { class: `dot ${name}`, role: "button", tabindex: i ? -1 : 0 }, reach, mark);
    // Or the finger would scroll: inside an SVG no `touch-action` is heeded.
    dot.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    dot.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || this.held) return;
      event.preventDefault();
      dot.setPointerCapture(event.pointerId);
      const [a, b] = this.clouds[name][i];
      this.hand = { pointer: event.pointerId, name, i, before: [a, b] };
      dot.focus();
    });
    dot.addEventListener("pointermove", (event) => {
      if (event.pointerId !== this.hand?.pointer) return;
      const box = picture.getBoundingClientRect();
      /** @param {number} value @param {number} low @param {number} size */
      const at = (value, low, size) => ((value - low) / size) * 1.1 - 0.05;
      this.move(name, i, at(event.clientX, box.left, box.width), 1 - at(event.clientY, box.top, box.height));
    });
    dot.addEventListener("pointerup", (event) => {
      if (event.pointerId !== this.hand?.pointer) return;
      this.hand = undefined;
      this.commitNow(true);
    });
    dot.addEventListener("pointercancel", () => {
      const { hand } = this;
      this.hand = undefined;
      if (hand) this.move(name, i, ...hand.before);
    });
    dot.addEventListener("keydown", (event) => this.press(event, name, i));
    dot.addEventListener("blur", () => this.commitNow());
    return dot;
  }

  /** @param {KeyboardEvent} event @param {Cloud} name @param {number} i */
  press(event, name, i) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 0.1 : 0.02;
    /** @type {Record<string, Point>} */
    const moves = { ArrowRight: [step, 0], ArrowLeft: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    /** @type {Record<string, number>} */
    const jumps = { PageDown: 1, PageUp: -1 };
    if (event.key in moves) {
      const [a, b] = this.clouds[name][i];
      this.move(name, i, a + moves[event.key][0], b + moves[event.key][1]);
      this.commitSoon();
    } else if (event.key in jumps) this.view.dots[name][i + jumps[event.key]]?.focus();
    else return;
    event.preventDefault();
  }

  /** @param {Cloud} name @param {number} i @param {number} a @param {number} b */
  move(name, i, a, b) {
    const { finest } = this.data;
    /** @param {number} value */
    const snapped = (value) => Math.round(Math.min(1, Math.max(0, value)) * finest) / finest;
    this.clouds[name][i] = [snapped(a), snapped(b)];
    this.draw();
  }

  draw() {
    const { words, clouds, view } = this;
    for (const name of CLOUDS) {
      view.dots[name].forEach((dot, i) => {
        const [a, b] = clouds[name][i];
        const [left, top] = placed([a, b]);
        dot.setAttribute("transform", `translate(${left.toFixed(2)} ${top.toFixed(2)})`);
        const where = { number: i + 1, x: a.toFixed(2), y: b.toFixed(2) };
        dot.setAttribute("aria-label", fill(words[`${name}Of`], where));
      });
    }
    this.drawLines();
    setText(view.said, words.said);
  }

  drawLines() {
    const { data, view, clouds } = this;
    while (view.lines.childElementCount > data.lines.length) view.lines.lastChild?.remove();
    data.lines.forEach(([i, j, share], k) => {
      const line = view.lines.children[k] ?? view.lines.appendChild(makeSvg("line", {}));
      if (!clouds.x[i] || !clouds.y[j]) {
        line.setAttribute("opacity", "0");
        return;
      }
      const [x1, y1] = placed(clouds.x[i]);
      const [x2, y2] = placed(clouds.y[j]);
      const width = (0.15 + 1.1 * share).toFixed(2);
      setAll(line, { x1, y1, x2, y2, "stroke-width": width, opacity: (0.25 + 0.75 * share).toFixed(2) });
    });
  }
}
