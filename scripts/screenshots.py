"""Take the screenshots: every page, wide and on a phone, light and dark, into one folder.

Run `make screenshots`; `python scripts/screenshots.py FOLDER` puts them elsewhere. With them come
the picture of the README and those of link previews, which are a part of the lab.
"""

import io
import sys
import tempfile
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "pages"))

from PIL import Image
from playwright.sync_api import Browser, Page

from lab.web.previews import PICTURE_SIZE, picture_file
from scripts.browser import ROOT, chromium, served_lab, settle

PAGES: Final = {
    "home": "/",
    "post": "/post",
    "softmax": "/softmax",
    "softmax-30": "/softmax?a=" + ",".join(f"{2 - k / 8:g}" for k in range(30)),
    "gradient": "/gradient",
    "gradient-10": "/gradient?a=-1,1.5,0.5,0,-0.5,1,-1,0.5,0,-1.5&steps=500&step=30",
    "stability": "/stability",
    "transport": "/transport",
    "transport-clouds": "/transport?cost=clouds",
    "tuning": "/tuning",
    "losses": "/losses",
    "claims": "/claims",
    "losses-scale-16": "/losses?logit_scale=16&published=true",
}
SIZES: Final = {"wide": (1440, 1000), "phone": (360, 780)}
README_SHOT: Final = ("losses", "wide", "light")

# Of a page's preview: the state, the part that the picture begins with, and how wide the page is.
# A preview is shown at a third of its size, so its letters must be large.
PREVIEWS: Final = {
    "": ("", ".st-key-hero", 1120),
    "post": ("", ".lab-card[data-card='contour']", 960),
    "softmax": ("", ".lab-logits", 800),
    "gradient": ("", ".lab-held-logits", 800),
    "stability": ("", ".lab-trace", 960),
    "losses": ("?logit_scale=16", ".lab-card[data-card='answer']", 960),
    "transport": ("", ".lab-card[data-card='plan']", 960),
    "tuning": ("", ".lab-tuning-map", 960),
    "claims": ("#same-gradient", ".st-key-claim-same-gradient", 640),
}
# In a preview there is nothing to press.
_PREVIEW_CSS: Final = ".stSidebar, .stAppHeader, .modebar-container { display: none !important; }"


def main(folder: Path) -> None:
    """Write one PNG a page, size and theme, the one that the README shows, and the previews."""
    folder.mkdir(parents=True, exist_ok=True)
    log = Path(tempfile.mkdtemp()) / "server.log"
    with served_lab(log=log) as address, chromium() as browser:
        take_previews(browser, address)
        for name, path in PAGES.items():
            for size, (width, height) in SIZES.items():
                for theme in ("light", "dark"):
                    context = browser.new_context(
                        viewport={"width": width, "height": height}, color_scheme=theme
                    )
                    page = context.new_page()
                    open_settled(page, address + path)
                    whole = page.locator("[data-testid='stMainBlockContainer']").bounding_box()
                    assert whole is not None
                    page.set_viewport_size({"width": width, "height": int(whole["height"]) + 60})
                    page.wait_for_timeout(500)
                    page.screenshot(path=folder / f"{name}-{size}-{theme}.png")
                    if (name, size, theme) == README_SHOT:
                        page.set_viewport_size({"width": width, "height": height})
                        page.wait_for_timeout(500)
                        page.screenshot(path=ROOT / "docs" / "losses.png")
                    context.close()


def open_settled(page: Page, address: str) -> None:
    """Go to an address and wait until nothing moves any more."""
    page.goto(address)
    page.wait_for_selector(".stApp h1")
    settle(page)
    page.wait_for_timeout(500)


def take_previews(browser: Browser, address: str) -> None:
    """Write the picture of each page's preview, where the lab serves it from."""
    for name, (query, part, width) in PREVIEWS.items():
        scale = PICTURE_SIZE[0] / width
        context = browser.new_context(
            viewport={"width": width, "height": 3000},
            device_scale_factor=scale,
            color_scheme="light",
            reduced_motion="reduce",
        )
        page = context.new_page()
        open_settled(page, f"{address}/{name}{query}")
        page.add_style_tag(content=_PREVIEW_CSS)
        page.wait_for_timeout(1000)
        settle(page)
        box = page.locator(part).first.bounding_box()
        assert box is not None
        shot = page.screenshot(
            clip={"x": 0, "y": box["y"] - 16, "width": width, "height": PICTURE_SIZE[1] / scale}
        )
        context.close()
        file = picture_file(name)
        file.parent.mkdir(exist_ok=True)
        # So many colours are enough for charts, and a third of the bytes.
        with Image.open(io.BytesIO(shot)) as picture:
            few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
            few.save(file, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "screenshots")
