// @ts-check
// Fetches the animation of a timeline once a hand reaches for it, one at a time: a newer state drops what
// is under way.

import { unpack } from "./unpack.js";

/**
 * @typedef {import("./groups.js").Frames} Frames
 * @typedef {"unreachable" | "failed" | null} Trouble why an animation has not come, of which the second is
 * for good
 */

/** The lab has tried, and could not compute it. */
class FailedError extends Error {}

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
        this.trouble = error instanceof FailedError ? "failed" : "unreachable";
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
  const { ok, status } = answer;
  // Any other is of what stands before the lab, or of one that was started anew: a run will say where now.
  if (!ok) throw new (status === 500 ? FailedError : Error)(`${status} ${answer.statusText}`);
  return unpack(new Uint8Array(await answer.arrayBuffer()));
}
