// @ts-check
// A figure to be saved, as a drawing (SVG) or as a picture at twice the size (PNG): on white whatever the
// theme, with its title above, the names at its curves, and below the address of the state that it shows.

import { make, makeSvg } from "../web/dom.js";
import { fitScenes, keepCameras, recoloured } from "../web/plotly.js";
import { frameOf } from "./animation.js";
import { labelsOf } from "./curve_labels.js";
import { SIZE, WEIGHT, widthIn } from "./label_layer.js";
import { sampleOf } from "./sample.js";

/** @typedef {import("./curve_labels.js").Labelling} Labelling */
/** @typedef {(light: string) => string} Shade */

const FONT = "sans-serif";
const WHITE = "white";
const SCALE = 2;
const ROOM = 20;
const EDGE = 12;
const TITLE = { size: 17, line: 22 };
const KEY = { above: 6, sample: 32, gap: 18, line: 20 };
const ADDRESS = { size: 10, line: 20 };

/**
 * @param {import("../web/types.js").Plotly} Plotly
 * @param {import("./card.js").Card} card
 * @param {{ address: string, ink: string, textColours: Record<string, string> }} said the colour of what is
 *   written, and for each colour of a mark that of words
 * @returns {Promise<SVGSVGElement>}
 */
export async function drawingOf(Plotly, { chart, title }, { address, ink, textColours }) {
  const { plot, drawn, width } = chart;
  if (!drawn) throw new Error("there is no picture yet");
  keepCameras(plot);
  const frame = frameOf(drawn.animation, drawn.index);
  const { data, layout } = recoloured(frame, { [frame.layout.paper_bgcolor]: WHITE });
  const size = { width, height: plot._fullLayout.height };
  const font = { ...layout.font, family: FONT };
  // Letters of the picture are wider than those of the page.
  const margin = { ...layout.margin, l: (layout.margin?.l ?? 0) + ROOM };
  const paper = chart.zoomed(Object.assign(layout, size, { autosize: false, showlegend: false, font, margin }));
  fitScenes(paper);
  for (const name of Object.keys(paper)) {
    const camera = /^scene/.test(name) && plot.layout[name]?.camera;
    if (camera) paper[name].camera = camera;
  }
  const figure = svgIn(await Plotly.toImage({ data, layout: paper }, { format: "svg", ...size }));
  const flat = Boolean(plot._fullLayout._plots);
  /** @type {Labelling} */
  const labelling = flat ? labelsOf(plot, frame, widthIn(FONT), chart.labels.spots, chart.labels.left) : { labels: [], left: [], spots: new Map() };
  /** @type {Shade} */
  const shade = (light) => textColours[light] ?? light;
  return framed(figure, size, { title, address, ink }, keyOf(frame.data, labelling, width, ink), namesOf(labelling, shade));
}

/** @param {SVGSVGElement} drawing */
export const svgOf = (drawing) => new XMLSerializer().serializeToString(drawing);

/**
 * The drawing as pixels.
 *
 * @param {SVGSVGElement} drawing
 * @returns {Promise<string>} A PNG as a data address.
 */
export async function pngOf(drawing) {
  const [width, height] = ["width", "height"].map((side) => SCALE * Number(drawing.getAttribute(side)));
  const large = /** @type {SVGSVGElement} */ (drawing.cloneNode(true));
  large.setAttribute("width", String(width));
  large.setAttribute("height", String(height));
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(svgOf(large))}`;
  await image.decode();
  const canvas = make("canvas", { width, height });
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas to paint on");
  context.drawImage(image, 0, 0, width, height);
  return canvas.toDataURL("image/png");
}

/** @param {string} address What Plotly says a drawing is. @returns {SVGSVGElement} */
function svgIn(address) {
  const text = decodeURIComponent(address.replace(/^[^,]*,/, ""));
  const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  return /** @type {SVGSVGElement} */ (/** @type {unknown} */ (document.importNode(root, true)));
}

/** @param {Labelling} labelling @param {Shade} shade */
function namesOf({ labels }, shade) {
  const look = { "font-size": SIZE, "font-weight": WEIGHT, "dominant-baseline": "central" };
  const halo = { "paint-order": "stroke", stroke: WHITE, "stroke-width": 6, "stroke-linejoin": "round" };
  const texts = labels.map(({ x, y, anchor, colour, text }) =>
    makeSvg("text", { x: Math.round(x), y: Math.round(y), "text-anchor": anchor, fill: shade(colour) }, text));
  return makeSvg("g", { ...look, ...halo }, ...texts);
}

/**
 * The row of the names that have no room, and how high it is.
 *
 * @param {import("../web/types.js").Trace[]} data
 * @param {Labelling} labelling
 * @param {number} width
 * @param {string} ink
 */
function keyOf(data, { left }, width, ink) {
  const widthOf = widthIn(FONT);
  let [x, row] = [EDGE, 0];
  const entries = left.map(({ index, text, colour }) => {
    const long = KEY.sample + widthOf(text);
    if (x > EDGE && x + long > width - EDGE) [x, row] = [EDGE, row + 1];
    const place = `translate(${x},${row * KEY.line})`;
    x += long + KEY.gap;
    return makeSvg("g", { transform: place }, sampleOf(data[index], colour, WHITE),
      makeSvg("text", { x: KEY.sample, y: 10, fill: ink, "font-size": SIZE }, text));
  });
  return { node: makeSvg("g", {}, ...entries), height: entries.length ? (row + 1) * KEY.line : 0 };
}

/**
 * @param {SVGSVGElement} figure
 * @param {{ width: number, height: number }} size
 * @param {{ title: string, address: string, ink: string }} said
 * @param {{ node: SVGElement, height: number }} key
 * @param {SVGElement} names
 */
function framed(figure, { width, height }, { title, address, ink }, key, names) {
  const wide = widthIn(FONT, TITLE.size);
  const lines = wrapped(title, (text) => wide(text) <= width - 2 * EDGE);
  const head = EDGE + lines.length * TITLE.line + (key.height && KEY.above);
  const top = head + key.height;
  const whole = top + height + ADDRESS.line;
  const texts = lines.map((line, row) =>
    makeSvg("text", { x: EDGE, y: EDGE + TITLE.size + row * TITLE.line, "font-size": TITLE.size, "font-weight": WEIGHT }, line));
  // Long ones are squeezed rather than cut: they are there to be read off.
  const room = width - 2 * EDGE;
  /** @type {Record<string, string | number>} */
  const squeezed = widthIn(FONT, ADDRESS.size)(address) > room ? { textLength: room, lengthAdjust: "spacingAndGlyphs" } : {};
  const below = makeSvg("text", { x: EDGE, y: top + height + ADDRESS.size, "font-size": ADDRESS.size, ...squeezed }, address);
  key.node.setAttribute("transform", `translate(0,${head})`);
  figure.setAttribute("y", String(top));
  names.setAttribute("transform", `translate(0,${top})`);
  return makeSvg("svg", { xmlns: "http://www.w3.org/2000/svg", width, height: whole, viewBox: `0 0 ${width} ${whole}`, "font-family": FONT, fill: ink },
    makeSvg("title", {}, title), makeSvg("rect", { width, height: whole, fill: WHITE }), ...texts, key.node, figure, names, below);
}

/**
 * The lines of a text whose words are no longer than a line.
 *
 * @param {string} text
 * @param {(line: string) => boolean} fits
 */
export function wrapped(text, fits) {
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last !== undefined && !fits(longer)) lines.push(word);
    else lines.splice(-1, 1, longer);
  }
  return lines;
}
