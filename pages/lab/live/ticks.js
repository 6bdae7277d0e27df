// @ts-check
// The ticks of a linear axis, where Plotly would set them and as it would write them, drawn by copies
// of its own nodes. Those stay in the page, hidden, and come back when Plotly draws again.

import { makeSvg } from "../web/dom.js";

/**
 * @typedef {import("../web/types.js").Axis} Axis
 * @typedef {import("../web/types.js").Plot} Plot
 * @typedef {{ value: number, text: string, power: number }} Tick
 * @typedef {Map<Element, SVGElement[]>} Layers The nodes of Plotly's by the layer that they lie in.
 */

const STAND_IN = "lab-ticks";
const STEPS = [2, 5, 10];
const BESIDE = 1e-4;
// Beyond so many steps from 0, no whole number counts them.
const MOST_STEPS = 1e12;
const MINUS = "\u2212";
const ZERO_WIDTH = "\u200b";
// Of a figure, as a share of the size of its type.
const LETTER_WIDTH = 0.55;

/**
 * A painter of what marks an axis whose range has moved; null where only Plotly can.
 *
 * @param {Plot} plot
 * @param {Axis} axis
 * @returns {(() => void) | null}
 */
export function axisPainter(plot, axis) {
  if (!plain(axis)) return null;
  const across = axis._id[0] === "x";
  const ticks = ticksOf(axis.range, axis.nticks, axis.minexponent);
  if (!ticks.length) return null;
  const places = ticks.map(({ value }) => axis.l2p(value));
  const inside = ticks.filter((_tick, i) => places[i] > 1 && places[i] < axis._length - 1);
  // The line at zero stands at the very end of an axis too; where Plotly has not drawn one, it is one
  // of the grid.
  const zeros = [...svgsOf(plot, `path.${axis._id}zl`)];
  const lines = ticks.filter((tick) =>
    tick.value === 0 && axis.zeroline ? !zeros.length : inside.includes(tick));
  const groups = [
    { wanted: axis.showticklabels, selector: `g.${axis._id}tick`, shown: ticks },
    { wanted: axis.ticks, selector: `path.${axis._id}tick`, shown: axis.ticks === "inside" ? inside : ticks },
    { wanted: axis.showgrid, selector: `path.${axis._id}grid`, shown: lines },
  ]
    .filter(({ wanted }) => wanted)
    .map(({ selector, shown }) => ({ shown, layers: layersOf(plot, selector) }));
  // A node to copy is needed for each, and a label that is not turned.
  if (!groups.every(({ layers }) => layers.size)) return null;
  if (across && axis.showticklabels && crowded(axis, ticks, places, groups[0].layers)) return null;
  return () => {
    for (const zero of zeros) moveZero(axis, zero);
    for (const { shown, layers } of groups) {
      for (const [layer, originals] of layers) draw(axis, layer, originals, shown);
    }
  };
}

/**
 * Whether Plotly sets and writes the ticks of an axis in the one way that is known here.
 *
 * @param {Axis} axis
 */
function plain(axis) {
  const known = axis.tickmode === "auto" && axis.nticks && axis.exponentformat === "power" && !axis.tickformat;
  return known && !axis.tickprefix && !axis.ticksuffix && !(axis._minDtick > 0) && unturned(axis);
}

/** @param {Axis} axis */
const unturned = (axis) => axis.tickangle === "auto" && !axis.minor?.showgrid;

/** @param {Element} node @param {string} selector @returns {Iterable<SVGElement>} */
const svgsOf = (node, selector) => node.querySelectorAll(selector);

/**
 * Copies of Plotly's nodes, which are hidden, at each tick.
 *
 * @param {Axis} axis
 * @param {Element} layer
 * @param {SVGElement[]} originals
 * @param {Tick[]} shown
 */
function draw(axis, layer, originals, shown) {
  const across = axis._id[0] === "x";
  for (const node of originals) node.style.display = "none";
  const copies = copiesIn(layer, originals[0], shown.length);
  shown.forEach((tick, i) => {
    const text = copies[i].querySelector("text");
    if (text) write(text, tick);
    const place = axis._offset + axis.l2p(tick.value);
    (text ?? copies[i]).setAttribute("transform", across ? `translate(${place},0)` : `translate(0,${place})`);
  });
}

/**
 * Plotly's line at zero, which lies over the bars, where zero is now.
 *
 * @param {Axis} axis
 * @param {SVGElement} zero
 */
function moveZero(axis, zero) {
  const [place, across] = [axis.l2p(0), axis._id[0] === "x"];
  const seen = place > -1 && place < axis._length + 1;
  zero.style.display = seen ? "" : "none";
  const at = axis._offset + place;
  if (seen) zero.setAttribute("transform", across ? `translate(${at},0)` : `translate(0,${at})`);
}

/** @param {Plot} plot */
export function removeTicks(plot) {
  for (const node of plot.querySelectorAll(`.${STAND_IN}`)) {
    for (const original of node.parentElement ? svgsOf(node.parentElement, ":scope > *") : []) original.style.display = "";
    node.remove();
  }
  for (const zero of svgsOf(plot, "path.zl")) zero.style.display = "";
}

/**
 * The nodes of Plotly's that match, by the layer that they lie in.
 *
 * @param {Plot} plot
 * @param {string} selector
 * @returns {Layers}
 */
function layersOf(plot, selector) {
  /** @type {Layers} */
  const layers = new Map();
  for (const node of svgsOf(plot, selector)) {
    const layer = node.parentElement;
    if (!layer || layer.classList.contains(STAND_IN)) continue;
    layers.set(layer, [...(layers.get(layer) ?? []), node]);
  }
  return layers;
}

/**
 * So many copies of a node, in a group of their own. Marks and labels of an axis lie in one layer.
 *
 * @param {Element} layer
 * @param {SVGElement} node
 * @param {number} count
 */
function copiesIn(layer, node, count) {
  const kind = node.tagName;
  let group = [...layer.children].find((child) => child.matches(`.${STAND_IN}[data-of="${kind}"]`));
  if (!group) {
    group = layer.appendChild(makeSvg("g", { class: STAND_IN, "data-of": kind }));
  }
  while (group.childElementCount > count) group.lastChild?.remove();
  while (group.childElementCount < count) {
    const copy = /** @type {SVGElement} */ (node.cloneNode(true));
    copy.style.display = "";
    group.append(copy);
  }
  return group.children;
}

/**
 * Steps of 2, 5 or 10 times a power of ten, so many that no more than `most` fit in; none where the
 * range is too short for that.
 *
 * @param {number[]} range
 * @param {number} most
 * @param {number} least from which power of ten on it is written as one
 * @returns {Tick[]}
 */
export function ticksOf(range, most, least) {
  const [low, high] = [Math.min(...range), Math.max(...range)];
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log(rough) / Math.LN10);
  const step = power * (STEPS.find((part) => part >= rough / power) ?? 10);
  if (!(Math.max(Math.abs(low), Math.abs(high)) < MOST_STEPS * step)) return [];
  const beside = BESIDE * (high - low);
  const ticks = [];
  for (let k = Math.ceil((low - beside) / step); k * step <= high + beside; k += 1) ticks.push(k * step);
  const largest = Math.floor(Math.log(Math.max(Math.abs(low), Math.abs(high))) / Math.LN10 + 0.01);
  const exponent = Math.abs(largest) > least ? largest : 0;
  const digits = 2 - Math.floor(Math.log(step) / Math.LN10 + 0.01);
  return ticks.map((value) => ({ value, ...spelled(value, digits, exponent) }));
}

/** @param {number} value @param {number} digits @param {number} exponent */
function spelled(value, digits, exponent) {
  const size = Math.abs(value);
  const kept = digits + exponent;
  if (size < 10 ** -digits / 2) return { text: "0", power: 0 };
  const scaled = size * 10 ** -exponent;
  const rounded = kept > 0
    ? scaled.toFixed(Math.min(20, kept)).replace(/\.?0+$/, "")
    : String(Math.round(scaled * 10 ** kept) / 10 ** kept);
  return { text: (value < 0 ? MINUS : "") + rounded, power: exponent };
}

/** @param {SVGTextElement} node @param {Tick} tick */
function write(node, { text, power }) {
  const whole = `${text} ${power}`;
  if (node.dataset.written === whole) return;
  node.dataset.written = whole;
  if (!power) {
    node.textContent = text;
    return;
  }
  const exponent = power < 0 ? `${MINUS}${-power}` : String(power);
  const raised = makeSvg("tspan", { style: "font-size:70%", dy: "-0.6em" }, exponent);
  const back = makeSvg("tspan", { dy: "0.42em" }, ZERO_WIDTH);
  node.replaceChildren(`${text}×10${ZERO_WIDTH}`, raised, back);
}

/**
 * Whether Plotly might turn the labels, or has turned them.
 *
 * @param {Axis} axis
 * @param {Tick[]} ticks
 * @param {number[]} places
 * @param {Layers} layers
 */
function crowded(axis, ticks, places, layers) {
  const turned = [...layers.values()].some((nodes) => /rotate/.test(nodes[0].innerHTML));
  const widest = Math.max(...ticks.map(({ text, power }) => text.length + (power ? 4 : 0)));
  const room = places.length > 1 ? Math.abs(places[1] - places[0]) : axis._length;
  return turned || (widest + 1) * LETTER_WIDTH * axis.tickfont.size > room;
}
