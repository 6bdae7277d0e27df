// @ts-check
// The textbook formula, where it fails.

import { shortest } from "../drag/numbers.js";
import { naiveSoftmax } from "../drag/softmax.js";
import { element, fill, write } from "../web/dom.js";

export class Naive {
  /** @param {Element} parent @param {import("../web/types.js").Words} words */
  constructor(parent, words) {
    this.words = words;
    this.node = element(parent, "p", { class: "naive" });
  }

  /** @param {number[]} scores a/T */
  draw(scores) {
    const { node, words } = this;
    const failed = naiveSoftmax(scores).some(Number.isNaN);
    if (node.hidden === failed) node.hidden = !failed;
    if (!failed) return;
    const largest = Math.max(...scores);
    write(node, fill(largest > 0 ? words.overflow : words.underflow, { largest: shortest(largest) }));
  }
}
