// @ts-check
// When a run is over and the browser at rest.

// In page/glossary.css: captions come after the run.
const CAPTION = "lab-caption-came";
const SCRIPT_STATE = "data-test-script-state";

/** @param {() => void} act What is done then. While figures move it costs nothing: only one attribute is heard. */
export function whenSettled(act) {
  const atRest = window.requestIdleCallback ?? ((/** @type {() => void} */ call) => setTimeout(call, 50));
  let due = false;
  const soon = () => {
    if (due) return;
    due = true;
    atRest(() => {
      due = false;
      act();
    });
  };
  const heard = new MutationObserver((changes) => {
    if (changes.some(({ target }) => /** @type {Element} */ (target).getAttribute(SCRIPT_STATE) === "notRunning")) soon();
  });
  heard.observe(document.documentElement, { subtree: true, attributeFilter: [SCRIPT_STATE] });
  document.addEventListener("animationstart", ({ animationName }) => {
    if (animationName === CAPTION) soon();
  });
}
