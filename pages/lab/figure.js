// A Plotly figure that stays: its node is kept between runs and updated by Plotly.react, so that
// zoom and selection survive and nothing blinks. One copy of plotly.js serves all figures.

const kept = new WeakMap();
const libraries = new Map();

function load(url) {
  const address = new URL(url, document.baseURI).href;
  if (!libraries.has(address)) {
    libraries.set(address, import(address).then(() => window.Plotly ?? window.moduleName));
  }
  return libraries.get(address);
}

// Colours and type come from Streamlit's theme, whichever is on.
function themed(layout, element) {
  const style = getComputedStyle(element);
  const theme = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const grid = theme("border-color-light") || theme("border-color") || "rgba(128, 128, 128, 0.25)";
  const axes = Object.keys(layout).filter((key) => /^[xy]axis/.test(key));
  return {
    ...layout,
    ...Object.fromEntries(
      axes.map((key) => [key, { ...layout[key], gridcolor: grid, zerolinecolor: grid, linecolor: grid }])
    ),
    font: { family: theme("font") || style.fontFamily, color: theme("text-color") || style.color },
    paper_bgcolor: "rgba(0, 0, 0, 0)",
    plot_bgcolor: "rgba(0, 0, 0, 0)",
    autosize: true,
  };
}

async function draw(state) {
  const { figure, plotly, alt } = state.data;
  state.node.setAttribute("aria-label", alt);
  const { data, layout } = JSON.parse(figure);
  state.node.style.height = `${layout.height}px`;
  const Plotly = await load(plotly);
  // While plotly.js was on its way, newer data may have come, or the page may have gone.
  if (!state.node.isConnected || state.data.figure !== figure) return;
  state.Plotly = Plotly;
  await Plotly.react(state.node, data, themed(layout, state.node), {
    responsive: true,
    displaylogo: false,
  });
  state.node.dataset.drawn = String(Number(state.node.dataset.drawn ?? 0) + 1);
}

export default function ({ data, parentElement }) {
  let state = kept.get(parentElement);
  if (!state) {
    const node = parentElement.querySelector(".lab-figure");
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    state = { node, dark, redraw: () => setTimeout(() => draw(state), 200) };
    dark.addEventListener("change", state.redraw);
    kept.set(parentElement, state);
  }
  state.data = data;
  draw(state);
  return () => {
    // The clean-up is also called between two runs, while the node stays.
    if (state.node.isConnected) return;
    state.dark.removeEventListener("change", state.redraw);
    state.Plotly?.purge(state.node);
    kept.delete(parentElement);
  };
}
