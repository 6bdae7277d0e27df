// @ts-check
// Where everything of the figure stands, in pixels: no page, no state.

import { around } from "../drag/labels.js";
import { answerTo, restOf, wayOf } from "./two_losses.js";

/**
 * @typedef {import("../drag/labels.js").Box} Box
 * @typedef {import("../drag/labels.js").Spot} Spot
 * @typedef {{ width: number, height: number }} Size of the plot, without what is below its axis
 * @typedef {Record<"region" | "rest" | "push1" | "push2" | "entropy" | "entropyOnly" | "l1" | "l1Only" | "l2" | "l2Only" | "zero" | "drag", Spot[]>} Spots
 * @typedef {{ from: number, tip: number, y: number, short: boolean }} Arrow
 *   One that would be shorter than its head is `short`: it shows its way alone.
 */

/** From where to where the lead goes: L2 pushes both ways, for any number of classes. */
export const ENDS = /** @type {[number, number]} */ ([-2, 8]);
export const DOT = 8;
/** So much wider is the dot of L2 where that of L1 lies on it. */
const RING = 5;
export const HEAD = 12;

/** So much of the plot lies beyond either end of the lead, for the handle. */
export const INSET = 28;
const TOP = 18;
// Below the lowest point of L2: its words, and the axis.
const FOOT = 44;
const HANDLE = 22;
const STEPS = 80;

/**
 * What turns a lead and a loss into pixels. The scale of the losses is the same at every lead.
 *
 * @param {Size} size
 * @param {number} classes
 */
export function scaleOf({ width, height }, classes) {
  const [low, high] = ENDS;
  const rest = restOf(classes);
  const most = answerTo(low, classes).l1;
  const perNat = (height - TOP - FOOT) / (most - rest.l2);
  const x = /** @param {number} lead */ (lead) => INSET + ((lead - low) / (high - low)) * (width - 2 * INSET);
  const y = /** @param {number} loss */ (loss) => TOP + (most - loss) * perNat;
  return { x, y, rest };
}

/** @typedef {ReturnType<typeof scaleOf>} Scale */

/**
 * A loss at many leads, as points from one edge of the plot to the other.
 *
 * @param {Scale} scale
 * @param {Size} size
 * @param {number} classes
 * @param {"l1" | "l2"} loss
 * @returns {[x: number, y: number][]}
 */
export function curveOf(scale, { width }, classes, loss) {
  const [low, high] = ENDS;
  const beyond = ((high - low) * INSET) / (width - 2 * INSET);
  return Array.from({ length: STEPS + 1 }, (_none, i) => {
    const lead = low - beyond + ((high - low + 2 * beyond) * i) / STEPS;
    return [scale.x(lead), scale.y(answerTo(lead, classes)[loss])];
  });
}

/**
 * An arrow that pushes a dot, as long as the push; none where there is no push.
 *
 * @param {{ x: number, y: number, radius: number }} dot
 * @param {number} push
 * @param {Size} size
 * @returns {Arrow}
 */
function arrowOf({ x, y, radius }, push, { width }) {
  const way = Math.sign(push);
  const from = x + way * (radius + 1);
  const length = Math.abs(push) * Math.min(250, width / 2);
  return { from, tip: from + way * Math.max(HEAD, length), y, short: length < HEAD };
}

/**
 * All that moves, at one lead.
 *
 * @param {Scale} scale
 * @param {Size} size
 * @param {number} lead
 * @param {number} classes
 */
export function sceneOf(scale, size, lead, classes) {
  const answer = answerTo(lead, classes);
  const x = scale.x(lead);
  const [y1, y2] = [scale.y(answer.l1), scale.y(answer.l2)];
  const way = wayOf(lead, scale.rest);
  const radius = DOT + RING * Math.max(0, 1 - (y2 - y1) / (2 * DOT));
  return {
    answer,
    way,
    x,
    y1,
    y2,
    radius,
    arrow1: arrowOf({ x, y: y1, radius }, answer.push1, size),
    arrow2: arrowOf({ x, y: y2, radius }, way === "rests" ? 0 : answer.push2, size),
  };
}

/** @typedef {ReturnType<typeof sceneOf>} Scene */

/**
 * What no label may cover.
 *
 * @param {Scale} scale
 * @param {Scene} scene
 * @param {Size} size
 * @param {[number, number][][]} curves
 * @returns {Box[]}
 */
export function obstaclesOf(scale, scene, size, curves) {
  const { x, y1, y2, radius, arrow1, arrow2 } = scene;
  const { rest } = scale;
  const restX = scale.x(rest.lead);
  const zero = scale.y(0);
  const arrows = [arrow1, arrow2].map(({ from, tip, y }) => ({
    left: Math.min(from, tip), right: Math.max(from, tip), top: y - 7, bottom: y + 7,
  }));
  const lines = curves.flatMap((points) =>
    points.slice(1).map(([right, end], i) => {
      const [left, start] = points[i];
      return { left: left - 2, right: right + 2, top: Math.min(start, end) - 3, bottom: Math.max(start, end) + 3 };
    })
  );
  return [
    ...lines,
    ...arrows,
    around(x, y1, DOT + 1),
    around(x, y2, radius + 1),
    { left: x - 4, right: x + 4, top: Math.min(y1, y2), bottom: Math.max(y1, y2) },
    { left: x - 2, right: x + 2, top: y2, bottom: size.height },
    around(x, size.height, HANDLE),
    around(restX, scale.y(rest.l2), DOT + 1),
    { left: restX - 2, right: restX + 2, top: scale.y(rest.l2), bottom: size.height },
    { left: 0, right: size.width, top: zero - 1, bottom: zero + 1 },
  ];
}

/**
 * Where each label would stand best, and next best.
 *
 * @param {Scale} scale
 * @param {Scene} scene
 * @param {Size} size
 * @param {number} classes
 * @returns {Spots}
 */
export function spotsOf(scale, scene, size, classes) {
  const { width, height } = size;
  const { rest } = scale;
  const restX = scale.x(rest.lead);
  const restY = height - 19;
  const entropy = entropySpots(scene);
  const [l1, l2] = /** @type {const} */ (["l1", "l2"]).map((loss) => namesAlong(scale, classes, loss));
  return {
    region: [{ x: width - 10, y: 18, anchor: "end" }],
    // The second two past the handle.
    rest: [10, 36].flatMap((away) => /** @type {Spot[]} */ ([
      { x: restX - away, y: restY, anchor: "end" },
      { x: restX + away, y: restY, anchor: "start" },
    ])),
    drag: [
      { x: scene.x + 30, y: height, anchor: "start" },
      { x: scene.x - 30, y: height, anchor: "end" },
    ],
    push1: pushSpots(scene.arrow1),
    push2: pushSpots(scene.arrow2),
    entropy,
    entropyOnly: entropy,
    l1,
    l1Only: l1,
    l2,
    l2Only: l2,
    zero: [
      { x: 2, y: scale.y(0) - 11, anchor: "start" },
      { x: 2, y: scale.y(0) + 12, anchor: "start" },
      { x: width - 2, y: scale.y(0) - 14, anchor: "end" },
    ],
  };
}

/** Beyond its tip, else along its shaft. @param {Arrow} arrow @returns {Spot[]} */
function pushSpots({ from, tip, y }) {
  const way = tip > from ? 1 : -1;
  const ahead = way > 0 ? "start" : "end";
  const behind = way > 0 ? "end" : "start";
  return [
    { x: tip + 8 * way, y, anchor: ahead },
    { x: tip, y: y - 17, anchor: behind },
    { x: tip, y: y + 17, anchor: behind },
    { x: from, y: y - 17, anchor: ahead },
    { x: from, y: y + 17, anchor: ahead },
    ...[20, 27].flatMap((down) => /** @type {Spot[]} */ ([
      { x: from + 17 * way, y: y + down, anchor: ahead },
      { x: from - 35 * way, y: y + down, anchor: behind },
    ])),
    ...[34, -34, 48, -48, 62].flatMap((down) => /** @type {Spot[]} */ ([
      { x: from, y: y + down, anchor: ahead },
      { x: from, y: y + down, anchor: behind },
      { x: from - 30 * way, y: y + down, anchor: behind },
    ])),
  ];
}

/** @param {Scene} scene @returns {Spot[]} */
function entropySpots({ x, y1, y2 }) {
  const height = y2 - y1;
  const inside = [0.5, 0.45, 0.55, 0.3, 0.7, 0.15, 0.85].flatMap((share) => /** @type {Spot[]} */ ([
    { x: x - 12, y: y1 + share * height, anchor: "end" },
    { x: x + 12, y: y1 + share * height, anchor: "start" },
  ]));
  return [
    ...inside,
    ...[20, 38, 56].flatMap((up) => /** @type {Spot[]} */ ([
      { x: x + 6, y: y1 - up, anchor: "end" },
      { x: x - 6, y: y1 - up, anchor: "start" },
    ])),
    { x: x + 10, y: y2 + 22, anchor: "start" },
    { x: x - 10, y: y2 + 22, anchor: "end" },
  ];
}

/** Right of a curve that falls, then left of it. @param {Scale} scale @param {number} classes @param {"l1" | "l2"} loss */
function namesAlong(scale, classes, loss) {
  const leads = [-0.5, -0.1, 0.4, -0.9, 0.9, 1.5, 2.2, 3, -1.3];
  const at = /** @param {number} lead */ (lead) => scale.y(answerTo(lead, classes)[loss]);
  return [
    ...leads.map((lead) => /** @type {Spot} */ ({ x: scale.x(lead) + 12, y: at(lead) - 12, anchor: "start" })),
    ...leads.map((lead) => /** @type {Spot} */ ({ x: scale.x(lead) - 12, y: at(lead) + 14, anchor: "end" })),
    ...[1.4, 2.4, 3.4].map((lead) => /** @type {Spot} */ ({ x: scale.x(lead), y: at(lead) - 24, anchor: "start" })),
    ...[2, 3, 4, 5].map((lead) => /** @type {Spot} */ ({ x: scale.x(lead), y: at(lead) + 22, anchor: "start" })),
  ];
}
