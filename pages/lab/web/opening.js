// @ts-check
// What every page does beside Streamlit: it says when there is no session left for its visitor, brings the
// page that is shown into sight in a row of pages that is too long, says what a symbol means, leads past
// that row, and holds the layout for paper.

import { explainSymbols } from "./glossary.js";

const LOOK_MS = 1000;
// So many looks without a connection, before the server is asked whether it is full: each visit begins so.
const PATIENCE = 2;
// In page/nav.css.
const HERE = "lab-here";

/**
 * @typedef {object} World
 * @property {() => boolean} connected
 * @property {() => Promise<string>} ask
 * @property {(act: () => void, ms: number) => unknown} later
 */

/** @type {World} */
const BROWSER = {
  connected() {
    const app = /** @type {HTMLElement | null} */ (document.querySelector("[data-testid='stApp']"));
    return app?.dataset.testConnectionState === "CONNECTED";
  },
  async ask() {
    // Beside the folder of scripts.
    const answer = await fetch(new URL("../../room", import.meta.url), { cache: "no-store" });
    return answer.text();
  },
  later: (act, ms) => setTimeout(act, ms),
};

/**
 * Shows a notice while the server has no session left. Streamlit itself asks for one again and again.
 *
 * @param {Pick<HTMLElement, "hidden">} notice
 * @param {World} [world]
 */
export function watchTheDoor(notice, world = BROWSER) {
  let waited = 0;
  const look = async () => {
    waited = world.connected() ? 0 : waited + 1;
    if (waited === 0) notice.hidden = true;
    else if (waited % PATIENCE === 0) {
      // A server that cannot be reached is not full, and Streamlit tells of it.
      const room = await world.ask().catch(() => "");
      notice.hidden = room !== "full" || world.connected();
    }
    world.later(look, LOOK_MS);
  };
  return look();
}

/** @type {ResizeObserver | undefined} */
let watched;

/**
 * Brings the page that is shown into sight in its row, and again when anything there becomes wider, as by
 * a font that comes. The style has an animation begin at that page, by which this hears of it.
 *
 * @param {Pick<AnimationEvent, "animationName" | "target">} event
 */
export function bringIntoSight({ animationName, target }) {
  if (animationName !== HERE) return;
  const here = /** @type {Element} */ (target);
  const row = here.closest(".st-key-nav");
  watched?.disconnect();
  // It is called at once too.
  watched = new ResizeObserver(() => here.scrollIntoView({ block: "nearest", inline: "nearest" }));
  for (const node of row ? [row, ...row.children] : []) watched.observe(node);
}

/** Tells the style sheet of paper how large the screen is, so that no picture is laid out anew on it. */
export function keepTheScreen() {
  const main = document.querySelector(".stMainBlockContainer");
  if (!main) return;
  const { paddingLeft, paddingRight } = getComputedStyle(main);
  const width = main.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
  const { style } = document.documentElement;
  style.setProperty("--lab-print-width", `${width}px`);
  style.setProperty("--lab-print-height", `${innerHeight}px`);
}

/**
 * Has Streamlit's link to the main content lead to its heading, behind the row of pages.
 *
 * @param {Pick<MouseEvent, "target" | "preventDefault" | "stopPropagation">} event
 */
export function skipToHeading(event) {
  const heading = /** @type {HTMLElement | null} */ (document.querySelector(".stMain h1"));
  if (!heading || !(/** @type {Element} */ (event.target).closest("[data-testid='stSkipToContent']"))) return;
  event.preventDefault();
  event.stopPropagation();
  heading.tabIndex = -1;
  heading.focus();
}

export function begin() {
  explainSymbols();
  window.addEventListener("beforeprint", keepTheScreen);
  // Before Streamlit hears of it.
  document.addEventListener("click", skipToHeading, { capture: true });
  document.addEventListener("animationstart", bringIntoSight);
  const notice = document.getElementById("lab-full");
  if (notice) watchTheDoor(notice);
}
