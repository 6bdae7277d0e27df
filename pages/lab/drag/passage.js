// @ts-check
// On the way from one state to another: a moment in which the eye can follow.

const TWEEN_MS = 160;

let held = false;
const still = typeof matchMedia === "function" ? matchMedia("(prefers-reduced-motion: reduce)") : { matches: true };
if (typeof addEventListener === "function") {
  addEventListener("pointerdown", () => (held = true), { capture: true, passive: true });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => (held = false), { capture: true, passive: true });
}

/** Whether pictures may go on by themselves: under a hand they follow it, at once. */
export const mayTween = () => !held && !still.matches && !document.hidden;

/** How far a thing has gone after a share of its time: at first it goes fast. @param {number} share */
export const eased = (share) => 1 - (1 - share) ** 3;

/** The way of one thing, frame by frame of the screen. */
export class Passage {
  constructor() {
    this.frame = 0;
  }

  get going() {
    return this.frame > 0;
  }

  /**
   * @param {(share: number) => boolean} move shows how far it is; says whether that could be
   * @param {() => void} arrive
   * @returns {boolean} whether it goes
   */
  start(move, arrive) {
    this.stop();
    if (!move(0)) return false;
    const began = performance.now();
    const step = () => {
      const share = (performance.now() - began) / TWEEN_MS;
      if (share < 1 && move(share)) {
        this.frame = requestAnimationFrame(step);
        return;
      }
      this.frame = 0;
      arrive();
    };
    this.frame = requestAnimationFrame(step);
    return true;
  }

  stop() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }
}
