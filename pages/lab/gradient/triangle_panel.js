// @ts-check
// The triangle of three probabilities: the descents from the held point, and where they lead.

import { around } from "../drag/labels.js";
import { lowered } from "../drag/numbers.js";
import { diamondAt, pathOf } from "../drag/paths.js";
import { fill, makeSvg, setAll } from "../web/dom.js";
import { DESCENTS, Path, spread } from "./descents.js";
import { DirectLabels, NARROW, namesOf } from "./direct_labels.js";
import { cornersFor, mapOf, otherStarts } from "./simplex.js";

/**
 * @typedef {import("./simplex.js").Point} Point
 * @typedef {import("./held_logits.js").Scene} Scene
 * @typedef {import("../drag/labels.js").Box} Box
 * @typedef {import("../drag/labels.js").Spot} Spot
 */

const LEVELS = [0.25, 0.5, 0.75];
const POINTS = 400;
const OTHERS = { rate: 0.1, steps: 400 };
// Of words from the side of the triangle.
const AWAY = 8;
const LABELS = {
  held: ["ink"], rest: ["l2"], target: ["q"], l2: ["l2"], l1: ["l1", "second", "held"],
  left: ["second"], right: ["second"], top: ["second"],
};

/** Beside a point, then above and below it. @param {Point} point @param {number} away @returns {Spot[]} */
const beside = ([x, y], away) => [
  { x: x - away, y, anchor: "end" },
  { x: x + away, y, anchor: "start" },
  { x: x + away, y: y - 16, anchor: "start" },
  { x: x - away, y: y - 16, anchor: "end" },
  { x: x - away, y: y + 16, anchor: "end" },
  { x: x + away, y: y + 16, anchor: "start" },
  { x, y: y - away - 10, anchor: "middle" },
  { x, y: y + away + 10, anchor: "middle" },
  { x, y: y + away + 24, anchor: "middle" },
  { x: x + away + 26, y: y + 30, anchor: "start" },
  { x: x - away - 26, y: y + 30, anchor: "end" },
];

/** At the height of a point, outside of the triangle. @param {Point} point @param {Point[][]} sides @returns {Spot[]} */
const beyond = ([, y], sides) => sides.map(([top, foot], right) => ({
  x: top[0] + ((y - top[1]) / (foot[1] - top[1])) * (foot[0] - top[0]) + (right ? AWAY : -AWAY),
  y, anchor: right ? "start" : "end",
}));

export class TrianglePanel {
  /** @param {SVGElement} svg @param {import("../web/types.js").Words} words */
  constructor(svg, words) {
    this.words = words;
    this.size = { width: 0, height: 0 };
    this.map = mapOf(this.size, [0, 1, 2]);
    this.known = "";
    /** @param {keyof SVGElementTagNameMap} tag @param {string} name */
    const add = (tag, name) => svg.appendChild(makeSvg(tag, { class: name }));
    this.parts = {
      levels: LEVELS.map((level) => ({ level, line: add("path", "level"), tick: add("text", "tick") })),
      outline: add("path", "outline"),
      others: { l1: add("path", "thin l1"), l2: add("path", "thin l2") },
      ahead: { l1: add("path", "ahead l1"), l2: add("path", "ahead l2") },
      paths: { l1: add("path", "path l1"), held: add("path", "path held"), l2: add("path", "path l2") },
      target: add("circle", "ring q"),
      rest: add("path", "diamond l2"),
      dots: { l1: add("circle", "dot l1"), held: add("circle", "dot held"), l2: add("circle", "dot l2") },
      halo: makeSvg("circle", { class: "lab-halo" }),
      knob: makeSvg("circle", { class: "lab-knob" }),
      grip: makeSvg("g", { class: "lab-grip", role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": 1 }),
    };
    this.parts.grip.append(this.parts.halo, this.parts.knob);
    svg.append(this.parts.grip);
    this.labels = new DirectLabels(svg, LABELS);
  }

  /** @param {Scene} scene @param {{ width: number, height: number }} size */
  draw(scene, size) {
    this.drawStill(scene, size);
    const { parts } = this;
    const { place } = this.map;
    const start = place(scene.p);
    const whole = spread(scene.course.steps, POINTS);
    const lines = /** @type {Record<string, Point[]>} */ ({});
    const ends = /** @type {Record<string, Point>} */ ({});
    for (const descent of DESCENTS) {
      const path = scene.paths[descent];
      lines[descent] = whole.filter((step) => step < scene.step).map((step) => place(path.at(step)));
      ends[descent] = place(path.at(scene.step));
      lines[descent].push(ends[descent]);
      setAll(parts.paths[descent], { d: pathOf(lines[descent]) });
      setAll(parts.dots[descent], { cx: ends[descent][0], cy: ends[descent][1], r: { l1: 8, held: 4, l2: 6 }[descent] });
      if (descent === "held") continue;
      const ahead = [ends[descent], ...whole.filter((step) => step > scene.step).map((step) => place(path.at(step)))];
      setAll(parts.ahead[descent], { d: pathOf(ahead) });
    }
    setAll(parts.halo, { cx: start[0], cy: start[1], r: 22 });
    setAll(parts.knob, { cx: start[0], cy: start[1], r: 12 });
    this.placeLabels(scene, start, ends, lines);
    const said = scene.p.map((share, i) => `p${lowered(i)} ${share.toFixed(3)}`).join(", ");
    setAll(parts.grip, { "aria-valuenow": Number(scene.p[scene.watched].toFixed(3)), "aria-valuetext": said });
  }

  // What stays while the held point moves.
  /** @param {Scene} scene @param {{ width: number, height: number }} size */
  drawStill({ q, rest, watched }, size) {
    const known = JSON.stringify([q, size]);
    if (known === this.known) return;
    this.known = known;
    this.size = size;
    const corners = cornersFor(watched);
    this.corners = corners;
    this.map = mapOf(size, corners);
    const { place } = this.map;
    const { parts } = this;
    const [top, left, right] = corners.map((i) => place([0, 1, 2].map((j) => (i === j ? 1 : 0))));
    setAll(parts.outline, { d: `${pathOf([top, right, left])}Z` });
    this.edges = { top, left, right };
    for (const { level, line, tick } of parts.levels) {
      const y = left[1] + (top[1] - left[1]) * level;
      const x = right[0] + (top[0] - right[0]) * level;
      setAll(line, { d: `M${left[0] + (top[0] - left[0]) * level} ${y}H${x}` });
      setAll(tick, { x: x + 8, y });
      tick.textContent = String(level);
    }
    // From other starts in small steps, so that the way is seen rather than the steps.
    const steps = spread(OTHERS.steps, 60);
    for (const loss of /** @type {const} */ (["l1", "l2"])) {
      const drawn = otherStarts(corners).map((start) => {
        const path = new Path(loss, start, { q, ...OTHERS });
        return pathOf(steps.map((step) => place(path.at(step))));
      });
      setAll(parts.others[loss], { d: drawn.join("") });
    }
    const [x, y] = place(q);
    setAll(parts.target, { cx: x, cy: y, r: 10 });
    this.restAt = place(rest);
    this.targetAt = /** @type {Point} */ ([x, y]);
    setAll(parts.rest, { d: diamondAt(this.restAt, 13) });
  }

  /** @param {Scene} scene @param {Point} start @param {Record<string, Point>} ends @param {Record<string, Point[]>} lines */
  placeLabels(scene, start, ends, lines) {
    const { p, rest, watched, oneHot } = scene;
    const { words, labels, size, edges, corners, restAt, targetAt } = this;
    if (!edges || !corners || !restAt || !targetAt) return;
    const numbers = (/** @type {number[]} */ at) => ({ p: `p${lowered(watched)}`, value: at[watched].toFixed(3) });
    /** @param {number} i */
    const corner = (i) => fill(words.corner, { number: corners[i] + 1 });
    const names = namesOf(scene, words, size.width);
    const sides = [edges.left, edges.right].map((foot) => /** @type {Point[]} */ ([edges.top, foot]));
    /** Beside a point, or beyond the sides. @param {Point} point @param {number} away @returns {Spot[]} */
    const near = (point, away) => [...beside(point, away), ...beyond(point, sides)];
    const said = {
      held: { words: [fill(words.heldAt, numbers(p))], spots: near(start, 30) },
      rest: { words: [fill(words[size.width < NARROW ? "rest" : "restAt"], numbers(rest))], spots: near(restAt, 20).slice(1) },
      target: { words: [oneHot ? fill(words.targetOn, { number: watched + 1 }) : words.target], spots: near(targetAt, 17).slice(1) },
      l2: { words: names.l2, spots: near(ends.l2, 14) },
      l1: { words: names.l1, spots: near(ends.l1, 16) },
      left: { words: [corner(1)], spots: [{ x: edges.left[0], y: edges.left[1] + 16, anchor: /** @type {const} */ ("start") }] },
      right: { words: [corner(2)], spots: [{ x: edges.right[0], y: edges.right[1] + 16, anchor: /** @type {const} */ ("end") }] },
      top: { words: oneHot ? [] : [corner(0)], spots: [{ x: edges.top[0], y: edges.top[1] - 14, anchor: /** @type {const} */ ("middle") }] },
    };
    const obstacles = [
      around(...start, 23), around(...restAt, 13), around(...targetAt, 11), around(...ends.l1, 9), around(...ends.l2, 8),
      ...[lines.l1, lines.l2].flatMap(boxesAlong),
      ...this.parts.levels.map(({ tick }) => around(Number(tick.getAttribute("x")) + 14, Number(tick.getAttribute("y")), 16, 9)),
    ];
    labels.place(said, obstacles, { left: 0, top: 0, right: size.width, bottom: size.height }, sides.flatMap(boxesAlong));
  }
}

/** Boxes that cover a line. @param {Point[]} points @returns {Box[]} */
export function boxesAlong(points) {
  /** @type {Box[]} */
  const boxes = [];
  let [x0, y0] = points[0];
  points.slice(1).forEach(([x, y], i) => {
    // Short pieces are gathered.
    if (Math.hypot(x - x0, y - y0) < 6 && i < points.length - 2) return;
    const pieces = Math.ceil(Math.hypot(x - x0, y - y0) / 14) || 1;
    for (let k = 0; k < pieces; k += 1) {
      boxes.push(around(x0 + ((k + 0.5) / pieces) * (x - x0), y0 + ((k + 0.5) / pieces) * (y - y0), 6, 5));
    }
    [x0, y0] = [x, y];
  });
  return boxes;
}
