"""Sinkhorn's iteration on a batch, item by item, until each arrives or a count is done.

On the way to a goal, a block of iterations starts from what the block before it extrapolates to,
small eps is reached by way of larger ones, and where an item crawls Newton steps are tried. All of
these are kept only where they lower the marginal error, so none can keep an item from converging.
When blocks end, and what is tried after them, does not depend on the other items of the batch.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core.transport._feasibility import is_blocked, least_violation
from ce_core.transport._log_domain import OnLogarithms
from ce_core.transport._problem import Problem
from ce_core.transport._stabilized_kernel import OnKernel

_ROUNDING = torch.finfo(torch.float64).eps
# Iterations of a block on the way to a goal, and of one that just runs.
_BLOCK, _LONG_BLOCK = 8, 64
# Once in so many blocks it is seen who crawls: who has more than so many iterations to go, which
# is about what a Newton step costs (256 x 256).
_CHECK, _WORTH_A_LEAP = 4, 100.0


@dataclass(frozen=True)
class Solution:
    """Where the iteration of each item ended."""

    u: Float[Tensor, "b n"]
    v: Float[Tensor, "b m"]
    plan: Float[Tensor, "b n m"] | None
    """None if it ran on logarithms."""
    errors: Float[Tensor, "b iterations"]
    n_iter: Int[Tensor, " b"]
    infeasible: Bool[Tensor, " b"]


def rounding_floor(spread: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
    """Return the marginal error that rounding leaves where costs span so many eps."""
    return _ROUNDING * (8 + spread)


def solve(
    problem: Problem,
    *,
    start: Float[Tensor, "b n"] | None = None,
    goal: Float[Tensor, " b"] | None,
    max_iter: int,
    on_logarithms: bool = False,
) -> Solution:
    """Iterate each item until its marginal error is at most its goal, or just `max_iter` times.

    With `on_logarithms` the iteration is the plain one, in differentiable operations on logarithms.
    """
    u = torch.zeros_like(problem.mu) if start is None else start.clone()
    with np.errstate(all="ignore"):
        steps = (
            OnLogarithms(problem, u)
            if on_logarithms
            else OnKernel(problem, u.clone(), accelerated=goal is not None)
        )
        return _iterate(steps, problem, u, goal, max_iter)


def _iterate(
    steps: OnKernel | OnLogarithms,
    problem: Problem,
    u: Float[Tensor, "b n"],
    goal: Float[Tensor, " b"] | None,
    max_iter: int,
) -> Solution:
    size, device = len(u), u.device
    v = torch.zeros_like(problem.nu)
    plan: Tensor | None = None
    forbidding = problem.forbidding.cpu().numpy()
    infeasible = np.zeros(size, dtype=bool)
    if forbidding.any():
        infeasible = is_blocked(problem.cost < torch.inf, problem.mu, problem.nu).cpu().numpy()
    goals = np.full(size, -1.0) if goal is None else np.where(infeasible, np.inf, goal.cpu().numpy())
    n_iter, errors = np.zeros(size, dtype=np.int64), [np.zeros((1, size))]
    # The items in `steps`; and of each item: whether it still moves, its error when it was last
    # checked, and the checks until the next leap.
    lanes, running = np.arange(size), np.ones(size, dtype=bool)
    checked = np.full(size, np.inf)
    patience, pause = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)

    done = blocks = 0
    while size:
        # Before a long block, one iteration brings the scalings near 1, so that they are absorbed.
        whole = _BLOCK if goal is not None else _LONG_BLOCK if done else 1
        length = min(whole, max_iter - done)
        block = steps.run(length, goals[lanes])
        length = len(block.errors)
        done, blocks = done + length, blocks + 1
        measured = block.errors.detach().cpu().numpy()
        reached = measured <= goals[lanes]
        last = np.where(reached.any(0), reached.argmax(0), length - 1)
        now = running[lanes]
        n_iter[lanes[now]] += last[now] + 1
        held = np.repeat(errors[-1][-1:], length, 0)
        at = np.minimum(np.arange(length)[:, None], last)
        held[:, lanes[now]] = measured[at, np.arange(len(lanes))][:, now]
        errors.append(held)
        ended = (now & (reached.any(0) | (done == max_iter))).nonzero()[0]
        if len(ended):
            items, these, ends = (
                torch.as_tensor(part, device=device)
                for part in (lanes[ended], ended, last[ended] - length)
            )
            final_u, final_v = block.u[ends, these], block.v[ends, these]
            u[items], v[items] = final_u, final_v
            if isinstance(steps, OnKernel):
                plans = steps.plans(these, final_u, final_v)
                if len(ended) == size:
                    plan = plans
                else:
                    plan = torch.empty_like(problem.cost) if plan is None else plan
                    plan[items] = plans
            running[lanes[ended]] = False

        moving = lanes[running[lanes]]
        if not len(moving):
            break
        if goal is not None and blocks % _CHECK == 0:
            error, ago = held[-1], checked.copy()
            checked[moving] = error[moving]
            doubtful = moving[forbidding[moving]]
            if len(doubtful):
                part = problem.take(torch.as_tensor(doubtful, device=device))
                there = torch.as_tensor(np.searchsorted(lanes, doubtful), device=device)
                potentials = steps.point.u[there].detach()
                violation = least_violation(part.cost < torch.inf, part.mu, part.nu, potentials)
                infeasible[doubtful] = violation.cpu().numpy() > goals[doubtful]
                # The next iteration ends them.
                goals[infeasible] = np.inf
            left = np.log(goals / error) / np.log(error / ago) * _BLOCK * _CHECK
            slow = ~((left >= 0) & (left < _WORTH_A_LEAP))
            crawling = moving[slow[moving] & (patience[moving] <= 0)]
            if len(crawling) and isinstance(steps, OnKernel):
                gained = steps.leap(np.searchsorted(lanes, crawling), goals[crawling])
                # A leap that did not gain is not tried again soon.
                pause[crawling] = np.where(gained, 0, 2 * pause[crawling] + 1)
                patience[crawling] = pause[crawling]
            patience[moving] -= 1
        if len(moving) <= len(lanes) // 2:
            steps.keep(torch.as_tensor(np.searchsorted(lanes, moving), device=device))
            lanes = moving
    history = np.concatenate(errors[1:] or errors)[: max(n_iter, default=1)].T
    on_device = (torch.as_tensor(part, device=device) for part in (history, n_iter, infeasible))
    return Solution(u, v, plan, *on_device)
