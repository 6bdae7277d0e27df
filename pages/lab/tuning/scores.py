"""The scores of a state: drawn ones, or what the visitor has pasted or opened in this session."""

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Final
from weakref import WeakSet

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from ce_core.tuning.score_sets import ScoreSet, score_set
from lab.page.kept import computed_once
from lab.tuning.state import DEFAULT, OWN, TuningState
from lab.web.limits import Limits

MOST_ENTRIES: Final = 2**20
"""Of scores of a visitor; of more, the first rows count."""

_OWN: Final = "tuning: own scores"
# Those of all visitors, as long as their sessions go on.
_HELD: Final["WeakSet[Scores]"] = WeakSet()


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores as they came.

    Attributes
    ----------
    matrix
        [n, m], float64.
    name
        Of the set, or of the file.
    digest
        What tells them from any others; of a set, its name and seed.
    rows, columns
        How many there were before any were left out.
    practice
        What they stand for, of a set.
    """

    matrix: Tensor
    name: str
    digest: str
    rows: int
    columns: int
    practice: ScoreSet | None = None

    @property
    def is_cut(self) -> bool:
        """Whether some were left out."""
        return tuple(self.matrix.shape) != (self.rows, self.columns)


@computed_once(megabytes=8)
def drawn(name: str, seed: int) -> Scores:
    """Draw the scores of a set."""
    found = score_set(name, seed=seed)
    matrix = torch.from_numpy(found.scores)
    return Scores(matrix, name, f"{name}-{seed}", found.rows, found.columns, found)


def own_scores(matrix: np.ndarray, name: str) -> Scores:
    """Return a visitor's scores, cut to as many rows as the page can take.

    Raises
    ------
    ValueError
        If a single row is too long, or the server has no room for more.
    """
    rows, columns = matrix.shape
    if columns > MOST_ENTRIES:
        raise ValueError(f"a row must have at most {MOST_ENTRIES} entries, got {columns}")
    held = sum(one.matrix.nbytes for one in _HELD)
    if held + 8 * min(rows * columns, MOST_ENTRIES) > _most_bytes():
        raise ValueError("there is no room for more scores just now: those of other visitors fill it")
    kept = np.ascontiguousarray(matrix[: MOST_ENTRIES // columns], dtype=np.float64)
    digest = hashlib.blake2b(kept.tobytes(), digest_size=9).hexdigest()
    return Scores(torch.from_numpy(kept), name, digest, rows, columns)


@cache
def _most_bytes() -> float:
    return Limits.of_environment().file_megabytes * 2**20


def keep_own(scores: Scores) -> None:
    """Keep a visitor's scores for the rest of the session, in place of the last."""
    _HELD.add(scores)
    st.session_state[_OWN] = scores


def kept_own() -> Scores | None:
    """Return what the visitor has pasted or opened last in this session; None for nothing."""
    found: Scores | None = st.session_state.get(_OWN)
    return found


def scores_of(state: TuningState) -> Scores:
    """Return the scores of a state; where they are the visitor's and are not here, the first set."""
    if state.scores == OWN:
        own = kept_own()
        return drawn(DEFAULT.scores, DEFAULT.seed) if own is None else own
    return drawn(state.scores, state.seed)
