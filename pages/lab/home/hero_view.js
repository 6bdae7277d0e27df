// @ts-check
// The figure of the home page as it is drawn: its nodes, and where they stand at one lead.

import { element, fill, make, makeSvg, setAll, write } from "../web/dom.js";
import { boxAt, placeLabels } from "../drag/labels.js";
import { signed } from "../drag/numbers.js";
import { diamondAt, pathOf } from "../drag/paths.js";
import { curveOf, DOT, ENDS, HEAD, obstaclesOf, scaleOf, sceneOf, spotsOf } from "./hero_plan.js";

/**
 * @typedef {import("../web/types.js").Words} Words
 * @typedef {keyof import("./hero_plan.js").Spots} Name
 * @typedef {{ node: SVGTextElement, strong: SVGTSpanElement, plain: SVGTSpanElement }} Text
 */

// What stands below the axis: its numbers, and the bar of p.
const BELOW = 62;
const NARROW = 500;
const HEIGHT = 20;
// Those that say what is what come first; the names of the curves have room in many places.
const ORDER = /** @type {Name[]} */ (["drag", "region", "rest", "push2", "push1", "entropy", "entropyOnly", "l1", "l1Only", "l2", "l2Only", "zero"]);
/** @type {Partial<Record<Name, Name>>} */
const SHORT = { l1Only: "l1", l2Only: "l2", entropyOnly: "entropy" };
const PLAIN_FIRST = new Set(["rest", "entropy"]);
const TICKS = [0, 2, 4, 6, 8];

/** @param {number} lead @param {number} digits */
const leadText = (lead, digits) => signed(lead, (Number(lead.toFixed(digits)) || 0).toFixed(digits).replace("-", "−"));

/** p is never 1. @param {number} p */
const shareText = (p) => p.toFixed(p < 0.9995 ? 3 : 4);

/** @param {import("./hero_plan.js").Arrow} arrow */
function arrowPath({ from, tip, y, short }) {
  if (from === tip) return "";
  if (short) return `M${from} ${y - 6}L${tip} ${y}L${from} ${y + 6}Z`;
  const head = HEAD * Math.sign(tip - from);
  return `M${from} ${y - 2.5}H${tip - head}V${y - 7}L${tip} ${y}L${tip - head} ${y + 7}V${y + 2.5}H${from}Z`;
}

/** What is drawn, from behind to before. @param {SVGElement} svg */
function buildParts(svg) {
  /**
   * @template {keyof SVGElementTagNameMap} Tag
   * @param {Tag} tag
   * @param {string} name
   */
  const add = (tag, name) => {
    const node = makeSvg(tag, { class: name });
    svg.append(node);
    return node;
  };
  return {
    region: add("rect", "region"),
    zeroLine: add("line", "zero-line"),
    restLine: add("line", "rest-line"),
    stem: add("line", "stem"),
    axis: add("line", "axis"),
    ticks: TICKS.map((tick) => {
      const text = add("text", "tick");
      write(text, tick ? leadText(tick, 0) : "0");
      return { tick, text, mark: add("line", "axis mark") };
    }),
    axisName: add("text", "tick name"),
    track: add("rect", "track"),
    bar: add("rect", "bar"),
    restMark: add("line", "rest-mark"),
    line1: add("path", "curve l1"),
    line2: add("path", "curve l2"),
    arrow1: add("path", "arrow l1"),
    arrow2: add("path", "arrow l2"),
    bracket: add("path", "bracket"),
    diamond: add("path", "diamond"),
    dot2: add("circle", "dot l2"),
    dot1: add("circle", "dot l1"),
    halo: add("circle", "lab-halo"),
    knob: add("circle", "lab-knob"),
    chevrons: add("path", "chevrons"),
    pill: add("rect", "pill"),
  };
}

/** @param {SVGElement} svg @returns {Record<Name, Text>} */
function buildTexts(svg) {
  const texts = ORDER.map((name) => {
    const [strong, plain] = [makeSvg("tspan", { class: "strong" }), makeSvg("tspan", {})];
    const parts = PLAIN_FIRST.has(name) ? [plain, strong] : [strong, plain];
    const node = makeSvg("text", { class: `label ${name}` }, ...parts);
    svg.append(node);
    return [name, { node, strong, plain }];
  });
  return Object.fromEntries(texts);
}

export class HeroView {
  /** @param {HTMLElement} root @param {Words} words */
  constructor(root, words) {
    this.root = root;
    this.words = words;
    this.size = { width: 0, height: 0 };
    this.lead = 0;
    this.classes = 2;
    this.inviting = true;
    /** @type {Map<string, number>} */
    this.widths = new Map();
    /** @type {[number, number][][]} */
    this.curves = [];
    this.scale = scaleOf(this.size, 2);
    root.replaceChildren();
    this.plot = element(root, "div", { class: "plot lab-grip", role: "slider", tabindex: 0, "aria-label": words.lead });
    this.svg = makeSvg("svg", { "aria-hidden": "true" });
    this.plot.append(this.svg);
    const foot = element(root, "div", { class: "foot" });
    this.chance = element(foot, "p", { class: "chance" });
    const label = element(foot, "label", { class: "classes" });
    this.classesText = element(label, "span");
    this.classesBar = make("input", { type: "range", class: "lab-range", min: 2, max: 64, step: 1 });
    label.append(this.classesBar);
    this.parts = buildParts(this.svg);
    this.texts = buildTexts(this.svg);
  }

  get narrow() {
    return this.size.width < NARROW;
  }

  /** The room that the page gives. @param {number} width @param {number} height */
  resize(width, height) {
    this.size = { width, height: height - BELOW };
    setAll(this.svg, { width, height, viewBox: `0 0 ${width} ${height}` });
    this.drawStill();
  }

  /** What stays where it is while the lead moves. */
  drawStill() {
    const { size, classes, words, narrow, parts } = this;
    const { width, height } = size;
    if (width < 1) return;
    this.scale = scaleOf(size, classes);
    const { x, y, rest } = this.scale;
    const restX = x(rest.lead);
    this.curves = [curveOf(this.scale, size, classes, "l1"), curveOf(this.scale, size, classes, "l2")];
    setAll(parts.line1, { d: pathOf(this.curves[0]) });
    setAll(parts.line2, { d: pathOf(this.curves[1]) });
    setAll(parts.region, { x: restX, y: 0, width: width - restX, height });
    setAll(parts.zeroLine, { x1: 0, x2: width, y1: y(0), y2: y(0) });
    setAll(parts.restLine, { x1: restX, x2: restX, y1: y(rest.l2), y2: height });
    setAll(parts.axis, { x1: 0, x2: width, y1: height, y2: height });
    for (const { tick, text, mark } of parts.ticks) {
      setAll(text, { x: x(tick), y: height + 34 });
      setAll(mark, { x1: x(tick), x2: x(tick), y1: height, y2: height + 6 });
    }
    write(parts.axisName, narrow ? words.axisShort : words.axis);
    setAll(parts.axisName, { x: 0, y: height + 34 });
    setAll(parts.track, { x: 0, y: height + 50, width, height: 10 });
    setAll(parts.restMark, { x1: width * rest.p, x2: width * rest.p, y1: height + 46, y2: height + 64 });
    setAll(parts.diamond, { d: diamondAt([restX, y(rest.l2)], 7) });
    this.say("region", narrow ? words.regionShort : words.region);
    this.say("rest", fill("{p}", { p: `p = ${rest.p.toFixed(3)}` }), narrow ? words.restShort : words.rest);
    this.say("l1", "L1", words.l1);
    this.say("l2", "L2", narrow ? words.l2Short : words.l2);
    this.say("l1Only", "L1");
    this.say("l2Only", "L2");
    this.say("zero", "", words.zero);
    this.say("drag", words.drag);
    write(this.classesText, fill(words.classes, { k: classes }));
    this.classesBar.value = String(Math.round(classes));
    this.draw();
  }

  /** @param {Name} name @param {string} strong @param {string} [plain] */
  say(name, strong, plain = "") {
    write(this.texts[name].strong, strong);
    write(this.texts[name].plain, plain && (PLAIN_FIRST.has(name) ? `${plain} ` : ` ${plain}`));
  }

  /** Everything that moves. */
  draw() {
    const { size, classes, lead, words, scale, parts } = this;
    const { width, height } = size;
    if (width < 1) return;
    const scene = sceneOf(scale, size, lead, classes);
    const { answer, way, x, y1, y2, radius, arrow1, arrow2 } = scene;
    setAll(parts.dot1, { cx: x, cy: y1, r: DOT });
    setAll(parts.dot2, { cx: x, cy: y2, r: radius });
    setAll(parts.arrow1, { d: arrowPath(arrow1), class: arrow1.short ? "arrow l1 short" : "arrow l1" });
    setAll(parts.arrow2, { d: arrowPath(arrow2), class: arrow2.short ? "arrow l2 short" : "arrow l2" });
    setAll(parts.bracket, { d: y2 - y1 > 2 * DOT ? `M${x} ${y1 + DOT}V${y2 - DOT}` : "" });
    setAll(parts.stem, { x1: x, x2: x, y1: y2, y2: height });
    setAll(parts.halo, { cx: x, cy: height, r: 22 });
    setAll(parts.knob, { cx: x, cy: height, r: 13 });
    setAll(parts.chevrons, {
      d: `M${x - 3} ${height - 4}L${x - 7} ${height}L${x - 3} ${height + 4}M${x + 3} ${height - 4}L${x + 7} ${height}L${x + 3} ${height + 4}`,
    });
    setAll(parts.bar, { x: 0, y: height + 50, width: width * answer.p, height: 10 });
    this.say("push1", words.more);
    this.say("push2", { same: words.more, opposite: words.less, rests: "" }[way]);
    const entropy = `H(p) = ${answer.entropy.toFixed(answer.entropy < 0.01 ? 3 : 2)}`;
    this.say("entropy", entropy, words.entropy);
    this.say("entropyOnly", entropy);
    write(this.chance, fill(this.narrow ? words.chanceShort : words.chance, { p: shareText(answer.p) }));
    this.placeTexts(scene);
    this.speak(answer.p, way);
  }

  /** @param {import("./hero_plan.js").Scene} scene */
  placeTexts(scene) {
    const { size, scale, classes, curves, parts } = this;
    const spots = spotsOf(scale, scene, size, classes);
    const labels = ORDER.filter((name) => this.lettersOf(name) && (name !== "drag" || this.inviting)).map((name) => ({
      name, width: this.widthOf(name) + (name === "drag" ? 28 : 0), height: HEIGHT, spots: spots[name],
      unless: SHORT[name],
    }));
    const frame = { left: 0, top: 0, right: size.width, bottom: size.height + 16 };
    const places = placeLabels(labels, obstaclesOf(scale, scene, size, curves), frame);
    for (const name of ORDER) {
      const place = places.get(name);
      const { node } = this.texts[name];
      node.style.visibility = place === undefined ? "hidden" : "";
      if (place === undefined) continue;
      const { x, y, anchor } = spots[name][place];
      const inset = name === "drag" ? (anchor === "start" ? 14 : -14) : 0;
      setAll(node, { x: (x + inset).toFixed(1), y: y.toFixed(1), "text-anchor": anchor });
    }
    const drag = labels.find(({ name }) => name === "drag");
    const place = places.get("drag");
    parts.pill.style.visibility = drag && place !== undefined ? "" : "hidden";
    if (!drag || place === undefined) return;
    const { left, top } = boxAt(drag, spots.drag[place]);
    setAll(parts.pill, { x: left, y: top - 4, width: drag.width, height: HEIGHT + 8, rx: 14 });
  }

  /** @param {Name} name */
  lettersOf(name) {
    return this.texts[name].node.textContent ?? "";
  }

  /** Digits are all as wide: what was measured for one number holds for others. @param {Name} name */
  widthOf(name) {
    const key = `${name} ${this.lettersOf(name).replace(/\d/g, "0")}`;
    const known = this.widths.get(key) ?? this.texts[name].node.getComputedTextLength();
    this.widths.set(key, known);
    return known;
  }

  /** Letters have become others, by another font. */
  measureAgain() {
    this.widths.clear();
    this.draw();
  }

  /** @param {number} p @param {import("./hero_plan.js").Scene["way"]} way */
  speak(p, way) {
    const { words, lead } = this;
    setAll(this.plot, {
      "aria-valuemin": ENDS[0], "aria-valuemax": ENDS[1], "aria-valuenow": Number(lead.toFixed(3)),
      "aria-valuetext": fill(words[way], { lead: leadText(lead, 2), p: shareText(p) }),
    });
  }
}
