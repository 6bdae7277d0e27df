"""Cases at the edge that the property tests have found, each as small as it gets."""

import pytest
import torch

from ce_core import SinkhornStatus, sinkhorn
from tests.core.cases import INF

F64 = torch.float64


@pytest.mark.parametrize("tol", [1e-6, None])
def test_sinkhorn_accepts_an_empty_batch(tol: float | None) -> None:
    result = sinkhorn(torch.zeros(0, 3, 2), eps=1.0, tol=tol)
    assert result.plan.shape == (0, 3, 2)
    assert result.status.shape == (0,)


def test_sinkhorn_fixed_count_where_a_row_without_mass_has_the_least_costs() -> None:
    # The kernel of the row with mass is e^-1000 there, which is not 0: the column is not forbidden.
    cost = torch.tensor([[0.0, 1.0], [0.0, 0.0]], dtype=F64)
    result = sinkhorn(cost, eps=1e-3, mu=[1.0, 0.0], tol=None, max_iter=1)
    expected = torch.tensor([[0.5, 0.5], [0.0, 0.0]], dtype=F64)
    # Exponents of 1000 are rounded by 2^-53 of that.
    torch.testing.assert_close(result.plan, expected, rtol=1e-12, atol=0)
    assert result.errors[-1] < 1e-12


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("size", [3, 7, 11, 49])
def test_sinkhorn_accepts_uniform_marginals_rounded_to_a_half_type(
    size: int, dtype: torch.dtype
) -> None:
    weights = torch.full((size,), 1 / size, dtype=dtype)
    result = sinkhorn(torch.zeros(size, 2, dtype=dtype), eps=1.0, mu=weights, tol=1e-2)
    assert result.converged


def test_sinkhorn_feasibility_of_items_that_end_at_different_times() -> None:
    allowed = torch.tensor(
        [
            [[1, 1, 0], [1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 1]],
            [[1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 1, 1], [1, 1, 1]],
            [[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 1, 1]],
        ]
    )
    cost = torch.linspace(0, 1, 45, dtype=F64).sin().reshape(3, 5, 3).masked_fill(allowed == 0, INF)
    result = sinkhorn(cost, eps=4e-3, tol=1e-9, max_iter=1)
    feasible = result.status != SinkhornStatus.INFEASIBLE
    assert feasible.tolist() == [True, False, True]
