"""What the page of tuning can be asked: scores, needs, the map's range, the chosen cell."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ce_core.tuning.score_sets import score_set
from lab.language.catalogues import N_
from lab.page.lab import Preset
from lab.state.fields import LARGEST_SEED, Choice, Number, Stops, Switch, field

OWN: Final = "own"
"""What a visitor has pasted or opened, which no link carries."""

ANY_SHARE, ANY_SPREAD, ANY_COLUMNS = 1.0, 100_000.0, 0
"""Where a need asks nothing."""
_SHARES: Final = (1e-4, 2e-4, 5e-4, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, ANY_SHARE)
SPREADS: Final = (
    1.0, 1.1, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0, 20.0, 24.0, 32.0, 48.0,
    64.0, 96.0, 128.0, 192.0, 256.0, 384.0, 512.0, 768.0, 1024.0, 2048.0, 4096.0, ANY_SPREAD,
)  # fmt: skip
_COUNTS: Final = (*range(ANY_COLUMNS, 17), 20, 24, 28, 32, 48, 64, 96, 128, 256, 512, 1024, 4096)
MOST_ITERATIONS: Final = (3, 6, 12, 24, 48, 100, 200)

AUTO: Final = "auto"
_LEAST_EPS, _LARGEST_EPS = 1e-300, 1e300


def _eps(label: str) -> Number:
    return Number(
        label=label,
        help=N_("In the unit of the scores. Without a number, from the range of the scores."),
        symbol="ε",
        low=_LEAST_EPS,
        high=_LARGEST_EPS,
        integer=False,
        format="%.4g",
        unset=AUTO,
    )


@dataclass(frozen=True)
class TuningState:
    """What the controls say."""

    scores: str = field(
        "cosines",
        Choice(
            label=N_("Scores"),
            options={
                "cosines": N_("Cosines"),
                "swav": N_("SwAV"),
                "dinov2": N_("DINOv2"),
                "cbm": N_("CBM"),
                "superglue": N_("SuperGlue"),
                "mhc": N_("mHC"),
                "products": N_("Inner products"),
                "pixels": N_("Squared pixels"),
                "post": N_("The post's costs"),
                OWN: N_("Yours, pasted or opened"),
            },
        ),
    )
    seed: int = field(
        0,
        Number(
            label=N_("Seed"),
            help=N_("Of the draw. Scores of your own are not drawn."),
            low=0,
            high=LARGEST_SEED,
        ),
    )
    near: bool = field(
        True,
        Switch(
            label=N_("Large means near"),
            help=N_("On for similarities, which are negated to become costs. Off for costs."),
        ),
    )
    misplaced: float = field(
        0.01,
        Stops(
            label=N_("Misplaced mass allowed"),
            help=N_(
                "As a share: half the column error, which counts too much here and too little there; "
                "the command line asks for the whole of it. 1 allows anything."
            ),
            stops=_SHARES,
        ),
    )
    spread: float = field(
        3.0,
        Stops(
            label=N_("A row may spread over"),
            help=N_(
                "So many columns at most: e to the mean entropy of the rows, their perplexity. The "
                "command line asks for about so many. As many as there are allow anything."
            ),
            stops=SPREADS,
        ),
    )
    used: int = field(
        ANY_COLUMNS,
        Stops(
            label=N_("Columns used, at least"),
            help=N_("A column is used where it is the largest of some row. 0 asks nothing."),
            stops=_COUNTS,
            integer=True,
        ),
    )
    eps_from: float | None = field(None, _eps(N_("ε from")))
    eps_to: float | None = field(None, _eps(N_("ε to")))
    max_iter: int = field(
        48,
        Stops(label=N_("Iterations up to"), stops=MOST_ITERATIONS, integer=True),
    )
    eps: float | None = field(None, _eps(N_("ε: regularisation")))
    n_iter: int | None = field(
        None,
        Number(label=N_("Iterations"), low=1, high=MOST_ITERATIONS[-1], unset=AUTO),
    )
    entropy: float = field(
        1.0,
        Stops(
            label=N_("Entropy wanted of softmax"),
            help=N_("In nats, the mean of the rows: that of a temperature T."),
            stops=(0.01, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0),
        ),
    )

    def settled(self) -> "TuningState":
        """Return the state with what its fields demand of each other."""
        state = self
        if (state.eps is None) != (state.n_iter is None):
            state = replace(state, eps=None, n_iter=None)
        low, high = state.eps_from, state.eps_to
        if low is not None and high is not None and low >= high:
            state = replace(state, eps_from=None, eps_to=None)
        return state


DEFAULT: Final = TuningState()


def with_scores(state: TuningState, name: str) -> TuningState:
    """Return the state of other scores: their reading, the map's own range, no cell chosen."""
    near = state.near if name == OWN else score_set(name).near
    return replace(state, scores=name, near=near, eps_from=None, eps_to=None, eps=None, n_iter=None)


def _needs(name: str, *, spread: float, misplaced: float = 0.01) -> TuningState:
    return replace(with_scores(DEFAULT, name), spread=spread, misplaced=misplaced)


PRESETS: Final[Mapping[str, Preset[TuningState]]] = {
    "cosines": Preset(N_("Cosines"), DEFAULT),
    "swav": Preset(N_("SwAV"), _needs("swav", spread=24.0)),
    "dinov2": Preset(N_("DINOv2"), _needs("dinov2", spread=48.0)),
    "cbm": Preset(N_("CBM"), _needs("cbm", spread=1.5)),
    "superglue": Preset(N_("SuperGlue"), _needs("superglue", spread=16.0)),
    "mhc": Preset(N_("mHC"), _needs("mhc", spread=2.5)),
    "products": Preset(N_("Inner products"), _needs("products", spread=3.0)),
    "pixels": Preset(N_("Squared pixels"), _needs("pixels", spread=6.0)),
    "post": Preset(N_("The post's costs"), _needs("post", spread=12.0)),
}
