"""The ε of a perplexity: SciPy's root of a plain loop, limits, and what is out of reach."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from ce_core import TuningStatus, eps_for_perplexity, sinkhorn
from tests.support.cases import INF, NAN, uniform
from tests.support.closeness import close_to
from tests.support.tuning import cosines, perplexity_of, plain_plan


@pytest.mark.parametrize("n_iter", [None, 1, 3, 20])
@pytest.mark.parametrize(("shape", "perplexity"), [((9, 5), 2.0), ((4, 8), 3.5), ((6, 6), 5.9)])
def test_eps_is_the_root_of_a_plain_loop(
    shape: tuple[int, int], perplexity: float, n_iter: int | None
) -> None:
    cost = -cosines(*shape)

    def excess(exponent: float) -> float:
        plan = plain_plan(cost.numpy(), math.exp(exponent), n_iter or 300)
        return perplexity_of(plan) - perplexity

    found = eps_for_perplexity(cost, perplexity=perplexity, n_iter=n_iter)
    assert found.status == int(TuningStatus.REACHED)
    assert found.perplexity.item() == close_to(perplexity, rel=1e-9)
    eps = found.eps.item()
    exponent = brentq(excess, math.log(eps) - 0.02, math.log(eps) + 0.02, xtol=1e-9)
    assert eps == close_to(math.exp(exponent), rel=1e-7)


def test_perplexity_of_the_converged_plan_grows_with_eps() -> None:
    cost = -cosines(8, 6, seed=3)
    plans = [sinkhorn(cost, eps=eps, tol=1e-11).plan * 8 for eps in np.logspace(-2, 1.5, 12)]
    values = [perplexity_of(plan.numpy()) for plan in plans]
    assert values == sorted(values)


def test_after_a_fixed_count_it_can_fall_and_the_largest_crossing_is_returned() -> None:
    cost = torch.tensor([[0.3, 2.7, 1.9, 2.7], [0.2, 0.2, 0.7, 3.9], [1.2, 2.4, 3.9, 2.8]]).double()
    grid = np.logspace(-2, 2, 150)
    values = np.array([perplexity_of(plain_plan(cost.numpy(), eps, 3)) for eps in grid])
    assert np.diff(values).min() < -1e-3
    found = eps_for_perplexity(cost, perplexity=1.75, n_iter=3)
    assert found.crossings == 3
    assert found.perplexity.item() == close_to(1.75, rel=1e-9)
    above = grid > found.eps.item()
    assert (values[above] > 1.75).all()
    assert (values[~above] > 1.75).any()


@pytest.mark.parametrize(("n_iter", "status"), [(None, "TOO_LOW"), (3, "TOO_LOW")])
def test_fewer_rows_than_columns_have_to_spread(n_iter: int | None, status: str) -> None:
    found = eps_for_perplexity(uniform(3, 12), perplexity=1.5, n_iter=n_iter)
    assert TuningStatus(int(found.status)).name == status
    assert found.eps.isnan()
    assert found.perplexity.isnan()
    if n_iter is None:
        assert found.lowest.item() == close_to(4.0, rel=1e-3)
        assert found.highest.item() == close_to(12.0)


@pytest.mark.parametrize("n_iter", [None, 2])
def test_more_than_all_columns_is_too_high(n_iter: int | None) -> None:
    found = eps_for_perplexity(uniform(4, 3), perplexity=3.01, n_iter=n_iter)
    assert found.status == int(TuningStatus.TOO_HIGH)
    assert found.highest.item() == close_to(3.0)
    assert found.lowest < 1.5


@pytest.mark.parametrize("n_iter", [None, 2])
@pytest.mark.parametrize("shape", [(3, 4), (5, 1), (1, 4)])
def test_where_all_costs_are_equal_only_all_columns_are_within_reach(
    shape: tuple[int, int], n_iter: int | None
) -> None:
    cost = torch.full(shape, 2.0)
    m = shape[1]
    assert eps_for_perplexity(cost, perplexity=float(m), n_iter=n_iter).status == int(
        TuningStatus.REACHED
    )
    for wanted in (m + 0.5, m - 0.5):
        if wanted < 1:
            continue
        found = eps_for_perplexity(cost, perplexity=wanted, n_iter=n_iter)
        expected = TuningStatus.TOO_HIGH if wanted > m else TuningStatus.TOO_LOW
        assert found.status == int(expected)
        assert (found.lowest.item(), found.highest.item()) == (close_to(m), close_to(m))


def test_columns_that_tie_share_a_row_at_every_eps() -> None:
    cost = uniform(6, 3).repeat_interleave(2, -1)
    found = eps_for_perplexity(cost, perplexity=1.9)
    assert found.status == int(TuningStatus.TOO_LOW)
    assert found.lowest.item() == close_to(2.0, rel=1e-6)


def test_forbidden_pairs_lower_what_is_within_reach() -> None:
    cost = uniform(4, 4)
    cost[0, :2] = INF
    found = eps_for_perplexity(cost, perplexity=4.0)
    assert found.status == int(TuningStatus.TOO_HIGH)
    assert 3 < found.highest.item() < 4


@pytest.mark.long
def test_infeasible_item_is_told() -> None:
    crowded = torch.tensor([[0.0, INF, INF], [0.0, INF, INF], [0.0, 0.0, 0.0]]).double()
    found = eps_for_perplexity(crowded, perplexity=2.0)
    assert found.status == int(TuningStatus.INFEASIBLE)
    assert found.eps.isnan()


def test_invalid_items_of_a_batch_are_told() -> None:
    blocked, strange = uniform(3, 3), uniform(3, 3)
    blocked[0], strange[1, 1] = INF, NAN
    cost = torch.stack([uniform(3, 3), blocked, strange])
    found = eps_for_perplexity(cost, perplexity=2.0)
    names = [TuningStatus(code).name for code in found.status.tolist()]
    assert names == ["REACHED", "INVALID", "INVALID"]
    assert found.eps.isnan().tolist() == [False, True, True]
    alone = eps_for_perplexity(cost[0], perplexity=2.0)
    assert found.eps[0].item() == alone.eps.item()


@pytest.mark.parametrize("unit", [1e-310, 1e-200, 1.0, 1e200, 8e307])
def test_eps_is_in_the_unit_of_the_cost(unit: float) -> None:
    cost = uniform(5, 4)
    expected = 2 * eps_for_perplexity(cost, perplexity=2.0).eps.item()
    found = eps_for_perplexity((cost * 2 - 1) * unit, perplexity=2.0)
    assert found.eps.item() / unit == close_to(expected, rel=1e-6)


@pytest.mark.parametrize("perplexity", [0.5, -1.0, NAN, INF])
def test_perplexity_that_no_plan_can_have_is_refused(perplexity: float) -> None:
    with pytest.raises(ValueError, match=r"^perplexity must be finite and >= 1, got"):
        eps_for_perplexity(uniform(3, 3), perplexity=perplexity)
