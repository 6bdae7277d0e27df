"""What a lab is: one value, from which `run_lab` draws its page."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from lab.live.figures import FigureSet
from lab.page.desk import Desk
from lab.page.notes import Note
from lab.state.fields import State

S = TypeVar("S", bound=State)
R = TypeVar("R")


@dataclass(frozen=True)
class Preset(Generic[S]):
    """A state worth seeing.

    Attributes
    ----------
    label
        What its button says, before translation, or what tells it of the present state.
    state
        The state, or what makes it of the present one.
    """

    label: str | Callable[[S], str]
    state: S | Callable[[S], S]

    def label_at(self, present: S) -> str:
        """Return what the button says in the present state, before translation."""
        return self.label(present) if callable(self.label) else self.label

    def of(self, present: S) -> S:
        """Return the state to which the button leads from the present one."""
        return self.state(present) if callable(self.state) else self.state


@dataclass(frozen=True, kw_only=True)
class Along(Generic[S]):
    """What the timeline of a page moves through.

    Attributes
    ----------
    label
        What moves, before translation.
    values
        What it may be, ascending.
    at
        What it is now: one of them.
    rest
        All else on which the frames depend: two states with the same have the same animation.
    change
        Returns a state at one of the values.
    frames
        Yields the figures at each value, in order, in a thread that has no session; between two it may
        be left. Called once for all visitors who reach for the timeline.
    """

    label: str
    values: tuple[float, ...]
    at: float
    rest: Hashable
    change: Callable[[S, float], S]
    frames: Callable[[], Iterable[FigureSet]]


@dataclass(frozen=True)
class Code:
    """What computes a state: Python, and a command line."""

    python: str
    command: str


@dataclass(frozen=True, kw_only=True)
class Lab(Generic[S, R]):
    """A page that answers one question by a state that a visitor sets.

    Attributes
    ----------
    slug
        The page in the URL.
    question, answer
        What it asks, before translation; and what holds: one sentence in every state, before
        translation too, or what says it of results.
    formulas
        At most three, as LaTeX.
    default
        The state on which it opens; its class declares the fields.
    controls
        Draws what is in the sidebar.
    results
        Computes what the page shows of a state: the one call into `ce_core`, cached by what it
        depends on.
    figures
        Builds the figures of results.
    notes
        Says what to notice in results, the most important first.
    numbers, csv
        Every number of the page by name; the data behind the figures.
    code
        Writes what computes results.
    presets
        States worth seeing, by name. `preset_intro` stands before them, before translation.
    thumbnail
        Draws the result of a state in small, for its preset; see `lab.page.thumbnails`.
    stage
        Draws what the lab has before its figures: an editor, a table, a warning.
    pictures
        So many of the figures are, with the stage, the picture that answers; the others come below the
        notes.
    of_preset
        Draws what there is to say of the preset that the state is of, below the presets.
    timeline
        Says what the timeline moves through; None where nothing.
    beneath
        Draws what serves the figures and lies beneath them: the choice of what the timeline moves
        through, an editor.
    """

    slug: str
    question: str
    answer: str | Callable[[R], str]
    formulas: tuple[str, ...]
    default: S
    controls: Callable[[Desk[S]], None]
    results: Callable[[S], R]
    figures: Callable[[R], FigureSet]
    notes: Callable[[R], Sequence[Note]]
    numbers: Callable[[R], Mapping[str, float]]
    csv: Callable[[R], str]
    code: Callable[[R], Code]
    presets: Mapping[str, Preset[S]] | None = None
    thumbnail: Callable[[S], str] | None = None
    preset_intro: str = ""
    stage: Callable[[Desk[S], R], None] | None = None
    timeline: Callable[[R], Along[S] | None] | None = None
    beneath: Callable[[Desk[S], R, Along[S] | None], None] | None = None
    pictures: int = 0
    of_preset: Callable[[S], None] | None = None
