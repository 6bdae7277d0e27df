// The marks of a trace as Plotly leaves them in the page, and how each is put to another place. A
// painter is a function that does it, and null stands for a trace that only Plotly can draw.

const PAINTERS = { scatter: scatterPainter, bar: barPainter, heatmap: heatmapPainter };

export function painterOf(plot, next, index) {
  const trace = plot._fullData[index];
  const make = PAINTERS[trace.type];
  if (!make) return null;
  const { xaxis, yaxis } = plot._fullLayout._plots[trace.xaxis + trace.yaxis];
  const node = nodeOf(plot, index);
  return make({ plot, trace, node, data: next.data, index, xaxis, yaxis });
}

// Plotly's d3 leaves with each node what it was made from.
function nodeOf(plot, index) {
  const made = plot.querySelectorAll(".cartesianlayer .trace, .cartesianlayer .hm");
  return [...made].find((node) => node.__data__?.[0]?.trace?.index === index);
}

// Where the values of a trace lie along an axis, in pixels; null where one lies nowhere. What is no
// array (a place by name, or by its number) stays where Plotly has put it.
function placesOf({ plot, data, index }, axis) {
  const letter = axis._id[0];
  const values = data[index][letter];
  const linear = axis.type === "linear" || axis.type === "log";
  const places = linear && values
    ? Array.from(values, (value) => (value === null ? NaN : axis.c2p(axis.d2c(value))))
    : plot.calcdata[index].map((item) => axis.c2p(item[letter]));
  return places.every(Number.isFinite) ? places : null;
}

function scatterPainter(mark) {
  const { trace, node, xaxis, yaxis } = mark;
  const { line = {}, fill = "none" } = trace;
  const plain = fill === "none" && (line.shape ?? "linear") === "linear" && trace.cliponaxis !== false;
  const texts = trace.mode.includes("text") || trace.error_x?.visible || trace.error_y?.visible;
  const x = placesOf(mark, xaxis);
  const y = placesOf(mark, yaxis);
  if (!plain || texts || !node || !x || x.length !== y?.length) return null;
  const points = [...node.querySelectorAll(".points > path")];
  const lines = [...node.querySelectorAll(".lines > path.js-line")];
  if (trace.mode.includes("markers") && points.length !== x.length) return null;
  if (trace.mode.includes("lines") && lines.length !== 1) return null;
  return () => {
    points.forEach((point, i) => point.setAttribute("transform", `translate(${x[i]},${y[i]})`));
    if (lines.length) lines[0].setAttribute("d", `M${x.map((place, i) => `${round(place)},${round(y[i])}`).join("L")}`);
  };
}

function barPainter(mark) {
  const { plot, trace, node, xaxis, yaxis } = mark;
  const { barmode, barnorm } = plot._fullLayout;
  const flat = trace.orientation === "h";
  const along = flat ? xaxis : yaxis;
  const across = flat ? yaxis : xaxis;
  const items = plot.calcdata[mark.index];
  const rich = trace.base != null || trace.text || trace.texttemplate || items[0].t.cornerradiusvalue;
  if (rich || barnorm || !["group", "overlay", "relative"].includes(barmode) || along.type !== "linear") return null;
  const bars = node ? [...node.querySelectorAll(".points > .point > path")] : [];
  const sizes = sizesOf(mark, along);
  if (bars.length !== items.length || sizes.length !== items.length || !sizes.every(Number.isFinite)) return null;
  const bases = barmode === "relative" ? basesOf(mark, sizes, along) : sizes.map(() => 0);
  const paths = items.map((item, i) => {
    const [start, end] = clear(along.c2p(bases[i]), along.c2p(bases[i] + sizes[i]), true);
    const [low, high] = clear(across.c2p(item.p0), across.c2p(item.p1));
    if (start === end) return "M0,0Z";
    return flat ? `M${start},${low}V${high}H${end}V${low}Z` : `M${low},${start}V${end}H${high}V${start}Z`;
  });
  return () => bars.forEach((bar, i) => bar.setAttribute("d", paths[i]));
}

const sizesOf = ({ data, index }, along) => Array.from(data[index][along._id[0]], (value) => value ?? NaN);

// What the earlier bars at the same place, with the same sign, add up to.
function basesOf(mark, sizes, along) {
  const { plot, data, trace } = mark;
  const items = plot.calcdata[mark.index];
  const below = plot._fullData.filter(
    (other) =>
      other.type === "bar" && other.visible === true && other.index < mark.index &&
      other.xaxis === trace.xaxis && other.yaxis === trace.yaxis
  );
  return items.map(({ p }, i) => {
    let sum = 0;
    for (const { index } of below) {
      const place = plot.calcdata[index].findIndex((item) => item.p === p);
      const size = place < 0 ? 0 : sizesOf({ data, index }, along)[place];
      if (Math.sign(size) === Math.sign(sizes[i])) sum += size;
    }
    return sum;
  });
}

// Both ends of a bar in pixels, apart enough to be seen unless there is nothing to see.
function clear(one, other, mayVanish = false) {
  const rounded = (here, there) => {
    if (Math.abs(here - there) >= 2) return round(here);
    if (mayVanish && here === there) return here;
    return here > there ? Math.ceil(here) : Math.floor(here);
  };
  const start = rounded(one, other);
  return [start, rounded(other, start)];
}

function heatmapPainter(mark) {
  const { trace, node, data, index, xaxis, yaxis } = mark;
  const { z } = data[index];
  const x = placesOf(mark, xaxis);
  const y = placesOf(mark, yaxis);
  const images = node ? node.querySelectorAll("image") : [];
  const rich = trace.zsmooth || trace.texttemplate || trace.coloraxis || trace.showscale;
  if (rich || images.length !== 1 || !x || !y || !regular(x) || !regular(y) || x[1] < x[0]) return null;
  if (z.length !== y.length || z[0].length !== x.length) return null;
  const [left, right] = edges(x);
  const [one, other] = edges(y);
  const [top, bottom] = [Math.min(one, other), Math.max(one, other)];
  const box = { x: left, y: top, width: Math.round(right - left), height: Math.round(bottom - top) };
  const gaps = { x: trace.xgap ?? 0, y: trace.ygap ?? 0 };
  // Without gaps, Plotly draws a cell as one pixel and has the browser stretch it, if that can.
  const stretched = /pixelated/.test(images[0].getAttribute("style") ?? "");
  if (stretched === Boolean(gaps.x || gaps.y)) return null;
  // With them, it draws no more than is near the axes.
  const near = left > -1 && top > -1 && right < xaxis._length + 1 && bottom < yaxis._length + 1;
  if (!stretched && !near) return null;
  return () => {
    for (const [name, value] of Object.entries(box)) images[0].setAttribute(name, value);
    const rows = one > other ? [...z].reverse() : z;
    const picture = stretched ? pixels(trace, rows) : cells(trace, rows, box, gaps);
    images[0].setAttributeNS("http://www.w3.org/1999/xlink", "xlink:href", picture.toDataURL());
  };
}

function regular(places) {
  if (places.length < 2) return false;
  const step = (places.at(-1) - places[0]) / (places.length - 1);
  return places.every((place, i) => Math.abs(place - places[0] - i * step) < 0.01 * Math.abs(step));
}

function edges(places) {
  const half = (places[1] - places[0]) / 2;
  return [places[0] - half, places.at(-1) + half];
}

// The picture of a matrix, a pixel a cell.
function pixels(trace, rows) {
  const { canvas, context } = sheet(rows[0].length, rows.length);
  const picture = context.createImageData(canvas.width, canvas.height);
  const all = new Uint32Array(picture.data.buffer);
  const shade = shader(trace, rows);
  rows.forEach((row, place) => row.forEach((value, column) => (all[canvas.width * place + column] = shade(value))));
  context.putImageData(picture, 0, 0);
  return canvas;
}

// The same in full size, with gaps between the cells.
function cells(trace, rows, { width, height }, gaps) {
  const { canvas, context } = sheet(width, height);
  const shade = shader(trace, rows);
  const bounds = (count, length) => Array.from({ length: count + 1 }, (_none, k) => Math.round((k * length) / count));
  const [lefts, tops] = [bounds(rows[0].length, width), bounds(rows.length, height)];
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

function sheet(width, height) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  return { canvas, context: canvas.getContext("2d", { willReadFrequently: true }) };
}

// The colour of a value as a pixel; of none, nothing.
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

function extremes(rows) {
  let [low, high] = [Infinity, -Infinity];
  for (const row of rows) {
    for (const value of row) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low, high];
}

const SHADES = 1024;
const scales = new Map();

// A scale of colours as so many pixels, from low to high.
function shades(scale) {
  if (!scales.has(scale)) {
    const [stops, reversed] = JSON.parse(scale);
    const { context } = sheet(SHADES, 1);
    const gradient = context.createLinearGradient(0.5, 0, SHADES - 0.5, 0);
    for (const [share, colour] of stops) gradient.addColorStop(reversed ? 1 - share : share, colour);
    context.fillStyle = gradient;
    context.fillRect(0, 0, SHADES, 1);
    scales.set(scale, new Uint32Array(context.getImageData(0, 0, SHADES, 1).data.buffer));
  }
  return scales.get(scale);
}

function round(value) {
  return Math.round(100 * value) / 100;
}
