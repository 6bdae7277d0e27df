// @ts-check
// Charts on paper: in the light colours, whichever theme is on, and as small as the paper is wide where
// the screen has them wider. The rest is page/print.css.

/** @typedef {import("../web/types.js").Theme} Theme */

// Of A4 and Letter between margins of 20 mm, in the style sheet's pixels.
const PAPER = 640;

/** @param {import("../web/types.js").Plot} plot */
function fitToPaper(plot) {
  // What is drawn in three dimensions is forgotten once it has been shown.
  plot._fullLayout?.scene?._scene?.glplot?.redraw();
  plot.style.setProperty("--lab-print-zoom", String(Math.min(1, PAPER / plot.clientWidth)));
}

/**
 * @typedef {object} Charts
 * @property {() => import("../web/types.js").Plot[]} plots
 * @property {Theme | undefined} theme
 * @property {() => void} again has all of them drawn in the theme, within the same task
 */

export class Paper {
  /** @param {Charts} charts */
  constructor(charts) {
    this.charts = charts;
    /** @type {Theme | undefined} What is on the screen, while its charts are dark ones on paper. */
    this.screen = undefined;
    this.before = () => this.lay();
    this.after = () => this.lift();
    window.addEventListener("beforeprint", this.before);
    window.addEventListener("afterprint", this.after);
  }

  lay() {
    const { charts } = this;
    if (charts.theme?.dark) {
      this.screen = charts.theme;
      this.show({ ...charts.theme, dark: false });
    }
    charts.plots().forEach(fitToPaper);
  }

  lift() {
    const { screen } = this;
    this.screen = undefined;
    if (screen) this.show(screen);
  }

  /** @param {Theme} theme */
  show(theme) {
    this.charts.theme = theme;
    this.charts.again();
  }

  remove() {
    window.removeEventListener("beforeprint", this.before);
    window.removeEventListener("afterprint", this.after);
  }
}
