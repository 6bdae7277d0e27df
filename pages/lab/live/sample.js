// @ts-check
// A mark of a trace beside its name.

import { makeSvg } from "../web/dom.js";

const WIDTH = 26;
const HEIGHT = 12;
/** @type {Record<string, string>} */
const DASHES = { dash: "6 4", dot: "2 3", dashdot: "6 3 2 3" };
/** @type {Record<string, string>} */
const SYMBOLS = {
  circle: "M8,6a5,5 0 1 1 10,0a5,5 0 1 1 -10,0",
  square: "M8.5,1.5h9v9h-9Z",
  diamond: "M13,0.5L18.5,6L13,11.5L7.5,6Z",
  "triangle-up": "M13,1L18.5,10.5H7.5Z",
  star: "M13,0.5L14.6,4.4L18.8,4.7L15.6,7.4L16.6,11.5L13,9.3L9.4,11.5L10.4,7.4L7.2,4.7L11.4,4.4Z",
  "line-ew": "M7,6H19",
  "line-ns": "M13,0.5V11.5",
};

const RISING = "M4,7L10,1M6,11L16,1M12,11L22,1M18,11L22,7";
const FALLING = "M22,7L16,1M20,11L10,1M14,11L4,1M8,11L4,7";
/** @type {Record<string, string>} */
const HATCHES = { "/": RISING, x: RISING + FALLING };

/**
 * @param {import("../web/types.js").Trace} trace
 * @param {string} colour
 * @param {string} [page] the colour on which it stands, which is that of hatching too
 * @returns {SVGSVGElement}
 */
export function sampleOf(trace, colour, page = "var(--lab-page)") {
  const { mode = "", line, marker } = trace;
  const parts = areaOf(trace, colour, page);
  if (mode.includes("lines")) parts.push(strokeOf(line ?? {}, colour));
  if (mode.includes("markers")) parts.push(symbolOf(marker, colour));
  return makeSvg("svg", { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" }, ...parts);
}

/** @param {import("../web/types.js").Trace} trace @param {string} colour @param {string} page */
function areaOf({ type, mode, fill, fillpattern }, colour, page) {
  if (type !== "bar" && !(fill && mode === "none")) return [];
  const area = makeSvg("path", { d: "M4,1h18v10h-18Z", fill: colour });
  const hatch = HATCHES[fillpattern?.shape];
  return hatch ? [area, makeSvg("path", { d: hatch, stroke: page, "stroke-width": 1.5 })] : [area];
}

/** @param {{ dash?: string, width?: number }} line @param {string} colour */
function strokeOf({ dash = "", width = 2 }, colour) {
  const dashes = DASHES[dash] ?? (dash.includes("px") ? dash.replaceAll("px", "") : "");
  return makeSvg("path", { d: `M0,6H${WIDTH}`, stroke: colour, "stroke-width": Math.min(width, 6), "stroke-dasharray": dashes });
}

/** @param {any} marker @param {string} colour */
function symbolOf(marker, colour) {
  const named = Array.isArray(marker?.symbol) ? marker.symbol[0] : marker?.symbol ?? "circle";
  const open = /-open$/.test(named) || /^line-/.test(named);
  const d = SYMBOLS[named.replace(/-open$/, "")] ?? SYMBOLS.circle;
  return makeSvg("path", { d, fill: open ? "none" : colour, stroke: colour, "stroke-width": open ? 2 : 0 });
}
