"""The first count whose error is small enough: a plain loop says the same."""

import numpy as np
import pytest
import torch

from ce_core import TuningStatus, iterations_for_error
from tests.support.cases import INF, NAN, uniform
from tests.support.closeness import close_to
from tests.support.tuning import cosines, plain_errors


@pytest.mark.parametrize("eps", [0.002, 0.02, 0.2, 2.0])
@pytest.mark.parametrize("goal", [0.3, 1e-2, 1e-6])
def test_count_is_the_first_of_a_plain_loop(eps: float, goal: float) -> None:
    cost = -cosines(9, 5)
    errors = plain_errors(cost.numpy(), eps, 59)
    first = next((count for count, error in enumerate(errors, 1) if error <= goal), None)
    found = iterations_for_error(cost, eps=eps, column_error=goal, max_iter=59)
    if first is None:
        assert found.status == int(TuningStatus.NOT_REACHED)
        assert found.n_iter == 59
        assert found.column_error.item() == close_to(errors[-1], rel=1e-9)
    else:
        assert found.status == int(TuningStatus.REACHED)
        assert found.n_iter == first
        assert found.column_error.item() == close_to(errors[first - 1], rel=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_error_never_rises(seed: int) -> None:
    draw = np.random.default_rng(seed)
    cost, eps = draw.random(tuple(draw.integers(2, 8, 2))), 10 ** draw.uniform(-2, 1)
    errors = plain_errors(cost, eps, 40)
    assert (np.diff(errors) <= 1e-14).all()


def test_promise_is_the_rate_from_the_first_error_on() -> None:
    cost = -cosines(8, 4)
    found = iterations_for_error(cost, eps=0.2, column_error=1e-8)
    (first,) = plain_errors(cost.numpy(), 0.2, 1)
    rate, promised = found.rate.item(), int(found.promised)
    assert first * rate ** (promised - 1) <= 1e-8 < first * rate ** (promised - 2)
    # In the limit each further digit takes as many as the rate says.
    later = iterations_for_error(cost, eps=0.2, column_error=1e-12)
    assert int(later.n_iter - found.n_iter) == close_to(np.log(1e-4) / np.log(rate), abs=1)


def test_items_of_a_batch_have_their_own_eps() -> None:
    cost = -cosines(6, 4)
    eps = torch.tensor([0.0625, 0.5])
    found = iterations_for_error(cost, eps=eps, column_error=1e-3)
    assert found.n_iter.shape == (2,)
    alone = [
        int(iterations_for_error(cost, eps=each, column_error=1e-3).n_iter) for each in eps.tolist()
    ]
    assert found.n_iter.tolist() == alone
    batch = iterations_for_error(cost.expand(3, 1, 6, 4), eps=eps, column_error=1e-3)
    assert batch.n_iter.tolist() == [alone] * 3


def test_one_column_is_even_at_once() -> None:
    found = iterations_for_error(uniform(4, 1), eps=1.0, column_error=1e-15)
    assert (found.n_iter.item(), found.status.item(), found.promised.item()) == (1, 0, 1)


@pytest.mark.parametrize("eps", [0.2, 1e-4])
def test_error_of_zero_ends_at_rounding(eps: float) -> None:
    # At the small eps this plan is an assignment, exact to rounding at once.
    cost = torch.tensor([[0.0, 0.31, 0.7], [0.52, 0.05, 0.4], [0.44, 0.9, 0.02]]).double()
    found = iterations_for_error(cost, eps=eps, column_error=0.0, max_iter=300)
    assert found.column_error < 1e-12
    assert found.status in (int(TuningStatus.ROUNDED), int(TuningStatus.REACHED))


@pytest.mark.long
def test_infeasible_item_is_told() -> None:
    crowded = torch.tensor([[0.0, INF, INF], [0.0, INF, INF], [0.0, 0.0, 0.0]]).double()
    found = iterations_for_error(crowded, eps=0.5, column_error=1e-4, max_iter=100)
    assert (found.status.item(), found.n_iter.item()) == (TuningStatus.INFEASIBLE, 100)
    assert found.rate.isnan()


def test_invalid_items_of_a_batch_are_told() -> None:
    blocked, strange = uniform(3, 3), uniform(3, 3)
    blocked[:, 0], strange[1, 1] = INF, NAN
    cost = torch.stack([uniform(3, 3), blocked, strange])
    found = iterations_for_error(cost, eps=0.5, column_error=1e-4, max_iter=500)
    names = [TuningStatus(code).name for code in found.status.tolist()]
    assert names == ["REACHED", "INVALID", "INVALID"]
    assert found.n_iter.tolist()[1:] == [0, 0]
    assert found.rate.isnan().tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"eps": 0.0}, "eps must be finite and > 0, got 0.0"),
        (
            {"eps": [1.0, 2.0, 3.0]},
            "eps must be one number or broadcast with the batch",
        ),
        ({"column_error": -1.0}, "column_error must be finite and >= 0, got -1.0"),
        ({"max_iter": 0}, "max_iter must be an integer >= 1, got 0"),
    ],
)
def test_arguments_that_are_none_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        iterations_for_error(uniform(2, 3, 3), **{"eps": 1.0, "column_error": 0.1, **options})  # type: ignore[arg-type]
