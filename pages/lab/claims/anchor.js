// @ts-check
// What an address ends with stays in view while fonts and links arrive, until the reader moves.

const SETTLES_MS = 3000;
const MOVES = ["wheel", "touchstart", "pointerdown", "keydown"];

// Back returns to the card whose link was followed.
document.addEventListener("click", ({ target }) => {
  const card = target instanceof Element && target.closest("a") && target.closest("[class*='st-key-claim-']");
  const anchor = card && card.querySelector("h3[id]")?.id;
  if (anchor) history.replaceState(history.state, "", `#${anchor}`);
}, { capture: true });

/** @param {{ parentElement: HTMLElement }} component */
export default function hold({ parentElement }) {
  const target = document.getElementById(location.hash.slice(1));
  const page = parentElement.closest("[data-testid='stMainBlockContainer']");
  if (!target || !page) return () => {};
  const observer = new ResizeObserver(() => target.scrollIntoView());
  const release = () => {
    observer.disconnect();
    clearTimeout(timer);
    for (const move of MOVES) removeEventListener(move, release);
  };
  const timer = setTimeout(release, SETTLES_MS);
  for (const move of MOVES) addEventListener(move, release, { passive: true });
  observer.observe(page);
  return release;
}
