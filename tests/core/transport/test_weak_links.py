"""Derivatives of the potentials of `sinkhorn` where next to no mass links some pairs with others."""

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import grad, hessian, jacrev, jvp

from ce_core import sinkhorn
from tests.support.cases import INF, uniform

F64 = torch.float64
# Torch compiles its rules of forward mode when they are first used.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")

TWO_PAIRS = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=F64)
THREE_PAIRS = torch.tensor([[0.0, 0.7, 1.0], [0.7, 0.0, 0.8], [1.0, 0.8, 0.0]], dtype=F64)
CROSSED = torch.tensor([[0.0, 1.0, 0.3], [1.0, 0.0, 0.2], [0.5, 0.6, 0.1]], dtype=F64)
TWO_BLOCKS = torch.tensor(
    [[0.0, 0.3, INF, INF], [0.4, 0.1, INF, INF], [INF, INF, 0.2, 0.3], [INF, INF, 0.1, 0.6]], dtype=F64
)


def first_f(eps: float) -> Callable[[Tensor], Tensor]:
    return lambda cost: sinkhorn(cost, eps=eps, tol=1e-12).f[0]


def along_units(function: Callable[[Tensor], Tensor], cost: Tensor) -> Tensor:
    units = torch.eye(cost.numel(), dtype=F64).reshape(-1, *cost.shape)
    return torch.stack([jvp(function, (cost,), (unit,))[1] for unit in units]).reshape(cost.shape)


def exact_first_f(cost: Any, eps: Any) -> Any:
    """Return f_0 for uniform marginals by Newton's method in mpmath, none of its steps beyond eps."""
    n = len(cost)
    x = mpmath.matrix([mpmath.mpf(0)] * n + [-mpmath.log(n)] * n)
    for _ in range(100):
        system, right = mpmath.zeros(2 * n), mpmath.matrix([mpmath.mpf(1) / n] * (2 * n))
        for i in range(n):
            for j in range(n):
                entry = mpmath.exp(x[i] + x[n + j] - cost[i][j] / eps)
                for a, b in ((i, i), (i, n + j), (n + j, i), (n + j, n + j)):
                    system[a, b] += entry
                right[i] -= entry
                right[n + j] -= entry
        # The first equation follows from the others; in its place the sum of f is 0.
        for k in range(2 * n):
            system[0, k] = 1 if k < n else 0
        right[0] = -sum(x[k] for k in range(n))
        step = mpmath.lu_solve(system, right)
        size = max(abs(part) for part in step)
        x += step / max(1, size)
        if size < mpmath.mpf(10) ** -60:
            return eps * x[0]
    raise AssertionError("Newton's method does not converge")


@pytest.mark.parametrize("eps", [0.03, 0.02, 0.01])
def test_sinkhorn_derivatives_of_a_potential_of_two_pairs_are_exact(eps: float) -> None:
    # f0 is (C00 + C01 - C10 - C11) / 4, up to logarithms of 1 + exp(-1 / eps).
    expected = [[0.25, 0.25], [-0.25, -0.25]]
    function = first_f(eps)
    for found in (grad(function)(TWO_PAIRS), along_units(function, TWO_PAIRS)):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    moved = jvp(function, (TWO_PAIRS,), (torch.ones(2, 2, dtype=F64),))[1]
    np.testing.assert_allclose(moved, 0.0, rtol=0, atol=1e-14)
    for second in (hessian(function)(TWO_PAIRS), jacrev(grad(function))(TWO_PAIRS)):
        np.testing.assert_allclose(second, 0.0, rtol=0, atol=1e-12)


@pytest.mark.parametrize("eps", [0.03, 0.02, 0.01])
def test_sinkhorn_derivatives_of_a_potential_of_three_pairs_oracle(eps: float) -> None:
    ways = uniform(2, 3, 3)
    with mpmath.workdps(150):
        step = mpmath.mpf(10) ** -20

        def exact(*shares: int) -> Any:
            cost = mpmath.matrix(THREE_PAIRS.tolist())
            for share, way in zip(shares, ways.tolist(), strict=True):
                cost += share * step * mpmath.matrix(way)
            return exact_first_f(cost.tolist(), mpmath.mpf(eps))

        slope = float((exact(1, 0) - exact(-1, 0)) / (2 * step))
        corners = exact(1, 1) - exact(1, -1) - exact(-1, 1) + exact(-1, -1)
        curvature = float(corners / (4 * step**2))
    function = first_f(eps)
    found = (grad(function)(THREE_PAIRS) * ways[0]).sum()
    np.testing.assert_allclose(found, slope, rtol=1e-10)
    np.testing.assert_allclose(jvp(function, (THREE_PAIRS,), (ways[0],))[1], slope, rtol=1e-10)
    for second in (hessian(function)(THREE_PAIRS), jacrev(grad(function))(THREE_PAIRS)):
        bent = torch.einsum("ij,ijkl,kl->", ways[0], second, ways[1])
        # Terms of 1 / eps cancel.
        np.testing.assert_allclose(bent, curvature, rtol=1e-7, atol=1e-14 / eps)


@pytest.mark.parametrize(
    ("cost", "eps"),
    [(TWO_PAIRS, 1e-3), (CROSSED, 0.03), (CROSSED, 0.01), (CROSSED, 1e-3), (TWO_BLOCKS, 0.3)],
    ids=["pairs .001", "crossed .03", "crossed .01", "crossed .001", "blocks .3"],
)
def test_sinkhorn_derivatives_of_a_potential_both_ways_agree(cost: Tensor, eps: float) -> None:
    function = first_f(eps)
    backward = grad(function)(cost)
    # Links of 1e-5 or so are left to Cholesky, and cost as many digits.
    np.testing.assert_allclose(along_units(function, cost), backward, rtol=0, atol=1e-10)
    np.testing.assert_allclose(backward.sum(), 0.0, rtol=0, atol=1e-10)
    forward, twice = hessian(function)(cost), jacrev(grad(function))(cost)
    np.testing.assert_allclose(forward, twice, rtol=0, atol=1e-11 / eps)
    flat = forward.reshape(cost.numel(), -1)
    np.testing.assert_allclose(flat, flat.T, rtol=0, atol=1e-11 / eps)


def test_sinkhorn_derivatives_of_potentials_of_blocks_share_what_is_free() -> None:
    change = uniform(4, 4)

    def potentials(cost: Tensor) -> tuple[Tensor, Tensor]:
        result = sinkhorn(cost, eps=0.3, tol=1e-12)
        return result.f, result.g

    f, g = jvp(potentials, (TWO_BLOCKS,), (change,))[1]
    apart = f.reshape(2, 2).mean(1) - g.reshape(2, 2).mean(1)
    np.testing.assert_allclose(apart[0], apart[1], rtol=0, atol=1e-13)
    # What does not depend on what is free is that of the result.
    step = 1e-5 * change
    for pair in ((0, 1), (3, 2)):
        values = [
            f[pair[0]] + g[pair[1]] for f, g in map(potentials, (TWO_BLOCKS - step, TWO_BLOCKS + step))
        ]
        np.testing.assert_allclose(f[pair[0]] + g[pair[1]], (values[1] - values[0]) / 2e-5, rtol=1e-6)
