// @ts-check
// A page on paper: white from either theme, and charts, which are drawn as wide as the screen has them, made
// as small as the paper is wide. The rest is page/print.css.

// Of A4 and Letter between margins of 20 mm, in the style sheet's pixels.
const PAPER = 640;

/** @param {Document} [page] */
export function layOutForPaper(page = document) {
  for (const plot of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll(".lab-plot"))) {
    // What is drawn in three dimensions is forgotten once it has been shown.
    /** @type {any} */ (plot)._fullLayout?.scene?._scene?.glplot?.redraw();
    plot.style.setProperty("--lab-print-zoom", String(Math.min(1, PAPER / plot.clientWidth)));
  }
  const app = page.querySelector(".stApp");
  page.documentElement.dataset.dark = String(app !== null && getComputedStyle(app).colorScheme === "dark");
}

export function prepareForPaper() {
  window.addEventListener("beforeprint", () => layOutForPaper());
}
