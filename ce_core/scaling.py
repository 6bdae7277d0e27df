"""Sinkhorn's iteration on a batch: at the speed of the kernel, with the safety of its logarithm.

The unknowns are u = f/eps and v = g/eps. An iteration sets v so that the columns of the plan
mu_i nu_j exp(u_i + v_j + log_kernel_ij) sum to nu, then u so that its rows sum to mu. It runs in
blocks. A block multiplies the kernel, into which the potentials found so far are absorbed, by
scalings that start near 1: two products of a vector and a matrix an iteration. Where a scaling
leaves the range in which nothing can under- or overflow, the block of that item is run again on
logarithms.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core.newton import newton_step

_ROUNDING = torch.finfo(torch.float64).eps
# Scalings within e^±200 leave float64 room for their products; beyond e^±50 they are absorbed.
_SAFE, _ABSORB = 200.0, 50.0
_LONGEST_BLOCK = 32
# A Newton step costs about as much as so many iterations (256 x 256), and is not trusted further.
_WORTH_A_LEAP, _LONGEST_STEP = 200.0, 20.0


@dataclass(frozen=True)
class Solution:
    """Where the iteration of each item ended."""

    u: Float[Tensor, "b n"]
    v: Float[Tensor, "b m"]
    errors: Float[Tensor, "b iterations"]
    n_iter: Int[Tensor, " b"]
    infeasible: Bool[Tensor, " b"]
    floor: Float[Tensor, " b"]
    """The marginal error that the rounding of `log_kernel` leaves."""


class Problem(NamedTuple):
    """A batch of kernels with their marginals."""

    log_kernel: Float[Tensor, "b n m"]
    mu: Float[Tensor, "b n"]
    nu: Float[Tensor, "b m"]

    def take(self, items: Tensor) -> "Problem":
        """Return some items of the batch."""
        return Problem(*(part[items] for part in self))


class Point(NamedTuple):
    """Potentials after an iteration, with the logarithm of the column sums that u leads to."""

    u: Float[Tensor, "b n"]
    v: Float[Tensor, "b m"]
    columns: Float[Tensor, "b m"]

    def take(self, items: Tensor) -> "Point":
        """Return some items of the batch."""
        return Point(*(part[items] for part in self))


class Block(NamedTuple):
    """What some iterations in a row gave, the iteration first."""

    u: Float[Tensor, "iterations b n"]
    v: Float[Tensor, "iterations b m"]
    errors: Float[Tensor, "iterations b"]
    columns: Float[Tensor, "b m"]


def anneal(problem: Problem) -> Float[Tensor, "b n"]:
    """Return u to start from, found by way of larger eps where eps is small against the costs.

    Each item's eps comes down by a factor of 4 from a tenth of the range of its costs. The solution
    for each eps need not be good to be a good start for the next.
    """
    u = torch.zeros_like(problem.mu)
    steepness = _range(problem) / 10
    while (rest := (steepness > 2).nonzero().squeeze(-1)).numel():
        part = problem.take(rest)
        softened = part._replace(log_kernel=part.log_kernel / steepness[rest, None, None])
        found = solve(softened, start=u[rest], tol=1e-3, max_iter=200, on_logarithms=False).u
        following = (steepness[rest] / 4).clamp(min=1.0)
        # f = eps u stays, so u grows as eps falls.
        u[rest] = found * (steepness[rest] / following).unsqueeze(-1)
        steepness[rest] = following
    return u


def _range(problem: Problem) -> Float[Tensor, " b"]:
    """Return the range of the exponents of each kernel, forbidden pairs aside."""
    exponents = problem.log_kernel.detach()
    allowed = exponents > -torch.inf
    highest = exponents.amax((-2, -1))
    lowest = torch.where(allowed, exponents, torch.inf).amin((-2, -1))
    return torch.where(allowed.flatten(1).any(1), highest - lowest, 0.0)


def solve(
    problem: Problem,
    *,
    start: Float[Tensor, "b n"] | None = None,
    tol: float | None,
    max_iter: int,
    on_logarithms: bool,
) -> Solution:
    """Iterate each item until its marginal error is at most `tol`, or as small as it gets.

    With `on_logarithms`, nothing but differentiable operations on logarithms is used.
    """
    size, device = len(problem.mu), problem.mu.device
    floor = _ROUNDING * (8 + _range(problem))
    goal = floor.new_full((size,), -1.0) if tol is None else floor.clamp(min=tol)
    u = torch.zeros_like(problem.mu) if start is None else start
    v = torch.zeros_like(problem.nu)
    n_iter = torch.zeros(size, dtype=torch.long, device=device)
    infeasible = _is_blocked(problem)
    errors: list[Tensor] = []
    active = torch.arange(size, device=device)
    rest, point = problem, Point(u, v, _log_columns(problem, u))
    kernel: _Kernel | None = None
    patience, wait_of = torch.zeros_like(n_iter), torch.zeros_like(n_iter)
    done, length = 0, 1
    while len(active) and done < max_iter:
        length = min(length, max_iter - done)
        if on_logarithms or done == 0:
            block = _run_on_logarithms(rest, point, length)
        else:
            if kernel is None:
                kernel = _Kernel(rest, point)
            else:
                kernel.absorb(rest, point)
            block = _run_safely(kernel, rest, point, length)
        done += length

        reached = (block.errors <= goal[active]) & (tol is not None)
        ended = reached.any(0) | (infeasible[active] & (tol is not None))
        last = torch.where(reached.any(0), reached.int().argmax(0), length - 1)
        last = torch.where(infeasible[active] & (tol is not None), 0, last)
        lanes = torch.arange(len(active), device=device)
        u, v = (
            u.index_put((active,), block.u[last, lanes]),
            v.index_put((active,), block.v[last, lanes]),
        )
        n_iter[active] += last + 1
        steps = torch.arange(length, device=device).unsqueeze(-1)
        held = (errors[-1] if errors else block.errors.new_zeros(1, size))[-1:].repeat(length, 1)
        held[:, active] = block.errors.detach()[torch.minimum(steps, last), lanes]
        errors.append(held)

        point = Point(block.u[-1], block.v[-1], block.columns)
        if ended.any():
            stay = (~ended).nonzero().squeeze(-1)
            active, rest, point = active[stay], rest.take(stay), point.take(stay)
            kernel = None if kernel is None else kernel.take(stay)
            block = Block(block.u, block.v, block.errors[:, stay], block.columns)
        if tol is not None and not on_logarithms and len(active):
            crawling = _is_crawling(block.errors, goal[active]) & (patience[active] <= 0)
            if crawling.any():
                point, gained = _leap(rest, point, crawling, block.errors[-1])
                # A leap that did not gain is not tried again soon.
                wait = torch.where(gained, 0, 2 * wait_of[active] + 1)
                wait_of[active] = torch.where(crawling, wait, wait_of[active])
                patience[active] = torch.where(crawling, wait, patience[active])
            patience[active] -= 1
        length = min(2 * length, _LONGEST_BLOCK)
    history = torch.cat(errors)[: int(n_iter.max())].T if size else floor.new_zeros(0, 0)
    return Solution(u, v, history, n_iter, infeasible, floor)


def _is_blocked(problem: Problem) -> Bool[Tensor, " b"]:
    """Tell where a row or a column has mass and no allowed pair with mass."""
    allowed = problem.log_kernel > -torch.inf
    rows = (allowed & (problem.nu > 0).unsqueeze(-2)).any(-1)
    columns = (allowed & (problem.mu > 0).unsqueeze(-1)).any(-2)
    return (~rows & (problem.mu > 0)).any(-1) | (~columns & (problem.nu > 0)).any(-1)


def _log_columns(problem: Problem, u: Float[Tensor, "b n"]) -> Float[Tensor, "b m"]:
    return torch.logsumexp(problem.log_kernel + (problem.mu.log() + u).unsqueeze(-1), -2)


def _is_crawling(
    errors: Float[Tensor, "iterations b"], goal: Float[Tensor, " b"]
) -> Bool[Tensor, " b"]:
    """Tell where, at the rate of the block, a Newton step is cheaper than the iterations left."""
    if len(errors) < _LONGEST_BLOCK:
        return torch.zeros_like(goal, dtype=torch.bool)
    half = len(errors) // 2
    rate = (errors[-1] / errors[half]).clamp(1e-300, 1 - 1e-12).log() / (len(errors) - 1 - half)
    return (goal / errors[-1]).log() / rate > _WORTH_A_LEAP


def _leap(
    problem: Problem, point: Point, crawling: Bool[Tensor, " b"], error: Float[Tensor, " b"]
) -> tuple[Point, Bool[Tensor, " b"]]:
    """Try a Newton step, whole or shortened, and keep it where it halves the marginal error.

    The iteration converges from wherever it starts and never lets the error grow, so a step that
    is kept only if it gains can not keep it from converging.
    """
    gained = torch.zeros_like(crawling)
    items = crawling.nonzero().squeeze(-1)
    some, start = problem.take(items), point.take(items)
    exponent = some.log_kernel + start.u.unsqueeze(-1) - start.columns.unsqueeze(-2)
    plan = some.mu.unsqueeze(-1) * some.nu.unsqueeze(-2) * exponent.exp()
    step, solved = newton_step(plan, some.mu, some.nu)
    reach = (_LONGEST_STEP / step.abs().amax(-1).clamp(min=1e-300)).clamp(max=1.0)
    for share in (1.0, 0.3):
        u = start.u + (share * reach).unsqueeze(-1) * step
        trial = _run_on_logarithms(some, Point(u, start.v, _log_columns(some, u)), 1)
        better = solved & (trial.errors[0] < 0.5 * error[items]) & ~gained[items]
        chosen = better.nonzero().squeeze(-1)
        for into, part in zip(point, (trial.u[0], trial.v[0], trial.columns), strict=True):
            into[items[chosen]] = part[chosen]
        gained[items[chosen]] = True
    return point, gained


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


class _Kernel:
    """The kernels of a batch with potentials absorbed, stored for rows and for columns.

    A batch of vectors times matrices from the left is several times as fast as from the right.
    """

    def __init__(self, problem: Problem, point: Point) -> None:
        self.u, self.v = point.u.clone(), point.v.clone()
        exponent = problem.log_kernel + point.u.unsqueeze(-1) + point.v.unsqueeze(-2)
        self.by_column = exponent.exp_()
        self.by_row = self.by_column.mT.contiguous()

    def take(self, items: Tensor) -> "_Kernel":
        taken = object.__new__(_Kernel)
        for name in ("u", "v", "by_column", "by_row"):
            setattr(taken, name, getattr(self, name)[items])
        return taken

    def absorb(self, problem: Problem, point: Point) -> None:
        """Take in the potentials of the items that have moved far."""
        moved = torch.maximum((point.u - self.u).abs().amax(-1), (point.v - self.v).abs().amax(-1))
        far = (~(moved < _ABSORB)).nonzero().squeeze(-1)
        if len(far):
            fresh = _Kernel(problem.take(far), point.take(far))
            for name in ("u", "v", "by_column", "by_row"):
                getattr(self, name)[far] = getattr(fresh, name)

    def run(self, problem: Problem, point: Point, length: int) -> Block:
        mu, nu = problem.mu.unsqueeze(-2), problem.nu.unsqueeze(-2)
        columns = (point.columns + self.v).exp().unsqueeze(-2)
        row_sums, column_sums = [], [columns]
        for _ in range(length):
            row = torch.matmul(nu / columns, self.by_row)
            columns = torch.matmul(mu / row, self.by_column)
            row_sums.append(row)
            column_sums.append(columns)
        rows = torch.stack(row_sums).squeeze(-2)
        sums = torch.stack(column_sums).squeeze(-2)
        error = (problem.nu * (sums[1:] / sums[:-1] - 1).abs()).sum(-1)
        return Block(self.u - rows.log(), self.v - sums[:-1].log(), error, sums[-1].log() - self.v)


def _run_safely(kernel: _Kernel, problem: Problem, point: Point, length: int) -> Block:
    """Run a block on the kernel, and again on logarithms for the items where that went too far."""
    block = kernel.run(problem, point, length)
    safe = torch.ones_like(block.errors[0], dtype=torch.bool)
    for found, absorbed in ((block.u, kernel.u), (block.v, kernel.v)):
        safe &= ((found - absorbed).abs() < _SAFE).all(-1).all(0)
    safe &= block.errors.isfinite().all(0)
    if safe.all():
        return block
    unsafe = (~safe).nonzero().squeeze(-1)
    again = _run_on_logarithms(problem.take(unsafe), point.take(unsafe), length)
    for into, part in zip(block[:3], again[:3], strict=True):
        into[:, unsafe] = part
    block.columns[unsafe] = again.columns
    return block
