// What is moved by hand or by key. The server hears of it when the hand lets go or the keys rest, and
// answers with `serial`, by which an answer to an older message is told from a change from elsewhere.

export class Moved {
  // Keys come in bursts, of which the last counts: it is told after `pause` milliseconds.
  constructor(root, pause) {
    this.root = root;
    this.pause = pause;
    this.serial = 0;
  }

  commitSoon() {
    clearTimeout(this.timer);
    this.waiting = true;
    this.timer = setTimeout(() => this.commitNow(), this.pause);
  }

  // `message` of a part says what of its state the server is told.
  commitNow(released = false) {
    clearTimeout(this.timer);
    if (!this.waiting && !released) return;
    this.waiting = false;
    const message = this.message(this);
    const told = JSON.stringify(message);
    if (told === this.told) return;
    this.told = told;
    this.serial += 1;
    this.send("moved", { ...message, serial: this.serial });
  }

  remove() {
    clearTimeout(this.timer);
  }
}

// Make one part for each place on the page, which stays from run to run.
export function staying(selector, create) {
  const parts = new WeakMap();
  return ({ data, parentElement }, send) => {
    let part = parts.get(parentElement);
    if (!part) {
      part = create(parentElement.querySelector(selector), data);
      parts.set(parentElement, part);
    }
    part.receive(data, send);
    return () => {
      // Also called between two runs, while the node stays.
      if (part.root.isConnected) return;
      part.remove();
      parts.delete(parentElement);
    };
  };
}
