// @ts-check
// Against a target: the loss, and p - q, which is its gradient. Folded, its first line says the loss.

import { buildBar, stretch } from "../drag/bars.js";
import { lowered, readable as spelled } from "../drag/numbers.js";
import { element, fill, write } from "../web/dom.js";
import { readable } from "./rows.js";

/** @typedef {import("../web/types.js").Words} Words */

export class Target {
  /** @param {Element} root @param {Words} words @param {number} classes @param {(i: number) => void} choose */
  constructor(root, words, classes, choose) {
    this.words = words;
    this.box = element(root, "details", { class: "target" });
    const head = element(this.box, "summary");
    this.name = element(head, "span");
    this.loss = element(head, "output");
    element(this.box, "p", { class: "caption" }, words.targetHow);
    const list = element(this.box, "div", { class: "gradients" });
    this.rows = [...Array(classes).keys()].map((i) => {
      const label = element(list, "label", { class: "class" });
      const name = fill(words.asTarget, { number: i + 1 });
      const radio = element(label, "input", { type: "radio", name: "lab-target", "aria-label": name });
      element(label, "span", {}, String(i + 1));
      radio.addEventListener("change", () => choose(i));
      return { radio, gradient: buildBar(element(list, "div", { class: "bar gradient" })) };
    });
    this.sum = element(list, "p", { class: "gradient-sum" });
  }

  /** @param {number[]} gradient @param {number} target @param {number} loss */
  draw(gradient, target, loss) {
    const { words, rows } = this;
    write(this.name, fill(words.loss, { i: lowered(target) }));
    write(this.loss, fill(words.nats, { loss: spelled(loss, { digits: 4, finer: true, most: 1e5 }) }));
    this.loss.dataset.value = String(loss);
    rows.forEach((row, i) => {
      row.radio.checked = i === target;
      write(row.gradient.number, readable(gradient[i]));
      row.gradient.box.dataset.value = String(gradient[i]);
      stretch(row.gradient.bar, 50 + 50 * Math.min(0, gradient[i]), 50 + 50 * Math.max(0, gradient[i]));
    });
    const total = gradient.reduce((sum, value) => sum + value, 0);
    write(this.sum, fill(words.sumIs, { value: spelled(total, { nothing: 1e-12 }) }));
  }
}
