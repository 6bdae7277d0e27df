// @ts-check
// A bar with a knob: a slider that pointer and keys move.

import { element } from "../web/dom.js";
import { buildBar } from "./bars.js";

/**
 * @typedef {import("./bars.js").Bar & { handle: HTMLElement, knob: HTMLElement }} Handle
 *
 * @typedef {object} Acts What happens to a handle.
 * @property {(event: PointerEvent) => void} grab
 * @property {(event: PointerEvent) => void} drag
 * @property {(event: PointerEvent) => void} release
 * @property {() => void} drop a finger turned out to scroll the page, which moves nothing
 * @property {(event: KeyboardEvent) => void} press
 * @property {() => void} leave
 * @property {() => void} reach
 */

/**
 * @param {Element} parent
 * @param {{ class: string, "aria-label": string }} attributes
 * @param {Acts} acts
 * @returns {Handle}
 */
export function buildHandle(parent, attributes, acts) {
  const handle = element(parent, "div", { role: "slider", tabindex: 0, ...attributes });
  const bar = buildBar(handle);
  const knob = element(bar.track, "b");
  handle.addEventListener("pointerdown", acts.grab);
  handle.addEventListener("pointermove", acts.drag);
  handle.addEventListener("pointerup", acts.release);
  handle.addEventListener("pointercancel", acts.drop);
  handle.addEventListener("keydown", acts.press);
  handle.addEventListener("blur", acts.leave);
  handle.addEventListener("focus", acts.reach);
  return { handle, knob, ...bar };
}

/**
 * Say where a handle stands.
 *
 * @param {Handle} handle
 * @param {number} value
 * @param {import("./bars.js").Ends} ends
 * @param {string} text
 */
export function sayValue({ handle }, value, [low, high], text) {
  handle.setAttribute("aria-valuemin", String(Math.min(low, value)));
  handle.setAttribute("aria-valuemax", String(Math.max(high, value)));
  handle.setAttribute("aria-valuenow", String(value));
  handle.setAttribute("aria-valuetext", text);
}
