// @ts-check
// The answer in numbers, which follows the figures, and a handle on the curve of what is misplaced. The
// handle holds no state: it moves the timeline's own bar, and stands where the figures say.

import { boxAt } from "../drag/labels.js";
import { element, fill, make, makeSvg, setAll, setRich, setText } from "../web/dom.js";
import { boxesOf, nearest, placeOn, stepped, wordsAt } from "./iterations.js";

/**
 * @typedef {import("../web/types.js").Plot} Plot
 * @typedef {object} Data
 * @property {string} answer
 * @property {number[]} counts
 * @property {string} curve the `uid` of the line that the handle is on
 * @property {import("../web/types.js").Words} words
 *
 * @typedef {object} Page The parts of the page that it is about, which come and go.
 * @property {HTMLElement} figures
 * @property {Plot} plot
 * @property {HTMLElement} answer
 * @property {HTMLElement} caption
 * @property {HTMLInputElement | null} range
 */

const LOOK_MS = 250;
// A line of words, and what stands above the axes.
const [LINE, ABOVE] = [20, 6];
const WATCHED = { attributes: true, attributeFilter: ["data-text", "data-drawn", "data-at", "aria-valuetext", "max"] };

/** @param {number} place @param {number} length */
const within = (place, length) => place >= 0 && place <= length;

/** What a caption begins with, and says in bold. @param {string} text */
const boldIn = (text) => /^\*\*(.+?)\*\*/.exec(text)?.[1];

/** @param {string} name */
const typed = (name) => new Event(name, { bubbles: true });

class IterationHandle {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    this.root = root;
    this.data = data;
    this.answer = element(root, "p", { class: "answer" });
    this.stem = make("i");
    this.label = make("span");
    const dot = makeSvg("svg", { width: 44, height: 44 }, ...["lab-halo", "lab-knob"].map((name) =>
      makeSvg("circle", { class: name, cx: 22, cy: 22, r: name === "lab-halo" ? 22 : 12 })));
    this.handle = make("div", { class: "lab-iteration lab-grip", role: "slider", tabindex: 0, hidden: true },
      this.stem, dot, this.label);
    /** @type {Page | undefined} */
    this.page = undefined;
    /** @type {{ pointer: number, before: string } | undefined} */
    this.hand = undefined;
    this.watch = new MutationObserver(() => this.draw());
    this.sizes = new ResizeObserver(() => this.draw());
    /** @type {Map<string, number>} */
    this.widths = new Map();
    this.looking = setInterval(() => this.look(), LOOK_MS);
    this.listen();
  }

  listen() {
    const { handle } = this;
    handle.addEventListener("pointerdown", (event) => this.grab(event));
    handle.addEventListener("pointermove", (event) => this.drag(event));
    handle.addEventListener("pointerup", (event) => this.release(event));
    handle.addEventListener("pointercancel", () => this.drop());
    handle.addEventListener("keydown", (event) => this.press(event));
    for (const name of ["pointerenter", "focus"]) handle.addEventListener(name, () => this.reach());
  }

  /** @param {Data} data */
  update(data) {
    this.data = data;
    this.handle.setAttribute("aria-label", data.words.handle);
    setRich(this.answer, data.answer);
    this.look();
  }

  // Figures and timeline are mounted on their own, and may be anew.
  look() {
    const page = this.find();
    if (page?.plot === this.page?.plot && page?.range === this.page?.range) return;
    this.page = page;
    this.watch.disconnect();
    this.sizes.disconnect();
    if (page) this.follow(page);
    else this.handle.remove();
  }

  /** @param {Page} page */
  follow({ figures, plot, answer, caption, range }) {
    // Beside the plot, not in it: a chart under the pointer is drawn the slow way.
    plot.parentElement?.append(this.handle);
    for (const node of [figures, plot, answer, caption, range]) if (node) this.watch.observe(node, WATCHED);
    // The names of the curves, which stand anew once their font has come.
    const names = plot.parentElement?.querySelector(".lab-labels");
    if (names) this.watch.observe(names, { subtree: true, attributeFilter: ["x", "y"] });
    for (const node of [figures, plot]) this.sizes.observe(node);
    this.draw();
  }

  /** @returns {Page | undefined} */
  find() {
    /** @param {string} inside @returns {any} */
    const found = (inside) => document.querySelector(`.st-key-live-transport ${inside}`);
    const [figures, plot] = [found(".lab-figures"), found("[data-card='errors'] .lab-plot")];
    if (!figures || !plot) return undefined;
    const answer = found("[data-card='plan'] .lab-caption");
    const caption = found("[data-card='errors'] .lab-caption");
    return { figures, plot, answer, caption, range: found(".lab-scrub input[type='range']") };
  }

  /** Where the bar stands; undefined where there is no curve, or it moves something else. */
  get count() {
    const { page, data } = this;
    const drawn = page?.plot._fullLayout?.xaxis?.c2p;
    return page?.range && drawn ? data.counts[Number(page.range.value)] : undefined;
  }

  draw() {
    const { page, handle, count } = this;
    if (!page) return;
    if (page.answer.dataset.text) setRich(this.answer, page.answer.dataset.text);
    handle.hidden = count === undefined;
    page.figures.closest("[class*='st-key-live-']")?.setAttribute("data-handle", String(!handle.hidden));
    if (count !== undefined) this.stand(page, count);
  }

  /** @param {Page} page @param {number} count */
  stand({ figures, plot, caption }, count) {
    const { data, handle, label } = this;
    // Until the figures are there, the curve says where it will be.
    const drawn = Number(figures.dataset.at) === count;
    const spot = placeOn(plot._fullData, data.curve, drawn ? undefined : count);
    const { xaxis, yaxis } = plot._fullLayout;
    const [x, y] = [xaxis.c2p(spot.x), yaxis.c2p(yaxis.d2c(spot.y))];
    // Someone may have zoomed it out of sight.
    handle.hidden = !within(x, xaxis._length) || !within(y, yaxis._length);
    const [left, top] = [xaxis._offset + x, yaxis._offset + y];
    handle.style.transform = `translate(${left.toFixed(1)}px, ${top.toFixed(1)}px)`;
    this.stem.style.height = `${(yaxis._length - y).toFixed(1)}px`;
    const said = (drawn && boldIn(caption.dataset.text ?? "")) || fill(data.words.at, { count });
    setText(label, said);
    const words = wordsAt([left, top], { width: this.widthOf(label), height: LINE }, this.among(plot));
    label.style.transform = `translate(${(words.left - left).toFixed(1)}px, ${(words.top - top).toFixed(1)}px)`;
    setAll(handle, {
      "aria-valuemin": data.counts[0], "aria-valuemax": data.counts[data.counts.length - 1],
      "aria-valuenow": count, "aria-valuetext": label.textContent ?? "",
    });
  }

  /** What the words at the handle stand among. @param {Plot} plot */
  among(plot) {
    const { xaxis, yaxis } = plot._fullLayout;
    const frame = {
      left: xaxis._offset, right: plot.clientWidth, top: yaxis._offset - ABOVE, bottom: yaxis._offset + yaxis._length,
    };
    const texts = /** @type {NodeListOf<SVGTextElement>} */ (plot.parentElement?.querySelectorAll(".lab-labels text"));
    const names = Array.from(texts, (text) => {
      const [x, y, anchor] = ["x", "y", "text-anchor"].map((name) => text.getAttribute(name) ?? "");
      const size = { width: this.widthOf(text), height: LINE };
      return boxAt(size, { x: Number(x), y: Number(y), anchor: /** @type {"start" | "middle" | "end"} */ (anchor) });
    });
    const line = plot._fullData.find(({ uid }) => uid === this.data.curve) ?? { x: [], y: [] };
    const points = Array.from(line.x, (x, i) => /** @type {[number, number]} */ (
      [xaxis._offset + xaxis.c2p(x), yaxis._offset + yaxis.c2p(yaxis.d2c(line.y[i]))]));
    return { frame, names, curve: boxesOf(points.filter(([, y]) => Number.isFinite(y))) };
  }

  /** Digits are all as wide: what was measured for one number holds for others. @param {Element} node */
  widthOf(node) {
    const key = (node.textContent ?? "").replace(/\d/g, "0");
    const width = this.widths.get(key) ?? node.getBoundingClientRect().width;
    // While the font of the page has not come, another is measured.
    if (document.fonts.status === "loaded") this.widths.set(key, width);
    return width;
  }

  // By hand.

  reach() {
    this.page?.range?.dispatchEvent(typed("focusin"));
  }

  /** @param {number} index */
  move(index) {
    const range = this.page?.range;
    if (!range || range.value === String(index)) return;
    range.value = String(index);
    range.dispatchEvent(typed("input"));
  }

  /** @param {PointerEvent} event */
  grab(event) {
    const range = this.page?.range;
    if (event.button !== 0 || this.hand || !range) return;
    event.preventDefault();
    this.handle.setPointerCapture(event.pointerId);
    this.handle.focus({ preventScroll: true });
    this.hand = { pointer: event.pointerId, before: range.value };
    // The bar itself hears the pointer go up, wherever that is.
    range.dispatchEvent(new Event("pointerdown"));
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (event.pointerId !== this.hand?.pointer || !this.page) return;
    const { plot } = this.page;
    const { xaxis } = plot._fullLayout;
    const share = (event.clientX - plot.getBoundingClientRect().left - xaxis._offset) / xaxis._length;
    const [low, high] = xaxis.range;
    this.move(nearest(this.data.counts, low + share * (high - low)));
  }

  /** @param {PointerEvent} event */
  release(event) {
    if (event.pointerId !== this.hand?.pointer) return;
    this.hand = undefined;
  }

  // A finger turned out to scroll the page.
  drop() {
    if (this.hand) this.move(Number(this.hand.before));
    this.hand = undefined;
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const range = this.page?.range;
    if (!range || event.ctrlKey || event.metaKey || event.altKey) return;
    const index = stepped(event.key, Number(range.value), this.data.counts.length - 1);
    if (index === undefined) return;
    event.preventDefault();
    this.move(index);
    range.dispatchEvent(typed("change"));
  }

  remove() {
    clearInterval(this.looking);
    this.watch.disconnect();
    this.sizes.disconnect();
    this.handle.remove();
  }
}

/** @type {WeakMap<HTMLElement, IterationHandle>} */
const handles = new WeakMap();

/** @param {import("../web/types.js").Component<Data>} component */
export default function showIterationHandle({ data, parentElement }) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".lab-iteration-handle"));
  const shown = handles.get(parentElement) ?? new IterationHandle(root, data);
  handles.set(parentElement, shown);
  shown.update(data);
  return () => {
    // Also called between two runs, while the node stays.
    if (root.isConnected) return;
    shown.remove();
    handles.delete(parentElement);
  };
}
