"""What to notice in a state."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """A sentence or two on what the figures show.

    Attributes
    ----------
    id
        Names the finding, whatever words or language say it.
    text
        As shown, in Markdown.
    """

    id: str
    text: str
