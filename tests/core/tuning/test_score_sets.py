"""Scores as practice has them: drawn anew, of the sizes and the range that are said."""

import numpy as np
import pytest

from ce_core import balanced_assignment, reading, sinkhorn, with_dustbins
from ce_core.tuning.score_sets import SCORE_SETS, score_set
from tests.support.closeness import close_to


@pytest.mark.parametrize("name", SCORE_SETS)
def test_a_set_is_drawn_by_its_seed_and_not_larger_than_it_is_in_practice(name: str) -> None:
    first, again, other = score_set(name), score_set(name), score_set(name, seed=1)
    assert np.array_equal(first.scores, again.scores)
    assert not np.array_equal(first.scores, other.scores)
    assert first.scores.dtype == np.float64
    assert np.isfinite(first.scores).all()
    rows, columns = first.scores.shape
    assert rows <= first.rows
    assert columns <= first.columns
    assert first.is_cut == ((rows, columns) != (first.rows, first.columns))


@pytest.mark.parametrize("name", SCORE_SETS)
def test_a_set_does_not_look_like_the_opposite_of_what_it_is(name: str) -> None:
    found = score_set(name)
    assert reading(found.scores).sign in {"near" if found.near else "far", "unclear"}


@pytest.mark.parametrize("name", ["cosines", "swav", "dinov2", "cbm"])
def test_cosines_are_within_one(name: str) -> None:
    assert np.abs(score_set(name).scores).max() <= 1


def test_equal_rows_and_columns_are_a_dustbin() -> None:
    """The plan with a bin of 24 is that of 24 equal columns, theirs added up."""
    whole = score_set("superglue").scores
    points = len(whole) // 2
    cost, mu, nu = with_dustbins(-whole[:points, :points], 1.0)
    plan = sinkhorn(cost, eps=1.0, mu=mu, nu=nu, tol=1e-13).plan * 2 * points
    q = balanced_assignment(-whole, eps=1.0, n_iter=3000)
    assert q[:points, :points].flatten().tolist() == close_to(
        plan[:points, :points].flatten().tolist(), abs=1e-9
    )
    assert q[:points, points:].sum(1).tolist() == close_to(plan[:points, -1].tolist(), rel=1e-8)


@pytest.mark.parametrize("name", ["moco", "", "SwAV"])
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name must be"):
        score_set(name)
