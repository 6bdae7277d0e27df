// @ts-check
// Parts that belong together, though Streamlit mounts each on its own: a timeline that says where, the
// grids that show it, and the animation they show it from.

import { FrameStore } from "./frame_store.js";

/**
 * @typedef {object} Frames The animation of a page, as the server packs it.
 * @property {string} token names the state that it belongs to
 * @property {number[]} values of the timeline, one a frame
 * @property {Record<string, import("../web/types.js").Animation>} cards
 * @property {Record<string, string[]>} numbers
 * @property {[label: string, text: string][][]} readouts
 *
 * @typedef {object} Group
 * @property {import("./timeline.js").TimelineBar | null} timeline
 * @property {Set<import("./figure_grid.js").FigureGrid>} grids
 * @property {FrameStore} frames
 *
 * @typedef {object} Mounted What Streamlit gives to a part.
 * @property {(name: string, value: unknown) => void} setTriggerValue
 * @property {(error: unknown) => void} fail
 */

/** @type {Map<string, Group>} */
const groups = new Map();

/** @param {string} name @returns {Group} */
export function groupOf(name) {
  const known = groups.get(name);
  if (known) return known;
  /** @type {Group} */
  const group = {
    timeline: null,
    grids: new Set(),
    frames: new FrameStore(() => {
      group.timeline?.arrived();
      for (const grid of group.grids) grid.want();
    }),
  };
  groups.set(name, group);
  return group;
}
