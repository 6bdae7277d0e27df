// The film of a group, which it keeps; it shows nothing itself.

import { groupOf } from "./groups.js";

export class Reel {
  update(film) {
    this.remove();
    this.group = groupOf(film.group);
    this.film = film;
    this.group.film = film;
    this.group.bar?.refresh();
    for (const board of this.group.boards) board.want();
  }

  remove() {
    if (this.film && this.group.film === this.film) this.group.film = null;
  }
}
