"""The little that the theme cannot say."""

from pathlib import Path
from typing import Final

import streamlit as st

from lab.page.colours import COLOURS_CSS
from lab.page.type import TYPE_CSS

# A file of our own: Streamlit would fetch an icon of its fonts from another host.
ICON: Final = Path(__file__).parents[1] / "web" / "icon.svg"

_SHEETS: Final = "".join(
    (Path(__file__).parents[1] / name).read_text(encoding="utf-8")
    for name in ("live/live.css", "live/timeline.css")
)
_CSS = """
<style>
  .stMainBlockContainer { padding-top: 3rem; padding-bottom: 3rem; }
  /* In the header, where Streamlit's own navigation would be; a phone has it scrolled by a finger. */
  .st-key-nav {
    position: fixed; top: 0; z-index: 999990; width: auto; max-width: calc(100% - 6.5rem);
    height: 3.75rem; flex-wrap: nowrap; align-items: center; gap: 0.25rem;
    overflow-x: auto; scrollbar-width: none;
  }
  /* Beside the button that brings the controls back. */
  .stSidebar[data-collapsed="true"] ~ * .st-key-nav { left: 3.25rem; max-width: calc(100% - 3.5rem); }
  /* The row lies on it; Streamlit leaves it clear on a page without a sidebar. */
  .stAppHeader { background: var(--lab-page); }
  .st-key-nav p { white-space: nowrap; }
  /* In a row that is too long, web/opening.js brings the page that is shown into sight: it hears of the
     animation. */
  .st-key-nav { scroll-padding-inline: 2.5rem; }
  .st-key-nav-here { animation: lab-here 1ms; }
  @keyframes lab-here { to { outline-color: currentcolor; } }
  /* It fades where it goes on, by as much as it does; where it is short, its timeline stands still.
     An angle bracket in a style would have Streamlit take the whole of it for markup. */
  @property --lab-before { syntax: "\\3c length>"; inherits: false; initial-value: 0px; }
  @property --lab-after { syntax: "\\3c length>"; inherits: false; initial-value: 0px; }
  @keyframes lab-before { to { --lab-before: 2.5rem; } }
  @keyframes lab-after { from { --lab-after: 2.5rem; } }
  @supports (animation-timeline: scroll()) {
    .st-key-nav {
      mask-image: linear-gradient(to right, transparent, black var(--lab-before),
                                  black calc(100% - var(--lab-after)), transparent);
      animation: lab-before linear both, lab-after linear both;
      animation-timeline: scroll(self inline);
      animation-range: 0 2.5rem, calc(100% - 2.5rem) 100%;
    }
  }
  .stMainBlockContainer h1 {
    font-size: var(--lab-size-question); line-height: 1.14; text-wrap: balance;
    padding: 0.5rem 0 0.35rem;
  }
  [class*="st-key-figure-"] h2, .st-key-notes h2 { padding: 0; }
  /* Letters of formulas are as large as those around them. */
  .katex { font-size: 1.1em; }
  .stSidebar { border-right: 1px solid var(--lab-grid); }
  .stSidebar h2 { font-size: var(--lab-size-text); }
  [data-testid="stMarkdownContainer"] :is(p, li) { max-width: 40rem; }
  /* Two answers side by side, also beside the controls of a small screen. */
  .st-key-live-losses .lab-figures {
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
  }
  .st-key-answer p { max-width: 56rem; font-size: var(--lab-size-title); line-height: 1.35; }
  .st-key-formulas [data-testid="stMarkdownContainer"] {
    display: flex; flex-wrap: wrap; justify-content: center; align-items: baseline; column-gap: 4rem;
  }
  .st-key-formulas .katex-display { margin: 0.2em 0 0.9em; overflow: visible; }
  /* The colour of widgets is for what is seen; words in it would be too faint in the dark. */
  .stApp :is([data-testid="stSliderThumbValue"], button[data-variant][data-selected]) {
    color: var(--lab-ink);
  }
  @media (max-width: 640px) {
    @supports not (animation-timeline: scroll()) {
      .st-key-nav { mask-image: linear-gradient(to right, black calc(100% - 2rem), transparent); }
      .st-key-nav > :last-child { padding-right: 2rem; }
    }
    .st-key-presets .stHorizontalBlock {
      flex-wrap: nowrap; overflow-x: auto; scrollbar-width: none;
    }
    .stMainBlockContainer { padding-left: 0.75rem; padding-right: 0.75rem; }
    .st-key-answer p { font-size: var(--lab-size-text); line-height: 1.5; }
    [class*="st-key-figure-"] { padding: 0.5rem; }
  }
  /* Where Streamlit has put the controls away: by itself up to 768 px, or by hand at any width. */
  .st-key-phone-hint { display: none; }
  @media screen { .stSidebar[data-collapsed="true"] ~ * .st-key-phone-hint { display: flex; } }
</style>
"""


# The drawer of the page that was left, which Streamlit keeps, empty.
_NO_CONTROLS: Final = """
  .stSidebar, [data-testid="stExpandSidebarButton"] { display: none; }
  .stSidebar[data-collapsed="true"] ~ * .st-key-nav { left: auto; max-width: calc(100% - 3.5rem); }
"""


def apply_style(*, controls: bool) -> None:
    """Set colours, and margins for wide and narrow screens. Call once a run, from the router."""
    st.html(f"{_CSS}<style>{COLOURS_CSS}{TYPE_CSS}{_SHEETS}{'' if controls else _NO_CONTROLS}</style>")
