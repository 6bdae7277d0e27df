// @ts-check
// Says what a symbol means where a pointer rests on it or a finger taps it, on every page: its line of the
// table at the foot, which page/glossary.py draws, and which keys and screen readers reach.

const TIP = "lab-tip";
// A formula may write L with a 1 below it, in two boxes.
const DEPTH = 3;
const MARKED = ".katex, strong, em, .lab-symbol, .stMarkdownColoredText, [style*='color']";

/** @param {string | null} text */
export function symbolOf(text) {
  return (text ?? "")
    .replace(/[\s\u200b\u2061]/g, "")
    .replace(/[₀-₉]/g, (digit) => String(digit.charCodeAt(0) - 0x2080));
}

/**
 * Returns what a node writes if that is a symbol of the table.
 *
 * @param {Element} node
 * @param {ReadonlyMap<string, string>} table
 */
export function symbolAt(node, table) {
  if (!node.closest(MARKED)) return undefined;
  let found;
  for (let at = /** @type {Element | null} */ (node), up = 0; at && up <= DEPTH; at = at.parentElement, up += 1) {
    const symbol = symbolOf(at.textContent);
    if (table.has(symbol)) found = symbol;
    if (at.matches(MARKED)) break;
  }
  return found;
}

function readTable() {
  const terms = [...document.querySelectorAll(".lab-symbols dt")];
  return new Map(
    terms.map((term) => [symbolOf(term.textContent), term.nextElementSibling?.textContent ?? ""]),
  );
}

function takeTip() {
  const there = document.getElementById(TIP);
  if (there) return there;
  const tip = document.createElement("div");
  tip.id = TIP;
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  // In the app, whose properties have the colours.
  (document.querySelector(".stApp") ?? document.body).append(tip);
  return tip;
}

function hide() {
  const tip = document.getElementById(TIP);
  if (tip) tip.hidden = true;
}

/** @param {Event} event */
function show({ target }) {
  if (!(target instanceof Element)) return;
  const node = target;
  const table = readTable();
  const symbol = table.size ? symbolAt(node, table) : undefined;
  if (!symbol) {
    hide();
    return;
  }
  const tip = takeTip();
  tip.textContent = `${symbol}: ${table.get(symbol)}`;
  tip.hidden = false;
  const at = node.getBoundingClientRect();
  const left = Math.min(at.left, window.innerWidth - tip.offsetWidth - 8);
  const above = at.top - tip.offsetHeight - 4;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${above < 64 ? at.bottom + 4 : above}px`;
}

export function explainSymbols() {
  document.addEventListener("pointerover", show);
  document.addEventListener("click", show);
  document.addEventListener("scroll", hide, { capture: true, passive: true });
  document.addEventListener("keydown", ({ key }) => key === "Escape" && hide());
}
