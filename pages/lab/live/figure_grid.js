// @ts-check
// The figures of a page, in one component: each node stays from run to run and is repainted where
// only its data have moved, or updated by Plotly.react, so that zoom and camera survive, nothing
// blinks, and all figures move together.

import { make, write } from "../web/dom.js";
import { loadPlotly, readTheme } from "../web/plotly.js";
import { Card, hand, handText } from "./card.js";
import { chartColours } from "./chart_colours.js";
import { DrawingLoop } from "./drawing_loop.js";
import { groupOf } from "./groups.js";
import { Paper } from "./paper.js";
import { drawingOf, pngOf, svgOf } from "./picture.js";

/**
 * @typedef {import("./chart.js").Drawn} Drawn
 * @typedef {import("./card.js").Given} Given
 * @typedef {import("./groups.js").Mounted} Mounted
 *
 * @typedef {object} Head What the server says.
 * @property {string} group
 * @property {string | null} token
 * @property {number | null} at
 * @property {string} plotly where the library is
 * @property {Given[]} cards
 * @property {import("../web/types.js").Words} texts
 *
 * @typedef {object} Source Where the figures come from.
 * @property {import("./groups.js").Frames} [animation]
 * @property {number | null | undefined} value
 * @property {number} index
 */

const LATER_MS = 250;
let grids = 0;

export class FigureGrid {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.id = `lab-figures-${(grids += 1)}`;
    /** @type {Map<string, Card>} */
    this.cards = new Map();
    /** @type {WeakMap<Element, import("./chart.js").Chart>} */
    this.chartOf = new WeakMap();
    /** @type {Head | undefined} */
    this.told = undefined;
    /** @type {Mounted | undefined} */
    this.component = undefined;
    /** @type {import("./groups.js").Group | undefined} */
    this.group = undefined;
    /** @type {import("../web/types.js").Plotly | undefined} */
    this.Plotly = undefined;
    /** @type {import("../web/types.js").Theme | undefined} */
    this.theme = undefined;
    this.loop = new DrawingLoop({
      draw: (unseen) => this.draw(unseen),
      may: () => this.Plotly !== undefined && this.node.isConnected,
      fail: (error) => this.component?.fail(error),
    });
    this.node = make("div", { class: "lab-figures" });
    this.announcer = make("p", { class: "lab-unseen", "aria-live": "polite" });
    root.replaceChildren(this.node, this.announcer);
    // Sizes and visibility come by themselves: to ask for them would have the page laid out anew.
    this.sizes = new ResizeObserver((entries) => this.resize(entries));
    this.sights = new IntersectionObserver((entries) => this.see(entries), { rootMargin: "40px" });
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.paper = new Paper(this);
    this.recolour = () => setTimeout(() => this.readColours(), LATER_MS);
    this.dark.addEventListener("change", this.recolour);
  }

  /** What the server has said last; nothing is drawn before it has. */
  get head() {
    if (!this.told) throw new Error("the server has not said anything yet");
    return this.told;
  }

  /** @param {Head} head @param {Mounted} component */
  async update(head, component) {
    this.told = head;
    this.component = component;
    if (this.group && this.group !== groupOf(head.group)) this.group.grids.delete(this);
    this.group = groupOf(head.group);
    this.group.grids.add(this);
    this.arrange(head.cards);
    this.Plotly = await loadPlotly(head.plotly);
    // What the server answers came late enough.
    this.want({ now: true });
    setTimeout(() => this.readColours());
  }

  /** @param {Mounted} component */
  refresh(component) {
    this.component = component;
    this.readColours();
  }

  // To ask for colours has the page styled anew, so that it is not done on the way to a drawing.
  readColours() {
    if (this.paper.screen) return;
    const theme = readTheme(this.root);
    if (JSON.stringify(theme) !== JSON.stringify(this.theme)) {
      this.theme = theme;
      this.want();
    }
  }

  /** @param {{ rest?: number, now?: boolean }} [wish] */
  want(wish) {
    return this.loop.want(wish);
  }

  get busy() {
    return this.loop.busy;
  }

  /** @param {Given[]} cards */
  arrange(cards) {
    for (const [key, card] of this.cards) {
      if (cards.some((given) => given.key === key)) continue;
      this.drop(card);
      card.node.remove();
      this.cards.delete(key);
    }
    cards.forEach((given, place) => {
      const card = this.cards.get(given.key) ?? this.makeCard(given);
      if (this.node.children[place] !== card.node) this.node.insertBefore(card.node, this.node.children[place]);
      card.label(given, this.head.texts);
    });
  }

  /** @param {Given} given */
  makeCard(given) {
    const acts = { changed: () => this.want(), say: (/** @type {string} */ text) => write(this.announcer, text), save: this.save.bind(this) };
    const card = new Card(`${this.id}-${given.key}`, given, acts);
    const { plot } = card.chart;
    this.cards.set(given.key, card);
    this.chartOf.set(plot, card.chart);
    // The numbers are read before the figure is drawn.
    card.tell(given.numbers);
    this.sizes.observe(plot);
    this.sights.observe(plot);
    for (const reach of ["pointerenter", "focusin"]) plot.addEventListener(reach, () => this.settle(card));
    return card;
  }

  /** @param {Card} card */
  drop(card) {
    this.sizes.unobserve(card.chart.plot);
    this.sights.unobserve(card.chart.plot);
    clearTimeout(card.refill);
    card.chart.purge(this.Plotly);
  }

  /** @param {ResizeObserverEntry[]} entries */
  resize(entries) {
    for (const { target, contentRect } of entries) {
      const chart = this.chartOf.get(target);
      if (!chart) continue;
      chart.width = Math.floor(contentRect.width);
      // A page may give a figure another height than its builder.
      chart.height = Math.floor(contentRect.height);
    }
    this.want();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  see(entries) {
    for (const { target, isIntersecting } of entries) {
      const chart = this.chartOf.get(target);
      if (chart) chart.unseen = !isIntersecting;
    }
    this.want();
  }

  /** @returns {Source} The animation of this state, or else the one frame that came first. */
  source() {
    const { head, group } = this;
    const timeline = group?.timeline;
    const animation = group ? group.frames.of(head.token) : null;
    const value = timeline && timeline.head.token === head.token ? timeline.value : head.at;
    const index = animation && value != null ? animation.values.indexOf(value) : -1;
    // An animation that is not there yet: the figure stays where it is until the server has drawn the next.
    return animation && index >= 0 ? { animation, value, index } : { value: head.at, index: 0 };
  }

  /**
   * Draws what is in sight and, of what is not, as many as may be; returns whether some are left.
   *
   * @param {number} unseen
   */
  async draw(unseen) {
    const source = this.source();
    this.theme ??= readTheme(this.root);
    const look = JSON.stringify(this.theme);
    // While the hand moves, what is out of sight waits.
    const moving = this.loop.rest > 0 && !unseen;
    const due = this.head.cards.filter((given) => this.isDue(given, source, look, moving));
    const late = due.filter((given) => this.cardAt(given).chart.unseen).slice(unseen);
    const now = due.filter((given) => !late.includes(given));
    // At first, when a figure takes long, one at a time.
    const drawn = now.filter((given, place) => place === 0 || this.cardAt(given).chart.drawn);
    if (drawn.length < now.length) this.loop.wanted = true;
    await Promise.all(drawn.map((given) => this.show(given, source, look)));
    // Says to the style sheet that the way to the plain charts is not needed. (A selector with :has
    // would do it too, and would be asked anew after each of Plotly's many changes.)
    this.root.closest("[class*='st-key-live-']")?.setAttribute("data-live", "");
    if (source.value != null) this.node.dataset.at = String(source.value);
    const going = this.head.cards.some((given) => this.cardAt(given).chart.passage.going);
    this.node.dataset.late = String(late.length > 0 || going);
    return late.length > 0;
  }

  /**
   * What a card is to show.
   *
   * @param {Given} given
   * @param {Source} source
   * @param {string} look
   * @returns {Drawn}
   */
  nextOf(given, { animation, value, index }, look) {
    const { width, height } = this.cardAt(given).chart;
    // By name: an animation and the figure that came before it agree on it.
    const state = this.head.token && `${this.head.token} ${value}`;
    const moving = animation?.cards[given.key];
    // A card that is not in the animation stands still.
    return { animation: moving ?? given.animation, index: moving ? index : 0, look, width, height, state };
  }

  /** @param {Given} given */
  cardAt({ key }) {
    const card = this.cards.get(key);
    if (!card) throw new Error(`no card ${key}`);
    return card;
  }

  /**
   * Whether Plotly has to draw a figure; where it is enough to move what is drawn, that is done.
   *
   * @param {Given} given
   * @param {Source} source
   * @param {string} look
   * @param {boolean} moving
   */
  isDue(given, source, look, moving) {
    const card = this.cardAt(given);
    card.tell(source.animation?.numbers[given.key]?.[source.index] ?? given.numbers);
    const { chart } = card;
    if (!chart.width) return false;
    const before = chart.drawn;
    const due = chart.needsPlotly(this.nextOf(given, source, look), chart.unseen && moving);
    if (chart.drawn !== before) card.fillSoon();
    return due;
  }

  /** @param {Given} given @param {Source} source @param {string} look */
  async show(given, source, look) {
    const card = this.cardAt(given);
    if (!this.Plotly || !this.theme) return;
    const drawing = card.chart.react(this.Plotly, this.nextOf(given, source, look), this.theme, chartColours());
    card.fillSoon();
    await drawing;
  }

  /**
   * Lets Plotly know what was repainted.
   *
   * @param {Card} card
   */
  settle({ chart }) {
    if (chart.repainted) this.redraw(chart);
  }

  /** Has Plotly draw what is shown. @param {import("./chart.js").Chart} chart */
  redraw(chart) {
    if (!chart.drawn || !this.Plotly || !this.theme) return;
    const drawn = { ...chart.drawn, look: JSON.stringify(this.theme) };
    chart.react(this.Plotly, drawn, this.theme, chartColours()).catch((error) => this.component?.fail(error));
  }

  again() {
    for (const { chart } of this.cards.values()) this.redraw(chart);
  }

  plots() {
    return [...this.cards.values()].map(({ chart }) => chart.plot);
  }

  /** @param {Card} card @param {"png" | "svg"} kind */
  async save(card, kind) {
    if (!this.Plotly || !card.chart.drawn) return;
    try {
      const drawing = await drawingOf(this.Plotly, card, { ...chartColours(), address: location.href });
      if (kind === "png") hand(await pngOf(drawing), `${card.key}.png`);
      else handText(svgOf(drawing), "image/svg+xml", `${card.key}.svg`);
    } catch (error) {
      console.warn("The picture cannot be saved:", error);
    }
  }

  remove() {
    this.dark.removeEventListener("change", this.recolour);
    this.paper.remove();
    this.sizes.disconnect();
    this.sights.disconnect();
    this.group?.grids.delete(this);
    this.loop.stop();
    for (const card of this.cards.values()) this.drop(card);
  }
}
