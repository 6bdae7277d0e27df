// @ts-check
// A figure as a picture to be saved: on white whatever the theme, at twice the size, with its title
// above and the address of the state that it shows below.

import { make } from "../web/dom.js";
import { fitScenes, keepCameras, themed } from "../web/plotly.js";
import { frameOf } from "./animation.js";

const PAPER = { dark: false, font: "sans-serif" };
const SCALE = 2;
const EDGE = 12;
const TITLE = { size: 17, line: 22 };
const ADDRESS = { size: 10, line: 20 };

/**
 * @param {import("../web/types.js").Plotly} Plotly
 * @param {import("./card.js").Card} card
 * @param {string} address
 * @param {string} ink the colour of what is written
 * @returns {Promise<string>} A PNG as a data address.
 */
export async function pictureOf(Plotly, { chart, title }, address, ink) {
  const { plot, drawn, width } = chart;
  if (!drawn) throw new Error("there is no picture yet");
  const { data, layout } = frameOf(drawn.animation, drawn.index);
  keepCameras(plot);
  const size = { width, height: layout.height ?? chart.height };
  const paper = chart.zoomed(Object.assign(themed({ data, layout }, PAPER, {}).layout, size, { autosize: false }));
  fitScenes(paper);
  for (const name of Object.keys(paper)) {
    const camera = /^scene/.test(name) && plot.layout[name]?.camera;
    if (camera) paper[name].camera = camera;
  }
  const figure = await loaded(await Plotly.toImage({ data, layout: paper }, { format: "png", ...size, scale: SCALE }));
  return framed(figure, size, title, address, ink);
}

/** @param {string} source @returns {Promise<HTMLImageElement>} */
async function loaded(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  return image;
}

/**
 * @param {HTMLImageElement} figure
 * @param {{ width: number, height: number }} size
 * @param {string} title
 * @param {string} address
 * @param {string} ink
 */
function framed(figure, { width, height }, title, address, ink) {
  const canvas = make("canvas");
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas to paint on");
  const heading = `600 ${TITLE.size}px ${PAPER.font}`;
  context.font = heading;
  const lines = wrapped(title, (text) => context.measureText(text).width <= width - 2 * EDGE);
  const top = EDGE + lines.length * TITLE.line;
  canvas.width = SCALE * width;
  canvas.height = SCALE * (top + height + ADDRESS.line);
  context.scale(SCALE, SCALE);
  context.fillStyle = "white";
  context.fillRect(0, 0, width, top + height + ADDRESS.line);
  context.drawImage(figure, 0, top, width, height);
  context.fillStyle = ink;
  context.font = heading;
  lines.forEach((line, row) => context.fillText(line, EDGE, EDGE + TITLE.size + row * TITLE.line));
  context.font = `${ADDRESS.size}px ${PAPER.font}`;
  // Long ones are squeezed rather than cut: they are there to be read off.
  context.fillText(address, EDGE, top + height + ADDRESS.size, width - 2 * EDGE);
  return canvas.toDataURL("image/png");
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
