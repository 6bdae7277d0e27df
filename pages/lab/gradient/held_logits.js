// @ts-check
// What is held: logits, as a point of the triangle and one by one; what answers: the three descents.

import { keyed, pointed } from "../drag/bars.js";
import { Moved, staying } from "../drag/moved.js";
import { lowered } from "../drag/numbers.js";
import { softmax } from "../drag/softmax.js";
import { element, fill, makeSvg, setAll } from "../web/dom.js";
import { CurvePanel } from "./curve_panel.js";
import { DESCENTS, Path } from "./descents.js";
import { Lever } from "./lever.js";
import { PushPanel } from "./push_panel.js";
import { logitsOf } from "./simplex.js";
import { TrianglePanel } from "./triangle_panel.js";

/**
 * @typedef {import("../drag/bars.js").Ends} Ends
 * @typedef {import("./descents.js").Descent} Descent
 * @typedef {{ logits: number[], step: number }} State
 *
 * @typedef {object} Course The target and the descents, on which the hand has no hold here.
 * @property {number[]} q
 * @property {number[]} rest p where L2 in full is least
 * @property {number} watched the class that is followed
 * @property {number} rate
 * @property {number} steps
 * @property {number[]} stops of the lever
 * @property {Ends} window the axis of the logits
 * @property {number} most the largest logit
 *
 * @typedef {import("../drag/moved.js").Told & State & Course} Data
 * @typedef {{ pointer: number, box: DOMRect, before: number[], move: (event: PointerEvent, box: DOMRect) => void }} Hand
 *
 * @typedef {object} Scene All that is drawn.
 * @property {number[]} a
 * @property {number[]} p
 * @property {number[]} q
 * @property {number[]} rest
 * @property {number} watched
 * @property {boolean} oneHot
 * @property {import("./descents.js").Course} course
 * @property {number} step
 * @property {Record<Descent, Path>} paths
 */

// So far goes a key, of the side of the triangle.
const KEY_STEP = 0.02;

/** @extends {Moved<Data, State>} */
class HeldLogits extends Moved {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    super(root, data);
    this.logits = [...data.logits];
    this.step = data.step;
    this.ends = data.window;
    /** @type {Hand | undefined} */
    this.hand = undefined;
    this.view = this.build();
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.view.place);
    document.fonts.ready.then(() => {
      this.view.panel.labels.forget();
      this.draw();
    });
  }

  get held() {
    return this.hand !== undefined || this.view.lever.busy;
  }

  /** @param {Data} data */
  stateOf({ logits, step }) {
    return { logits, step };
  }

  now() {
    return { logits: [...this.logits], step: this.step };
  }

  take() {
    this.hand = undefined;
    this.view.lever.play.pause();
    this.logits = [...this.data.logits];
    this.step = this.data.step;
  }

  // The axis changes between two moves, never under a hand.
  settle() {
    if (!this.held) this.ends = this.data.window;
    this.step = Math.min(this.step, this.data.steps);
    this.draw();
  }

  build() {
    const { root, words } = this;
    root.replaceChildren();
    const panels = element(root, "div", { class: "panels" });
    const place = element(panels, "div", { class: "place" });
    const pushes = new PushPanel(element(panels, "div", { class: "pushes" }), words, (i) => this.actsOf(i));
    const lever = new Lever(root, words, {
      move: (step) => this.goTo(step),
      rest: () => this.commitNow(true),
      soon: () => this.commitSoon(),
    });
    element(root, "p", { class: "caption" }, words.caption);
    return { place, pushes, lever, ...this.buildPlace(place) };
  }

  /** @param {HTMLElement} place */
  buildPlace(place) {
    const three = this.logits.length === 3;
    const svg = makeSvg("svg", { role: "group", "aria-label": this.words[three ? "triangle" : "curve"] });
    place.replaceChildren(svg);
    if (!three) return { svg, three, panel: new CurvePanel(svg, this.words) };
    const panel = new TrianglePanel(svg, this.words);
    this.listen(svg, panel);
    return { svg, three, panel };
  }

  // By hand and by key.

  /** @param {SVGSVGElement} svg @param {TrianglePanel} panel */
  listen(svg, panel) {
    const { grip } = panel.parts;
    grip.setAttribute("aria-label", this.words.point);
    // Or the finger would scroll: inside an SVG no `touch-action` is heeded.
    grip.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    /** @param {PointerEvent} event @param {DOMRect} box */
    const move = (event, box) => this.goToPlace(panel, event.clientX - box.left, event.clientY - box.top);
    svg.addEventListener("pointerdown", (event) => {
      // A finger beside the point scrolls the page.
      const on = event.target instanceof Node && grip.contains(event.target);
      if (event.pointerType !== "mouse" && !on) return;
      this.grab(event, svg, svg.getBoundingClientRect(), move);
      if (!on) move(event, svg.getBoundingClientRect());
      grip.focus();
    });
    svg.addEventListener("pointermove", (event) => this.drag(event));
    svg.addEventListener("pointerup", (event) => this.release(event));
    svg.addEventListener("pointercancel", () => this.drop());
    grip.addEventListener("keydown", (event) => this.pressPoint(event, panel));
    grip.addEventListener("blur", () => this.commitNow());
  }

  /** @param {number} i @returns {import("../drag/handle.js").Acts} */
  actsOf(i) {
    return {
      grab: (event) => {
        const { handle, track } = this.view.pushes.rows[i];
        const box = track.getBoundingClientRect();
        this.grab(event, handle, box, (now) => this.setLogit(i, pointed(now, box, this.ends)));
        this.drag(event);
      },
      drag: (event) => this.drag(event),
      release: (event) => this.release(event),
      drop: () => this.drop(),
      press: (event) => {
        const value = keyed(event, this.logits[i], this.ends);
        if (value === undefined) return;
        this.setLogit(i, value);
        this.commitSoon();
      },
      leave: () => this.commitNow(),
      reach: () => {},
    };
  }

  /** @param {PointerEvent} event @param {Element} node @param {DOMRect} box @param {Hand["move"]} move */
  grab(event, node, box, move) {
    if (event.button !== 0 || this.held) return;
    node.setPointerCapture(event.pointerId);
    this.hand = { pointer: event.pointerId, box, before: [...this.logits], move };
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (!this.hand || event.pointerId !== this.hand.pointer) return;
    this.hand.move(event, this.hand.box);
  }

  drop() {
    if (!this.hand) return;
    this.logits = this.hand.before;
    this.hand = undefined;
    this.draw();
  }

  /** @param {KeyboardEvent} event @param {TrianglePanel} panel */
  pressPoint(event, panel) {
    /** @type {Record<string, import("./simplex.js").Point>} */
    const moves = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [x, y] = panel.map.place(softmax(this.logits));
    const far = (event.shiftKey ? 5 : 1) * KEY_STEP * panel.map.side;
    this.goToPlace(panel, x + far * move[0], y + far * move[1]);
    this.commitSoon();
  }

  /** @param {TrianglePanel} panel @param {number} x @param {number} y */
  goToPlace(panel, x, y) {
    this.logits = logitsOf(panel.map.at(x, y), this.logits, this.data.most);
    this.draw();
  }

  /** @param {number} i @param {number} value */
  setLogit(i, value) {
    this.logits[i] = Number(value.toFixed(4)) || 0;
    this.draw();
  }

  /** @param {number} step */
  goTo(step) {
    this.step = step;
    this.draw();
  }

  // All that follows.

  /** @returns {Scene} */
  scene() {
    const { q, rest, watched, rate, steps } = this.data;
    const course = { q, rate, steps };
    const [l1, held, l2] = DESCENTS.map((descent) => new Path(descent, this.logits, course));
    const paths = { l1, held, l2 };
    return {
      a: this.logits, p: paths.l1.at(0), q, rest, watched, oneHot: q[watched] === 1, course, step: this.step, paths,
    };
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.view.place;
    if (width < 1) return;
    if ((this.logits.length === 3) !== this.view.three) Object.assign(this.view, this.buildPlace(this.view.place));
    const { svg, panel, pushes, lever } = this.view;
    const scene = this.scene();
    setAll(svg, { width, height, viewBox: `0 0 ${width} ${height}` });
    panel.draw(scene, { width, height });
    pushes.draw(scene, this.ends);
    const { words } = this;
    const share = (/** @type {Descent} */ descent) => scene.paths[descent].of(this.step, scene.watched).toFixed(3);
    lever.draw(this.data.stops, this.step, [
      [fill(words.after, { p: `p${lowered(scene.watched)}` }), ""],
      [words.l1, share("l1")], [words.held, share("held")], [words.l2, share("l2")],
    ]);
    // What is said of the state elsewhere is of before, until the server has answered.
    this.root.dataset.moved = String(JSON.stringify(this.now()) !== JSON.stringify(this.stateOf(this.data)));
  }

  remove() {
    super.remove();
    this.watch.disconnect();
  }
}

const show = staying(".lab-held-logits", (root, /** @type {Data} */ data) => new HeldLogits(root, data));

/** @param {import("../web/types.js").Component<Data>} component */
export default function showHeldLogits(component) {
  return show(component, component.setStateValue);
}
