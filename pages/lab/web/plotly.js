// @ts-check
// One copy of plotly.js for everything on the page that draws, and the theme for figures.

/** @typedef {import("./types.js").Figure} Figure */
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
 * Which theme is on at this element, and the type that Streamlit has there.
 *
 * @param {HTMLElement} element
 * @returns {Theme}
 */
export function readTheme(element) {
  const style = getComputedStyle(element);
  return {
    dark: style.colorScheme === "dark",
    font: style.getPropertyValue("--st-font").trim() || style.fontFamily,
  };
}

/**
 * A figure, which comes in the light values of the table of colours, in those of the theme.
 *
 * @param {Figure} figure
 * @param {Theme} theme
 * @param {Record<string, string>} dark for each light value the dark one
 * @returns {Figure}
 */
export function themed({ data, layout }, theme, dark) {
  const shown = theme.dark ? recoloured({ data, layout }, dark) : { data, layout };
  shown.layout.font = { ...shown.layout.font, family: theme.font };
  return shown;
}

const VALUE = /#[0-9A-F]{6}/g;

/**
 * A tree with its colours replaced; arrays of numbers hold none and stay the same.
 *
 * @param {any} tree
 * @param {Record<string, string>} pairs
 * @returns {any}
 */
export function recoloured(tree, pairs) {
  if (typeof tree === "string") return tree.replace(VALUE, (value) => pairs[value] ?? value);
  if (tree === null || typeof tree !== "object" || isData(tree)) return tree;
  if (Array.isArray(tree)) return tree.map((child) => recoloured(child, pairs));
  return Object.fromEntries(Object.entries(tree).map(([name, child]) => [name, recoloured(child, pairs)]));
}

/** @param {any} tree */
function isData(tree) {
  return ArrayBuffer.isView(tree) || (Array.isArray(tree) && ArrayBuffer.isView(tree[0]));
}
