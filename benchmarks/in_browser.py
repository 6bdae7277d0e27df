"""The lab in headless Chromium against a bare Streamlit page: key press, dragging, first picture.

Run as `python -m benchmarks.in_browser`. Needs the development environment and a Chromium.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page

from benchmarks.effort import Effort
from benchmarks.pairs import PairTimes
from benchmarks.report import RATIO_HEADER, Section, Setting, add_ratio, document
from scripts.browser import chromium, served_lab, served_page

_REPORT: Final = Path(__file__).parent.parent / "docs" / "benchmarks-in-browser.md"
_BARE: Final = Path(__file__).with_name("bare_page.py")
_FRAMES: Final = 120
_MS_A_FRAME: Final = 20.0
_MS_TO_AN_ANIMATION: Final = 120.0

# When a key went down, when anything in a chart last changed, and when the first chart stood.
_WATCH: Final = """
(() => {
  const seen = window.labTimes = {key: 0, last: 0, first: 0};
  const charts = '.js-plotly-plot, [data-testid="stPlotlyChart"], .lab-hero';
  const data = '.js-plotly-plot .point, .js-plotly-plot .js-line, .lab-hero .curve[d]';
  const painted = () => requestAnimationFrame(() => {
    seen.last = performance.now();
    if (!seen.first && document.querySelector(data)) seen.first = seen.last;
  });
  const inChart = node => node instanceof Element
    && (node.closest(charts) || node.querySelector(charts));
  addEventListener('keydown', () => { seen.key = performance.now(); seen.last = 0; }, true);
  new MutationObserver(records => {
    for (const plot of document.querySelectorAll('.js-plotly-plot')) {
      if (plot.labWatched || !plot.on) continue;
      plot.labWatched = true;
      plot.on('plotly_afterplot', painted);
    }
    if (records.some(record => record.target.closest?.(charts)
        || [...record.addedNodes].some(inChart))) painted();
  }).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
})();
"""

# Moves the bar one frame a tick, as fast as the browser ticks; milliseconds from tick to tick.
_SCRUB: Final = """
async frames => {
  const scrub = document.querySelector('[data-testid="scrub"]');
  const last = Number(scrub.max), ticks = [];
  scrub.dispatchEvent(new PointerEvent('pointerdown', {bubbles: true}));
  let before = await new Promise(requestAnimationFrame);
  for (let frame = 0; frame < frames; frame++) {
    const cycle = frame % (2 * last);
    scrub.value = String(cycle < last ? cycle : 2 * last - cycle);
    scrub.dispatchEvent(new Event('input', {bubbles: true}));
    const now = await new Promise(requestAnimationFrame);
    ticks.push(now - before);
    before = now;
  }
  return ticks;
}
"""

# Reaches for the bar; milliseconds until the animation is there.
_REACH: Final = """
() => new Promise(done => {
  const bar = document.querySelector('.lab-scrub'), start = performance.now();
  const seen = new MutationObserver(() => {
    if (bar.dataset.ready !== 'true') return;
    seen.disconnect();
    done(performance.now() - start);
  });
  seen.observe(bar, {attributes: true});
  bar.dispatchEvent(new PointerEvent('pointerenter'));
})
"""


def main() -> int:
    """Measure, print, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.in_browser", description=__doc__)
    parser.add_argument("--pairs", type=int, default=15, help="pairs of a comparison")
    parser.add_argument("--out", type=Path, default=_REPORT, help="file of the report")
    options = parser.parse_args()
    effort = Effort(pairs=options.pairs, least=1, seconds=0, cap=0, quick=options.pairs < 7)
    start = time.perf_counter()
    with _both() as (browser, lab, bare):
        section = _measure(browser, lab, bare, effort)
    setting = Setting(
        command="make bench-browser",
        clock="on the wall clock of the browser",
        cores="for the servers and the browser together",
        packages=("streamlit", "plotly", "playwright"),
    )
    minutes = (time.perf_counter() - start) / 60
    text = document([section], minutes=minutes, effort=effort, setting=setting)
    print(f"\n{text}")
    options.out.write_text(text, encoding="utf-8")
    return 0


@contextmanager
def _both() -> Iterator[tuple[Browser, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(folder)
        with (
            chromium() as browser,
            served_lab(log=logs / "lab.log", folder=logs) as lab,
            served_page(_BARE, log=logs / "bare.log", folder=logs) as bare,
        ):
            yield browser, lab, bare


def _measure(browser: Browser, lab: str, bare: str, effort: Effort) -> Section:
    section = Section(
        "In the browser",
        "`/losses` at its default size, with all its charts, against a bare Streamlit page of two "
        "small `st.plotly_chart`s (benchmarks/bare_page.py), in headless Chromium with software "
        "rendering. A "
        "key press moves a slider one stop; what is timed is until the last change in any chart. The "
        "first chart is that of a visitor who was never there, on a server that is warm; the first "
        "picture of `/` is its figure, which follows a hand from then on.",
        RATIO_HEADER,
    )
    firsts, homes = (_firsts(browser, ours, bare, effort) for ours in (f"{lab}/losses", lab))
    ours, theirs = _opened(browser, f"{lab}/losses"), _opened(browser, bare)
    for key in ("ArrowRight", "ArrowLeft"):
        _press(ours, "losses-eps-", key)
        _press(theirs, "step", key)
    presses = []
    for index in range(effort.pairs):
        key = ("ArrowRight", "ArrowLeft")[index % 2]
        presses.append((_press(ours, "losses-eps-", key), _press(theirs, "step", key)))
    add_ratio(section, "key press to last paint", "the bare page", _pairs(presses), at_most_times=0.75)
    add_ratio(section, "deep link to first chart", "the bare page", _pairs(firsts), at_most_times=0.95)
    add_ratio(section, "`/` to its first picture", "the bare page", _pairs(homes), at_most_times=0.6)
    _add_reaching(section, ours, effort)
    _add_scrubbing(section, browser, f"{lab}/losses")
    return section


def _add_limit(section: Section, case: str, measured: str, limit: str, *, met: bool) -> None:
    section.add(case, "a limit", measured, "", "", limit, section.verdict(met))


def _add_reaching(section: Section, page: Page, effort: Effort) -> None:
    """Reach for the bar in states whose animation nobody has asked for."""
    waits: list[float] = []
    for _ in range(effort.pairs):
        _press(page, "losses-eps-", "ArrowRight")
        waits.append(page.evaluate(_REACH))
    median = statistics.median(waits)
    _add_limit(
        section,
        "from a hand at the bar to its animation",
        f"{median:.3g} ms ({min(waits):.3g} to {max(waits):.3g}; {len(waits)} states)",
        f"at most {_MS_TO_AN_ANIMATION:g} ms",
        met=median <= _MS_TO_AN_ANIMATION,
    )


def _add_scrubbing(section: Section, browser: Browser, address: str) -> None:
    """Drag the bar on a page of its own, and count what is said to the server meanwhile."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.goto(address)
    page.wait_for_selector('[data-testid="scrub"]', timeout=120_000)
    page.evaluate(_REACH)
    page.wait_for_timeout(1000)
    page.evaluate(_SCRUB, 20)
    before = len(sent)
    ticks: list[float] = page.evaluate(_SCRUB, _FRAMES)
    messages = len(sent) - before
    median = statistics.median(ticks)
    _add_limit(
        section,
        "dragging, a frame of all charts in sight",
        f"{median:.3g} ms ({min(ticks):.3g} to {max(ticks):.3g}; {len(ticks)} frames)",
        f"at most {_MS_A_FRAME:g} ms",
        met=median <= _MS_A_FRAME,
    )
    _add_limit(section, "dragging, messages to the server", str(messages), "0", met=not messages)
    context.close()


def _opened(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.add_init_script(_WATCH)
    page.goto(address)
    page.wait_for_function("() => labTimes.first")
    page.get_by_role("slider").first.wait_for()
    _quiet(page)
    return page


def _quiet(page: Page) -> None:
    """Wait until the server is done and no chart has changed for a while."""
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")
    page.wait_for_function("() => labTimes.last && performance.now() - labTimes.last > 1000")


def _press(page: Page, slider: str, key: str) -> float:
    """Press a key on a slider of Streamlit; return seconds to the last change in a chart."""
    page.locator(f"[class*='st-key-{slider}']").get_by_role("slider").focus()
    page.keyboard.press(key)
    _quiet(page)
    milliseconds: float = page.evaluate("() => labTimes.last - labTimes.key")
    return milliseconds / 1000


def _firsts(browser: Browser, ours: str, theirs: str, effort: Effort) -> list[tuple[float, float]]:
    """Time both to the first chart in turn, after once that does not count."""
    pairs = 1 + effort.pairs
    return [(_first_chart(browser, ours), _first_chart(browser, theirs)) for _ in range(pairs)][1:]


def _first_chart(browser: Browser, address: str) -> float:
    """Return seconds from a new visitor's request to the first chart with data in it."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.add_init_script(_WATCH)
    page.goto(address)
    page.wait_for_function("() => labTimes.first", timeout=60_000)
    milliseconds: float = page.evaluate("() => labTimes.first")
    context.close()
    return milliseconds / 1000


def _pairs(times: list[tuple[float, float]]) -> PairTimes:
    ours, theirs = zip(*times, strict=True)
    return PairTimes(ours, theirs)


if __name__ == "__main__":
    sys.exit(main())
