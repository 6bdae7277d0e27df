// @ts-check
// What stands for the triangle where there are not three classes: one probability, step by step.

import { around } from "../drag/labels.js";
import { lowered } from "../drag/numbers.js";
import { diamondAt, pathOf } from "../drag/paths.js";
import { fill, makeSvg, setAll } from "../web/dom.js";
import { DESCENTS, spread } from "./descents.js";
import { DirectLabels, namesOf } from "./direct_labels.js";
import { boxesAlong } from "./triangle_panel.js";

/**
 * @typedef {import("./simplex.js").Point} Point
 * @typedef {import("./held_logits.js").Scene} Scene
 * @typedef {import("../drag/labels.js").Spot} Spot
 */

const POINTS = 400;
const LEVELS = [0, 0.25, 0.5, 0.75, 1];
const [LEFT, RIGHT, TOP, FOOT] = [36, 20, 28, 42];
const LABELS = { rest: ["l2"], target: ["q"], l1: ["l1", "second", "held"], l2: ["l2"], name: ["ink"], steps: ["second"] };

/** Where a share of the steps stands: most moves in the first of them. @param {number} share @param {number} width */
const acrossAt = (share, width) => LEFT + (width - LEFT - RIGHT) * Math.sqrt(share);

export class CurvePanel {
  /** @param {SVGElement} svg @param {import("../web/types.js").Words} words */
  constructor(svg, words) {
    this.words = words;
    /** @param {keyof SVGElementTagNameMap} tag @param {string} name */
    const add = (tag, name) => svg.appendChild(makeSvg(tag, { class: name }));
    this.parts = {
      levels: LEVELS.map((level) => ({ level, line: add("path", "level"), tick: add("text", "tick end") })),
      steps: [0, 1, 4].map((quarters) => ({ quarters, tick: add("text", "tick middle") })),
      rest: add("path", "goal l2"),
      target: add("path", "goal q"),
      paths: { l1: add("path", "path l1"), held: add("path", "path held"), l2: add("path", "path l2") },
      diamond: add("path", "diamond l2"),
      ring: add("circle", "ring q"),
      now: add("path", "now"),
      dots: { l1: add("circle", "dot l1"), held: add("circle", "dot held"), l2: add("circle", "dot l2") },
    };
    this.labels = new DirectLabels(svg, LABELS);
  }

  /** @param {Scene} scene @param {{ width: number, height: number }} size */
  draw(scene, size) {
    const { parts } = this;
    const { course, step, paths, watched, q, rest } = scene;
    const right = size.width - RIGHT;
    const bottom = size.height - FOOT;
    const x = (/** @type {number} */ at) => acrossAt(at / course.steps, size.width);
    const y = (/** @type {number} */ share) => bottom - (bottom - TOP) * share;
    for (const { level, line, tick } of parts.levels) {
      setAll(line, { d: `M${LEFT} ${y(level)}H${right}` });
      setAll(tick, { x: LEFT - 8, y: y(level) });
      tick.textContent = String(level);
    }
    for (const { quarters, tick } of parts.steps) {
      const at = Math.round((course.steps * quarters) / 4);
      setAll(tick, { x: x(at), y: bottom + 16 });
      tick.textContent = String(at);
    }
    const goals = { target: y(q[watched]), rest: y(rest[watched]) };
    setAll(parts.target, { d: `M${LEFT} ${goals.target}H${right}` });
    setAll(parts.rest, { d: `M${LEFT} ${goals.rest}H${right}` });
    setAll(parts.ring, { cx: right, cy: goals.target, r: 8 });
    setAll(parts.diamond, { d: diamondAt([right, goals.rest], 9) });
    setAll(parts.now, { d: `M${x(step)} ${TOP}V${bottom}` });
    const lines = DESCENTS.map((descent) => {
      const line = spread(course.steps, POINTS).map((at) => /** @type {Point} */ ([x(at), y(paths[descent].of(at, watched))]));
      setAll(parts.paths[descent], { d: pathOf(line) });
      const r = { l1: 8, held: 4, l2: 7 }[descent];
      setAll(parts.dots[descent], { cx: x(step), cy: y(paths[descent].of(step, watched)), r });
      return line;
    });
    this.placeLabels(scene, size, goals, lines);
  }

  /** @param {Scene} scene @param {{ width: number, height: number }} size @param {{ target: number, rest: number }} goals @param {Point[][]} lines */
  placeLabels(scene, { width, height }, goals, [l1, , l2]) {
    const { course, paths, watched, rest, q, step } = scene;
    const names = namesOf(scene, this.words, width);
    const { words, labels } = this;
    const [left, right, bottom] = [LEFT, width - RIGHT, height - FOOT];
    /** Along a line, above and below. @param {Point[]} line @returns {Spot[]} */
    const along = (line) => [0.5, 0.7, 0.35, 0.85, 0.2].flatMap((share) => {
      const [x, y] = line[Math.round(share * (line.length - 1))];
      return [-16, 17, -30, 30].map((down) => ({ x, y: y + down, anchor: /** @type {const} */ ("middle") }));
    });
    /** @param {number} y @returns {Spot[]} */
    const level = (y) => [-17, 18].flatMap((down) => [
      { x: right - 14, y: y + down, anchor: /** @type {const} */ ("end") },
      { x: (left + right) / 2, y: y + down, anchor: /** @type {const} */ ("middle") },
      { x: left + 14, y: y + down, anchor: /** @type {const} */ ("start") },
    ]);
    const [p, goal] = ["p", "q"].map((name) => `${name}${lowered(watched)}`);
    const said = {
      rest: { words: [fill(words.restAt, { p, value: rest[watched].toFixed(3) })], spots: level(goals.rest) },
      target: { words: [fill(words.targetLevel, { q: goal, value: Number(q[watched].toFixed(3)) })], spots: level(goals.target) },
      l1: { words: names.l1, spots: along(l1) },
      l2: { words: names.l2, spots: along(l2) },
      name: { words: [p], spots: [{ x: left - 8, y: 10, anchor: /** @type {const} */ ("start") }] },
      steps: { words: [words.steps], spots: [{ x: left + 0.75 * (right - left), y: bottom + 16, anchor: /** @type {const} */ ("middle") }] },
    };
    const now = acrossAt(step / course.steps, width);
    const dots = [paths.l1, paths.l2].map((path) => around(now, bottom - (bottom - TOP) * path.of(step, watched), 9));
    const levels = Object.values(goals).flatMap((y) => [{ left, right, top: y - 1, bottom: y + 1 }, around(right, y, 9)]);
    const obstacles = [...dots, ...levels, ...boxesAlong(l1), ...boxesAlong(l2)];
    labels.place(said, obstacles, { left: 0, top: 0, right: width, bottom: height });
  }
}
