"""Sinkhorn's iteration on a batch: at the speed of the kernel, with the safety of its logarithm.

The unknowns are u = f/eps and v = g/eps. An iteration sets v so that the columns of the plan
mu_i nu_j exp(u_i + v_j + log_kernel_ij) sum to nu, then u so that its rows sum to mu. It runs in
blocks. A block multiplies the kernel, into which the potentials found so far are absorbed, by
scalings that start near 1: two products of a vector and a matrix an iteration. Where a scaling
leaves the range in which nothing can under- or overflow, the block of that item is run again on
logarithms.

On the way to a goal, a block starts from what the block before it extrapolates to, and where that
crawls a Newton step is tried. Both are kept only where they lower the marginal error, so neither
can keep an item from converging. When blocks end and what is tried after them does not depend on
the other items of the batch, so neither can they.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core.acceleration import extrapolate, newton_step
from ce_core.feasibility import is_blocked, least_violation

_ROUNDING = torch.finfo(torch.float64).eps
# Scalings within e^±200 leave float64 room for their products; beyond e^±50 they are absorbed.
_SAFE, _ABSORB = 200.0, 50.0
# Iterations of a block on the way to a goal, and of one that just runs.
_BLOCK, _LONG_BLOCK = 8, 64
# Steps of the potentials that an extrapolation looks back at.
_MEMORY = 6
# Once in so many blocks it is seen who crawls: who has more than so many iterations to go, which
# is what a Newton step costs (256 x 256).
_CHECK, _WORTH_A_LEAP = 4, 100.0
# Newton steps in a row, how far one may go, and what share of the error it may leave.
_LEAPS, _LONGEST_STEP, _WORTH_A_STEP = 8, 20.0, 0.8
# Kernels that span more are approached by way of larger eps.
_STEEP = 500.0


@dataclass(frozen=True)
class Solution:
    """Where the iteration of each item ended."""

    u: Float[Tensor, "b n"]
    v: Float[Tensor, "b m"]
    errors: Float[Tensor, "b iterations"]
    n_iter: Int[Tensor, " b"]
    infeasible: Bool[Tensor, " b"]


class Problem(NamedTuple):
    """A batch of kernels with their marginals."""

    log_kernel: Float[Tensor, "b n m"]
    mu: Float[Tensor, "b n"]
    nu: Float[Tensor, "b m"]

    def take(self, items: Tensor) -> "Problem":
        """Return some items of the batch."""
        return self if len(items) == len(self.mu) else Problem(*(part[items] for part in self))

    @property
    def allowed(self) -> Bool[Tensor, "b n m"]:
        """Tell which pairs may have mass."""
        return self.log_kernel > -torch.inf


class Point(NamedTuple):
    """Potentials after an iteration, with the logarithm of the column sums that u leads to."""

    u: Float[Tensor, "b n"]
    v: Float[Tensor, "b m"]
    columns: Float[Tensor, "b m"]

    def take(self, items: Tensor) -> "Point":
        """Return some items of the batch."""
        return Point(*(part[items] for part in self))


class Block(NamedTuple):
    """What some iterations in a row gave, the iteration first; of u and v at least the last."""

    u: Float[Tensor, "kept b n"]
    v: Float[Tensor, "kept b m"]
    errors: Float[Tensor, "iterations b"]
    columns: Float[Tensor, "b m"]


def rounding_floor(spread: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
    """Return the marginal error that rounding leaves where the log kernel spans `spread`."""
    return _ROUNDING * (8 + spread)


def anneal(problem: Problem, spread: Float[Tensor, " b"]) -> Float[Tensor, "b n"]:
    """Return u to start from, found by way of larger eps where the log kernel spans much.

    Each item's eps comes down from a tenth of the range of its costs, by factors of at most 4. The
    solution for each eps need not be good to be a good start for the next.
    """
    u = torch.zeros_like(problem.mu)
    steepness = torch.where(spread > _STEEP, spread / 10, 1.0)
    factor = steepness ** (1 / (steepness.log() / math.log(4)).ceil().clamp(min=1))
    while (rest := (steepness > 1.01).nonzero().squeeze(-1)).numel():
        part = problem.take(rest)
        softened = part._replace(log_kernel=part.log_kernel / steepness[rest, None, None])
        goal = u.new_full((len(rest),), 1e-3)
        # f = eps u stays, so u grows as eps falls.
        u[rest] = solve(softened, start=u[rest], goal=goal, max_iter=200).u * factor[rest, None]
        steepness[rest] /= factor[rest]
    return u


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
    with np.errstate(all="ignore"):
        return _solve(problem, start, goal, max_iter, on_logarithms)


def _solve(
    problem: Problem,
    start: Float[Tensor, "b n"] | None,
    goal: Float[Tensor, " b"] | None,
    max_iter: int,
    on_logarithms: bool,
) -> Solution:
    size, device = len(problem.mu), problem.mu.device
    u = torch.zeros_like(problem.mu) if start is None else start.clone()
    v = torch.zeros_like(problem.nu)
    steps: _OnLogarithms | _OnKernel
    if on_logarithms:
        steps = _OnLogarithms(problem, u)
    else:
        steps = _OnKernel(problem, u, accelerated=goal is not None)
    forbidding = (problem.log_kernel.detach().amin((-2, -1)) == -torch.inf).cpu().numpy()
    infeasible = np.zeros(size, dtype=bool)
    if forbidding.any():
        infeasible = is_blocked(problem.allowed, problem.mu, problem.nu).cpu().numpy()
    goals = np.full(size, -1.0) if goal is None else np.where(infeasible, np.inf, goal.cpu().numpy())
    n_iter, errors = np.zeros(size, dtype=np.int64), [np.zeros((1, size))]
    # The items in `steps`, and what is known of each item: whether it still moves, its error when
    # it was last checked, and the checks until the next leap.
    lanes, running = np.arange(size), np.ones(size, dtype=bool)
    checked = np.full(size, np.inf)
    patience, pause = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)

    done = blocks = 0
    while len(lanes) and done < max_iter:
        whole = _LONG_BLOCK if goal is None else _BLOCK
        # The first iteration brings the scalings near 1, so that they can be absorbed.
        length = min(1 if done == 0 else whole, max_iter - done)
        block = steps.run(length)
        done, blocks = done + length, blocks + 1
        measured = block.errors.detach().cpu().numpy()
        reached = measured <= goals[lanes]
        last = np.where(reached.any(0), reached.argmax(0), length - 1)
        now = running[lanes]
        n_iter[lanes[now]] += last[now] + 1
        held = np.repeat(errors[-1][-1:], length, 0)
        at = np.minimum(np.arange(length)[:, None], last)
        held[:, lanes[now]] = np.take_along_axis(measured, at, 0)[:, now]
        errors.append(held)
        ended = now & (reached.any(0) | (done == max_iter))
        if ended.any():
            items, kept = torch.as_tensor(lanes[ended], device=device), ended.nonzero()[0]
            u[items] = block.u[last[ended] - length, kept]
            v[items] = block.v[last[ended] - length, kept]
            running[lanes[ended]] = False

        moving = lanes[running[lanes]]
        if goal is not None and blocks % _CHECK == 0 and len(moving):
            error, ago = held[-1], checked.copy()
            checked[moving] = error[moving]
            doubtful = moving[forbidding[moving]]
            if len(doubtful):
                part = problem.take(torch.as_tensor(doubtful, device=device))
                there = torch.as_tensor(np.searchsorted(lanes, doubtful), device=device)
                violation = least_violation(part.allowed, part.mu, part.nu, steps.point.u[there])
                infeasible[doubtful] = violation.detach().cpu().numpy() > goals[doubtful]
                # The next iteration ends them.
                goals[infeasible] = np.inf
            left = np.log(goals / error) / np.log(error / ago) * _BLOCK * _CHECK
            crawling = moving[~((left >= 0) & (left < _WORTH_A_LEAP))[moving] & (patience[moving] <= 0)]
            if len(crawling) and isinstance(steps, _OnKernel):
                there = np.searchsorted(lanes, crawling)
                gained = steps.leap(there, goals[crawling])
                # A leap that did not gain is not tried again soon.
                pause[crawling] = np.where(gained, 0, 2 * pause[crawling] + 1)
                patience[crawling] = pause[crawling]
            patience[moving] -= 1
        if len(moving) <= len(lanes) // 2:
            steps.keep(torch.as_tensor(np.searchsorted(lanes, moving), device=device))
            lanes = moving
    history = torch.as_tensor(np.concatenate(errors[1:] or errors)[: max(n_iter, default=0)].T)
    return Solution(
        u,
        v,
        history.to(device),
        torch.as_tensor(n_iter, device=device),
        torch.as_tensor(infeasible, device=device),
    )


class _OnLogarithms:
    """Iterations on logarithms, as differentiable operations of torch."""

    def __init__(self, problem: Problem, u: Float[Tensor, "b n"]) -> None:
        self.problem = problem
        self.point = Point(u, torch.zeros_like(problem.nu), _log_columns(problem, u))

    def run(self, length: int) -> Block:
        block = _run_on_logarithms(self.problem, self.point, length)
        self.point = Point(block.u[-1], block.v[-1], block.columns)
        return block

    def keep(self, items: Int[Tensor, " kept"]) -> None:
        self.problem, self.point = self.problem.take(items), self.point.take(items)


def _log_columns(problem: Problem, u: Float[Tensor, "b n"]) -> Float[Tensor, "b m"]:
    return torch.logsumexp(problem.log_kernel + (problem.mu.log() + u).unsqueeze(-1), -2)


def _run_on_logarithms(problem: Problem, point: Point, length: int) -> Block:
    u, columns = point.u, point.columns
    log_nu = problem.nu.log()
    us, vs, errors = [], [], []
    for _ in range(length):
        # Without an allowed pair the logarithm of the sum is -inf; the potential is then free.
        v = -columns.masked_fill(columns == -torch.inf, 0.0)
        rows = torch.logsumexp(problem.log_kernel + (log_nu + v).unsqueeze(-2), -1)
        u = -rows.masked_fill(rows == -torch.inf, 0.0)
        columns = _log_columns(problem, u)
        us.append(u)
        vs.append(v)
        errors.append((problem.nu * ((v + columns).exp() - 1).abs()).nan_to_num(0.0).sum(-1))
    return Block(torch.stack(us), torch.stack(vs), torch.stack(errors), columns)


class _OnKernel:
    """Iterations on kernels with potentials absorbed, and what makes them fewer."""

    def __init__(self, problem: Problem, u: Float[Tensor, "b n"], *, accelerated: bool) -> None:
        self.problem, self.accelerated = problem, accelerated
        exponent = problem.log_kernel + u.unsqueeze(-1)
        highest = exponent.amax(-2)
        v = -highest.masked_fill(highest == -torch.inf, 0.0)
        self.absorbed_u, self.absorbed_v = u.clone(), v
        self.kernel = exponent.add_(v.unsqueeze(-2)).exp_()
        columns = (problem.mu.unsqueeze(-2) @ self.kernel).squeeze(-2).log() - v
        self.point = Point(u, v, columns)
        self.guess: Tensor | None = None
        self.error = torch.full_like(u[:, 0], torch.inf)

    def keep(self, items: Int[Tensor, " kept"]) -> None:
        """Go on with some items only."""
        self.problem, self.point = self.problem.take(items), self.point.take(items)
        for name in ("absorbed_u", "absorbed_v", "kernel", "error"):
            setattr(self, name, getattr(self, name)[items])
        self.guess = None if self.guess is None else self.guess[items]

    def run(self, length: int) -> Block:
        """Run a block on the kernel, and again on logarithms for the items where that went too far."""
        self._absorb()
        block = self._multiply(length)
        safe = self._moved(block.u[-1], block.v[-1]) < _SAFE
        safe &= block.errors.isfinite().all(0)
        if not safe.all():
            unsafe = (~safe).nonzero().squeeze(-1)
            again = _run_on_logarithms(self.problem.take(unsafe), self.point.take(unsafe), length)
            for into, part in zip(block[:3], again[:3], strict=True):
                into[:, unsafe] = part[-len(into) :]
            block.columns[unsafe] = again.columns
        self.point, self.error = Point(block.u[-1], block.v[-1], block.columns), block.errors[-1]
        if self.accelerated and length > _MEMORY:
            xp, (iterates, mu) = _arrays(block.u[-1 - _MEMORY :], self.problem.mu)
            self.guess = torch.as_tensor(extrapolate(xp, iterates, mu))
        return block

    def leap(
        self, crawling: Int[np.ndarray, " some"], goal: Float[np.ndarray, " some"]
    ) -> Bool[np.ndarray, " some"]:
        """Take Newton steps, whole or shortened, as long as they gain, and tell where one did."""
        device = self.error.device
        items, gained = torch.as_tensor(crawling, device=device), np.zeros(len(crawling), dtype=bool)
        left = np.arange(len(crawling))
        for _ in range(_LEAPS):
            better = self._step(items[left]).cpu().numpy()
            left = left[better]
            gained[left] = True
            left = left[self.error[items[left]].cpu().numpy() > goal[left]]
            if not len(left):
                break
        if self.guess is not None:
            self.guess[items[gained]] = torch.nan
        return gained

    def _step(self, items: Int[Tensor, " some"]) -> Bool[Tensor, " some"]:
        """Take a Newton step where it lowers the error by more than a few iterations do."""
        some, start = self.problem.take(items), self.point.take(items)
        exponent = some.log_kernel + start.u.unsqueeze(-1) - start.columns.unsqueeze(-2)
        plan = some.mu.unsqueeze(-1) * some.nu.unsqueeze(-2) * exponent.exp()
        step, solved = newton_step(plan, some.mu, some.nu)
        reach = (_LONGEST_STEP / step.abs().amax(-1).clamp(min=1e-300)).clamp(max=1.0)
        gained = torch.zeros_like(solved)
        for share in (1.0, 0.3):
            u = start.u + (share * reach).unsqueeze(-1) * step
            trial = _run_on_logarithms(some, Point(u, start.v, _log_columns(some, u)), 1)
            better = solved & (trial.errors[0] < _WORTH_A_STEP * self.error[items]) & ~gained
            chosen = better.nonzero().squeeze(-1)
            found = (trial.u[0], trial.v[0], trial.columns, trial.errors[0])
            for into, part in zip((*self.point, self.error), found, strict=True):
                into[items[chosen]] = part[chosen]
            gained |= better
            if gained.all():
                break
        return gained

    def _moved(self, u: Float[Tensor, "b n"], v: Float[Tensor, "b m"]) -> Float[Tensor, " b"]:
        """Return how far potentials are from the absorbed ones."""
        return torch.maximum(
            (u - self.absorbed_u).abs().amax(-1), (v - self.absorbed_v).abs().amax(-1)
        )

    def _absorb(self) -> None:
        """Take in the potentials of the items that have moved far."""
        far = (~(self._moved(self.point.u, self.point.v) < _ABSORB)).nonzero().squeeze(-1)
        if len(far):
            u, v = self.point.u[far], self.point.v[far]
            exponent = self.problem.log_kernel[far] + u.unsqueeze(-1) + v.unsqueeze(-2)
            self.absorbed_u[far], self.absorbed_v[far], self.kernel[far] = u, v, exponent.exp_()

    def _multiply(self, length: int) -> Block:
        """Run a block, starting from the guess where that has the lower error after an iteration."""
        xp, (kernel, mu, nu, u, v, absorbed_u, absorbed_v, columns, error) = _arrays(
            self.kernel,
            self.problem.mu.unsqueeze(-2),
            self.problem.nu.unsqueeze(-2),
            *(part.unsqueeze(-2) for part in (self.point.u, self.point.v)),
            *(part.unsqueeze(-2) for part in (self.absorbed_u, self.absorbed_v)),
            self.point.columns.unsqueeze(-2),
            self.error.unsqueeze(-1),
        )
        transposed = kernel.swapaxes(-1, -2)
        row_sums, column_sums = [], [xp.exp(columns + absorbed_v)]
        if self.guess is not None:
            _, (guess,) = _arrays(self.guess.unsqueeze(-2))
            left = (mu * xp.exp(guess - absorbed_u)) @ kernel
            row = (nu / left) @ transposed
            right = (mu / row) @ kernel
            better = ((nu * abs(right / left - 1)).sum(-1) < error)[..., None]
            row_sums = [xp.where(better, row, xp.exp(absorbed_u - u))]
            column_sums = [
                xp.where(better, left, xp.exp(absorbed_v - v)),
                xp.where(better, right, column_sums[0]),
            ]
        for _ in range(length - len(row_sums)):
            row = (nu / column_sums[-1]) @ transposed
            row_sums.append(row)
            column_sums.append((mu / row) @ kernel)
        sums = xp.concatenate(column_sums, 1).swapaxes(0, 1)
        errors = (nu[:, 0] * abs(sums[1:] / sums[:-1] - 1)).sum(-1)
        kept = length if self.accelerated else 1
        rows = xp.concatenate(row_sums[-kept:], 1).swapaxes(0, 1)
        found = (
            absorbed_u[:, 0] - xp.log(rows),
            absorbed_v[:, 0] - xp.log(sums[-1 - kept : -1]),
            errors,
            xp.log(sums[-1]) - absorbed_v[:, 0],
        )
        return Block(*(torch.as_tensor(part) for part in found))


def _arrays(*tensors: Tensor) -> tuple[Any, list[Any]]:
    """Return the library to compute a block with, and the tensors as its arrays.

    On the CPU these are NumPy's views of the same memory: its products of a vector and a matrix
    take about 0.6 of the time of torch's, and its calls half.
    """
    if tensors[0].device.type == "cpu":
        return np, [tensor.numpy() for tensor in tensors]
    return torch, list(tensors)
