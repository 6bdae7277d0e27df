"""Take the screenshots: every page, wide and on a phone, light and dark, into one folder.

Run `make screenshots`; `python scripts/screenshots.py FOLDER` puts them elsewhere.
"""

import sys
import tempfile
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.browser import ROOT, chromium, served_lab, settle

PAGES: Final = {
    "home": "/",
    "softmax": "/softmax",
    "softmax-30": "/softmax?a=" + ",".join(f"{2 - k / 8:g}" for k in range(30)),
    "gradient": "/gradient",
    "gradient-10": "/gradient?a=-1,1.5,0.5,0,-0.5,1,-1,0.5,0,-1.5&steps=500&step=30",
    "stability": "/stability",
    "transport": "/transport",
    "transport-clouds": "/transport?cost=clouds",
    "losses": "/losses",
    "losses-scale-16": "/losses?logit_scale=16&published=true",
}
SIZES: Final = {"wide": (1440, 1000), "phone": (360, 780)}
README_SHOT: Final = ("losses", "wide", "light")


def main(folder: Path) -> None:
    """Write one PNG a page, size and theme, and the one that the README shows."""
    folder.mkdir(parents=True, exist_ok=True)
    log = Path(tempfile.mkdtemp()) / "server.log"
    with served_lab(log=log) as address, chromium() as browser:
        for name, path in PAGES.items():
            for size, (width, height) in SIZES.items():
                for theme in ("light", "dark"):
                    context = browser.new_context(
                        viewport={"width": width, "height": height}, color_scheme=theme
                    )
                    page = context.new_page()
                    page.goto(address + path)
                    page.wait_for_selector("h1")
                    settle(page)
                    page.wait_for_timeout(500)
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


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "screenshots")
