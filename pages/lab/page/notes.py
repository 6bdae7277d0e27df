"""What to notice in a state of a page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """Something to notice.

    Attributes
    ----------
    id
        Which of the page's notes it is, in every language and whatever numbers it holds.
    text
        What it says, as Markdown: whole sentences in the language of the visit.
    """

    id: str
    text: str
