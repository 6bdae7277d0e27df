// @ts-check
// One copy of plotly.js for everything on the page that draws, and Streamlit's theme for figures.

/** @typedef {import("./types.js").Layout} Layout */
/** @typedef {import("./types.js").Plot} Plot */
/** @typedef {import("./types.js").Plotly} Plotly */
/** @typedef {import("./types.js").Theme} Theme */

/** @type {Map<string, Promise<Plotly>>} */
const libraries = new Map();

/** @param {string} url */
export function loadPlotly(url) {
  const address = new URL(url, document.baseURI).href;
  const known = libraries.get(address);
  if (known) return known;
  const library = import(address).then(() => {
    if (!window.Plotly) throw new Error("plotly.js did not load");
    return window.Plotly;
  });
  // What failed may work the next time.
  library.catch(() => libraries.delete(address));
  libraries.set(address, library);
  return library;
}

/**
 * Has Plotly remember how 3-D figures are turned now. By itself it does when a mouse lets go, after
 * which they turn on for a while, and not at all after a finger; the next drawing would turn them back.
 *
 * @param {Plot} plot
 */
export function keepCameras(plot) {
  for (const name of plot._fullLayout?._subplots?.gl3d ?? []) {
    plot._fullLayout[name]._scene?.saveLayout(plot.layout);
  }
}

/**
 * Steps back from 3-D figures that are narrower than high: what they show is as wide as they are high.
 * The layout is changed in place.
 *
 * @param {Layout & { width: number, height: number }} layout
 */
export function fitScenes(layout) {
  const far = Math.max(1, (1.05 * layout.height) / layout.width);
  for (const name of Object.keys(layout)) {
    const eye = /^scene/.test(name) && layout[name].camera?.eye;
    if (eye) layout[name].camera = { ...layout[name].camera, eye: { x: far * eye.x, y: far * eye.y, z: far * eye.z } };
  }
}

/**
 * Colours and type as Streamlit has them at this element, whichever theme is on.
 *
 * @param {HTMLElement} element
 * @returns {Theme}
 */
export function readTheme(element) {
  const style = getComputedStyle(element);
  /** @param {string} name */
  const read = (name) => style.getPropertyValue(`--st-${name}`).trim();
  return {
    text: read("text-color") || style.color,
    font: read("font") || style.fontFamily,
    grid: read("border-color-light") || read("border-color") || "rgba(128, 128, 128, 0.25)",
    // WebGL draws lines fainter.
    space: read("gray-color") || "rgba(128, 128, 128, 0.5)",
    surface: read("background-color") || "white",
    muted: read("gray-color") || "gray",
  };
}

/**
 * The layout in the colours of the theme. It is changed in place.
 *
 * @param {Layout} layout
 * @param {Theme} theme
 */
export function themed(layout, theme) {
  /** @param {string} color */
  const lines = (color) => ({ gridcolor: color, zerolinecolor: color, linecolor: color });
  for (const name of Object.keys(layout)) {
    if (/^[xy]axis/.test(name)) Object.assign(layout[name], lines(theme.grid));
    if (/^scene/.test(name)) {
      for (const axis of ["xaxis", "yaxis", "zaxis"]) {
        layout[name][axis] = { ...layout[name][axis], ...lines(theme.space) };
      }
    }
  }
  return Object.assign(layout, {
    font: { ...layout.font, family: theme.font, color: theme.text },
    hoverlabel: { bgcolor: theme.surface, font: { color: theme.text }, ...layout.hoverlabel },
    paper_bgcolor: "rgba(0, 0, 0, 0)",
    plot_bgcolor: "rgba(0, 0, 0, 0)",
  });
}
