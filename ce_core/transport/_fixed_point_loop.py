"""Sinkhorn's iteration on a batch, item by item, until each arrives or a count is done.

On the way to a goal, a block of iterations starts from what the block before it extrapolates to,
and where an item crawls Newton steps are tried. Both are kept only where they lower the marginal
error, so neither can keep an item from converging.
When blocks end, and what is tried after them, does not depend on the other items of the batch.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core._arrays import as_tensors
from ce_core._surroundings import uncompiled
from ce_core.transport._feasibility import is_blocked, least_violation
from ce_core.transport._log_domain import Block
from ce_core.transport._problem import Problem, potential_size, rounding_floor
from ce_core.transport._stabilized_kernel import OnKernel

# Iterations of a block on the way to a goal, and of one that just runs.
_BLOCK, _LONG_BLOCK = 8, 64
# Once in so many blocks it is seen who crawls: who has more than so many iterations to go, which
# is about what a Newton step costs (256 x 256).
_CHECK, _WORTH_A_LEAP = 4, 100.0


@dataclass(frozen=True)
class Solution:
    """Where the iteration of each item ended. What is told of an item is NumPy's."""

    u: Float[Tensor, "b n"]
    v: Float[Tensor, "b m"]
    plan: Float[Tensor, "b n m"]
    errors: Float[np.ndarray, "b iterations"]
    n_iter: Int[np.ndarray, " b"]
    infeasible: Bool[np.ndarray, " b"]


@uncompiled
def solve(
    problem: Problem,
    *,
    start: Float[Tensor, "b n"] | None = None,
    goal: Float[np.ndarray, " b"] | None,
    max_iter: int,
    spread: Float[np.ndarray, " b"] | None = None,
    plain: bool = False,
) -> Solution:
    """Iterate each item until its marginal error is at most its goal, or just `max_iter` times.

    Where the costs span so many eps (`spread`) that rounding may keep the error above the goal, it
    is sought to be what rounding allows where the potentials are. With `plain` nothing is done to
    have fewer iterations.
    """
    with np.errstate(all="ignore"):
        steps = OnKernel(
            problem,
            torch.zeros_like(problem.mu) if start is None else start,
            towards_goal=goal is not None,
            accelerated=goal is not None and not plain,
            spread=np.full(len(problem.mu), np.inf) if spread is None else spread,
        )
        return _Loop(steps, problem, goal, max_iter, spread).run()


class _Loop:
    """The iteration of a batch: which items still move, how far each has come, what ends it.

    What is held of each item lies on the CPU. `lanes` are the items that `steps` still works on: an
    item that has ended leaves them only when half of them have, since to leave costs a copy.
    """

    def __init__(
        self,
        steps: OnKernel,
        problem: Problem,
        goal: Float[np.ndarray, " b"] | None,
        max_iter: int,
        spread: Float[np.ndarray, " b"] | None,
    ) -> None:
        size = len(problem.mu)
        self.steps, self.problem, self.max_iter = steps, problem, max_iter
        self.ended: tuple[Tensor, Tensor, Tensor] | None = None
        self.forbidding = problem.forbidding
        self.infeasible = np.zeros(size, dtype=bool)
        if self.forbidding.any():
            blocked = is_blocked(problem.cost < torch.inf, problem.mu, problem.nu)
            self.infeasible = blocked.cpu().numpy()
        self.towards_goal = goal is not None
        goals = -1.0 if goal is None else goal
        self.goals = np.where(self.infeasible & self.towards_goal, np.inf, goals)
        self.spread = np.zeros(size) if spread is None else spread
        self.rounded = rounding_floor(self.spread) > self.goals
        self.n_iter, self.history = np.zeros(size, dtype=np.int64), [np.zeros((1, size))]
        self.lanes, self.running = np.arange(size), np.ones(size, dtype=bool)
        self.done = self.blocks = 0
        # The error when an item was last checked, and the checks until its next leap.
        self.checked = np.full(size, np.inf)
        self.patience, self.pause = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)

    def run(self) -> Solution:
        """Iterate until no item moves."""
        moving = self.lanes
        while len(moving):
            self._record(self.steps.run(self._next_length(), self.goals[self.lanes]))
            moving = self.lanes[self.running[self.lanes]]
            if self.towards_goal and self.blocks % _CHECK == 0 and len(moving):
                self._check(moving)
            if 0 < len(moving) <= len(self.lanes) // 2:
                self.steps.keep(self._tensor(np.searchsorted(self.lanes, moving)))
                self.lanes = moving
        history = np.concatenate(self.history[1:] or self.history)
        history = history[: max(self.n_iter, default=1)].T
        return Solution(*self._found(), history, self.n_iter, self.infeasible)

    def _next_length(self) -> int:
        # Before a long block, one iteration brings the scalings near 1, so that they are absorbed.
        whole = _BLOCK if self.towards_goal else _LONG_BLOCK if self.done else 1
        return min(whole, self.max_iter - self.done)

    def _record(self, block: Block) -> None:
        """Count the iterations of a block, and take from it the items that have ended."""
        errors = block.errors
        errors = errors.cpu().numpy() if isinstance(errors, Tensor) else errors
        length, lanes = len(errors), self.lanes
        self.done, self.blocks = self.done + length, self.blocks + 1
        reached = errors <= self.goals[lanes]
        arrived, now = reached.any(0), self.running[lanes]
        last = np.where(arrived, reached.argmax(0), length - 1)
        self.n_iter[lanes[now]] += last[now] + 1
        # Once an item has arrived, the error that it arrived with is held.
        held = np.repeat(self.history[-1][-1:], length, 0)
        at = np.minimum(np.arange(length)[:, None], last)
        held[:, lanes[now]] = errors[at, np.arange(len(lanes))][:, now]
        self.history.append(held)
        ended = (now & (arrived | (self.done == self.max_iter))).nonzero()[0]
        if len(ended):
            self._end(block, ended, last[ended] - length)

    def _end(
        self, block: Block, ended: Int[np.ndarray, " ended"], at: Int[np.ndarray, " ended"]
    ) -> None:
        """Keep the potentials and the plans of some lanes, each after an iteration of a block."""
        u, v = block.u[at, ended], block.v[at, ended]
        plans = self.steps.plans(ended, u, v)
        u, v = as_tensors(u, v)
        found = u, v, plans
        if len(ended) == len(self.running):
            self.ended = found
        else:
            for into, part in zip(self._found(), found, strict=True):
                into[self.lanes[ended]] = part
        self.running[self.lanes[ended]] = False

    def _found(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the potentials and plans of the items that have ended, among those that have not."""
        if self.ended is None:
            cost, mu, nu, *_ = self.problem
            self.ended = torch.empty_like(mu), torch.empty_like(nu), torch.empty_like(cost)
        return self.ended

    def _check(self, moving: Int[np.ndarray, " moving"]) -> None:
        """See which items have no plan to arrive at, and which crawl."""
        error, before = self.history[-1][-1], self.checked.copy()
        self.checked[moving] = error[moving]
        doubtful = moving[self.forbidding[moving]]
        if len(doubtful):
            self._give_up(doubtful)
        rounded = moving[self.rounded[moving]]
        if len(rounded):
            self._allow_for_rounding(rounded)
        if self.steps.accelerated:
            to_go = np.log(self.goals / error) / np.log(error / before) * _BLOCK * _CHECK
            slow = ~((to_go >= 0) & (to_go < _WORTH_A_LEAP))
            crawling = moving[slow[moving] & (self.patience[moving] <= 0)]
            if len(crawling):
                self._leap(crawling)
            self.patience[moving] -= 1

    def _give_up(self, doubtful: Int[np.ndarray, " some"]) -> None:
        """Let the items end whose error is seen to stay above their goals."""
        part = self.problem.take(self._tensor(doubtful))
        u = self.steps.point.u[self._tensor(np.searchsorted(self.lanes, doubtful))]
        violation = least_violation(part.cost < torch.inf, part.mu, part.nu, u)
        self.infeasible[doubtful] = violation.cpu().numpy() > self.goals[doubtful]
        # The next iteration ends them.
        self.goals[self.infeasible] = np.inf

    def _allow_for_rounding(self, rounded: Int[np.ndarray, " some"]) -> None:
        """Seek no error that the rounding of the potentials would hide."""
        point = self.steps.point.take(self._tensor(np.searchsorted(self.lanes, rounded)))
        size = potential_size(point.u, point.v).cpu().numpy()
        floor = rounding_floor(np.minimum(self.spread[rounded], size))
        self.goals[rounded] = np.maximum(self.goals[rounded], floor)

    def _leap(self, crawling: Int[np.ndarray, " some"]) -> None:
        """Try Newton steps; where they do not gain, they are not tried again soon."""
        gained = self.steps.leap(np.searchsorted(self.lanes, crawling), self.goals[crawling])
        self.pause[crawling] = np.where(gained, 0, 2 * self.pause[crawling] + 1)
        self.patience[crawling] = self.pause[crawling]

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.as_tensor(array, device=self.problem.mu.device)
