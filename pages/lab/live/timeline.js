// The bar that scrubs: it moves through the values of one parameter, the grids of its group follow
// without a word to the server, and where it comes to rest is told to the server once.

import { icon, make, setText } from "../web/dom.js";
import { animationOf, groupOf } from "./groups.js";

const SPEEDS = [0.5, 1, 2, 4];
const MS_PER_FRAME = 125;
// Keys and steps come in bursts, of which the last counts.
const REST_MS = 350;
const UNSEEN_MS = 150;

export class TimelineBar {
  constructor(root) {
    this.index = 0;
    this.value = undefined;
    const node = (tag, attributes, ...children) => make(tag, attributes, ...children);
    const button = (name, ...extra) => node("button", { type: "button", class: `lab-${name}` }, icon(name), ...extra);
    this.name = node("span", { class: "lab-name" });
    this.output = node("span", { class: "lab-value" });
    this.range = node("input", { type: "range", min: "0", step: "1", "data-testid": "scrub" });
    this.back = button("back");
    this.playing = false;
    this.playLabel = node("span");
    this.play = button("play", this.playLabel);
    this.forward = button("forward");
    this.loop = button("loop");
    this.loop.setAttribute("aria-pressed", "false");
    this.speed = node("select", {}, ...SPEEDS.map((speed) => node("option", { value: speed }, `${speed}×`)));
    this.speed.value = "1";
    this.readouts = node("dl", { class: "lab-readouts" });
    this.announcer = node("p", { class: "lab-unseen", "aria-live": "polite" });
    this.waiting = node("span", { class: "lab-waiting" });
    this.node = node(
      "div",
      { class: "lab-scrub", role: "group" },
      node("div", { class: "lab-track" }, node("div", { class: "lab-where" }, this.name, this.output), this.range),
      node(
        "div",
        { class: "lab-deck" },
        node("div", { class: "lab-buttons" }, this.play, this.back, this.forward, this.loop, this.speed, this.waiting),
        this.readouts
      ),
      this.announcer
    );
    root.replaceChildren(this.node);
    this.listen();
  }

  listen() {
    this.range.addEventListener("pointerdown", () => {
      this.pause();
      this.dragging = true;
    });
    this.released = () => {
      if (!this.dragging) return;
      this.dragging = false;
      this.rest(0);
    };
    for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, this.released);
    this.range.addEventListener("input", () => this.move(Number(this.range.value)));
    this.range.addEventListener("change", () => !this.dragging && this.rest(REST_MS));
    this.range.addEventListener("keydown", (event) => {
      if (event.key !== " ") this.pause();
      else if (this.animation()) {
        event.preventDefault();
        this.toggle();
      }
    });
    this.play.addEventListener("click", () => this.toggle());
    this.back.addEventListener("click", () => this.step(-1));
    this.forward.addEventListener("click", () => this.step(1));
    this.loop.addEventListener("click", () => {
      this.loop.setAttribute("aria-pressed", String(!this.looping));
    });
  }

  get looping() {
    return this.loop.getAttribute("aria-pressed") === "true";
  }

  animation() {
    return animationOf(this.group, this.head.token);
  }

  update(head, component) {
    const first = !this.head;
    this.head = head;
    this.component = component;
    if (this.group && this.group !== groupOf(head.group)) this.leave();
    this.group = groupOf(head.group);
    this.group.timeline = this;
    const { texts } = head;
    setText(this.name, head.label);
    this.node.setAttribute("aria-label", head.label);
    this.range.setAttribute("aria-label", head.label);
    this.range.max = String(head.values.length - 1);
    for (const name of ["back", "forward", "loop", "speed"]) {
      this[name].setAttribute("aria-label", texts[name]);
      this[name].title = texts[name];
    }
    setText(this.waiting, texts.waiting);
    if (first) {
      this.serial = head.answered;
      this.committed = head.at;
    }
    // The server's word counts where nothing is under way that it does not know yet.
    const idle = !this.dragging && !this.playing && !this.timer && head.answered >= this.serial;
    const index = head.values.indexOf(idle ? head.at : this.value);
    if (idle) this.committed = head.at;
    this.move(index < 0 ? head.values.indexOf(head.at) : index, 0);
    this.refresh();
  }

  // The animation has come, or something else that is shown here has changed.
  refresh() {
    const animation = this.animation();
    this.node.dataset.ready = String(Boolean(animation));
    this.play.disabled = !animation;
    this.waiting.hidden = Boolean(animation);
    if (!animation && this.playing) this.pause();
    const { texts } = this.head;
    const picture = this.playing ? "pause" : "play";
    if (this.play.dataset.shows !== picture) {
      this.play.dataset.shows = picture;
      this.play.replaceChild(icon(picture), this.play.firstChild);
    }
    setText(this.playLabel, texts[picture]);
    this.tell();
  }

  // Figures out of sight wait until the hand, or the animation, has rested.
  move(index, rest = UNSEEN_MS) {
    this.index = Math.min(Math.max(index, 0), this.head.values.length - 1);
    this.value = this.head.values[this.index];
    this.range.value = String(this.index);
    this.tell();
    for (const grid of this.group.grids) grid.want({ rest });
  }

  tell() {
    const spelled = this.head.spelled[this.index];
    setText(this.output, spelled);
    this.range.setAttribute("aria-valuetext", spelled);
    const animation = this.animation();
    const place = animation ? animation.values.indexOf(this.value) : -1;
    const readouts = place >= 0 ? animation.readouts[place] : this.head.readouts;
    while (this.readouts.children.length > readouts.length) this.readouts.lastChild.remove();
    readouts.forEach(([label, text], row) => {
      if (!this.readouts.children[row]) this.readouts.append(make("div", {}, make("dt"), make("dd")));
      const [term, number] = this.readouts.children[row].children;
      setText(term, label);
      setText(number, text);
    });
  }

  step(by) {
    this.pause();
    this.move(this.index + by);
    this.rest(REST_MS);
  }

  toggle() {
    if (this.playing) return this.pause();
    if (!this.animation()) return undefined;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.playing = true;
    if (this.index === this.head.values.length - 1) this.move(0);
    this.due = performance.now() + MS_PER_FRAME / Number(this.speed.value);
    this.refresh();
    return requestAnimationFrame((now) => this.advance(now));
  }

  advance(now) {
    if (!this.playing || !this.node.isConnected) return;
    if (now >= this.due && ![...this.group.grids].some((grid) => grid.busy)) {
      const last = this.index === this.head.values.length - 1;
      if (last && !this.looping) return void this.pause();
      this.move(last ? 0 : this.index + 1);
      this.due = Math.max(now, this.due + MS_PER_FRAME / Number(this.speed.value));
    }
    requestAnimationFrame((next) => this.advance(next));
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.refresh();
    this.rest(0);
  }

  rest(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.commit();
    }, delay);
  }

  commit() {
    if (this.value === this.committed || this.dragging || this.playing) return;
    this.committed = this.value;
    this.serial += 1;
    const numbers = [...this.readouts.children].map((row) => row.textContent).join(", ");
    setText(this.announcer, `${this.head.label} ${this.output.textContent}: ${numbers}`);
    this.component.setTriggerValue("commit", { value: this.value, serial: this.serial });
  }

  leave() {
    if (this.group?.timeline === this) this.group.timeline = null;
  }

  remove() {
    this.playing = false;
    clearTimeout(this.timer);
    for (const name of ["pointerup", "pointercancel"]) window.removeEventListener(name, this.released);
    this.leave();
  }
}
