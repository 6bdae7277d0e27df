// @ts-check
// A figure that Plotly draws and that stays: zoom and camera survive, and where only its data move it
// is repainted without Plotly.

import { mayTween, Passage } from "../drag/passage.js";
import { fitScenes, keepCameras, themed } from "../web/plotly.js";
import { equal, frameOf, still } from "./animation.js";
import { LabelLayer } from "./label_layer.js";
import { Reader } from "./reader.js";
import { refreshed, repaint } from "./repaint.js";
import { axisOf, between } from "./tween.js";

/**
 * @typedef {import("../web/types.js").Animation} Animation
 * @typedef {import("../web/types.js").Figure} Figure
 * @typedef {import("../web/types.js").Layout} Layout
 * @typedef {import("../web/types.js").Plotly} Plotly
 * @typedef {import("../web/types.js").Theme} Theme
 *
 * @typedef {object} Drawn What a figure shows.
 * @property {Animation} animation
 * @property {number} index
 * @property {string | null} look
 * @property {number} width
 * @property {number} height
 * @property {string | null} state
 */

// The tools of a figure are ours, beside its heading: Plotly's would lie over legend and data.
const CONFIG = { displayModeBar: false, showTips: false, doubleClick: false };

export class Chart {
  /**
   * @param {HTMLElement} node where it is drawn
   * @param {() => void} changed called when it has to be drawn anew
   * @param {(text: string) => void} say
   */
  constructor(node, changed, say) {
    // Plotly adds to the node what is declared for it.
    this.plot = /** @type {import("../web/types.js").Plot} */ (node);
    this.changed = changed;
    this.labels = new LabelLayer();
    this.reader = new Reader(this, say);
    this.passage = new Passage();
    /** @type {import("./label_layer.js").Look | undefined} */
    this.look = undefined;
    this.width = 0;
    this.height = 0;
    this.unseen = false;
    /** @type {Record<string, [number, number]>} The axes that someone has zoomed. */
    this.zoom = {};
    // Whether a hand may have turned a 3-D figure.
    this.turned = false;
    this.resets = 0;
    this.repainted = false;
    this.listens = false;
    // A mouse zooms by dragging. A finger scrolls the page until someone asks for more.
    this.dragging = !matchMedia("(pointer: coarse)").matches;
    this.touching = false;
    /** @type {Figure} */
    this.figure = { data: [], layout: {} };
    /** @type {Drawn | null} */
    this.drawn = null;
    for (const turn of ["pointerdown", "wheel"]) {
      node.addEventListener(turn, () => (this.turned = true), { passive: true });
    }
    // Plotly would take the finger that scrolls the page for one that zooms. What a tap does it learns
    // from the mouse events that follow one.
    for (const touch of ["touchstart", "touchmove", "touchend"]) {
      const keep = (/** @type {Event} */ event) => this.touching || event.stopPropagation();
      node.addEventListener(touch, keep, { capture: true, passive: true });
    }
  }

  /**
   * Whether Plotly has to draw what comes next; where it is enough to move what is drawn, that is done.
   *
   * @param {Drawn} next
   * @param {boolean} waits it may not be moved now
   */
  needsPlotly(next, waits) {
    const { drawn } = this;
    if (!drawn || remade(drawn, next)) return true;
    if (same(drawn, next)) return false;
    if (waits || this.passage.going) return true;
    const jumps = drawn.animation !== next.animation && !this.unseen && mayTween();
    return !(jumps && this.goTo(next)) && !this.repaint(next);
  }

  /**
   * Goes to another state in a moment, if all that differs can be moved.
   *
   * @param {Drawn} next
   */
  goTo(next) {
    const { plot, figure: from } = this;
    const to = frameOf(next.animation, next.index);
    if (!plot._fullLayout?._plots || plot.matches(":hover") || equal(from, to)) return false;
    // What comes or goes has no way to go.
    if (from.data.length !== to.data.length || plot._fullData.length !== to.data.length) return false;
    /** @param {number} share */
    const move = (share) => {
      const passing = between(from, to, share, (trace, side) => axisOf(plot, trace, side).type === "log");
      if (!this.moved(passing, true)) return false;
      this.figure = passing;
      this.label();
      return true;
    };
    const arrive = () => {
      // Plotly hears of all that differs; what stopped half-way it draws anew.
      this.figure = from;
      if (!this.repaint(next)) this.drawn = { ...next, look: null };
      this.changed();
    };
    if (!this.passage.start(move, arrive)) return false;
    this.drawn = next;
    return true;
  }

  /**
   * Whether what is drawn could be moved to another figure.
   *
   * @param {Figure} figure
   * @param {boolean} [passing]
   */
  moved(figure, passing) {
    try {
      return repaint(this.plot, this.figure, figure, new Set(Object.keys(this.zoom)), passing);
    } catch (error) {
      // It looks into Plotly; what is not as it was there, Plotly itself can draw.
      console.warn("The figure cannot be repainted:", error);
      this.repainted = true;
      return false;
    }
  }

  /**
   * Moves what Plotly has drawn, where that is enough and nobody has a pointer in the figure.
   *
   * @param {Drawn} next
   */
  repaint(next) {
    const { plot } = this;
    const figure = frameOf(next.animation, next.index);
    if (equal(this.figure, figure)) {
      this.drawn = next;
      return true;
    }
    if (plot.matches(":hover") || !this.moved(figure)) return false;
    Object.assign(this, { figure, drawn: next, repainted: true });
    this.label();
    this.count();
    return true;
  }

  /**
   * @param {Plotly} Plotly
   * @param {Drawn} drawn
   * @param {Theme} theme
   * @param {import("./chart_colours.js").ChartColours} colours
   */
  async react(Plotly, drawn, theme, { dark, textColours }) {
    // What goes on to another state has been repainted, and Plotly has not heard of it.
    this.repainted ||= this.passage.going;
    this.passage.stop();
    this.drawn = drawn;
    /** @param {string} light */
    const mark = (light) => (theme.dark ? dark[light] ?? light : light);
    this.look = { font: theme.font, mark, shade: (light) => mark(textColours[light] ?? light) };
    this.figure = frameOf(drawn.animation, drawn.index);
    // Another, since Plotly writes into it.
    const { data, layout } = frameOf(drawn.animation, drawn.index);
    const fresh = this.repainted ? refreshed(this.plot, data) : data;
    this.repainted = false;
    // Names stand at the curves.
    const size = { width: drawn.width, height: drawn.height, autosize: false, showlegend: false };
    const look = themed({ data: fresh, layout }, theme, dark);
    const sized = this.zoomed(Object.assign(look.layout, size));
    fitScenes(sized);
    if (!this.dragging) hold(sized);
    if (this.turned) keepCameras(this.plot);
    sized.uirevision = `${sized.uirevision} ${this.resets}`;
    await Plotly.react(this.plot, look.data, sized, CONFIG);
    this.label();
    this.listen();
    this.count();
  }

  label() {
    if (this.look && this.drawn && this.plot._fullLayout?._plots) {
      this.labels.show(this.plot, this.figure, this.look, this.drawn.animation);
      this.reader.follow();
    }
  }

  /**
   * The layout with the ranges that someone has zoomed to: Plotly itself keeps a zoom only where the
   * figure's own range stays as it was.
   *
   * @template {Layout} L
   * @param {L} layout
   */
  zoomed(layout) {
    for (const [axis, range] of Object.entries(this.zoom)) {
      const zoomed = layout[axis];
      if (zoomed) Object.assign(zoomed, { range: [...range], autorange: false });
    }
    return layout;
  }

  count() {
    const { plot } = this;
    plot.dataset.drawn = String(Number(plot.dataset.drawn ?? 0) + 1);
    plot.dataset.repainted = String(this.repainted);
  }

  listen() {
    if (this.listens) return;
    this.listens = true;
    this.plot.on("plotly_relayout", (changes) => {
      for (const name of Object.keys(changes)) {
        const axis = name.match(/^([xy]axis\d*)\.range/)?.[1];
        if (!axis) continue;
        const [low, high] = this.plot.layout[axis].range;
        this.zoom[axis] = [low, high];
      }
      this.label();
    });
    this.plot.on("plotly_doubleclick", () => this.reset());
  }

  reset() {
    this.zoom = {};
    this.turned = false;
    this.resets += 1;
    this.redraw();
  }

  // Whatever is drawn next looks otherwise.
  redraw() {
    if (this.drawn) this.drawn = { ...this.drawn, look: null };
    this.changed();
  }

  /** @param {Plotly | undefined} Plotly */
  purge(Plotly) {
    this.passage.stop();
    try {
      Plotly?.purge(this.plot);
    } catch (error) {
      // It goes anyway, and the others must go too.
      console.warn("A figure was not cleared away:", error);
    }
  }
}

/** @param {Drawn} drawn @param {Drawn} next Whether all of it is another. */
const remade = (drawn, next) =>
  drawn.look !== next.look || drawn.width !== next.width || drawn.height !== next.height;

/**
 * Whether a figure already shows what it should.
 *
 * @param {Drawn} drawn
 * @param {Drawn} next
 */
function same(drawn, next) {
  if (next.state && drawn.state === next.state) return true;
  return drawn.animation === next.animation && still(next.animation, drawn.index, next.index);
}

/**
 * Dragging moves nothing in it.
 *
 * @param {Layout} layout
 */
function hold(layout) {
  layout.dragmode = false;
  for (const name of Object.keys(layout)) {
    if (/^scene/.test(name)) layout[name] = { ...layout[name], dragmode: false };
  }
}
