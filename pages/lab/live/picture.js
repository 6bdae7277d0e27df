// @ts-check
// A figure as a picture to be saved: on white whatever the theme, at twice the size, with its title
// and the address of the state that it shows.

import { fitScenes, keepCameras, themed } from "../web/plotly.js";
import { frameOf } from "./animation.js";

const PAPER = { text: "#1c2733", font: "sans-serif", grid: "#e3e6ea", space: "#808080", surface: "white", muted: "gray" };
const SCALE = 2;
const TITLE_PX = 44;
const ADDRESS_PX = 26;

/**
 * @param {import("../web/types.js").Plotly} Plotly
 * @param {import("./card.js").Card} card
 * @param {string} address
 * @returns {Promise<string>} A PNG as a data address.
 */
export function pictureOf(Plotly, card, address) {
  const { chart, title } = card;
  const { plot, drawn } = chart;
  if (!drawn) throw new Error("there is no picture yet");
  const { data, layout } = frameOf(drawn.animation, drawn.index);
  keepCameras(plot);
  const margin = layout.margin ?? {};
  const size = { width: chart.width, height: chart.height + TITLE_PX + ADDRESS_PX };
  const paper = Object.assign(themed(layout, PAPER), size, {
    autosize: false,
    margin: { ...margin, t: (margin.t ?? 0) + TITLE_PX, b: (margin.b ?? 0) + ADDRESS_PX },
    paper_bgcolor: "white",
    plot_bgcolor: "white",
    title: { text: title, x: 0.5, xanchor: "center", y: 1, yanchor: "top", yref: "container", pad: { t: 12 } },
  });
  fitScenes(chart.zoomed(paper));
  for (const name of Object.keys(paper)) {
    const camera = /^scene/.test(name) && plot.layout[name]?.camera;
    if (camera) paper[name].camera = camera;
  }
  paper.annotations = [...(paper.annotations ?? []), addressBelow(address, paper)];
  return Plotly.toImage({ data, layout: paper }, { format: "png", ...size, scale: SCALE });
}

/**
 * @param {string} address
 * @param {import("../web/types.js").Layout} layout
 */
function addressBelow(address, { width = 0, margin }) {
  const longest = Math.floor((width - 16) / 5);
  const text = address.length > longest ? `${address.slice(0, longest - 1)}…` : address;
  return {
    text, showarrow: false, font: { size: 9 },
    xref: "paper", x: 0, xanchor: "left", xshift: 8 - (margin?.l ?? 0),
    yref: "paper", y: 0, yanchor: "bottom", yshift: 4 - (margin?.b ?? 0),
  };
}
