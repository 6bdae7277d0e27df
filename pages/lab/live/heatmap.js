// @ts-check
// A density map as Plotly leaves it in the page, a picture, painted anew.

import { setAll } from "../web/dom.js";
import { placesOf } from "./places.js";

/**
 * @typedef {import("./places.js").Mark} Mark
 * @typedef {import("./places.js").Painter} Painter
 * @typedef {ArrayLike<number | null>[]} Rows
 */

/** @param {Mark} mark @returns {Painter | null} */
export function heatmapPainter(mark) {
  const { trace, data, index } = mark;
  const { z } = data[index];
  const places = cellPlaces(mark, z);
  const image = imageOf(mark);
  if (!image || !places) return null;
  const [left, right] = edges(places.x);
  const [one, other] = edges(places.y);
  const top = Math.min(one, other);
  const bottom = Math.max(one, other);
  const gaps = { x: trace.xgap ?? 0, y: trace.ygap ?? 0 };
  // Without gaps, Plotly draws a cell as one pixel and has the browser stretch it, if that can.
  const stretched = /pixelated/.test(image.getAttribute("style") ?? "");
  if (stretched === Boolean(gaps.x || gaps.y)) return null;
  // With them, it draws no more than is near the axes.
  if (!stretched && !isNear(mark, left, right, top, bottom)) return null;
  const box = { x: left, y: top, width: Math.round(right - left), height: Math.round(bottom - top) };
  return () => {
    setAll(image, box);
    const rows = one > other ? [...z].reverse() : z;
    const bounds = { x: boundsOf(mark, mark.xaxis), y: boundsOf(mark, mark.yaxis) };
    const picture = stretched ? pixels(trace, rows) : cells(trace, rows, box, bounds, gaps);
    image.setAttributeNS("http://www.w3.org/1999/xlink", "xlink:href", picture.toDataURL());
  };
}

/** @param {Mark} mark The one picture of a map that is no more than its cells. */
function imageOf({ trace, node }) {
  const rich = trace.zsmooth || trace.texttemplate || trace.coloraxis || trace.showscale;
  const images = node ? node.querySelectorAll("image") : [];
  return !rich && images.length === 1 ? images[0] : null;
}

/**
 * @param {Mark} mark
 * @param {number} left
 * @param {number} right
 * @param {number} top
 * @param {number} bottom
 */
function isNear({ xaxis, yaxis, data, index }, left, right, top, bottom) {
  return data[index].x && data[index].y && left > -1 && top > -1 && right < xaxis._length + 1 && bottom < yaxis._length + 1;
}

/** @param {Mark} mark @param {Rows} z Where the cells of a matrix stand, if they are a grid of alike cells. */
function cellPlaces(mark, z) {
  const x = placesOf(mark, mark.xaxis);
  const y = placesOf(mark, mark.yaxis);
  if (!x || !y || !regular(x) || !regular(y) || x[1] < x[0]) return null;
  return z.length === y.length && z[0].length === x.length ? { x, y } : null;
}

/** @param {number[]} places */
function regular(places) {
  if (places.length < 2) return false;
  const step = (places[places.length - 1] - places[0]) / (places.length - 1);
  return places.every((place, i) => Math.abs(place - places[0] - i * step) < 0.01 * Math.abs(step));
}

/** @param {number[]} places @returns {[number, number]} */
function edges(places) {
  const half = (places[1] - places[0]) / 2;
  return [places[0] - half, places[places.length - 1] + half];
}

/**
 * Where the cells begin and end within the picture: Plotly rounds each place, first to hundredths.
 *
 * @param {Mark} mark
 * @param {import("../web/types.js").Axis} axis
 * @returns {number[]}
 */
function boundsOf({ data, index }, axis) {
  const values = Array.from(data[index][axis._id[0]], (value) => axis.d2c(value));
  const half = (values[1] - values[0]) / 2;
  const places = [...values.map((value) => value - half), values[values.length - 1] + half].map((edge) => axis.c2p(edge));
  const first = Math.min(places[0], places[places.length - 1]);
  return places.map((place) => Math.round(place - first)).sort((one, other) => one - other);
}

/**
 * The picture of a matrix, a pixel a cell.
 *
 * @param {any} trace
 * @param {Rows} rows
 */
function pixels(trace, rows) {
  const { canvas, context } = sheet(rows[0].length, rows.length);
  const picture = context.createImageData(canvas.width, canvas.height);
  const all = new Uint32Array(picture.data.buffer);
  const shade = shader(trace, rows);
  rows.forEach((row, place) => {
    for (let column = 0; column < row.length; column += 1) all[canvas.width * place + column] = shade(row[column]);
  });
  context.putImageData(picture, 0, 0);
  return canvas;
}

/**
 * The same in full size, with gaps between the cells.
 *
 * @param {any} trace
 * @param {Rows} rows
 * @param {{ width: number, height: number }} size
 * @param {{ x: number[], y: number[] }} bounds
 * @param {{ x: number, y: number }} gaps
 */
function cells(trace, rows, { width, height }, { x: lefts, y: tops }, gaps) {
  const { canvas, context } = sheet(width, height);
  const shade = shader(trace, rows);
  rows.forEach((row, i) => {
    for (let k = 0; k < row.length; k += 1) {
      const [red, green, blue, opacity] = new Uint8Array(Uint32Array.of(shade(row[k])).buffer);
      context.fillStyle = `rgba(${red}, ${green}, ${blue}, ${opacity / 255})`;
      const [x, y] = [lefts[k] + Math.floor(gaps.x / 2), tops[i] + Math.floor(gaps.y / 2)];
      context.fillRect(x, y, lefts[k + 1] - lefts[k] - gaps.x, tops[i + 1] - tops[i] - gaps.y);
    }
  });
  return canvas;
}

/** @param {number} width @param {number} height */
function sheet(width, height) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no canvas to paint on");
  return { canvas, context };
}

/**
 * The colour of a value as a pixel; of none, nothing.
 *
 * @param {any} trace
 * @param {Rows} rows
 * @returns {(value: number | null) => number}
 */
function shader({ colorscale, reversescale, zauto, zmin, zmax }, rows) {
  const [low, high] = zauto ? extremes(rows) : [zmin, zmax];
  const colours = shades(JSON.stringify([colorscale, reversescale]));
  const last = colours.length - 1;
  return (value) => {
    if (value === null || Number.isNaN(value)) return 0;
    const share = high > low ? (value - low) / (high - low) : 0.5;
    return colours[Math.round(last * Math.min(1, Math.max(0, share)))];
  };
}

/** @param {Rows} rows */
function extremes(rows) {
  let [low, high] = [Infinity, -Infinity];
  for (const row of rows) {
    for (let k = 0; k < row.length; k += 1) {
      const value = row[k];
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low, high];
}

const SHADES = 1024;
/** @type {Map<string, Uint32Array>} */
const scales = new Map();

/**
 * A scale of colours as so many pixels, from low to high.
 *
 * @param {string} scale
 * @returns {Uint32Array}
 */
function shades(scale) {
  const known = scales.get(scale);
  if (known) return known;
  const [stops, reversed] = JSON.parse(scale);
  const { context } = sheet(SHADES, 1);
  const gradient = context.createLinearGradient(0.5, 0, SHADES - 0.5, 0);
  for (const [share, colour] of stops) gradient.addColorStop(reversed ? 1 - share : share, colour);
  context.fillStyle = gradient;
  context.fillRect(0, 0, SHADES, 1);
  const made = new Uint32Array(context.getImageData(0, 0, SHADES, 1).data.buffer);
  scales.set(scale, made);
  return made;
}
