"""How the search for a parameter ended."""

from enum import IntEnum


class TuningStatus(IntEnum):
    """How the search for a parameter of one item ended; `advice` says why, and what to try."""

    REACHED = 0
    TOO_LOW = 1
    TOO_HIGH = 2
    NOT_REACHED = 3
    ROUNDED = 4
    INFEASIBLE = 5
    INVALID = 6

    @property
    def advice(self) -> str:
        """What happened, and what to change."""
        return _ADVICE[self]


_ADVICE = {
    TuningStatus.REACHED: "what was asked for is reached",
    TuningStatus.TOO_LOW: (
        "so little is out of reach: entries that tie share their mass however small the parameter, and "
        "fewer rows than columns have to spread: ask for more"
    ),
    TuningStatus.TOO_HIGH: (
        "so much is out of reach: at most, all allowed columns are used alike: ask for less"
    ),
    TuningStatus.NOT_REACHED: (
        "the iterations allowed do not suffice: allow more, a larger eps or a larger error"
    ),
    TuningStatus.ROUNDED: (
        "the error has come down to the rounding of float64 and falls no further: ask for a larger one"
    ),
    TuningStatus.INFEASIBLE: (
        "some rows hold more mass than the columns they may use can take, so no count reaches every "
        "error: allow more pairs"
    ),
    TuningStatus.INVALID: (
        "there is no plan: an entry is NaN or infinite the wrong way, or a row or column is forbidden "
        "throughout: mend it there"
    ),
}
