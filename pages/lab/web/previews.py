"""What a shared link to a page shows before it is opened: title, question, a sentence, a picture."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from lab.web.assets import base_address
from lab.web.page_names import HOME, PAGES

Translate = Callable[[str], str]

PICTURE_FOLDER: Final = Path(__file__).parent / "previews"
"""One PNG a page, written by `make screenshots`."""
PICTURE_SIZE: Final = (1200, 630)
ENGLISH: Final = "en"


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The words of a page's preview, and its name in the navigation.

    Attributes
    ----------
    language
        Of the words, as HTML names it.
    name
        In the navigation.
    title
        Of the browser's tab; Streamlit sets the same once it runs.
    question
        What the page answers; the preview's headline.
    description
        One sentence, short enough for a search engine.
    picture_alt
        What the picture shows.
    """

    language: str
    name: str
    title: str
    question: str
    description: str
    picture_alt: str


def preview(page: str, language: str = ENGLISH, translate: Translate = str) -> Preview:
    """Return the words of a page's preview, those of the home page for one that is not known.

    `translate` is that of the language; its strings are in the catalogue of the pages.
    """
    words = _words(translate)
    name, question, description, picture_alt = words.get(page, words[HOME])
    return Preview(
        language=language,
        name=name,
        title=translate("{page} · Cross-Entropy Lab").format(page=name),
        question=question,
        description=description,
        picture_alt=picture_alt,
    )


def site_name(translate: Translate = str) -> str:
    """Return what all pages are a part of."""
    return translate("Cross-Entropy Lab")


def _words(translate: Translate) -> Mapping[str, tuple[str, str, str, str]]:
    """Return the name of each page in the navigation, its question, its sentence, its picture."""
    return {
        HOME: (
            translate("Home"),
            translate("Two losses, one logit, opposite pushes"),
            translate(
                "Drag one logit and see where cross-entropy and a loss without a logarithm part; and "
                "why softmax and both losses behave as they do."
            ),
            translate("Two curves over the lead of a logit; arrows that push it opposite ways."),
        ),
        "post": (
            translate("The post"),
            translate("The post, line by line"),
            translate(
                "A blog post's five steps from softmax to an experiment with two losses: which lines "
                "hold, which do not, and by how much."
            ),
            translate("The probability of one of two classes over both logits, as bands of colour."),
        ),
        "softmax": (
            translate("Softmax"),
            translate("How does p move when I move a?"),
            translate(
                "Drag a logit and watch every probability, the loss, its gradient and the Jacobian "
                "move with it."
            ),
            translate("Five logits to drag, what each probability gains or loses, and squares for J."),
        ),
        "gradient": (
            translate("Gradient"),
            translate("Which way does the loss push each logit?"),
            translate(
                "Cross-entropy against the log-free loss L2: where their gradients agree, where "
                "they part, and what descent on each one reaches."
            ),
            translate("The descents of each loss in a triangle, and what pushes each logit."),
        ),
        "stability": (
            translate("Stability"),
            translate("Where does NaN come from?"),
            translate(
                "Step through every operation of a cross-entropy, forward and backward, in four "
                "dtypes, and see the first that breaks."
            ),
            translate("Operations in four dtypes, values and slopes; those that give NaN are marked."),
        ),
        "losses": (
            translate("L1 against L2"),
            translate("Are L1 and L2 the same?"),
            translate(
                "The post's experiment with every parameter to move: the straight line of L2 over "
                "L1, and where the dots leave it."
            ),
            translate("L2 over L1 of 20 random trials, beside a line of slope 1."),
        ),
        "transport": (
            translate("Transport"),
            translate("How does Sinkhorn balance a plan?"),
            translate(
                "Play Sinkhorn's scaling iteration by iteration, and see what is left of the error "
                "after three."
            ),
            translate("A transport plan as a heat map, with the sums of its rows and columns."),
        ),
        "tuning": (
            translate("Tuning"),
            translate("Which parameters give what I need?"),
            translate(
                "Bring your scores, say how far a row may spread and how much may be misplaced: the "
                "ε and the iterations of Sinkhorn that give it, with code to paste."
            ),
            translate("A map of ε by iterations, the region where all needs hold, and a chosen cell."),
        ),
        "claims": (
            translate("Claims"),
            translate("Which of these are true?"),
            translate(
                "What a blog post and common practice say of softmax, cross-entropy, NaN and Sinkhorn: "
                "each claim with its verdict and the numbers that settle it."
            ),
            translate("A claim with its verdict, and three arrows that decide it."),
        ),
    }


def picture_file(page: str) -> Path:
    """Return the picture of a page; that of the home page for one that is not known."""
    return PICTURE_FOLDER / f"{page if page in PAGES and page else 'home'}.png"


def picture_address(page: str) -> str:
    """Return where the app serves the picture of a page: below its own host, base path included."""
    file = picture_file(page)
    return f"{base_address()}/lab/preview-{file.stem}-{_digest(file)}.png"


@cache
def _digest(file: Path) -> str:
    """Return what names a file's content, so that whoever has it may keep it for ever."""
    return hashlib.blake2b(file.read_bytes(), digest_size=6).hexdigest()
