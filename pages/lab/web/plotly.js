// One copy of plotly.js for everything on the page that draws, and Streamlit's theme for figures.

const libraries = new Map();

export function loadPlotly(url) {
  const address = new URL(url, document.baseURI).href;
  if (!libraries.has(address)) {
    const library = import(address).then(() => {
      if (!window.Plotly) throw new Error("plotly.js did not load");
      return window.Plotly;
    });
    // What failed may work the next time.
    library.catch(() => libraries.delete(address));
    libraries.set(address, library);
  }
  return libraries.get(address);
}

// Has Plotly remember how 3-D figures are turned now. By itself it does when a mouse lets go, after
// which they turn on for a while, and not at all after a finger; the next drawing would turn them back.
export function keepCameras(plot) {
  for (const name of plot._fullLayout?._subplots?.gl3d ?? []) {
    plot._fullLayout[name]._scene?.saveLayout(plot.layout);
  }
}

// Steps back from 3-D figures that are narrower than high: what they show is as wide as they are high.
// The layout, which has its size, is changed in place.
export function fitScenes(layout) {
  const far = Math.max(1, (1.05 * layout.height) / layout.width);
  for (const name of Object.keys(layout)) {
    const eye = /^scene/.test(name) && layout[name].camera?.eye;
    if (eye) layout[name].camera = { ...layout[name].camera, eye: { x: far * eye.x, y: far * eye.y, z: far * eye.z } };
  }
}

// Colours and type as Streamlit has them at this element, whichever theme is on.
export function readTheme(element) {
  const style = getComputedStyle(element);
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

// The layout in the colours of the theme. It is changed in place.
export function themed(layout, theme) {
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
    // It lies over the legend where there is little room.
    modebar: { bgcolor: theme.surface, color: theme.muted, activecolor: theme.text, ...layout.modebar },
    hoverlabel: { bgcolor: theme.surface, font: { color: theme.text }, ...layout.hoverlabel },
    paper_bgcolor: "rgba(0, 0, 0, 0)",
    plot_bgcolor: "rgba(0, 0, 0, 0)",
  });
}
