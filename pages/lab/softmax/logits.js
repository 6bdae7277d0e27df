// Logits as bars to drag, and what follows from them in the same frame: p, the loss, its gradient,
// the Jacobian.

import {
  buildBar, element, keyed, lowered, pointed, scientific, shareOf, shortest, stretch, write,
} from "../drag/bars.js";
import { fill } from "../web/dom.js";
import { Moved, staying } from "../drag/moved.js";
import {
  crossEntropy,
  crossEntropyGradient,
  naiveSoftmax,
  scores,
  softmax,
  softmaxJacobian,
} from "../drag/softmax.js";

const KEY_PAUSE = 300;

function readable(value, digits = 3) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 10 ** -digits || size >= 1e5) return scientific(value);
  return value.toFixed(digits + (size < 0.1 ? 1 : 0)).replace("-", "−");
}

class Logits extends Moved {
  constructor(root) {
    super(root, KEY_PAUSE);
    this.touched = null;
    this.pointed = null;
    this.cell = [0, 0];
    this.classes = 0;
  }

  message({ logits, temperature, target }) {
    return { logits: [...logits], temperature, target };
  }

  // What the server says counts unless a newer message is on its way to it.
  receive(data, send) {
    this.send = send;
    this.words = data.words;
    if (data.serial < this.serial) return;
    const told = JSON.stringify(this.message(data));
    this.serial = data.serial;
    this.window = data.window;
    if (told !== this.told) {
      this.hand = undefined;
      this.waiting = false;
      this.told = told;
      this.logits = [...data.logits];
      this.temperature = data.temperature;
      this.target = data.target;
      if (this.logits.length !== this.classes) this.build();
    }
    this.settle();
  }

  // The axis changes between two moves, never under a hand.
  settle() {
    if (this.hand === undefined) [this.low, this.high] = this.window;
    this.draw();
  }

  build() {
    const { words } = this;
    this.classes = this.logits.length;
    this.touched = null;
    this.pointed = null;
    this.cell = [0, 0];
    this.root.replaceChildren();
    const halves = element(this.root, "div", { class: "halves" });
    this.buildLogits(element(halves, "section", { "aria-label": words.logits }));
    this.buildJacobian(element(halves, "section", { "aria-label": words.jacobian }));
  }

  buildLogits(half) {
    const { words } = this;
    element(half, "h2", {}, words.logits);
    element(half, "p", { class: "caption" }, words.how);
    const loss = element(half, "p", { class: "loss" });
    this.lossName = element(loss, "span");
    this.loss = element(loss, "output");

    const warmth = element(half, "label", { class: "temperature" });
    element(warmth, "span", {}, words.temperature);
    this.slider = element(warmth, "input", { type: "range", min: -2, max: 2, step: 0.02 });
    this.warmth = element(warmth, "output");
    this.slider.addEventListener("input", () => {
      this.temperature = Number((10 ** Number(this.slider.value)).toPrecision(3));
      this.draw();
    });
    this.slider.addEventListener("change", () => this.commitSoon());

    const many = this.classes > 8 ? " many" : "";
    const rows = element(half, "div", { class: `rows${many}`, role: "group", "aria-label": words.logits });
    const head = element(rows, "div", { class: "row head" });
    for (const name of ["target", "logit", "p", "gradient"]) element(head, "span", {}, words[name]);
    this.rows = this.logits.map((_logit, i) => this.buildRow(rows, i));
    const total = element(rows, "div", { class: "row total" });
    element(total, "span", {}, "Σ");
    this.axis = element(total, "span");
    this.total = element(total, "span");
    this.gradientTotal = element(total, "span");
    this.naive = element(half, "p", { class: "naive" });
  }

  buildRow(rows, i) {
    const { words } = this;
    const number = i + 1;
    const row = element(rows, "div", { class: "row" });
    const name = element(row, "label", { class: "class" });
    const radio = element(name, "input", {
      type: "radio",
      name: "lab-target",
      "aria-label": fill(words.asTarget, { number }),
    });
    element(name, "span", {}, String(number));
    radio.addEventListener("change", () => {
      this.target = i;
      this.draw();
      this.commitSoon();
    });

    const handle = element(row, "div", {
      class: "handle",
      role: "slider",
      tabindex: 0,
      "aria-label": fill(words.logitOf, { number }),
    });
    const logit = buildBar(handle);
    logit.knob = element(logit.track, "b");
    handle.addEventListener("pointerdown", (event) => this.grab(event, i));
    handle.addEventListener("pointermove", (event) => this.drag(event));
    handle.addEventListener("pointerup", (event) => this.release(event));
    handle.addEventListener("pointercancel", () => this.drop(true));
    handle.addEventListener("keydown", (event) => this.press(event, i));
    handle.addEventListener("blur", () => this.commitNow());
    handle.addEventListener("focus", () => this.touch(i));
    row.addEventListener("pointerenter", () => this.hand === undefined && this.touch(i));

    const p = buildBar(element(row, "div", { class: "bar probability" }));
    const gradient = buildBar(element(row, "div", { class: "bar gradient" }));
    return { row, radio, handle, logit, p, gradient };
  }

  buildJacobian(half) {
    const { words, classes } = this;
    element(half, "h2", {}, words.jacobian);
    element(half, "p", { class: "caption" }, words.jacobianHow);
    const size = classes > 8 ? "dense" : classes > 5 ? "crowded" : "";
    const table = element(half, "div", { class: `jacobian ${size}`, role: "grid", "aria-label": words.jacobian });
    table.style.setProperty("--classes", classes);
    const line = () => element(table, "div", { class: "line", role: "row" });
    const name = (row, role, text) => element(row, "span", { role }, text);
    const head = line();
    name(head, "gridcell", "");
    const numbers = [...Array(classes).keys()];
    this.columns = numbers.map((j) => name(head, "columnheader", String(j + 1)));
    name(head, "columnheader", "Σ").setAttribute("aria-label", words.sum);
    this.names = [];
    this.sums = [];
    this.cells = numbers.map((i) => {
      const row = line();
      this.names.push(name(row, "rowheader", String(i + 1)));
      const cells = numbers.map((_number, j) =>
        element(row, "span", { class: i === j ? "entry" : "entry loses", role: "gridcell", tabindex: -1 }));
      cells.forEach((cell, j) => {
        cell.place = [i, j];
      });
      this.sums.push(element(row, "span", { class: "sum", role: "gridcell" }));
      return cells;
    });
    this.shades = this.cells.map((line) => line.map(() => ""));
    this.cells[0][0].tabIndex = 0;
    this.readout = element(half, "p", { class: "readout caption" });
    const point = (event) => event.target.place && this.point(event.target.place);
    table.addEventListener("pointerover", point);
    table.addEventListener("focusin", point);
    table.addEventListener("keydown", (event) => this.walk(event));
  }

  // Moving a logit: by hand, and by key.

  grab(event, i) {
    if (event.button !== 0 || this.hand !== undefined) return;
    this.rows[i].handle.setPointerCapture(event.pointerId);
    this.hand = { pointer: event.pointerId, i, before: this.logits[i], box: null };
    this.hand.box = this.rows[i].logit.track.getBoundingClientRect();
    this.touch(i);
    this.drag(event);
  }

  drag(event) {
    if (event.pointerId !== this.hand?.pointer) return;
    const { i, box } = this.hand;
    this.set(i, pointed(event, box, [this.low, this.high]));
  }

  release(event) {
    if (event.pointerId !== this.hand?.pointer) return;
    this.hand = undefined;
    this.settle();
    this.commitNow(true);
  }

  // A finger that scrolls the page moves nothing.
  drop(back = false) {
    if (this.hand === undefined) return;
    const { i, before } = this.hand;
    this.hand = undefined;
    if (back) this.set(i, before);
  }

  press(event, i) {
    const value = keyed(event, this.logits[i], [this.low, this.high]);
    if (value === undefined) return;
    this.set(i, value);
    this.commitSoon();
  }

  set(i, value) {
    this.logits[i] = Number(value.toFixed(4)) || 0;
    this.draw();
  }

  // What lights up.

  touch(i) {
    this.pointed = null;
    this.lightOnly(i);
    this.describe();
  }

  lightOnly(i) {
    if (this.touched === i) return;
    this.light(this.touched, false);
    this.touched = i;
    this.light(i, true);
  }

  light(i, on) {
    if (i === null || i >= this.classes) return;
    this.rows[i].row.classList.toggle("touched", on);
    this.names[i].classList.toggle("touched", on);
    this.columns[i].classList.toggle("touched-down", on);
    for (let j = 0; j < this.classes; j += 1) {
      this.cells[i][j].classList.toggle("touched", on);
      this.cells[j][i].classList.toggle("touched-down", on);
    }
    this.sums[i].classList.toggle("touched", on);
  }

  point([i, j]) {
    this.pointed = [i, j];
    this.cells[this.cell[0]][this.cell[1]].tabIndex = -1;
    this.cell = [i, j];
    this.cells[i][j].tabIndex = 0;
    this.lightOnly(j);
    this.describe();
  }

  walk(event) {
    const [i, j] = this.cell;
    const last = this.classes - 1;
    const places = {
      ArrowRight: [i, j + 1], ArrowLeft: [i, j - 1], ArrowDown: [i + 1, j], ArrowUp: [i - 1, j],
      Home: [i, 0], End: [i, last],
    };
    const place = places[event.key];
    if (!place || Math.min(...place) < 0 || Math.max(...place) > last) return;
    event.preventDefault();
    this.cells[place[0]][place[1]].focus();
  }

  // Everything that depends on the logits.

  draw() {
    const a = scores(this.logits, this.temperature);
    const p = softmax(a);
    const loss = crossEntropy(a, this.target);
    const gradient = crossEntropyGradient(p, this.target);
    this.p = p;
    this.jacobian = softmaxJacobian(p);
    this.drawLoss(loss);
    this.drawRows(p, gradient, loss);
    this.drawNaive(a);
    this.drawJacobian();
    this.describe();
  }

  drawLoss(loss) {
    const { words } = this;
    write(this.lossName, fill(words.loss, { i: lowered(this.target) }));
    write(this.loss, `${readable(loss, 4)} ${words.nats}`);
    this.loss.dataset.value = String(loss);
    this.slider.value = String(Math.log10(this.temperature));
    this.slider.setAttribute("aria-valuetext", shortest(this.temperature));
    write(this.warmth, shortest(this.temperature));
    write(this.axis, fill(words.axis, { low: shortest(this.low), high: shortest(this.high) }));
  }

  drawRows(p, gradient, loss) {
    const { low, high, words, hand } = this;
    const share = (value) => shareOf(value, [low, high]);
    const zero = share(0);
    this.rows.forEach((row, i) => {
      const logit = this.logits[i];
      const at = share(logit);
      write(row.logit.number, shortest(logit));
      stretch(row.logit.bar, Math.min(zero, at), Math.max(zero, at));
      stretch(row.logit.knob, at, at + 100);
      row.logit.track.style.setProperty("--zero", `${zero}%`);
      // While one is dragged, the others need not be ready to be read out.
      if (hand === undefined || hand.i === i) {
        const said = { logit: shortest(logit), p: readable(p[i]), loss: readable(loss) };
        row.handle.setAttribute("aria-valuemin", Math.min(low, logit));
        row.handle.setAttribute("aria-valuemax", Math.max(high, logit));
        row.handle.setAttribute("aria-valuenow", logit);
        row.handle.setAttribute("aria-valuetext", fill(words.said, said));
      }
      row.radio.checked = i === this.target;
      write(row.p.number, readable(p[i]));
      row.p.box.dataset.value = String(p[i]);
      stretch(row.p.bar, 0, 100 * p[i]);
      write(row.gradient.number, readable(gradient[i]));
      row.gradient.box.dataset.value = String(gradient[i]);
      stretch(row.gradient.bar, 50 + 50 * Math.min(0, gradient[i]), 50 + 50 * Math.max(0, gradient[i]));
    });
    const sum = (values) => values.reduce((total, value) => total + value, 0);
    write(this.total, readable(sum(p)));
    write(this.gradientTotal, readable(Math.abs(sum(gradient)) < 1e-12 ? 0 : sum(gradient)));
  }

  // The textbook formula, where it fails.
  drawNaive(a) {
    const failed = naiveSoftmax(a).some(Number.isNaN);
    if (this.naive.hidden === failed) this.naive.hidden = !failed;
    if (!failed) return;
    const largest = Math.max(...a);
    const words = largest > 0 ? this.words.overflow : this.words.underflow;
    write(this.naive, fill(words, { largest: shortest(largest), power: readable(Math.exp(largest)) }));
  }

  // The strength of the colour is the square root of an entry's share of 1/4, the most there is.
  drawJacobian() {
    const texts = this.classes <= 8;
    this.jacobian.forEach((entries, i) => {
      let total = 0;
      entries.forEach((entry, j) => {
        total += entry;
        const full = i === j ? "gains" : "loses";
        const strength = (200 * Math.sqrt(Math.abs(entry))).toFixed(0);
        const shade = `color-mix(in srgb, var(--${full}) ${strength}%, transparent)`;
        const cell = this.cells[i][j];
        if (shade !== this.shades[i][j]) {
          cell.style.background = shade;
          this.shades[i][j] = shade;
        }
        if (texts) write(cell, readable(entry, 3));
      });
      write(this.sums[i], readable(Math.abs(total) < 1e-15 ? 0 : total));
    });
  }

  // The entry under the pointer in words, or else what the touched logit does to all.
  describe() {
    const { words, jacobian } = this;
    const [i, j] = this.pointed ?? [this.touched ?? this.target, this.touched ?? this.target];
    const names = { row: i + 1, column: j + 1, i: lowered(i), j: lowered(j) };
    const text = this.pointed === null ? words.column : i === j ? words.diagonal : words.entry;
    write(this.readout, fill(text, { ...names, value: readable(jacobian[i][j], 4) }));
    this.readout.dataset.value = String(jacobian[i][j]);
  }
}

const show = staying(".lab-logits", (root) => new Logits(root));

export default function (component) {
  return show(component, component.setStateValue);
}
