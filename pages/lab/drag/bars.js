// Bars that are dragged, and how their numbers are written.

import { make } from "../web/dom.js";

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";

const spelled = (digits, number) => [...String(number)].map((digit) => digits[digit]).join("");

// The index of a class as people write it, from 1.
export function lowered(i) {
  return spelled(SUBSCRIPTS, i + 1);
}

// Two digits and a power of ten.
export function scientific(value) {
  const [mantissa, exponent] = value.toExponential(1).split("e");
  const raised = spelled(SUPERSCRIPTS, Math.abs(exponent));
  return `${mantissa}·10${exponent < 0 ? "⁻" : ""}${raised}`.replace("-", "−");
}

export function shortest(value) {
  return String(Number(value.toFixed(4)) || 0).replace("-", "−");
}

export function element(parent, tag, attributes = {}, text = "") {
  const node = make(tag, attributes, text);
  parent.append(node);
  return node;
}

// Change the one text of a node in place: a new text node would have the page styled anew.
export function write(node, text) {
  if (!node.firstChild) node.append(text);
  else if (node.firstChild.data !== text) node.firstChild.data = text;
}

export function buildBar(box) {
  const number = element(box, "span", { class: "number" });
  const track = element(box, "div", { class: "track" });
  return { box, number, track, bar: element(track, "i") };
}

// Put a bar from one percentage of its track to another. A transform moves nothing else on the page.
export function stretch(bar, from, to) {
  const shape = `translateX(${from.toFixed(2)}%) scaleX(${((to - from) / 100).toFixed(4)})`;
  if (bar.shape === shape) return;
  bar.shape = shape;
  bar.style.transform = shape;
}

// The percentage of the track at which a value stands.
export function shareOf(value, [low, high]) {
  return (100 * (Math.min(high, Math.max(low, value)) - low)) / (high - low);
}

// The value under a pointer, in thousandths of the track.
export function pointed(event, box, [low, high]) {
  const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  const step = (high - low) / 1000;
  return Math.round((low + share * (high - low)) / step) * step;
}

// Where a key moves a value, in hundredths of the track; undefined if it is no key for that.
export function keyed(event, value, [low, high]) {
  const step = (high - low) / 100;
  const moves = {
    ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step,
    PageUp: 10 * step, PageDown: -10 * step, Home: -Infinity, End: Infinity,
  };
  const move = moves[event.key];
  if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  event.preventDefault();
  const moved = Math.round((value + move) / step) * step;
  return Math.min(high, Math.max(low, Number.isFinite(move) ? moved : move));
}
