// @ts-check
// What is moved by hand or by key: the server hears of it when the hand lets go or the keys rest.

import { Conversation } from "./conversation.js";

/** @typedef {import("../web/types.js").Words} Words */
/** @typedef {{ session?: string, serial: number, words: Words }} Told What the server sends to every part. */
/** @typedef {(name: string, value: unknown) => void} Send */

/** Keys come in bursts, of which the last counts: it is told after so many milliseconds. */
export const KEY_PAUSE = 350;

/**
 * A part is told and tells of a `State`; `Data` is what the server sends to it.
 *
 * @template {Told} Data
 * @template {object} State
 * @abstract
 */
export class Moved {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    this.root = root;
    this.data = data;
    this.words = data.words;
    // Whether keys have moved what the server has not been told.
    this.waiting = false;
    /** @type {{ pointer?: number } | undefined} The hand that is on it; a part keeps there what it needs. */
    this.hand = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {Send} */
    this.send = () => {};
    this.conversation = new Conversation(
      (message) => this.send("moved", message),
      () => this.receive(this.data, this.send)
    );
  }

  // What a part adds.

  /** Whether a hand is on it. @returns {boolean} */
  get held() {
    return this.hand !== undefined;
  }

  /** The state that the server says. @param {Data} data @returns {State} @abstract */
  stateOf(data) {
    throw new Error(`a part says which state is in ${Object.keys(data)}`);
  }

  /** The state that the hand has made. @returns {State} @abstract */
  now() {
    throw new Error("a part says what its state is");
  }

  /** Let go, and show what the server says in `data` instead. @abstract */
  take() {}

  /** Draw what the server says of the state that is shown. @abstract */
  settle() {}

  // What all have in common.

  /** @param {Data} data @param {Send} send */
  receive(data, send) {
    this.send = send;
    this.data = data;
    this.words = data.words;
    const { session, serial: answered } = data;
    const said = { session, answered, state: this.stateOf(data) };
    const verdict = this.conversation.hear(said, this.held || this.waiting);
    if (verdict === "late") return;
    if (verdict === "theirs") {
      this.rest();
      this.take();
    }
    this.settle();
  }

  /** @param {PointerEvent} event The hand lets go: what it has made is told. */
  release(event) {
    if (event.pointerId !== this.hand?.pointer) return;
    this.hand = undefined;
    this.settle();
    this.commitNow(true);
  }

  commitSoon() {
    clearTimeout(this.timer);
    this.waiting = true;
    this.timer = setTimeout(() => this.commitNow(), KEY_PAUSE);
  }

  commitNow(released = false) {
    if (!this.waiting && !released) return;
    this.rest();
    this.conversation.tell(this.now());
  }

  // Nothing is left to tell.
  rest() {
    clearTimeout(this.timer);
    this.waiting = false;
  }

  remove() {
    this.rest();
    this.conversation.forget();
  }
}

/**
 * Make one part for each place on the page, which stays from run to run.
 *
 * @template {Told} Data
 * @param {string} selector
 * @param {(root: HTMLElement, data: Data) => Moved<Data, any>} create
 */
export function staying(selector, create) {
  /** @type {WeakMap<HTMLElement, Moved<Data, any>>} */
  const parts = new WeakMap();
  /**
   * @param {import("../web/types.js").Component<Data>} component
   * @param {Send} send
   */
  return ({ data, parentElement }, send) => {
    let part = parts.get(parentElement);
    // In another language all is built anew.
    if (part && JSON.stringify(part.words) !== JSON.stringify(data.words)) {
      part.remove();
      part = undefined;
    }
    if (!part) {
      const root = /** @type {HTMLElement} */ (parentElement.querySelector(selector));
      part = create(root, data);
      parts.set(parentElement, part);
    }
    const shown = part;
    shown.receive(data, send);
    return () => {
      // Also called between two runs, while the node stays.
      if (shown.root.isConnected) return;
      shown.remove();
      parts.delete(parentElement);
    };
  };
}
