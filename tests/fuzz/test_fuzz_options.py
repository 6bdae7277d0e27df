"""Relative eps, dustbins, exact plans, distances, the divergence: identities, on any scale."""

import math
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from ce_core import (
    hard_assignment,
    relative_eps,
    round_plan,
    sinkhorn,
    sinkhorn_divergence,
    squared_distances,
    unbalanced_sinkhorn,
    with_dustbins,
)
from ce_core.transport import distances
from ce_core.transport.regularisation import SCALES
from tests.fuzz.strategies import Draw, costs, dtypes

sizes = st.integers(1, 6)
batches = st.sampled_from([(), (3,), (2, 2), (0,)])


@st.composite
def any_costs(draw: Draw) -> Tensor:
    """Draw a cost of any dtype, forbidden pairs among it."""
    cost: Tensor = draw(
        costs(draw(dtypes), (*draw(batches), draw(sizes), draw(sizes)), forbidding=True)
    )
    return cost


@st.composite
def masses(draw: Draw) -> Tensor:
    """Draw a matrix of entries >= 0 of any scale, empty rows and subnormal numbers among them."""
    entries = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 1e-300, 5e-324, 1e200, 1.0]))
    drawn: np.ndarray = draw(arrays(np.float64, (draw(sizes), draw(sizes)), elements=entries))
    return torch.from_numpy(drawn)


@st.composite
def marginals(draw: Draw, size: int) -> Tensor:
    """Draw a distribution, with zeros."""
    entries = st.one_of(st.floats(0.01, 1), st.just(0.0))
    drawn = torch.from_numpy(draw(arrays(np.float64, size, elements=entries)))
    drawn = drawn if drawn.any() else torch.ones(size, dtype=torch.float64)
    return drawn / drawn.sum()


@st.composite
def clouds(draw: Draw) -> tuple[Tensor, Tensor]:
    """Draw two clouds in one space, some points equal."""
    n, m, d = draw(sizes), draw(sizes), draw(st.integers(1, 4))
    numbers = st.one_of(st.floats(-1e3, 1e3), st.sampled_from([0.0, 1.0, 1.0 + 2**-52, 1e-170]))
    drawn = [torch.from_numpy(draw(arrays(np.float64, (k, d), elements=numbers))) for k in (n, m)]
    return drawn[0], drawn[1]


@given(any_costs(), st.sampled_from(SCALES), st.floats(1e-3, 10))
def test_relative_eps_is_finite_positive_and_of_the_item_alone(
    cost: Tensor, by: str, share: float
) -> None:
    eps = relative_eps(cost, share, by=by)
    assert (eps.isfinite() & (eps > 0)).all()
    for i in np.ndindex(*cost.shape[:-2]):
        assert torch.equal(eps[i], relative_eps(cost[i], share, by=by))
    # A power of two rounds nothing but the least numbers.
    scaled = relative_eps(cost.double() * 4, share, by=by)
    settled = eps == share
    torch.testing.assert_close(scaled[~settled], 4 * eps[~settled], rtol=1e-12, atol=1e-322)


@given(any_costs(), st.floats(-100, 100))
def test_with_dustbins_keeps_the_costs_and_has_marginals_of_sum_1(cost: Tensor, score: float) -> None:
    problem = with_dustbins(cost, score)
    assert torch.equal(problem.cost[..., :-1, :-1], cost)
    expected = torch.tensor(-score, dtype=cost.dtype)
    assert (problem.cost[..., -1, :] == expected).all()
    assert abs(problem.mu.sum().item() - 1) < 1e-15
    assert abs(problem.nu.sum().item() - 1) < 1e-15


@given(masses(), st.data())
def test_round_plan_has_the_marginals_within_the_bound_of_the_paper(plan: Tensor, data: Any) -> None:
    mu, nu = (data.draw(marginals(size)) for size in plan.shape)
    rounded = round_plan(plan, mu, nu)
    assert (rounded >= 0).all()
    torch.testing.assert_close(rounded.sum(-1), mu, rtol=0, atol=1e-15)
    torch.testing.assert_close(rounded.sum(-2), nu, rtol=0, atol=1e-15)
    errors = (plan.sum(-1) - mu).abs().sum() + (plan.sum(-2) - nu).abs().sum()
    assert (rounded - plan).abs().sum() <= 2 * errors * (1 + 1e-12) + 1e-14


@given(masses())
def test_hard_assignment_is_the_best_of_all(plan: Tensor) -> None:
    n, m = plan.shape
    found = hard_assignment(plan).tolist()
    matched = [(row, column) for row, column in enumerate(found) if column >= 0]
    assert len({column for _, column in matched}) == len(matched)
    assert all(plan[pair] > 0 for pair in matched)
    wide = torch.zeros(n, max(n, m), dtype=torch.float64)
    wide[:, :m] = plan
    best = max(
        sum(wide[row, column].item() for row, column in enumerate(order))
        for order in permutations(range(max(n, m)), n)
    )
    assert sum(plan[pair].item() for pair in matched) >= best * (1 - 1e-12)


@given(clouds(), st.booleans())
def test_squared_distances_are_those_of_fractions(pair: tuple[Tensor, Tensor], blocks: bool) -> None:
    x, y = pair
    few, distances._FEW = distances._FEW, 0 if blocks else distances._FEW
    try:
        found = squared_distances(x, y)
    finally:
        distances._FEW = few
    for i, one in enumerate(x.tolist()):
        for j, other in enumerate(y.tolist()):
            exact = float(
                sum((Fraction(a) - Fraction(b)) ** 2 for a, b in zip(one, other, strict=True))
            )
            assert abs(found[i, j].item() - exact) <= 1e-14 * exact + 1e-320


@given(clouds(), st.floats(-3, 3), st.data())
def test_sinkhorn_divergence_is_not_negative_and_0_at_equality(
    pair: tuple[Tensor, Tensor], power: float, data: Any
) -> None:
    x, y = pair
    largest = max(squared_distances(*both).max().item() for both in ((x, y), (x, x), (y, y)))
    eps = max(largest, 1e-200) * 10**power
    mu, nu = data.draw(marginals(len(x))), data.draw(marginals(len(y)))
    tol = 1e-9
    # A marginal error moves the dual value by at most itself times the error of the potentials. That is
    # bounded by the range of the costs, and by Birkhoff's factor times the last step.
    least = min(weights[weights > 0].min().item() for weights in (mu, nu))
    slowness = math.cosh(min(largest / eps / 2, 300.0)) ** 2
    # A potential is eps times a logarithm, which rounds.
    rounding = 1e-13 * largest + 2 * torch.finfo(torch.float64).eps * eps + 1e-300
    slack = rounding + 4 * tol * min(largest, eps * tol / least * slowness)
    found = sinkhorn_divergence(x, y, eps=eps, mu=mu, nu=nu, tol=tol)
    if found.converged:
        assert found.value.item() >= -slack
    itself = sinkhorn_divergence(x, x.flip(0), eps=eps, mu=mu, nu=mu.flip(0), tol=tol)
    if itself.converged:
        assert abs(itself.value.item()) <= slack


@given(sizes, sizes, st.floats(0.05, 10), st.floats(1e-2, 1e3), st.integers(0, 2**31))
def test_unbalanced_marginals_are_those_that_its_potentials_ask_for(
    n: int, m: int, eps: float, rho: float, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    cost, mu, nu = (
        torch.rand(*shape, generator=generator, dtype=torch.float64) + 1e-3
        for shape in ((n, m), (n,), (m,))
    )
    result = unbalanced_sinkhorn(cost, eps=eps, rho=rho, mu=mu, nu=nu, tol=1e-10)
    assert result.converged
    asked = mu * (-result.f / rho).exp()
    assert (result.plan.sum(-1) - asked).abs().sum() <= 1e-9 * asked.sum()


@given(sizes, sizes, st.floats(0.05, 10), st.integers(0, 2**31))
def test_warm_start_from_anywhere_leads_to_the_same_plan(n: int, m: int, eps: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    cost = torch.rand(n, m, generator=generator, dtype=torch.float64)
    start = 10 * torch.randn(n, generator=generator, dtype=torch.float64)
    cold, warm = (sinkhorn(cost, eps=eps, tol=1e-11, warm_start=f) for f in (None, start))
    torch.testing.assert_close(warm.plan, cold.plan, rtol=0, atol=1e-9)
