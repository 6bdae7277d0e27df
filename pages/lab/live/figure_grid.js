// The figures of a page, in one component: each node stays from run to run and is repainted where
// only its data have moved, or updated by Plotly.react, so that zoom and camera survive, nothing
// blinks, and all figures move together.

import { make, setRich, setText } from "../web/dom.js";
import { equal, frameOf, still } from "./animation.js";
import { animationOf, groupOf } from "./groups.js";
import { fitScenes, keepCameras, loadPlotly, readTheme, themed } from "../web/plotly.js";
import { refreshed, repaint } from "./repaint.js";
import { csvOf, rowsOf, shown } from "./table.js";

// Nothing is sent to Plotly's own server. Plotly would reset to the axes of the first frame; our own
// `reset` goes to those of the present one.
const CONFIG = {
  displaylogo: false,
  showSendToCloud: false,
  doubleClick: false,
  modeBarButtonsToRemove: ["autoScale2d", "resetScale2d", "select2d", "lasso2d"],
};
const ROWS_SHOWN = 100;
let grids = 0;

export class FigureGrid {
  constructor(root) {
    this.root = root;
    this.id = `lab-figures-${(grids += 1)}`;
    this.cards = new Map();
    this.node = make("div", { class: "lab-figures" });
    root.replaceChildren(this.node);
    // Sizes and visibility come by themselves: to ask for them would have the page laid out anew.
    this.sizes = new ResizeObserver((entries) => this.resize(entries));
    this.sights = new IntersectionObserver((entries) => this.see(entries), { rootMargin: "40px" });
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.recolour = () => setTimeout(() => this.readColours(), 250);
    this.dark.addEventListener("change", this.recolour);
  }

  async update(head, component) {
    this.head = head;
    this.component = component;
    if (this.group && this.group !== groupOf(head.group)) this.group.grids.delete(this);
    this.group = groupOf(head.group);
    this.group.grids.add(this);
    this.arrange(head.cards);
    this.Plotly = await loadPlotly(head.plotly);
    this.config ??= { ...CONFIG, modeBarButtonsToAdd: [this.resetButton()] };
    // What the server answers came late enough.
    this.want({ now: true });
    setTimeout(() => this.readColours());
  }

  refresh(component) {
    this.component = component;
    this.readColours();
  }

  // To ask for colours has the page styled anew, so that it is not done on the way to a drawing.
  readColours() {
    const theme = readTheme(this.root);
    if (JSON.stringify(theme) !== JSON.stringify(this.theme)) {
      this.theme = theme;
      this.want();
    }
  }

  // Several wishes before the next frame of the screen are one; a frame that is not drawn in time is
  // left out, so that the picture is never behind the hand. What is out of sight is drawn when
  // nothing more was wished for so many milliseconds.
  async want({ rest = 0, now = false } = {}) {
    this.wanted = true;
    this.rest = rest;
    clearTimeout(this.idle);
    if (!this.Plotly) return;
    this.hurried ||= now;
    if (now) this.hurry?.();
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.wanted && this.node.isConnected) {
        await this.frame();
        this.hurried = false;
        this.wanted = false;
        await this.draw(0);
      }
    } catch (error) {
      this.component.fail(error);
    } finally {
      this.busy = false;
    }
    this.idle = setTimeout(() => this.catchUp(), this.rest);
  }

  // The next frame of the screen, or now.
  frame() {
    return new Promise((resolve) => {
      this.hurry = resolve;
      if (this.hurried) resolve();
      else requestAnimationFrame(resolve);
    });
  }

  async catchUp() {
    if (this.busy || !this.node.isConnected) return;
    this.busy = true;
    try {
      // One at a time, so that the page answers in between.
      while (!this.wanted && this.node.isConnected && (await this.draw(1))) {
        await new Promise(requestAnimationFrame);
      }
    } catch (error) {
      this.component.fail(error);
    } finally {
      this.busy = false;
    }
    if (this.wanted) this.want({ rest: this.rest });
  }

  arrange(cards) {
    for (const [key, card] of this.cards) {
      if (cards.some((given) => given.key === key)) continue;
      this.drop(card);
      card.node.remove();
      this.cards.delete(key);
    }
    cards.forEach((given, place) => {
      if (!this.cards.has(given.key)) this.cards.set(given.key, this.makeCard(given));
      const card = this.cards.get(given.key);
      if (this.node.children[place] !== card.node) this.node.insertBefore(card.node, this.node.children[place]);
      setText(card.heading, given.title);
      card.plot.setAttribute("aria-label", given.alt);
      card.plot.style.height = `${given.height}px`;
      setText(card.summary, this.head.texts.table);
      setText(card.download, this.head.texts.download);
      card.scroller.setAttribute("aria-label", `${given.title}: ${this.head.texts.table}`);
      card.file = `${given.key}.csv`;
    });
  }

  makeCard({ key, numbers }) {
    const id = `${this.id}-${key}`;
    const card = {
      heading: make("h2", { id }),
      plot: make("div", { class: "lab-plot", role: "group" }),
      caption: make("p", { class: "lab-caption" }),
      summary: make("summary"),
      scroller: make("div", { class: "lab-rows", role: "region", tabindex: "0" }),
      download: make("button", { type: "button" }),
      zoom: {},
      turned: false,
      resets: 0,
      repainted: false,
    };
    card.details = make("details", {}, card.summary, card.scroller, card.download);
    card.node = make(
      "section",
      { class: "lab-card", "data-card": key, "aria-labelledby": id },
      card.heading, card.plot, card.caption, card.details
    );
    // The numbers are read before the figure is drawn.
    setRich(card.caption, numbers);
    card.plot.card = card;
    this.sizes.observe(card.plot);
    this.sights.observe(card.plot);
    card.details.addEventListener("toggle", () => this.fill(card));
    card.download.addEventListener("click", () => this.save(card));
    for (const turn of ["pointerdown", "wheel"]) {
      card.plot.addEventListener(turn, () => (card.turned = true), { passive: true });
    }
    for (const reach of ["pointerenter", "focusin"]) card.plot.addEventListener(reach, () => this.settle(card));
    return card;
  }

  drop(card) {
    this.sizes.unobserve(card.plot);
    this.sights.unobserve(card.plot);
    this.Plotly?.purge(card.plot);
  }

  resize(entries) {
    for (const { target, contentRect } of entries) target.card.width = Math.floor(contentRect.width);
    this.want();
  }

  see(entries) {
    for (const { target, isIntersecting } of entries) target.card.unseen = !isIntersecting;
    this.want();
  }

  // Where the figures come from: the animation of this state, or else the one frame that came first.
  source() {
    const { head, group } = this;
    const animation = animationOf(group, head.token);
    const value = group.timeline?.head.token === head.token ? group.timeline.value : head.at;
    const index = animation ? animation.values.indexOf(value) : -1;
    // A animation that is not there yet: the figure stays where it is until the server has drawn the next.
    return index >= 0 ? { animation, value, index } : { value: head.at, index: 0 };
  }

  // Draws what is in sight and, of what is not, as many as may be; returns whether some are left.
  async draw(unseen) {
    const source = this.source();
    this.theme ??= readTheme(this.root);
    const look = JSON.stringify(this.theme);
    const drawing = [];
    // While the hand moves, what is out of sight waits.
    const moving = this.rest > 0 && !unseen;
    let late = false;
    for (const given of this.head.cards) {
      const card = this.cards.get(given.key);
      const animation = source.animation?.cards[given.key] ?? given.animation;
      const { index } = source;
      setRich(card.caption, source.animation?.numbers[given.key][index] ?? given.numbers);
      const next = { animation, index, look, width: card.width, state: this.stateOf(source) };
      if (!card.width) continue;
      const fits = card.drawn?.look === look && card.drawn.width === card.width;
      if (fits && this.same(card.drawn, next)) continue;
      if (fits && !(card.unseen && moving) && this.repaint(card, next)) continue;
      if (card.unseen && (unseen -= 1) < 0) {
        late = true;
        continue;
      }
      // At first, when a figure takes long, one at a time.
      if (!card.drawn && drawing.length) {
        this.wanted = true;
        continue;
      }
      card.drawn = next;
      drawing.push(this.react(card));
      this.refillSoon(card);
    }
    await Promise.all(drawing);
    // Says to the style sheet that the way to the plain charts is not needed. (A selector with :has
    // would do it too, and would be asked anew after each of Plotly's many changes.)
    this.root.closest("[class*='st-key-live-']")?.setAttribute("data-live", "");
    if (source.value != null) this.node.dataset.at = String(source.value);
    this.node.dataset.late = String(late);
    return late;
  }

  // What a frame shows, by name: a animation and the figure that came before it agree on it.
  stateOf({ value }) {
    return this.head.token && `${this.head.token} ${value}`;
  }

  // Whether a figure already shows what it should.
  same(drawn, next) {
    if (next.state && drawn.state === next.state) return true;
    return drawn.animation === next.animation && still(next.animation, drawn.index, next.index);
  }

  // Moves what Plotly has drawn, where that is enough and nobody has a pointer in the figure.
  repaint(card, next) {
    const figure = frameOf(next.animation, next.index);
    if (equal(card.figure, figure)) {
      card.drawn = next;
      return true;
    }
    if (card.plot.matches(":hover")) return false;
    try {
      if (!repaint(card.plot, card.figure, figure, new Set(Object.keys(card.zoom)))) return false;
    } catch (error) {
      // It looks into Plotly; what is not as it was there, Plotly itself can draw.
      console.warn("The figure cannot be repainted:", error);
      card.repainted = true;
      return false;
    }
    Object.assign(card, { figure, drawn: next, repainted: true });
    this.count(card);
    this.refillSoon(card);
    return true;
  }

  // Lets Plotly know what was repainted.
  settle(card) {
    if (card.repainted) this.react(card).catch((error) => this.component.fail(error));
  }

  async react(card) {
    card.figure = frameOf(card.drawn.animation, card.drawn.index);
    // Another, since Plotly writes into it.
    const { data, layout } = frameOf(card.drawn.animation, card.drawn.index);
    const fresh = card.repainted ? refreshed(card.plot, data) : data;
    card.repainted = false;
    const look = themed({ data: fresh, layout }, this.theme, this.head.dark);
    const sized = Object.assign(look.layout, { width: card.drawn.width, autosize: false });
    // Plotly itself keeps a zoom only where the figure's own range stays as it was.
    for (const [axis, range] of Object.entries(card.zoom)) {
      if (sized[axis]) Object.assign(sized[axis], { range: [...range], autorange: false });
    }
    fitScenes(sized);
    if (card.turned) keepCameras(card.plot);
    sized.uirevision = `${sized.uirevision} ${card.resets}`;
    await this.Plotly.react(card.plot, look.data, sized, this.config);
    this.listen(card);
    this.count(card);
  }

  count({ plot, repainted }) {
    plot.dataset.drawn = String(Number(plot.dataset.drawn ?? 0) + 1);
    plot.dataset.repainted = String(repainted);
  }

  listen(card) {
    if (card.listens) return;
    card.listens = true;
    card.plot.on("plotly_relayout", (changes) => {
      for (const name of Object.keys(changes)) {
        const axis = name.match(/^([xy]axis\d*)\.range/)?.[1];
        if (axis) card.zoom[axis] = [...card.plot.layout[axis].range];
      }
    });
    card.plot.on("plotly_doubleclick", () => this.reset(card));
  }

  resetButton() {
    const { texts } = this.head;
    const click = (plot) => this.reset(plot.card);
    return { name: "reset", title: texts.reset, icon: this.Plotly.Icons.home, click };
  }

  reset(card) {
    card.zoom = {};
    card.turned = false;
    card.resets += 1;
    // Whatever is drawn next looks otherwise.
    card.drawn = { ...card.drawn, look: null };
    this.want();
  }

  refillSoon(card) {
    if (!card.details.open) return;
    clearTimeout(card.refill);
    card.refill = setTimeout(() => this.fill(card), 200);
  }

  // A table is built only when someone opens it.
  fill(card) {
    if (!card.details.open || !card.drawn) return card.scroller.replaceChildren();
    const { texts } = this.head;
    const { columns, rows } = rowsOf(frameOf(card.drawn.animation, card.drawn.index));
    const cells = (row) => row.map((value, place) => make(place ? "td" : "th", place ? {} : { scope: "row" }, shown(value)));
    const head = make("tr", {}, ...[texts.series, ...columns].map((name) => make("th", { scope: "col" }, name)));
    const body = rows.slice(0, ROWS_SHOWN).map((row) => make("tr", {}, ...cells(row)));
    const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
    const rest = rows.length - ROWS_SHOWN;
    card.scroller.replaceChildren(
      table,
      ...(rest > 0 ? [make("p", {}, texts.more.replace("{count}", rest.toLocaleString(texts.language)))] : [])
    );
  }

  save(card) {
    const csv = csvOf(rowsOf(frameOf(card.drawn.animation, card.drawn.index)), this.head.texts.series);
    const address = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
    make("a", { href: address, download: card.file }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  remove() {
    this.dark.removeEventListener("change", this.recolour);
    this.group?.grids.delete(this);
    clearTimeout(this.idle);
    for (const card of this.cards.values()) this.drop(card);
  }
}
