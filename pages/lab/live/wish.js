// @ts-check
// The wish to play, which a press leaves where the animation is not there yet: the lab is asked for it
// again and again until it comes, cannot be computed, or the hand has thought better of it.

import { streamlitApp } from "../drag/conversation.js";

/** @typedef {import("./frame_store.js").Trouble} Trouble */

const AGAIN_MS = 2000;

export class Wish {
  /**
   * @param {() => void} ask asks for the animation
   * @param {() => void} renew has a run offer it anew
   */
  constructor(ask, renew) {
    this.ask = ask;
    this.renew = renew;
    this.open = false;
    /** @type {Trouble} */
    this.trouble = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    // The address for which a run was asked.
    this.renewed = "";
  }

  make() {
    this.drop();
    this.open = true;
  }

  drop() {
    clearTimeout(this.timer);
    this.open = false;
    this.trouble = null;
  }

  /**
   * The animation at an address has not come.
   *
   * @param {Trouble} trouble
   * @param {string} address
   */
  wait(trouble, address) {
    const { open } = this;
    this.drop();
    // A lab that was started anew has offered nothing: a run does, where Streamlit can be told to run.
    if (trouble === "gone" && this.renewed !== address && streamlitApp().connected) {
      this.renewed = address;
      this.renew();
    }
    if (!open) return;
    this.trouble = trouble === "gone" ? "unreachable" : trouble;
    if (trouble === "failed") return;
    this.open = true;
    this.timer = setTimeout(this.ask, AGAIN_MS);
  }
}
