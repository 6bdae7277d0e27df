// @ts-check
// Logits to drag, and what follows from them in the same frame: the answer, p, what each p gains or
// loses as the held logit rises, the Jacobian, the loss and its gradient.

import { keyed, pointed } from "../drag/bars.js";
import { Moved, staying } from "../drag/moved.js";
import { lowered, readable as spelled } from "../drag/numbers.js";
import { mayTween, Passage } from "../drag/passage.js";
import {
  crossEntropy,
  crossEntropyGradient,
  scores,
  softmax,
  softmaxJacobian,
} from "../drag/softmax.js";
import { element, fill, write } from "../web/dom.js";
import { Answer, answerOf } from "./answer.js";
import { JacobianTable } from "./jacobian.js";
import { Naive } from "./naive.js";
import { passing } from "./passing.js";
import { Rows } from "./rows.js";
import { Target } from "./target.js";
import { TemperatureLever } from "./temperature.js";

/**
 * @typedef {import("../drag/bars.js").Ends} Ends
 * @typedef {import("./jacobian.js").Place} Place
 * @typedef {{ logits: number[], temperature: number, target: number, held: number }} State
 * @typedef {import("../drag/moved.js").Told & State & { window: Ends, temperatures: Ends }} Data
 * @typedef {{ pointer: number, i: number, before: number, heldBefore: number, box: DOMRect }} Hand
 */

/** Beside more than 8 rows there is no room for their J, and beside more than 5 none for words. @param {number} classes */
function sizeOf(classes) {
  if (classes > 8) return " many";
  return classes > 5 ? " crowded" : "";
}

/** @extends {Moved<Data, State>} */
class Logits extends Moved {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    super(root, data);
    this.logits = [...data.logits];
    this.temperature = data.temperature;
    this.target = data.target;
    this.heldClass = data.held;
    this.ends = data.window;
    /** @type {Hand | undefined} */
    this.hand = undefined;
    /** @type {Place | null} */
    this.pointed = null;
    /** @type {number[][]} */
    this.jacobian = [];
    /** @type {import("./passing.js").Place | undefined} What is drawn, which may be on its way. */
    this.shown = undefined;
    this.passage = new Passage();
    this.view = this.build();
  }

  get held() {
    return this.hand !== undefined || this.view.lever.play.on;
  }

  /** @param {Data} data */
  stateOf({ logits, temperature, target, held }) {
    return { logits, temperature, target, held };
  }

  now() {
    const { logits, temperature, target, heldClass } = this;
    return { logits: [...logits], temperature, target, held: heldClass };
  }

  take() {
    const { logits, temperature, target, held, window } = this.data;
    const { shown } = this;
    const classes = this.logits.length;
    this.hand = undefined;
    this.view.lever.play.pause();
    Object.assign(this, { logits: [...logits], temperature, target, heldClass: held, ends: window });
    if (logits.length !== classes) {
      this.view.table.remove();
      this.view = this.build();
    } else if (shown && mayTween()) this.go(shown);
  }

  // The axis changes between two moves, never under a hand.
  settle() {
    if (!this.held) this.ends = this.data.window;
    if (!this.passage.going) this.draw();
  }

  /** @param {import("./passing.js").Place} from */
  go(from) {
    /** @param {number} share */
    const move = (share) => {
      this.show(passing(from, this, share));
      return true;
    };
    this.passage.start(move, () => this.draw());
  }

  remove() {
    super.remove();
    this.passage.stop();
    this.view.lever.play.pause();
    this.view.table.remove();
  }

  build() {
    const { words, root } = this;
    const classes = this.logits.length;
    this.pointed = null;
    root.replaceChildren();
    root.style.setProperty("--classes", String(classes));
    const answer = new Answer(root);
    const picture = element(root, "section", { class: `picture${sizeOf(classes)}`, "aria-label": words.logits });
    const figure = element(picture, "div", { class: "figure" });
    const rows = new Rows(figure, words, classes, {
      acts: (i) => this.actsOf(i),
      hold: (i) => this.choose(i),
    });
    const table = new JacobianTable(element(figure, "div", { class: "block" }), words, classes, {
      point: (place) => this.point(place),
      hold: (i) => this.choose(i),
    });
    const readout = element(picture, "p", { class: "readout caption" });
    const lever = new TemperatureLever(picture, words, this.data.temperatures, {
      move: (temperature) => {
        this.temperature = temperature;
        this.draw();
      },
      rest: () => this.commitNow(true),
      soon: () => this.commitSoon(),
    });
    const naive = new Naive(root, words);
    const target = new Target(root, words, classes, (i) => {
      this.target = i;
      this.draw();
      this.commitSoon();
    });
    return { answer, rows, table, readout, lever, naive, target };
  }

  // Taking hold of a class, and moving its logit: by hand, and by key.

  /** @param {number} i */
  actsOf(i) {
    return {
      /** @param {PointerEvent} event */
      grab: (event) => this.grab(event, i),
      /** @param {PointerEvent} event */
      drag: (event) => this.drag(event),
      /** @param {PointerEvent} event */
      release: (event) => this.release(event),
      drop: () => this.drop(),
      /** @param {KeyboardEvent} event */
      press: (event) => this.press(event, i),
      leave: () => this.commitNow(),
      reach: () => this.hold(i),
    };
  }

  /** @param {PointerEvent} event @param {number} i */
  grab(event, i) {
    if (event.button !== 0 || this.hand) return;
    this.view.lever.play.yield();
    const { handle, track } = this.view.rows.rows[i].handle;
    handle.setPointerCapture(event.pointerId);
    const box = track.getBoundingClientRect();
    this.hand = { pointer: event.pointerId, i, before: this.logits[i], heldBefore: this.heldClass, box };
    this.heldClass = i;
    this.drag(event);
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (!this.hand || event.pointerId !== this.hand.pointer) return;
    const { i, box } = this.hand;
    this.set(i, pointed(event, box, this.ends));
  }

  drop() {
    if (!this.hand) return;
    const { i, before, heldBefore } = this.hand;
    this.hand = undefined;
    this.heldClass = heldBefore;
    this.set(i, before);
  }

  /** @param {KeyboardEvent} event @param {number} i */
  press(event, i) {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.choose(i);
    }
    const value = keyed(event, this.logits[i], this.ends);
    if (value === undefined) return;
    this.set(i, value);
    this.commitSoon();
  }

  /** @param {number} i @param {number} value */
  set(i, value) {
    this.logits[i] = Number(value.toFixed(4)) || 0;
    this.draw();
  }

  /** Show a class as held; the server hears of it with the next act. @param {number} i */
  hold(i) {
    if (this.heldClass === i || this.hand) return;
    this.heldClass = i;
    this.draw();
  }

  /** @param {number} i */
  choose(i) {
    this.hold(i);
    this.commitNow(true);
  }

  /** @param {Place | null} place */
  point(place) {
    this.pointed = place;
    this.describe();
  }

  // Everything that depends on the logits.

  draw() {
    this.passage.stop();
    this.show(this);
    const { logits, temperature, target } = this.data;
    // What is said of the state elsewhere is of before, until the server has answered.
    const said = JSON.stringify([logits, temperature, target]);
    this.root.dataset.moved = String(JSON.stringify([this.logits, this.temperature, this.target]) !== said);
  }

  /** @param {import("./passing.js").Place} place */
  show({ logits, temperature, ends }) {
    const { view, target, heldClass, words } = this;
    this.shown = { logits: [...logits], temperature, ends };
    const a = scores(logits, temperature);
    const p = softmax(a);
    const loss = crossEntropy(a, target);
    const answer = answerOf(a, temperature, heldClass);
    this.jacobian = softmaxJacobian(p);
    const paces = this.jacobian[heldClass];
    view.answer.say(words, answer);
    const raised = answer.values.a;
    view.rows.draw({ logits, ends, p, paces, held: heldClass, raised, dragged: this.hand?.i });
    view.table.draw(this.jacobian, heldClass);
    view.target.draw(crossEntropyGradient(p, target), target, loss);
    view.lever.draw(temperature);
    view.naive.draw(a);
    this.describe();
  }

  // The entry under the pointer in words, or else what can be taken hold of.
  describe() {
    const { words, jacobian, view, pointed: place } = this;
    if (!jacobian.length) return;
    if (place === null) {
      write(view.readout, words.how);
      return;
    }
    const [i, j] = place;
    const value = jacobian[i][j];
    const names = { row: i + 1, column: j + 1, i: lowered(i), j: lowered(j) };
    const sentence = fill(i === j ? words.diagonal : words.entry, { ...names, value: spelled(value, { digits: 4, finer: true, most: 1e5 }) });
    write(view.readout, sentence);
    view.readout.dataset.value = String(value);
    view.table.entry(place).setAttribute("aria-label", sentence);
  }
}

const show = staying(".lab-logits", (root, /** @type {Data} */ data) => new Logits(root, data));

/** @param {import("../web/types.js").Component<Data>} component */
export default function showLogits(component) {
  return show(component, component.setStateValue);
}
