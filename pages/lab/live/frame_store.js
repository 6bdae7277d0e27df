// The animation of a group, which it keeps; it shows nothing itself.

import { groupOf } from "./groups.js";

export class FrameStore {
  update(animation) {
    this.remove();
    this.group = groupOf(animation.group);
    this.animation = animation;
    this.group.animation = animation;
    this.group.timeline?.refresh();
    for (const grid of this.group.grids) grid.want();
  }

  remove() {
    if (this.animation && this.group.animation === this.animation) this.group.animation = null;
  }
}
