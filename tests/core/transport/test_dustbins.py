"""Dustbins against SuperGlue's own loop in the log domain."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ce_core import sinkhorn, with_dustbins
from tests.support.cases import FLOATS, INF, uniform
from tests.support.closeness import close_to


def superglue(scores: Tensor, alpha: Tensor, iterations: int) -> Tensor:
    """Return the matching as arXiv:1911.11763 computes it, the bins last, each point of mass 1."""
    m, n = scores.shape
    row, corner = alpha.expand(1, n), alpha.expand(m, 1)
    z = torch.cat([torch.cat([scores, corner], 1), torch.cat([row, alpha.expand(1, 1)], 1)], 0)
    norm, log_n, log_m = (torch.tensor(math.log(x), dtype=scores.dtype) for x in (m + n, n, m))
    norm = -norm
    log_mu = torch.cat([norm.expand(m), (log_n + norm)[None]])
    log_nu = torch.cat([norm.expand(n), (log_m + norm)[None]])
    u, v = torch.zeros_like(log_mu), torch.zeros_like(log_nu)
    for _ in range(iterations):
        u = log_mu - torch.logsumexp(z + v, 1)
        v = log_nu - torch.logsumexp(z + u[:, None], 0)
    return (z + u[:, None] + v - norm).exp()


@pytest.mark.parametrize("shape", [(5, 7), (7, 5), (1, 3), (4, 4)])
@pytest.mark.parametrize("alpha", [-2.0, 0.0, 3.0])
def test_with_dustbins_is_what_superglue_solves(shape: tuple[int, int], alpha: float) -> None:
    scores = 6 * uniform(*shape)
    expected = superglue(scores, torch.tensor(alpha, dtype=torch.float64), 3000)
    cost, mu, nu = with_dustbins(-scores, alpha)
    plan = sinkhorn(cost, eps=1.0, mu=mu, nu=nu, tol=1e-14).plan * sum(shape)
    torch.testing.assert_close(plan, expected, rtol=1e-8, atol=1e-12)


def test_with_dustbins_has_the_gradient_of_superglue() -> None:
    slopes = []
    for solver in ("theirs", "ours"):
        scores = (6 * uniform(4, 3)).requires_grad_()
        alpha = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
        if solver == "theirs":
            matching = superglue(scores, alpha, 2000)
        else:
            cost, mu, nu = with_dustbins(-scores, alpha)
            matching = sinkhorn(cost, eps=1.0, mu=mu, nu=nu, tol=1e-14).plan * 7
        # The loss of SuperGlue: some pairs, one point of each side without a partner.
        loss = -(matching[0, 0] * matching[2, 1] * matching[1, 3] * matching[4, 2]).log()
        slopes.append(torch.autograd.grad(loss, (scores, alpha)))
    for one, other in zip(*slopes, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_with_dustbins_takes_a_score_for_each_item(dtype: torch.dtype) -> None:
    cost, score = uniform(2, 3, 4, 5).to(dtype), uniform(2, 3, seed=1)
    problem = with_dustbins(cost, score)
    assert problem.cost.shape == (2, 3, 5, 6)
    assert problem.cost.dtype == dtype
    assert torch.equal(problem.cost[..., :4, :5], cost)
    for item in (problem.cost[..., -1, :], problem.cost[..., -1]):
        assert torch.equal(item, -score.to(dtype)[..., None].expand_as(item))
    assert (problem.mu.shape, problem.nu.shape) == ((5,), (6,))
    assert (problem.mu * 9).tolist() == close_to([1, 1, 1, 1, 5], rel=1e-15)
    assert (problem.nu * 9).tolist() == close_to([1, 1, 1, 1, 1, 4], rel=1e-15)


def test_with_dustbins_takes_several_scores_for_one_cost() -> None:
    assert with_dustbins(uniform(4, 3), torch.tensor([0.0, 1.0])).cost.shape == (2, 5, 4)


def test_with_dustbins_gives_a_partner_to_rows_without_an_allowed_pair() -> None:
    cost = uniform(3, 2)
    cost[1] = INF
    problem = with_dustbins(cost, 0.0)
    result = sinkhorn(problem.cost, eps=0.1, mu=problem.mu, nu=problem.nu)
    assert result.converged
    assert result.plan[1].tolist() == close_to([0, 0, 0.2], abs=1e-6)


@pytest.mark.parametrize("score", [100.0, -100.0])
def test_with_dustbins_limits(score: float) -> None:
    # Bins that attract leave no pair; bins that repel take only what is in excess.
    cost, mu, nu = with_dustbins(uniform(4, 2), score)
    pairs = sinkhorn(cost, eps=0.5, mu=mu, nu=nu, tol=1e-12).plan[:4, :2] * 6
    assert pairs.sum().item() == close_to(0 if score > 0 else 2, abs=1e-8)


@pytest.mark.parametrize(
    ("cost", "score", "message"),
    [
        ([0.0], 1.0, "cost must have shape"),
        ([[0.0]], float("nan"), "score must be finite"),
        ([[[0.0]], [[0.0]]], [1.0, 2.0, 3.0], "score must be one number or broadcast"),
        ([[0.0]], "high", "score must"),
        ([[0.0]], 1e39, "score must be finite in the dtype of cost, torch.float32, got 1e[+]39"),
        (np.zeros((1, 1), np.float16), 7e4, "score must be finite in .* torch.float16, got 70000.0"),
        (
            np.zeros((1, 1), np.float16),
            torch.tensor([0.0, 7e4]),
            r"score must .*, got \[0.0, 70000.0\]",
        ),
        ([[0.0]], torch.tensor(INF), "score must be finite"),
    ],
    ids=str,
)
def test_with_dustbins_says_what_is_wrong(cost: Any, score: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        with_dustbins(cost, score)
