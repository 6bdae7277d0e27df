// @ts-check
// When figures are drawn: wishes are gathered until the next frame of the screen, and what is out of
// sight waits until nobody has wished for anything for a while.

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/**
 * @typedef {object} Drawing
 * @property {(unseen: number) => Promise<boolean>} draw draws what is in sight and, of what is not, as
 * many as may be; says whether some are left
 * @property {() => boolean} may whether there is anything to draw on
 * @property {(error: unknown) => void} fail
 */

export class DrawingLoop {
  /** @param {Drawing} drawing */
  constructor(drawing) {
    this.drawing = drawing;
    this.wanted = false;
    this.hurried = false;
    this.busy = false;
    this.rest = 0;
    /** @type {(() => void) | undefined} */
    this.hurry = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.idle = undefined;
  }

  /**
   * Several wishes before the next frame of the screen are one; a frame that is not drawn in time is
   * left out, so that the picture is never behind the hand. What is out of sight is drawn when
   * nothing more was wished for `rest` milliseconds.
   *
   * @param {{ rest?: number, now?: boolean }} [wish]
   */
  async want({ rest = 0, now = false } = {}) {
    this.wanted = true;
    this.rest = rest;
    clearTimeout(this.idle);
    if (!this.drawing.may()) return;
    this.hurried ||= now;
    if (now) this.hurry?.();
    if (this.busy) return;
    await this.whileBusy(async () => {
      while (this.wanted && this.drawing.may()) {
        await this.frame();
        this.hurried = false;
        this.wanted = false;
        await this.drawing.draw(0);
      }
    });
    this.idle = setTimeout(() => this.catchUp(), this.rest);
  }

  // The next frame of the screen, or now.
  frame() {
    return new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
      this.hurry = resolve;
      if (this.hurried) resolve();
      else requestAnimationFrame(resolve);
    });
  }

  async catchUp() {
    if (this.busy || !this.drawing.may()) return;
    await this.whileBusy(async () => {
      // One at a time, so that the page answers in between.
      while (!this.wanted && this.drawing.may() && (await this.drawing.draw(1))) await nextFrame();
    });
    if (this.wanted) this.want({ rest: this.rest });
  }

  /** @param {() => Promise<void>} work */
  async whileBusy(work) {
    this.busy = true;
    try {
      await work();
    } catch (error) {
      this.drawing.fail(error);
    } finally {
      this.busy = false;
    }
  }

  stop() {
    clearTimeout(this.idle);
  }
}
