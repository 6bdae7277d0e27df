// Weights as bars to paint, and points to drag on a square with the plan as lines between them.

import { fill, make, makeSvg, setText } from "../web/dom.js";
import { Moved, staying } from "../drag/moved.js";

const KEY_PAUSE = 350;
const HIGHEST = 35;
const FINEST = 1295;

function shape(parent, tag, attributes) {
  return parent.appendChild(makeSvg(tag, attributes));
}

// What both have in common: that an older answer undoes nothing.
class Part extends Moved {
  constructor(root) {
    super(root, KEY_PAUSE);
  }

  receive(data, send) {
    this.send = send;
    const retold = JSON.stringify(this.words) !== JSON.stringify(data.words);
    this.words = data.words;
    // In another language all is built anew.
    if (retold) this.told = this.sizes = undefined;
    if (data.serial < this.serial) return;
    this.serial = data.serial;
    const told = JSON.stringify(this.message(data));
    const known = told === this.told;
    this.data = data;
    if (!known && !this.hand) {
      clearTimeout(this.timer);
      this.waiting = false;
      this.told = told;
      this.take(data);
    }
    this.draw();
  }
}

// Two rows of upright bars. A hand that moves across them paints.
class Weights extends Part {
  message({ mu, nu }) {
    return { mu, nu };
  }

  take({ mu, nu }) {
    const sizes = `${mu.length},${nu.length}`;
    this.mu = [...mu];
    this.nu = [...nu];
    if (sizes === this.sizes) return;
    this.sizes = sizes;
    this.root.replaceChildren();
    this.bars = { nu: this.build("nu"), mu: this.build("mu") };
  }

  build(name) {
    const box = make("div", { class: `weights ${name}` });
    const level = make("button", { type: "button" }, this.words.level);
    level.setAttribute("aria-label", this.words[`${name}Level`]);
    level.addEventListener("click", () => {
      this[name] = this[name].map(() => 18);
      this.draw();
      this.commitNow(true);
    });
    const head = make("div", { class: "head" }, make("h3", {}, this.words[name]), level);
    const track = make("div", { class: "bars" });
    const bars = this[name].map((_weight, i) => {
      const bar = make("div", { class: "bar", role: "slider", tabindex: i ? -1 : 0 }, make("i"));
      bar.setAttribute("aria-label", fill(this.words[`${name}Of`], { number: i + 1 }));
      bar.setAttribute("aria-orientation", "vertical");
      bar.setAttribute("aria-valuemin", 0);
      bar.setAttribute("aria-valuemax", HIGHEST);
      bar.addEventListener("keydown", (event) => this.press(event, name, i));
      bar.addEventListener("blur", () => this.commitNow());
      return bar;
    });
    track.append(...bars);
    track.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || this.hand) return;
      track.setPointerCapture(event.pointerId);
      this.hand = { pointer: event.pointerId, name, before: [...this[name]], box: track.getBoundingClientRect() };
      this.paint(event);
    });
    track.addEventListener("pointermove", (event) => event.pointerId === this.hand?.pointer && this.paint(event));
    track.addEventListener("pointerup", (event) => event.pointerId === this.hand?.pointer && this.release());
    track.addEventListener("pointercancel", () => this.drop());
    box.append(head, track);
    this.root.append(box);
    return bars;
  }

  paint(event) {
    const { name, box } = this.hand;
    const count = this[name].length;
    const place = Math.min(count - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * count)));
    const share = (box.bottom - event.clientY) / box.height;
    // What lies between two events of a quick hand is painted too.
    const last = this.hand.place ?? place;
    const value = Math.round(HIGHEST * Math.min(1, Math.max(0, share)));
    for (let i = Math.min(last, place); i <= Math.max(last, place); i += 1) this.set(name, i, value);
    this.hand.place = place;
    this.draw();
  }

  release() {
    this.hand = undefined;
    this.commitNow(true);
  }

  // A finger that scrolls the page paints nothing.
  drop() {
    if (!this.hand) return;
    this[this.hand.name] = this.hand.before;
    this.hand = undefined;
    this.draw();
  }

  // One weight must stay, or there would be no mass.
  set(name, i, value) {
    const before = this[name][i];
    this[name][i] = Math.min(HIGHEST, Math.max(0, value));
    if (!this[name].some(Boolean)) this[name][i] = before;
  }

  press(event, name, i) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowUp: 1, ArrowDown: -1, PageUp: 6, PageDown: -6, Home: -HIGHEST, End: HIGHEST };
    const steps = { ArrowRight: 1, ArrowLeft: -1 };
    if (event.key in steps) {
      const next = this.bars[name][i + steps[event.key]];
      next?.focus();
    } else if (event.key in moves) {
      this.set(name, i, this[name][i] + moves[event.key]);
      this.draw();
      this.commitSoon();
    } else return;
    event.preventDefault();
  }

  draw() {
    for (const name of ["mu", "nu"]) {
      const total = this[name].reduce((sum, weight) => sum + weight, 0);
      this.bars[name].forEach((bar, i) => {
        const weight = this[name][i];
        bar.firstChild.style.transform = `scaleY(${weight / HIGHEST})`;
        bar.setAttribute("aria-valuenow", weight);
        bar.setAttribute("aria-valuetext", `${((100 * weight) / total).toFixed(1)} %`);
      });
    }
  }
}

// Two clouds on a square; the plan of the server's last answer stays tied to the points.
class Pad extends Part {
  message({ x, y }) {
    return { x, y };
  }

  take({ x, y }) {
    this.x = x.map((point) => [...point]);
    this.y = y.map((point) => [...point]);
    const sizes = `${x.length},${y.length}`;
    if (sizes === this.sizes) return;
    this.sizes = sizes;
    this.root.replaceChildren();
    this.root.append(make("p", { class: "caption" }, this.words.how));
    this.picture = shape(this.root, "svg", { viewBox: "-5 -5 110 110", role: "group", "aria-label": this.words.pad });
    this.frame = shape(this.picture, "rect", { class: "frame", x: -5, y: -5, width: 110, height: 110 });
    this.lines = shape(this.picture, "g", { class: "lines" });
    this.said = make("p", { class: "caption readout" });
    this.root.append(this.said);
    this.dots = { x: this.x.map((_p, i) => this.dot("x", i)), y: this.y.map((_p, i) => this.dot("y", i)) };
  }

  dot(name, i) {
    const dot = shape(this.picture, "g", { class: `dot ${name}`, role: "button", tabindex: i ? -1 : 0 });
    // Large enough for a finger, whatever is seen of it.
    shape(dot, "circle", { class: "reach", r: 5 });
    if (name === "x") shape(dot, "circle", { class: "mark", r: 1.7 });
    else shape(dot, "rect", { class: "mark", x: -1.6, y: -1.6, width: 3.2, height: 3.2 });
    // Or the finger would scroll: inside an SVG no `touch-action` is heeded.
    dot.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    dot.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || this.hand) return;
      event.preventDefault();
      dot.setPointerCapture(event.pointerId);
      this.hand = { pointer: event.pointerId, name, i, before: [...this[name][i]] };
      dot.focus();
    });
    dot.addEventListener("pointermove", (event) => {
      if (event.pointerId !== this.hand?.pointer) return;
      const box = this.picture.getBoundingClientRect();
      const at = (value, low, size) => ((value - low) / size) * 1.1 - 0.05;
      this.move(name, i, at(event.clientX, box.left, box.width), 1 - at(event.clientY, box.top, box.height));
    });
    dot.addEventListener("pointerup", (event) => {
      if (event.pointerId !== this.hand?.pointer) return;
      this.hand = undefined;
      this.commitNow(true);
    });
    dot.addEventListener("pointercancel", () => {
      if (!this.hand) return;
      this.move(name, i, ...this.hand.before);
      this.hand = undefined;
    });
    dot.addEventListener("keydown", (event) => this.press(event, name, i));
    dot.addEventListener("blur", () => this.commitNow());
    return dot;
  }

  press(event, name, i) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 0.1 : 0.02;
    const moves = { ArrowRight: [step, 0], ArrowLeft: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    const jumps = { PageDown: 1, PageUp: -1 };
    if (event.key in moves) {
      const [a, b] = this[name][i];
      this.move(name, i, a + moves[event.key][0], b + moves[event.key][1]);
      this.commitSoon();
    } else if (event.key in jumps) {
      this.dots[name][i + jumps[event.key]]?.focus();
    } else return;
    event.preventDefault();
  }

  move(name, i, a, b) {
    const snapped = (value) => Math.round(Math.min(1, Math.max(0, value)) * FINEST) / FINEST;
    this[name][i] = [snapped(a), snapped(b)];
    this.draw();
  }

  draw() {
    const at = ([a, b]) => [100 * a, 100 * (1 - b)];
    for (const name of ["x", "y"]) {
      this.dots[name].forEach((dot, i) => {
        const [a, b] = this[name][i];
        const [left, top] = at([a, b]);
        dot.setAttribute("transform", `translate(${left.toFixed(2)} ${top.toFixed(2)})`);
        const where = { number: i + 1, x: a.toFixed(2), y: b.toFixed(2) };
        dot.setAttribute("aria-label", fill(this.words[`${name}Of`], where));
      });
    }
    const { lines } = this.data;
    while (this.lines.childElementCount > lines.length) this.lines.lastChild.remove();
    lines.forEach(([i, j, share], k) => {
      const line = this.lines.children[k] ?? shape(this.lines, "line", {});
      if (!this.x[i] || !this.y[j]) return line.setAttribute("opacity", 0);
      const [x1, y1] = at(this.x[i]);
      const [x2, y2] = at(this.y[j]);
      const ends = { x1, y1, x2, y2, "stroke-width": (0.15 + 1.1 * share).toFixed(2), opacity: (0.25 + 0.75 * share).toFixed(2) };
      for (const [name, value] of Object.entries(ends)) line.setAttribute(name, value);
      return undefined;
    });
    setText(this.said, this.words.said);
  }
}

const show = staying(".lab-point-editor", (root, data) => (data.kind === "weights" ? new Weights(root) : new Pad(root)));

export default function (component) {
  return show(component, component.setTriggerValue);
}
