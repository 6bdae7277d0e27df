// @ts-check
// Fetches the animation of a timeline once a hand reaches for it, one at a time: a newer state drops what
// is under way.

import { unpack } from "./unpack.js";

/**
 * @typedef {import("./groups.js").Frames} Frames
 * @typedef {"unreachable" | "gone" | "failed" | null} Trouble why an animation has not come: there was no
 * lab, or one that does not offer it, or one that could not compute it
 */

/** @type {Record<number, Trouble>} */
const TROUBLES = { 204: "gone", 500: "failed" };

class AnswerError extends Error {
  /** @param {Response} answer */
  constructor({ status, statusText }) {
    super(`${status} ${statusText}`);
    // Any other is of what stands before the lab.
    this.trouble = TROUBLES[status] ?? "unreachable";
  }
}

export class FrameStore {
  /** @param {() => void} changed called when an animation has come, or will not come */
  constructor(changed) {
    this.changed = changed;
    /** @type {Frames | null} */
    this.animation = null;
    /** @type {{ address: string, left: AbortController } | null} */
    this.asked = null;
    /** @type {Trouble} */
    this.trouble = null;
  }

  /** Whether an animation is under way. */
  get waiting() {
    return this.asked !== null;
  }

  /**
   * The animation, where it is of this state.
   *
   * @param {string | null} token
   */
  of(token) {
    return token && this.animation?.token === token ? this.animation : null;
  }

  /**
   * @param {string} token names the state
   * @param {string} address where the animation is
   */
  want(token, address) {
    if (this.of(token) || this.asked?.address === address) return;
    this.leave();
    const asked = { address, left: new AbortController() };
    this.asked = asked;
    this.trouble = null;
    fetchFrames(address, asked.left.signal)
      .then((animation) => asked === this.asked && (this.animation = animation))
      // What did not come is asked for again at the next reach.
      .catch((error) => {
        if (asked !== this.asked) return;
        this.trouble = error instanceof AnswerError ? error.trouble : "unreachable";
        console.warn("The animation has not come:", error);
      })
      .finally(() => {
        if (asked !== this.asked) return;
        this.asked = null;
        this.changed();
      });
  }

  /**
   * Keeps nothing but what belongs to an address.
   *
   * @param {string} token
   * @param {string} address
   */
  keep(token, address) {
    if (this.asked && this.asked.address !== address) this.leave();
    if (!this.of(token)) this.animation = null;
  }

  /** Drops what is under way. */
  leave() {
    this.asked?.left.abort();
    this.asked = null;
  }
}

/** @param {string} address @param {AbortSignal} signal @returns {Promise<Frames>} */
async function fetchFrames(address, signal) {
  const answer = await fetch(new URL(address, document.baseURI), { signal });
  if (answer.status !== 200) throw new AnswerError(answer);
  return unpack(new Uint8Array(await answer.arrayBuffer()));
}
