// @ts-check
// The bar that scrubs: it moves through the values of one parameter, the grids of its group follow
// without a word to the server, and where it comes to rest is told to the server once. The animation
// that they show is fetched as soon as a hand reaches for the bar.

import { Conversation } from "../drag/conversation.js";
import { KEY_PAUSE } from "../drag/moved.js";
import { icon, make, setText } from "../web/dom.js";
import { groupOf } from "./groups.js";
import { buildBar } from "./timeline_view.js";
import { Wish } from "./wish.js";

/**
 * @typedef {object} Head What the server says.
 * @property {string} group
 * @property {string} token
 * @property {string} animation where it is
 * @property {string} label
 * @property {number[]} values
 * @property {string[]} spelled
 * @property {number} at one of the values
 * @property {string} [session]
 * @property {number} answered
 * @property {[label: string, text: string][]} readouts
 * @property {import("../web/types.js").Words} texts
 *
 * @typedef {import("./groups.js").Mounted} Mounted
 */

const MS_PER_FRAME = 125;
const UNSEEN_MS = 150;
/** @param {Element} node @param {string} name */
const isOn = (node, name) => node.getAttribute(name) === "true";
/** @param {Element} node @param {string} name */
const flip = (node, name) => node.setAttribute(name, String(!isOn(node, name)));
const RELEASES = /** @type {const} */ (["pointerup", "pointercancel"]);

export class TimelineBar {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.view = buildBar(root);
    this.node = this.view.node;
    /** @type {Head | undefined} */
    this.told = undefined;
    /** @type {Mounted | undefined} */
    this.component = undefined;
    /** @type {import("./groups.js").Group | undefined} */
    this.group = undefined;
    this.index = 0;
    /** @type {number | undefined} */
    this.value = undefined;
    this.playing = false;
    this.wish = new Wish(
      () => this.reach(),
      // Any act brings a run about; this one says nothing.
      () => this.component?.setTriggerValue("commit", {})
    );
    // Whether a hand has told the server anything, which is said to who does not see it.
    this.spoken = false;
    this.dragging = false;
    this.due = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.conversation = new Conversation(
      (message) => this.component?.setTriggerValue("commit", message),
      () => this.told && this.hear(this.told)
    );
    this.released = () => {
      if (!this.dragging) return;
      this.dragging = false;
      this.rest(0);
    };
    this.listen();
  }

  listen() {
    const { node, range, play, back, forward, loop, more } = this.view;
    // A finger enters as it touches.
    for (const name of ["pointerenter", "focusin"]) node.addEventListener(name, () => this.reach());
    range.addEventListener("pointerdown", () => {
      this.pause();
      this.dragging = true;
    });
    for (const name of RELEASES) window.addEventListener(name, this.released);
    range.addEventListener("input", () => this.move(Number(range.value)));
    range.addEventListener("change", () => !this.dragging && this.rest(KEY_PAUSE));
    range.addEventListener("keydown", (event) => {
      if (event.key !== " ") this.pause();
      else {
        event.preventDefault();
        this.toggle();
      }
    });
    play.addEventListener("click", () => this.toggle());
    back.addEventListener("click", () => this.step(-1));
    forward.addEventListener("click", () => this.step(1));
    loop.addEventListener("click", () => flip(loop, "aria-pressed"));
    more.addEventListener("click", () => flip(more, "aria-expanded"));
    node.addEventListener("keydown", ({ key }) => {
      if (key !== "Escape" || !isOn(more, "aria-expanded")) return;
      flip(more, "aria-expanded");
      more.focus();
    });
  }

  get looping() {
    return isOn(this.view.loop, "aria-pressed");
  }

  get busy() {
    return this.dragging || this.playing || this.timer !== undefined;
  }

  /** What the server has said last; there is nothing to see before it has. */
  get head() {
    if (!this.told) throw new Error("the server has not said anything yet");
    return this.told;
  }

  animation() {
    return this.group ? this.group.frames.of(this.head.token) : null;
  }

  get reached() {
    return this.wish.open || this.node.matches(":hover, :focus-within");
  }

  reach() {
    if (!this.group || !this.told) return;
    this.group.frames.want(this.told.token, this.told.animation);
    this.refresh();
  }

  /** @param {Head} head @param {Mounted} component */
  update(head, component) {
    this.told = head;
    this.component = component;
    if (this.group && this.group !== groupOf(head.group)) this.leave();
    this.group = groupOf(head.group);
    this.group.timeline = this;
    const { name, output, range, waiting } = this.view;
    setText(name, head.label);
    this.node.setAttribute("aria-label", head.label);
    range.setAttribute("aria-label", head.label);
    // As wide as the longest value: the lever stays where it is under the hand.
    output.style.minWidth = `${Math.max(...head.spelled.map((text) => text.length))}ch`;
    range.max = String(head.values.length - 1);
    for (const which of /** @type {const} */ (["back", "forward", "loop", "speed", "more"])) {
      this.view[which].setAttribute("aria-label", head.texts[which]);
      this.view[which].title = head.texts[which];
    }
    setText(waiting, head.texts.waiting);
    this.group.frames.keep(head.token, head.animation);
    if (!this.wish.open) this.wish.drop();
    this.hear(head);
    if (this.reached) this.reach();
    else this.refresh();
  }

  /** @param {Head} head */
  hear({ session, answered, at, values }) {
    const { busy } = this;
    const verdict = this.conversation.hear({ session, answered, state: { value: at } }, busy);
    if (verdict === "theirs") {
      this.stop();
      this.dragging = false;
    }
    const theirs = verdict === "theirs" || (verdict === "known" && !busy);
    const index = values.indexOf(theirs ? at : this.value ?? at);
    this.move(index < 0 ? values.indexOf(at) : index, 0);
    if (verdict !== "late") this.announce();
  }

  // The animation has come, or will not.
  arrived() {
    if (!this.animation()) this.wish.wait(this.group?.frames.trouble ?? null, this.head.animation);
    else if (this.wish.open) {
      this.start();
      return;
    }
    this.refresh();
  }

  // Something that is shown here has changed.
  refresh() {
    const animation = this.animation();
    const { play, playLabel, waiting, trouble } = this.view;
    const { texts } = this.head;
    const { wish } = this;
    this.node.dataset.ready = String(Boolean(animation));
    waiting.hidden = !this.group?.frames.waiting || wish.trouble !== null;
    setText(trouble, wish.trouble ? texts[wish.trouble] : "");
    if (!animation && this.playing) this.pause();
    const picture = this.playing || wish.open ? "pause" : "play";
    if (play.dataset.shows !== picture) {
      play.dataset.shows = picture;
      play.firstChild?.replaceWith(icon(picture));
    }
    setText(playLabel, texts[picture]);
    this.tell();
  }

  /**
   * Figures out of sight wait until the hand, or the animation, has rested.
   *
   * @param {number} index
   * @param {number} [rest]
   */
  move(index, rest = UNSEEN_MS) {
    this.index = Math.min(Math.max(index, 0), this.head.values.length - 1);
    this.value = this.head.values[this.index];
    this.view.range.value = String(this.index);
    this.tell();
    for (const grid of this.group?.grids ?? []) grid.want({ rest });
  }

  tell() {
    const { output, range, readouts } = this.view;
    const spelled = this.head.spelled[this.index];
    // What the page says is of the state that the server knows.
    this.node.dataset.moved = String(this.value !== this.head.at);
    setText(output, spelled);
    range.setAttribute("aria-valuetext", spelled);
    const animation = this.animation();
    const place = animation && this.value !== undefined ? animation.values.indexOf(this.value) : -1;
    const rows = animation && place >= 0 ? animation.readouts[place] : this.head.readouts;
    while (readouts.children.length > rows.length) readouts.lastChild?.remove();
    rows.forEach(([label, text], row) => {
      if (!readouts.children[row]) readouts.append(make("div", {}, make("dt"), make("dd")));
      const [term, number] = readouts.children[row].children;
      setText(term, label);
      setText(number, text);
    });
  }

  /** @param {number} by */
  step(by) {
    this.pause();
    this.move(this.index + by);
    this.rest(KEY_PAUSE);
  }

  toggle() {
    if (this.playing) this.pause();
    else if (this.animation()) this.start();
    else if (this.wish.open) this.pause();
    else {
      this.wish.make();
      this.reach();
    }
  }

  start() {
    this.stop();
    this.playing = true;
    if (this.index === this.head.values.length - 1) this.move(0);
    this.due = performance.now() + this.pace;
    this.refresh();
    requestAnimationFrame((now) => this.advance(now));
  }

  get pace() {
    return MS_PER_FRAME / Number(this.view.speed.value);
  }

  /** @param {number} now */
  advance(now) {
    if (!this.playing || !this.node.isConnected) return;
    const drawing = [...(this.group?.grids ?? [])].some((grid) => grid.busy);
    if (now >= this.due && !drawing) {
      const last = this.index === this.head.values.length - 1;
      if (last && !this.looping) {
        this.pause();
        return;
      }
      this.move(last ? 0 : this.index + 1);
      this.due = Math.max(now, this.due + this.pace);
    }
    requestAnimationFrame((next) => this.advance(next));
  }

  pause() {
    const { playing, wish } = this;
    const changed = playing || wish.open;
    wish.drop();
    this.playing = false;
    if (changed) this.refresh();
    if (playing) this.rest(0);
  }

  // Without a word to the server.
  stop() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.playing = false;
    this.wish.drop();
  }

  /** @param {number} delay */
  rest(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.commit();
    }, delay);
  }

  commit() {
    if (this.dragging || this.playing) return;
    const told = this.conversation.tell({ value: this.value });
    this.spoken ||= told;
    // Without the animation the numbers are still those of before: the answer has the new ones.
    if (!told || this.animation()) this.announce();
  }

  // For who does not see it; before a hand was here, nobody has asked.
  announce() {
    if (!this.spoken || this.busy) return;
    const { readouts, announcer, output } = this.view;
    const numbers = [...readouts.children]
      .map(({ children: [label, number] }) => `${label.textContent} ${number.textContent}`)
      .join(", ");
    setText(announcer, `${this.head.label} ${output.textContent}: ${numbers}`);
  }

  leave() {
    if (this.group?.timeline !== this) return;
    this.group.timeline = null;
    this.group.frames.leave();
  }

  remove() {
    this.stop();
    this.conversation.forget();
    for (const name of RELEASES) window.removeEventListener(name, this.released);
    this.leave();
  }
}
