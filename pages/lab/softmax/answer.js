// @ts-check
// The answer of the page in the state under the hand: what the held class gains, and who pays for it.

import { lowered, readable, scientificOf } from "../drag/numbers.js";
import { logOfGain } from "../drag/softmax.js";
import { element, write } from "../web/dom.js";

/** @typedef {import("../web/types.js").Words} Words */

/** No float64 is smaller, except 0. */
const LEAST = Math.log10(Number.MIN_VALUE);
const SMALLEST_PLAIN = -3;

/** How a pace is written. @param {number} value */
export const spelledPace = (value) => readable(Math.abs(value));

/**
 * Which sentence answers, and what stands in it.
 *
 * @param {number[]} scores a/T
 * @param {number} temperature
 * @param {number} held
 */
export function answerOf(scores, temperature, held) {
  const size = logOfGain(scores, held) / Math.LN10;
  const others = scores.length - 1;
  const name = size < LEAST ? "answerNothing" : others === 1 ? "answerTwo" : "answerMany";
  const values = {
    a: `a${lowered(held)}${temperature === 1 ? "" : "/T"}`,
    p: `p${lowered(held)}`,
    gain: size < SMALLEST_PLAIN ? scientificOf(size) : spelledPace(10 ** size),
    count: String(others),
  };
  return { name, values };
}

/** A sentence whose parts keep their nodes while their numbers change. */
export class Answer {
  /** @param {Element} root */
  constructor(root) {
    this.node = element(root, "p", { class: "answer" });
    this.template = "";
    /** @type {[name: string, node: HTMLElement][]} */
    this.parts = [];
  }

  /** @param {Words} words @param {ReturnType<typeof answerOf>} answer */
  say(words, { name, values }) {
    if (words[name] !== this.template) this.build(words[name]);
    for (const [part, node] of this.parts) {
      const value = values[/** @type {keyof typeof values} */ (part)];
      write(node, part === "count" ? (words[`count${value}`] ?? value) : value);
    }
  }

  /** @param {string} template */
  build(template) {
    this.template = template;
    this.parts = [];
    this.node.replaceChildren();
    for (const part of template.split(/(\{\w+\})/)) {
      const name = part.replace(/[{}]/g, "");
      if (name === part) this.node.append(part);
      else this.parts.push([name, element(this.node, "span", { class: name })]);
    }
  }
}
