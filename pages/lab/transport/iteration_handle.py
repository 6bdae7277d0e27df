"""The answer in numbers, and a handle on the curve: the timeline, taken hold of where it stands."""

from collections.abc import Mapping, Sequence
from typing import Final

from lab.language.catalogues import _
from lab.web.assets import register

ITERATION_HANDLE: Final = register("transport/iteration_handle")


def handle_data(answer: str, counts: Sequence[float], *, accelerate: bool) -> Mapping[str, object]:
    """Return what the handle needs.

    Parameters
    ----------
    answer
        To the question of the page, in the present state; the figures say that of any other.
    counts
        The iterations to which it moves, those of the timeline; none where that moves something else.
    accelerate
        Which curve it is on.
    """
    return {
        "answer": answer,
        "counts": list(counts),
        "curve": "accelerated" if accelerate else "plain",
        "words": {
            "handle": _("Iteration, on the curve of what is misplaced"),
            "at": _("iteration {count}"),
        },
    }
