// @ts-check
// A card: a figure with its heading, its tools, its caption, and its data as a table.

import { icon, make, setRich, setText } from "../web/dom.js";
import { Chart } from "./chart.js";
import { csvOf, rowsOf, shown } from "./table.js";

/**
 * @typedef {import("../web/types.js").Animation} Animation
 * @typedef {import("../web/types.js").Words} Words
 *
 * @typedef {object} Given A card as the server sends it.
 * @property {string} key
 * @property {string} title
 * @property {string} alt
 * @property {string} numbers
 * @property {number} height
 * @property {Animation} animation
 */

const ROWS_SHOWN = 100;

/** @param {Animation} animation */
const isSpatial = ({ base }) => Object.keys(base.layout).some((name) => /^scene/.test(name));

export class Card {
  /**
   * @param {string} id
   * @param {Given} given
   * @param {{ changed: () => void, say: (text: string) => void, save: (card: Card, kind: "png" | "svg") => void }} acts
   */
  constructor(id, { key, animation }, { changed, say, save }) {
    this.key = key;
    this.title = "";
    /** @type {Words | undefined} */
    this.texts = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.refill = undefined;
    this.spatial = isSpatial(animation);
    const heading = make("h2", { id });
    // A 3-D figure is turned by its own keys, and has no points to go along.
    const plot = make("div", { class: "lab-plot", role: "group", tabindex: this.spatial ? null : "0" });
    this.chart = new Chart(plot, changed, say);
    const caption = make("p", { class: "lab-caption" });
    const [whySummary, whyText] = [make("summary"), make("p")];
    const why = make("details", { class: "lab-why", hidden: true }, whySummary, whyText);
    const summary = make("summary");
    const scroller = make("div", { class: "lab-rows", role: "region", tabindex: "0" });
    const download = make("button", { type: "button" });
    const drawing = make("button", { type: "button", "data-tool": "svg" });
    const details = make("details", { class: "lab-data" }, summary, scroller, make("p", { class: "lab-files" }, download, drawing));
    /** @param {"drag" | "reset" | "save"} name @param {() => void} act */
    const tool = (name, act) => {
      const shape = name === "drag" ? (this.spatial ? "turn" : "zoom") : name;
      const button = make("button", { type: "button", "data-tool": name }, icon(shape));
      button.addEventListener("click", act);
      return button;
    };
    const tools = {
      drag: tool("drag", () => this.toggle()),
      reset: tool("reset", () => this.chart.reset()),
      save: tool("save", () => save(this, "png")),
    };
    const bar = make("div", { class: "lab-tools", role: "group" }, tools.drag, tools.reset, tools.save);
    const head = make("div", { class: "lab-head" }, heading, bar);
    this.node = make("section", { class: "lab-card", "data-card": key, "aria-labelledby": id },
      head, this.chart.labels.key, make("div", { class: "lab-figure" }, plot, this.chart.labels.node), caption, why, details);
    this.view = { heading, caption, why, whySummary, whyText, summary, scroller, download, drawing, details, bar, tools };
    details.addEventListener("toggle", () => this.fill());
    download.addEventListener("click", () => this.download());
    drawing.addEventListener("click", () => save(this, "svg"));
    this.showTools();
  }

  /** @param {Given} given @param {Words} texts */
  label({ key, title, alt, height, animation }, texts) {
    const { heading, whySummary, summary, scroller, download, drawing, bar, tools } = this.view;
    this.texts = texts;
    this.key = key;
    this.title = title;
    this.spatial = isSpatial(animation);
    setText(heading, title);
    this.chart.plot.setAttribute("aria-label", alt);
    this.chart.plot.setAttribute("aria-description", this.spatial ? "" : texts.keys);
    this.chart.reader.sentence = texts.point;
    this.chart.plot.style.height = `${height}px`;
    setText(whySummary, texts.why);
    setText(summary, texts.table);
    setText(download, texts.download);
    setText(drawing, texts.drawing);
    scroller.setAttribute("aria-label", `${title}: ${texts.table}`);
    bar.setAttribute("aria-label", `${title}: ${texts.tools}`);
    const words = { drag: this.spatial ? texts.turn : texts.zoom, reset: texts.reset, save: texts.save };
    for (const [name, button] of /** @type {["drag" | "reset" | "save", HTMLElement][]} */ (Object.entries(tools))) {
      button.setAttribute("aria-label", words[name]);
      button.title = words[name];
    }
  }

  /** @param {string} text the caption; after the end of its line, what is folded below it */
  tell(text) {
    const [caption, why = ""] = text.split("\n");
    setRich(this.view.caption, caption);
    setRich(this.view.whyText, why);
    this.view.why.hidden = !why;
  }

  // Whether dragging moves the figure.
  toggle() {
    const { chart } = this;
    chart.touching = chart.dragging = !chart.dragging;
    this.showTools();
    chart.redraw();
  }

  showTools() {
    const { dragging, touching, plot } = this.chart;
    this.view.tools.drag.setAttribute("aria-pressed", String(dragging));
    plot.dataset.touch = String(touching);
  }

  fillSoon() {
    if (!this.view.details.open) return;
    clearTimeout(this.refill);
    this.refill = setTimeout(() => this.fill(), 200);
  }

  // A table is built only when someone opens it.
  fill() {
    const { details, scroller } = this.view;
    const { chart, texts } = this;
    if (!details.open || !chart.drawn || !texts) {
      scroller.replaceChildren();
      return;
    }
    const { columns, rows } = rowsOf(chart.figure);
    /** @param {unknown[]} row */
    const cells = (row) =>
      row.map((value, place) => (place ? make("td", {}, shown(value)) : make("th", { scope: "row" }, shown(value))));
    const head = make("tr", {}, ...[texts.series, ...columns].map((name) => make("th", { scope: "col" }, name)));
    const body = rows.slice(0, ROWS_SHOWN).map((row) => make("tr", {}, ...cells(row)));
    const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
    const rest = rows.length - ROWS_SHOWN;
    const more = rest > 0 ? [make("p", {}, texts.more.replace("{count}", rest.toLocaleString(texts.language)))] : [];
    scroller.replaceChildren(table, ...more);
  }

  download() {
    const { chart, texts } = this;
    if (!chart.drawn || !texts) return;
    const csv = csvOf(rowsOf(chart.figure), texts.series);
    handText(csv, "text/csv", `${this.key}.csv`);
  }
}

/**
 * Give a text to the browser, to be saved.
 *
 * @param {string} text
 * @param {string} type
 * @param {string} name
 */
export function handText(text, type, name) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  hand(address, name);
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/**
 * Give a file to the browser, to be saved.
 *
 * @param {string} address
 * @param {string} name
 */
export function hand(address, name) {
  make("a", { href: address, download: name }).click();
}
