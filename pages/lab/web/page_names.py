"""The pages of the lab, as an address names them."""

from typing import Final

from lab.web.assets import base_address

HOME: Final = ""
LABS: Final = ("softmax", "gradient", "stability", "losses", "transport", "tuning")
READ: Final = ("post", "claims")
"""What is read rather than set."""
PAGES: Final = (HOME, *READ, *LABS)
"""All, in the order of the navigation."""
# Those with a figure in three dimensions.
SPATIAL: Final = frozenset({"softmax"})


def page_at(path: str) -> str | None:
    """Return the page that is served at a path, with or without a slash at its end; None for none."""
    base = base_address()
    pages = {f"{base}/{page}{slash}": page for page in PAGES if page for slash in ("", "/")}
    return (pages | {base: HOME, f"{base}/": HOME}).get(path)
