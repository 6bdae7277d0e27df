// @ts-check
// What the bar that scrubs is made of.

import { icon, make } from "../web/dom.js";

const SPEEDS = [0.5, 1, 2, 4];

/** @param {"play" | "back" | "forward" | "loop" | "more"} name @param {...Node} extra */
const button = (name, ...extra) => make("button", { type: "button", class: `lab-${name}` }, icon(name), ...extra);

/** @param {HTMLElement} root */
export function buildBar(root) {
  const name = make("span", { class: "lab-name" });
  const output = make("span", { class: "lab-value" });
  const range = make("input", { type: "range", class: "lab-range", min: "0", step: "1", "data-testid": "scrub" });
  const playLabel = make("span");
  const [play, back, forward, loop] = [button("play", playLabel), button("back"), button("forward"), button("loop")];
  loop.setAttribute("aria-pressed", "false");
  const speed = make("select", {}, ...SPEEDS.map((by) => make("option", { value: by }, `${by}×`)));
  speed.value = "1";
  // Where there is room for play, lever and value alone, the rest unfolds.
  const more = button("more");
  more.setAttribute("aria-expanded", "false");
  const readouts = make("dl", { class: "lab-readouts" });
  const buttons = make("div", { class: "lab-buttons" }, back, forward, loop, speed);
  const fold = make("div", { class: "lab-fold" }, buttons, readouts);
  const waiting = make("span", { class: "lab-waiting" });
  const trouble = make("p", { class: "lab-trouble", role: "status" });
  const announcer = make("p", { class: "lab-unseen", "aria-live": "polite" });
  const node = make("div", { class: "lab-scrub", role: "group" },
    play, name, range, output, more, fold, waiting, trouble, announcer);
  root.replaceChildren(node);
  return {
    node, name, output, range, play, playLabel, back, forward, loop, speed, more, readouts, waiting, trouble, announcer,
  };
}
