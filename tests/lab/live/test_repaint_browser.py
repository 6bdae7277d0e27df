"""What the lab repaints by itself is what Plotly draws of the same frame, mark by mark."""

from itertools import chain
from typing import Any, Literal

import pytest
from numpy.testing import assert_allclose
from playwright.sync_api import Page

from tests.support.browsing import open_lab, reach

pytestmark = pytest.mark.browser

# Plotly leaves out points of a line that it would draw nearly straight through.
PIXELS = {"lines": 0.3}

# Every mark of the charts as it lies in the page. Numbers are pixels; a bar without area is no bar, and
# what is transparent has little colour.
_READ_MARKS = """async () => {
  const numbers = text => (text ?? '').match(/-?[\\d.]+(?:e[-+]\\d+)?/g)?.map(Number) ?? [];
  const seen = node => !node.closest('[style*="display: none"]');
  const places = nodes => nodes.filter(seen).map(n => numbers(n.getAttribute('transform')))
      .sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  const ends = path => {
    const box = path.getBBox(), at = numbers(path.getAttribute('d'));
    return [box.x, box.y, box.width, box.height, ...at.slice(0, 2), ...at.slice(-2)];
  };
  const bar = path => {
    const at = numbers(path.getAttribute('d'));
    return at.length < 5 || at[1] === at[2] || at[0] === at[3] ? [] : at;
  };
  const pixels = async image => {
    const picture = new Image();
    picture.src = image.getAttribute('href') ?? image.getAttribute('xlink:href');
    await picture.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
    const context = canvas.getContext('2d');
    context.drawImage(picture, 0, 0);
    const all = context.getImageData(0, 0, canvas.width, canvas.height).data;
    // Of a picture in full size, some.
    const some = Array.from(all.keys()).filter(i => all.length < 1e5 || (i >> 2) % 7 === 0);
    return some.map(i => (i % 4 < 3 ? all[i] * all[i - i % 4 + 3] / 255 : all[i]));
  };
  const charts = {};
  for (const plot of document.querySelectorAll('.lab-plot')) {
    const all = selector => [...plot.querySelectorAll(selector)];
    const labels = all('.xtick > text, .ytick > text, .x2tick > text, .y2tick > text').filter(seen);
    charts[plot.closest('[data-card]').dataset.card] = {
      repainted: plot.dataset.repainted === 'true',
      labels: labels.map(n => n.textContent).sort(),
      pixels: {
        labels: places(labels),
        marks: places(all('path.ticks')),
        grid: places(all('.gridlayer path, .zerolinelayer path')),
        points: places(all('.points > path')),
        lines: all('.js-line').map(ends),
        bars: all('.bars path').map(bar),
        images: all('.hm image').map(n => ['x', 'y', 'width', 'height'].map(a => +n.getAttribute(a))),
      },
      colours: await Promise.all(all('.hm image').map(pixels)),
    };
  }
  return charts;
}"""

# The bar goes to a frame, and the screen has shown it.
_GO = """async index => {
  const bar = document.querySelector('[data-testid="scrub"]');
  bar.value = String(index);
  bar.dispatchEvent(new Event('input', {bubbles: true}));
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
}"""

# As a pointer does that comes to a chart, upon which Plotly draws.
_REACH = """async () => {
  for (const plot of document.querySelectorAll('.lab-plot')) {
    plot.dispatchEvent(new PointerEvent('pointerenter'));
  }
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
}"""


@pytest.mark.parametrize(
    ("address", "own", "theme"),
    [
        ("losses", {"answer", "pairs", "gradients", "split", "spacing"}, "light"),
        pytest.param(
            "losses",
            {"answer", "pairs", "gradients", "split", "spacing"},
            "dark",
            marks=pytest.mark.long,
        ),
        ("losses?along=eps&published=true&m=3", {"pairs", "split", "spacing"}, "light"),
        ("gradient", {"simplex", "approach", "gradients", "residual"}, "light"),
        ("transport", {"plan", "errors", "path"}, "light"),
        pytest.param("transport", {"plan", "errors", "path"}, "dark", marks=pytest.mark.long),
    ],
)
def test_repainted_frame_is_what_plotly_draws(
    lab: str, page: Page, address: str, own: set[str], theme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=theme)
    open_lab(page, f"{lab}/{address}")
    reach(page)
    last = int(page.get_by_test_id("scrub").get_attribute("max") or 0)
    repainted = set()
    for share in (0.3, 0.6, 0.65, 1):
        page.evaluate(_GO, round(share * last))
        page.wait_for_function(
            """() => [...document.querySelectorAll('.lab-figures')].every(
                ({dataset}) => dataset.late === 'false')"""
        )
        ours: dict[str, Any] = page.evaluate(_READ_MARKS)
        page.evaluate(_REACH)
        drawn: dict[str, Any] = page.evaluate(_READ_MARKS)
        repainted |= {chart for chart, marks in ours.items() if marks["repainted"]}
        assert not any(marks["repainted"] for marks in drawn.values())
        for chart, marks in drawn.items():
            assert ours[chart]["labels"] == marks["labels"], chart
            for kind, places in marks["pixels"].items():
                assert_allclose(
                    _flat(ours[chart]["pixels"][kind]),
                    _flat(places),
                    rtol=0,
                    atol=PIXELS.get(kind, 0.02),
                    err_msg=f"{chart}: {kind}",
                )
            # The browser's shades of a colour scale and Plotly's are rounded differently.
            assert_allclose(
                _flat(ours[chart]["colours"]), _flat(marks["colours"]), atol=3, err_msg=chart
            )
    assert repainted >= own


def _flat(lists: list[list[float]]) -> list[float]:
    return list(chain.from_iterable(lists))
