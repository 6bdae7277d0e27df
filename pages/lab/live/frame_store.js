// @ts-check
// The animation of a group, which it keeps; it shows nothing itself.

import { groupOf } from "./groups.js";

export class FrameStore {
  constructor() {
    /** @type {import("./groups.js").Frames | null} */
    this.animation = null;
  }

  /** @param {import("./groups.js").Frames} animation */
  update(animation) {
    this.remove();
    const group = groupOf(animation.group);
    this.animation = animation;
    group.animation = animation;
    group.timeline?.refresh();
    for (const grid of group.grids) grid.want();
  }

  remove() {
    const group = this.animation && groupOf(this.animation.group);
    if (group?.animation === this.animation) group.animation = null;
  }
}
