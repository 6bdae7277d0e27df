"""The balanced assignment and the rates of the iteration, against formulas in NumPy."""

import math
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from ce_core import asymptotic_rate, balanced_assignment, birkhoff_rate
from ce_core.transport.balanced import balanced_codes
from tests.fuzz.strategies import Draw, costs, dtypes, not_count, not_positive, span
from tests.support.cases import INF, NAN, log_domain_assignment
from tests.support.closeness import close_to

COST = [[0.0, 1.0], [1.0, 0.5]]
batches = st.sampled_from([(), (), (1,), (3,), (2, 2), (0,)])


@st.composite
def assignments(draw: Draw, *, forbidding: bool = True) -> tuple[Tensor, float, int]:
    """Draw a cost, an eps of 1e-6 to 1e6 times its range, and a number of iterations."""
    shape = (*draw(batches), draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    cost = draw(costs(draw(dtypes), shape, forbidding=forbidding))
    eps = max(span(cost) * 10 ** draw(st.floats(-6, 6)), 1e-300)
    return cost, eps, draw(st.integers(1, 8))


def is_defined(cost: Tensor) -> Tensor:
    """Tell which items have no row and no column that is forbidden throughout."""
    return ((cost < INF).any(-1).all(-1)) & ((cost < INF).any(-2).all(-1))


@given(assignments())
def test_balanced_assignment_has_rows_that_sum_to_one(problem: tuple[Tensor, float, int]) -> None:
    cost, eps, n_iter = problem
    plan = balanced_assignment(cost, eps=eps, n_iter=n_iter)
    assert plan.shape == cost.shape
    assert plan.dtype == cost.dtype
    defined = is_defined(cost)
    assert plan[~defined].isnan().all()
    plan, cost = plan[defined], cost[defined]
    assert (plan >= 0).all()
    assert not plan[cost == INF].any()
    slack = cost.shape[-1] * torch.finfo(cost.dtype).eps
    assert ((plan.double().sum(-1) - 1).abs() <= slack).all()


@given(assignments())
def test_balanced_assignment_is_that_of_the_log_domain(problem: tuple[Tensor, float, int]) -> None:
    cost, eps, n_iter = problem
    cost = cost[is_defined(cost)]
    plan = balanced_assignment(cost, eps=eps, n_iter=n_iter).double()
    with np.errstate(all="ignore"):
        expected = log_domain_assignment(cost.double().numpy(), eps=eps, n_iter=n_iter)
    # The exponents, as large as cost/eps, are rounded in each update; half types are computed in
    # float32 as long as the costs span at most 16 eps, and the result is rounded once.
    info = torch.finfo(cost.dtype)
    finite = cost.double().masked_fill(cost == INF, 0.0).abs().flatten(1).amax(-1) if len(cost) else 0
    computed = 64 * torch.finfo(torch.promote_types(cost.dtype, torch.float32)).eps
    relative = info.eps + computed + n_iter * 64 * 2.0**-52 * np.asarray(finite) / eps
    slack = np.expm1(np.minimum(relative, 50.0))[..., None, None] * expected if len(cost) else 0
    found = plan.numpy().reshape(expected.shape)
    assert (np.abs(found - expected) <= slack + info.smallest_normal).all()


@given(assignments(), st.data())
def test_balanced_assignment_ignores_a_constant_added_to_a_column(
    problem: tuple[Tensor, float, int], data: Any
) -> None:
    cost, _, n_iter = problem
    count = cost.numel()
    values = data.draw(st.lists(st.integers(0, 31), min_size=count, max_size=count))
    cost = torch.tensor(values, dtype=cost.dtype).reshape(cost.shape)
    moved = cost.clone()
    moved[..., 0] += 64
    eps = data.draw(st.floats(0.5, 1e4))
    one, other = (balanced_assignment(x, eps=eps, n_iter=n_iter) for x in (cost, moved))
    # Exponents of up to 95 / eps are rounded, in float32 where the range is small.
    unit = torch.finfo(torch.promote_types(cost.dtype, torch.float32)).eps
    rtol = 2 * torch.finfo(cost.dtype).eps + 64 * n_iter * unit
    atol = torch.finfo(cost.dtype).smallest_normal
    torch.testing.assert_close(one, other, rtol=rtol, atol=atol)


@given(assignments(), st.sampled_from([NAN, -INF]), st.data())
def test_balanced_assignment_is_nan_for_invalid_items_and_right_for_the_others(
    problem: tuple[Tensor, float, int], wrong: float, data: Any
) -> None:
    cost, eps, n_iter = problem
    items = list(np.ndindex(*cost.shape[:-2]))
    assume(items)
    at = data.draw(st.sampled_from(items))
    spoilt = cost.clone()
    spoilt[at][-1, 0] = wrong
    found, whole = (balanced_assignment(x, eps=eps, n_iter=n_iter) for x in (spoilt, cost))
    for i in items:
        if i == at:
            assert found[i].isnan().all()
        else:
            torch.testing.assert_close(found[i], whole[i], rtol=0, atol=0, equal_nan=True)


@given(assignments(forbidding=False))
def test_balanced_assignment_of_one_row_or_one_column(problem: tuple[Tensor, float, int]) -> None:
    cost, eps, n_iter = problem
    # A single sample is shared equally once the columns are scaled, whatever it costs; the
    # exponents, cost/eps, are rounded.
    alone = balanced_assignment(cost[..., :1, :], eps=eps, n_iter=n_iter)
    largest = cost.double().abs().max().item() if cost.numel() else 0.0
    unit = torch.finfo(torch.promote_types(cost.dtype, torch.float32)).eps
    slack = torch.finfo(cost.dtype).eps + 64 * unit + 64 * 2.0**-52 * n_iter * largest / eps
    torch.testing.assert_close(alone, torch.full_like(alone, 1 / cost.shape[-1]), rtol=slack, atol=0)
    assert (balanced_assignment(cost[..., :1], eps=eps, n_iter=n_iter) == 1).all()


@given(not_positive())
def test_balanced_assignment_refuses_an_eps_that_is_not_positive(eps: Any) -> None:
    with pytest.raises(ValueError, match=r"^eps must be finite and > 0, got "):
        balanced_assignment(COST, eps=eps)


@given(not_count())
def test_balanced_assignment_refuses_a_count_below_one(n_iter: Any) -> None:
    with pytest.raises(ValueError, match=r"^n_iter must be an integer >= 1, got "):
        balanced_assignment(COST, n_iter=n_iter)


@given(assignments())
def test_balanced_codes_is_the_assignment_of_the_negated(problem: tuple[Tensor, float, int]) -> None:
    cost, eps, n_iter = problem
    found = balanced_codes(-cost, eps=eps, n_iter=n_iter)
    expected = balanced_assignment(cost, eps=eps, n_iter=n_iter)
    torch.testing.assert_close(found, expected, rtol=0, atol=0, equal_nan=True)


# Birkhoff's bound


@given(assignments())
def test_birkhoff_rate_is_the_bound_over_all_quadruples(problem: tuple[Tensor, float, int]) -> None:
    cost, eps, _ = problem
    rate = birkhoff_rate(cost, eps=eps)
    assert rate.dtype == cost.dtype
    assert ((rate >= 0) & (rate <= 1)).all()
    for i in np.ndindex(*cost.shape[:-2]):
        c = cost[i].double().numpy()
        if np.isinf(c).any():
            assert rate[i] == 1
            continue
        pairs = c[:, None, :] - c[None, :, :]
        widest = float((pairs[..., :, None] - pairs[..., None, :]).max())
        expected = math.tanh(widest / eps / 4) ** 2
        # Differences of costs far from 0 are rounded as the costs are.
        slack = 8 * 2.0**-52 * (1 + np.abs(c).max() / eps)
        assert rate[i].item() == close_to(
            expected, rel=torch.finfo(cost.dtype).eps, abs=slack + 1e-7 * (cost.dtype == torch.float16)
        )


@given(assignments(forbidding=False))
def test_birkhoff_rate_is_zero_where_costs_are_sums_of_a_row_and_a_column(
    problem: tuple[Tensor, float, int],
) -> None:
    cost, eps, _ = problem
    separable = cost.double()[..., :1, :1] * 0 + torch.arange(cost.shape[-2]).unsqueeze(-1)
    separable = separable - 3.0 * torch.arange(cost.shape[-1])
    assert not birkhoff_rate(separable, eps=eps).any()


@given(not_positive())
def test_birkhoff_rate_refuses_an_eps_that_is_not_positive(eps: Any) -> None:
    with pytest.raises(ValueError, match=r"^eps must be finite and > 0, got "):
        birkhoff_rate(COST, eps=eps)


# The rate in the end


@st.composite
def plans(draw: Draw) -> Tensor:
    """Draw a plan of any dtype, zeros and empty rows among it, of mass at most 1."""
    shape = (*draw(batches), draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    entries = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.0, 1.0, 1e-6, 1e-30]))
    count = math.prod(shape)
    values = draw(st.lists(entries, min_size=count, max_size=count))
    plan = torch.tensor(values, dtype=torch.float64).reshape(shape)
    return (plan / max(1.0, plan.sum().item())).to(draw(dtypes))


@given(plans())
def test_asymptotic_rate_is_the_second_eigenvalue_of_two_steps(plan: Tensor) -> None:
    rate = asymptotic_rate(plan)
    assert rate.dtype == plan.dtype
    for i in np.ndindex(*plan.shape[:-2]):
        p = plan[i].double().numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            forth = np.nan_to_num(p / p.sum(1, keepdims=True), posinf=0.0)
            back = np.nan_to_num(p / p.sum(0, keepdims=True), posinf=0.0)
        # The chain from rows to columns and back: its eigenvalues are real, within 0 and 1. Two
        # that are equal move by the root of the rounding in this unsymmetric form.
        eigenvalues = np.sort(np.linalg.eigvals(forth @ back.T).real)[::-1]
        expected = eigenvalues[1] if min(p.shape) > 1 else 0.0
        slack = 1e-6 + torch.finfo(plan.dtype).eps
        assert abs(rate[i].item() - expected) <= slack


@given(plans())
def test_asymptotic_rate_lies_between_zero_and_one(plan: Tensor) -> None:
    rate = asymptotic_rate(plan).double()
    assert ((rate >= 0) & (rate <= 1 + 1e-12)).all()


@given(plans(), plans())
def test_asymptotic_rate_of_two_blocks_is_one_and_of_a_product_zero(one: Tensor, other: Tensor) -> None:
    first, second = (x.double().reshape(-1, *x.shape[-2:])[:1] + 0.1 for x in (one, other))
    assume(len(first))
    assume(len(second))
    blocks = torch.from_numpy(scipy.linalg.block_diag(first[0], second[0]))
    assert asymptotic_rate(blocks).item() == close_to(1, abs=1e-12)
    product = first[0].sum(-1, keepdim=True) * second[0].sum(-2)
    assert asymptotic_rate(product).item() == close_to(0, abs=1e-12)


@given(st.sampled_from([balanced_assignment, birkhoff_rate, asymptotic_rate]), st.data())
def test_functions_of_matrices_refuse_what_is_no_batch_of_them(function: Any, data: Any) -> None:
    wrong = data.draw(st.sampled_from([1.0, [1.0, 2.0], [], [[]], [[[]]], "text", [["a"]], [[1j]]]))
    options = {"eps": 1.0} if function is birkhoff_rate else {}
    with pytest.raises(ValueError, match=r"^(cost|plan) must "):
        function(wrong, **options)
