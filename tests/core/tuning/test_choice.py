"""The recommended cell: a search of all cells by hand."""

import math
from dataclasses import replace

import pytest
import torch

from ce_core import TuningMap, recommend, tuning_map
from tests.support.cases import NAN
from tests.support.closeness import close_to
from tests.support.tuning import cosines

EPS = torch.logspace(-2, 1, 25, dtype=torch.float64)
COUNTS = [1, 2, 3, 5, 8, 13, 21, 34]


@pytest.fixture(scope="module")
def found() -> TuningMap:
    return tuning_map(-cosines(20, 8), eps=EPS, n_iter=COUNTS, max_iter=0)


def by_hand(
    found: TuningMap, error: float | None, perplexity: float | None, used: int | None
) -> tuple[float, int] | None:
    """Return the cell of the fewest iterations, then of the largest eps, that meets the needs."""
    for column, count in enumerate(found.n_iter.tolist()):
        for row in reversed(range(len(found.eps))):
            fits = error is None or bool(found.column_error[row, column] <= error)
            fits = fits and (used is None or bool(found.columns_used[row, column] >= used))
            if perplexity is not None:
                fits = fits and bool(found.perplexity[row, column] <= perplexity)
                wider = row + 1 < len(found.eps) and found.perplexity[row + 1, column] > perplexity
                fits = fits and bool(wider or found.perplexity[row, column] > perplexity / 1.05)
            if fits:
                return found.eps[row].item(), count
    return None


@pytest.mark.parametrize("error", [None, 0.1, 1e-3, 1e-9])
@pytest.mark.parametrize("perplexity", [None, 1.5, 3.0, 7.99])
@pytest.mark.parametrize("used", [None, 8])
def test_cell_is_that_of_a_search_by_hand(
    found: TuningMap, error: float | None, perplexity: float | None, used: int | None
) -> None:
    chosen = recommend(found, column_error=error, perplexity=perplexity, columns_used=used)
    expected = by_hand(found, error, perplexity, used)
    assert chosen.met == (expected is not None)
    if expected is not None:
        assert (chosen.eps, chosen.n_iter) == expected
        assert chosen.failing == ()
    row, column = EPS.tolist().index(chosen.eps), COUNTS.index(chosen.n_iter)
    assert chosen.column_error == found.column_error[row, column].item()
    assert chosen.perplexity == found.perplexity[row, column].item()
    assert chosen.columns_used == found.columns_used[row, column].item()


def test_order_of_eps_does_not_matter(found: TuningMap) -> None:
    order = torch.randperm(len(EPS), generator=torch.Generator().manual_seed(1))
    fields = {name: getattr(found, name)[order] for name in ("eps", "column_error", "perplexity")}
    mixed = replace(found, columns_used=found.columns_used[order], **fields)
    first, second = (recommend(each, column_error=0.01, perplexity=3.0) for each in (found, mixed))
    assert (first.eps, first.n_iter) == (second.eps, second.n_iter)


def test_needs_have_their_own_lines(found: TuningMap) -> None:
    chosen = recommend(found, column_error=0.01, perplexity=3.0)
    error, perplexity = chosen.needs
    for row, fewest in enumerate(error.fewest.tolist()):
        meeting = [
            count for place, count in enumerate(COUNTS) if found.column_error[row, place] <= 0.01
        ]
        assert fewest == (meeting[0] if meeting else 0)
    for place, largest in enumerate(perplexity.largest_eps.tolist()):
        assert largest == max(EPS[found.perplexity[:, place] <= 3.0].tolist())
    assert error.largest_eps[0] == max(EPS[found.column_error[:, 0] <= 0.01].tolist())


def test_need_that_no_cell_meets_is_named_with_the_nearest(found: TuningMap) -> None:
    chosen = recommend(found, column_error=0.5, columns_used=9)
    assert not chosen.met
    assert chosen.failing == ("columns_used",)
    assert "columns used" in chosen.advice
    assert chosen.columns_used == 8
    assert chosen.column_error <= 0.5


def test_needs_that_only_together_fail_are_all_named(found: TuningMap) -> None:
    chosen = recommend(found, column_error=1e-9, perplexity=1.3)
    assert not chosen.met
    assert all(need.met_somewhere for need in chosen.needs)
    assert chosen.failing == ("column_error", "perplexity")
    # No other cell misses by less what it misses most.
    misses = []
    line = chosen.needs[1].largest_eps
    for place in range(len(COUNTS)):
        for row, eps in enumerate(EPS.tolist()):
            error = max(0.0, math.log(found.column_error[row, place].clamp(min=1e-300).item() / 1e-9))
            off = (
                0.0 if eps == line[place] else abs(math.log(found.perplexity[row, place].item() / 1.3))
            )
            misses.append(max(error, off))
    row, place = EPS.tolist().index(chosen.eps), COUNTS.index(chosen.n_iter)
    assert misses[place * len(EPS) + row] == close_to(min(misses), rel=1e-3)


def test_without_a_plan_nothing_is_met() -> None:
    chosen = recommend(tuning_map([[NAN, 1.0]], eps=[1.0, 2.0], n_iter=[1]), columns_used=1)
    assert not chosen.met
    assert math.isnan(chosen.perplexity)
    assert "there is no plan" in chosen.advice


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"column_error": -1.0}, "column_error must be finite and >= 0, got -1.0"),
        ({"perplexity": 0.5}, "perplexity must be finite and >= 1, got 0.5"),
        ({"columns_used": 0}, "columns_used must be an integer >= 1, got 0"),
    ],
)
def test_needs_that_are_none_are_refused(
    found: TuningMap, options: dict[str, float], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        recommend(found, **options)  # type: ignore[arg-type]


def test_a_row_may_be_spread_over_fewer_columns_than_the_most(found: TuningMap) -> None:
    within = found.perplexity <= 3.0
    chosen = recommend(found, perplexity_at_most=3.0)
    (need,) = chosen.needs
    assert torch.equal(need.fewest > 0, within.any(1))
    assert chosen.met
    assert chosen.n_iter == found.n_iter[within.any(0)][0]
    assert chosen.eps == found.eps[within[:, 0]].max()
    # Below its own line too, where another need asks for it.
    used = int(found.columns_used[0, -1])
    both = recommend(found, perplexity_at_most=1e6, columns_used=used)
    assert both.met
    assert both.columns_used >= used
