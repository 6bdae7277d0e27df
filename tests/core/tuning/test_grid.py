"""Each cell of the map is the plan of `balanced_assignment`, read by NumPy."""

import numpy as np
import pytest
import torch
from torch import Tensor

from ce_core import DTYPES, SinkhornStatus, asymptotic_rate, balanced_assignment, sinkhorn, tuning_map
from ce_core.tuning import _cells
from tests.support.cases import INF, NAN, uniform
from tests.support.closeness import close_to
from tests.support.tuning import column_error_of, columns_used_of, cosines, perplexity_of

EPS = [1e-6, 1e-3, 0.02, 0.3, 50.0]
COUNTS = [1, 3, 60]


def with_infinities() -> Tensor:
    cost = uniform(5, 4)
    cost[0, 1] = cost[2, 2] = INF
    return cost


COSTS = {
    "random": uniform(7, 5),
    "more_columns": uniform(4, 9),
    "cosines": -cosines(12, 6),
    "ties": torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]).double(),
    "constant": torch.full((3, 4), 2.5, dtype=torch.float64),
    "one_row": uniform(1, 5),
    "one_column": uniform(5, 1),
    "forbidden": with_infinities(),
    "offset": uniform(6, 4) + 1e6,
    "row_offsets": uniform(6, 4) + torch.arange(6).double()[:, None],
    "float16": uniform(6, 5).half(),
    "huge": uniform(4, 3) * 1e308,
    "tiny": uniform(4, 3) * 1e-300,
}


def nearly_ties(plan: np.ndarray) -> bool:
    """Tell whether rounding decides which column of some row is the largest."""
    below = 1 - plan / plan.max(-1, keepdims=True)
    return bool(((below > 1e-13) & (below < 1e-6)).any())


def cells_agree(cost: Tensor, eps: list[float], counts: list[int]) -> None:
    found = tuning_map(cost, eps=eps, n_iter=counts, max_iter=0)
    for row, each in enumerate(eps):
        # Exponents of such a size are what rounds.
        slack = 1e-12 + 1e-15 * min(found.range_over_eps[row].nan_to_num(0.0).item(), 1e8)
        for column, count in enumerate(counts):
            plan = balanced_assignment(cost.double(), eps=each, n_iter=count).numpy()
            where = (each, count)
            error, perplexity = found.column_error[row, column], found.perplexity[row, column]
            assert error.item() == close_to(column_error_of(plan), abs=slack), where
            assert perplexity.item() == close_to(perplexity_of(plan), rel=10 * slack), where
            if not nearly_ties(plan):
                assert found.columns_used[row, column].item() == columns_used_of(plan), where


@pytest.mark.parametrize("name", COSTS)
def test_cells_are_those_of_balanced_assignment(name: str) -> None:
    scale = {"huge": 1e307, "tiny": 1e-300}.get(name, 1.0)
    cells_agree(COSTS[name], [eps * scale for eps in EPS if eps * scale < 1e308], COUNTS)


@pytest.mark.parametrize("seed", range(5))
def test_cells_of_random_costs(seed: int) -> None:
    check_random(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5, 100))
def test_cells_of_many_random_costs(seed: int) -> None:
    check_random(seed)


def check_random(seed: int) -> None:
    draw = np.random.default_rng(seed)
    n, m = draw.integers(1, 12, 2).tolist()
    cost = torch.as_tensor(draw.normal(size=(n, m)) ** draw.integers(1, 4))
    cells_agree(
        cost, (10 ** draw.uniform(-5, 2, 4)).tolist(), sorted({1, *draw.integers(2, 90, 3).tolist()})
    )


def test_memory_is_bounded_and_changes_no_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    cost, eps = -cosines(12, 6), torch.logspace(-4, 1, 9, dtype=torch.float64)
    whole = tuning_map(cost, eps=eps, n_iter=[1, 5, 20])
    monkeypatch.setattr(_cells, "_AT_ONCE", 100)
    parts = tuning_map(cost, eps=eps, n_iter=[1, 5, 20])
    torch.testing.assert_close(parts.column_error, whole.column_error, rtol=0, atol=1e-13)
    torch.testing.assert_close(parts.perplexity, whole.perplexity, rtol=1e-12, atol=0)
    torch.testing.assert_close(parts.rate, whole.rate, rtol=1e-6, atol=1e-8)


def test_products_of_torch_give_the_same_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = -cosines(12, 6)
    expected = tuning_map(cost, eps=[0.05, 0.5], n_iter=[1, 9], max_iter=0)

    def stay(*tensors: Tensor, like: object = None) -> list[Tensor]:
        return list(tensors)

    # As it is for what is large, where torch has threads.
    monkeypatch.setattr(_cells, "as_arrays", stay)
    found = tuning_map(cost, eps=[0.05, 0.5], n_iter=[1, 9], max_iter=0)
    torch.testing.assert_close(found.column_error, expected.column_error, rtol=0, atol=1e-14)
    torch.testing.assert_close(found.perplexity, expected.perplexity, rtol=1e-13, atol=0)
    assert found.columns_used.tolist() == expected.columns_used.tolist()


@pytest.mark.parametrize("name", ["nan", "minus_inf", "blocked_row", "blocked_column"])
@pytest.mark.parametrize("eps", [1e-6, 1.0])
def test_without_a_plan_all_is_nan(name: str, eps: float) -> None:
    cost = uniform(3, 4)
    if name.startswith("blocked"):
        cost[(1, slice(None)) if name == "blocked_row" else (slice(None), 1)] = INF
    else:
        cost[0, 0] = NAN if name == "nan" else -INF
    found = tuning_map(cost, eps=[eps], n_iter=[1, 50])
    assert found.column_error.isnan().all()
    assert found.perplexity.isnan().all()
    assert not found.columns_used.any()
    assert found.rate.isnan().all()
    assert int(found.rate_status) in (int(SinkhornStatus.INVALID), int(SinkhornStatus.INFEASIBLE))


def test_rate_is_that_of_the_converged_plan() -> None:
    cost = -cosines(10, 6)
    found = tuning_map(cost, eps=[0.05, 0.3], n_iter=[1])
    for eps, rate in zip([0.05, 0.3], found.rate.tolist(), strict=True):
        plan = sinkhorn(cost, eps=eps, tol=1e-13).plan
        assert rate == close_to(asymptotic_rate(plan).item(), rel=1e-6)
    errors = tuning_map(cost, eps=[0.3], n_iter=[16, 17]).column_error[0]
    assert (errors[1] / errors[0]).item() == close_to(found.rate[1].item(), rel=0.03)


def test_rate_that_is_not_had_says_why() -> None:
    found = tuning_map(-cosines(10, 6), eps=[1e-3, 1e3], n_iter=[1], max_iter=3)
    assert found.rate.isnan().tolist() == [True, False]
    assert found.rate_status.tolist() == [SinkhornStatus.NOT_CONVERGED, SinkhornStatus.CONVERGED]
    none = tuning_map(-cosines(10, 6), eps=[1.0], n_iter=[1], max_iter=0)
    assert (none.rate.isnan().item(), none.rate_status.item()) == (True, SinkhornStatus.FIXED_COUNT)


@pytest.mark.parametrize("dtype", DTYPES)
def test_underflow_is_that_of_exp_in_the_dtype(dtype: str) -> None:
    # Gaps that every dtype holds, on both sides of where each exp gives up.
    gaps = torch.tensor([0.0, 16.0, 17.0, 17.5, 18.0, 92.0, 93.5, 103.0, 104.5, 740.0, 748.0]).double()
    found = tuning_map(gaps[None] + 0.0, eps=[1.0, 0.5, 4.0], n_iter=[1], max_iter=0)
    expected = [
        (torch.exp((-gaps / eps).to(getattr(torch, dtype))) == 0).double().mean().item()
        for eps in (1.0, 0.5, 4.0)
    ]
    assert found.underflow[dtype].tolist() == expected


def test_range_that_overflows_is_told_in_eps() -> None:
    found = tuning_map([[-1e308, 1e308], [0.0, 0.0]], eps=[1e307], n_iter=[1], max_iter=0)
    assert found.range_over_eps.tolist() == [close_to(20.0)]


def test_underflow_and_range_leave_forbidden_pairs_out() -> None:
    found = tuning_map([[0.0, INF], [30.0, 10.0]], eps=[1.0], n_iter=[1])
    assert found.range_over_eps.tolist() == [30.0]
    assert found.underflow["float16"].tolist() == [close_to(1 / 3)]


def test_what_has_arrived_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    class Counting(_cells._OnKernel):
        def read(self) -> _cells.Cells:
            read.append(1)
            return super().read()

    monkeypatch.setattr(_cells, "_OnKernel", Counting)
    found = tuning_map(-cosines(6, 4), eps=[50.0], n_iter=list(range(1, 200)))
    assert len(read) < 20
    assert (found.column_error[0, 20:] <= 1e-14).all()
    assert found.perplexity[0, -1] == close_to(found.perplexity[0, 30].item(), rel=1e-13)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_iter": [3, 1]}, "n_iter must be ascending, got"),
        ({"n_iter": []}, "n_iter must be ascending, got"),
        ({"n_iter": [0]}, "n_iter must be an integer >= 1, got 0"),
        ({"eps": [1.0, 0.0]}, "eps must be finite and > 0, got"),
        ({"eps": 1.0}, "eps must have at least one dimension, got"),
        ({"cost": uniform(2, 3, 2).tolist()}, "cost must have shape"),
    ],
)
def test_arguments_that_are_none_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        tuning_map(**{"cost": uniform(3, 2), "eps": [1.0], "n_iter": [1], **options})  # type: ignore[arg-type]
