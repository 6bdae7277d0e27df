// @ts-check
// Charts on paper: in the light colours, whichever theme is on. The rest is page/print.css.

/** @typedef {import("../web/types.js").Theme} Theme */

/** What is drawn in three dimensions is forgotten once it has been shown. @param {import("../web/types.js").Plot} plot */
function drawScene(plot) {
  plot._fullLayout?.scene?._scene?.glplot?.redraw();
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
    charts.plots().forEach(drawScene);
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
