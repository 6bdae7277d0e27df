// @ts-check
// An arrow on a logit that is pushed, in percent of the axis on which the logit stands.

import { element } from "../web/dom.js";

/** @typedef {{ box: HTMLElement, shaft: HTMLElement, head: HTMLElement }} Arrow */

/** @param {Element} parent @param {string} which whose push it is, as the style sheet calls it @returns {Arrow} */
export function buildArrow(parent, which) {
  const box = element(parent, "div", { class: `lab-arrow ${which}` });
  return { box, shaft: element(box, "i"), head: element(box, "b") };
}

/**
 * Draw it as far as the axis goes, with a break where it goes on; one that is too short to be seen is
 * left out.
 *
 * @param {Arrow} arrow
 * @param {number} from
 * @param {number} to
 * @returns {number} where its tip is
 */
export function drawArrow({ shaft, head }, from, to) {
  const tip = Math.min(100, Math.max(0, to));
  const broken = Math.abs(to - tip) >= 0.6;
  const seen = broken || Math.abs(tip - from) >= 0.6;
  shaft.style.visibility = head.style.visibility = seen ? "" : "hidden";
  // Cut out of a shaft as long as the axis: dashes keep their length, and nothing is laid out anew.
  shaft.style.clipPath = `inset(0 ${(100 - Math.max(from, tip)).toFixed(2)}% 0 ${Math.min(from, tip).toFixed(2)}%)`;
  head.style.left = `${tip.toFixed(2)}%`;
  head.dataset.way = to < from ? "left" : "right";
  head.dataset.broken = String(broken);
  return tip;
}
