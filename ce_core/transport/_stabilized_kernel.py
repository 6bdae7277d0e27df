"""Steps of Sinkhorn's iteration: at the speed of the kernel, with the safety of its logarithm.

The unknowns are u = f/eps and v = g/eps. An iteration sets v so that the columns of the plan
mu_i nu_j exp(u_i + v_j - cost_ij/eps) sum to nu, then u so that its rows sum to mu. It runs in
blocks. A block multiplies the kernel, into which the potentials found so far are absorbed, by
scalings that start near 1: two products of a vector and a matrix an iteration. Where a scaling
leaves the range in which nothing can under- or overflow, the block of that item is run again on
logarithms.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core._arrays import as_arrays, as_tensors, entrywise
from ce_core.transport._acceleration import extrapolate, newton_step
from ce_core.transport._dual_ascent import climb
from ce_core.transport._kernel_block import KernelBlock
from ce_core.transport._log_domain import Block, Point, log_columns, run_on_logarithms
from ce_core.transport._problem import Problem

# Scalings within e^±200 leave float64 room for their products; beyond e^±50 they are absorbed.
_SAFE, _ABSORB = 200.0, 50.0
# The kernel of costs that span so many eps can be used as it is.
_TAME = 20.0
# Steps of the potentials that an extrapolation looks back at.
_MEMORY = 6
# Newton steps in a row, how far one may go, and what share of the error it may leave.
_LEAPS, _LONGEST_STEP, _WORTH_A_STEP = 8, 20.0, 0.8

# What `OnKernel` holds of each item.
_STATE = "kernel", "mu", "nu", "u", "v", "columns", "absorbed_u", "absorbed_v", "moved", "error"


class OnKernel:
    """Iterations on kernels with potentials absorbed, and what makes them fewer.

    What changes in every block is held as `as_arrays` gives it, and shares its memory with tensors.
    """

    def __init__(
        self,
        problem: Problem,
        u: Float[Tensor, "b n"],
        *,
        towards_goal: bool,
        accelerated: bool,
        spread: Float[np.ndarray, " b"],
    ) -> None:
        self.problem, self.towards_goal, self.accelerated = problem, towards_goal, accelerated
        cost, self.mu, self.nu, self.u = as_arrays(problem.cost, problem.mu, problem.nu, u)
        self.xp: Any = torch if isinstance(cost, Tensor) else np
        xp = self.xp
        self.v = xp.zeros_like(self.nu)
        each, (cost, eps, start) = entrywise(problem.cost, problem.eps, u)
        # As `log_kernel`: a product takes a third of the time of a quotient.
        exponent = cost * (-1 / eps)[:, None, None]
        if start.any():
            exponent += start[..., None]
        if (spread > _TAME).any():
            self._lead(each, exponent, spread > _TAME)
        (self.kernel,) = as_arrays(torch.as_tensor(each.exp(exponent, out=exponent)), like=self.mu)
        # What is absorbed is written in place.
        self.absorbed_u, self.absorbed_v = self.u + 0.0, self.v + 0.0
        self.moved = xp.zeros_like(self.mu[:, 0])
        self.error = self.moved + torch.inf
        sums = (self.mu[:, None] @ self.kernel)[:, 0]
        self.columns = xp.log(sums) - self.v
        # The rows with mass may be so far from the largest of a column that its sum underflows.
        if not sums.all():
            into, empty = as_tensors(self.columns, sums == 0)
            lost = empty.any(-1).nonzero().squeeze(-1)
            some = problem.take(lost)
            into[lost] = log_columns(some.log_kernel(), some.mu, u[lost])
        # The last potentials, from which the next block looks ahead.
        self.recent: Any = None

    def _lead(self, each: Any, exponent: Any, steep: Bool[np.ndarray, " b"]) -> None:
        """Start, where costs span many eps, from the v that makes the largest entry of a column 1."""
        highest = torch.as_tensor(each.amax(exponent, -2))
        chosen = torch.as_tensor(steep, device=highest.device)[:, None] & (highest > -torch.inf)
        shift = torch.where(chosen, -highest, 0.0)
        exponent += as_arrays(shift, like=exponent)[0][:, None]
        (self.v,) = as_arrays(shift, like=self.nu)

    @property
    def point(self) -> Point:
        """Where the iteration is."""
        return Point(*as_tensors(self.u, self.v, self.columns))

    def keep(self, items: Int[Tensor, " kept"]) -> None:
        """Go on with some items only."""
        self.problem = self.problem.take(items)
        (kept,) = as_arrays(items, like=self.kernel)
        for name in _STATE:
            setattr(self, name, getattr(self, name)[kept])
        self.recent = None if self.recent is None else self.recent[:, kept]

    def run(self, length: int, goals: Float[np.ndarray, " b"]) -> Block:
        """Run a block until all items arrive at their goals.

        It runs on the kernel, and again on logarithms for the items where that went too far.
        """
        self._absorb()
        found = self._multiply(length, goals)
        safe = self._stays_in_range(*found[:3], goals)
        if self.towards_goal and not safe.all() and len(found[0]) < length:
            # On logarithms an item may arrive at another iteration of the block.
            found = self._multiply(length, np.full_like(goals, -1.0))
        u, v, errors, columns = found
        block = Block(*found)
        if not safe.all():
            self._run_again(block, _where(~safe))
            self.moved[~safe] = torch.inf
        self.u, self.v, self.columns, self.error = u[-1], v[-1], columns, errors[-1]
        if self.accelerated and len(errors) > _MEMORY:
            self.recent = u[-1 - _MEMORY :]
        return block

    def _stays_in_range(self, u: Any, v: Any, errors: Any, goals: Float[np.ndarray, " b"]) -> Any:
        """Return which items a block leaves where nothing overflows, and note how far they have moved.

        How far an item is iterated after it has arrived depends on its mates, and does not count.
        """
        seen = as_tensors(errors)[0].cpu().numpy()
        reached, length = seen <= goals, len(seen)
        last = np.where(reached.any(0), reached.argmax(0), length - 1)
        sound = (np.isfinite(seen) | (np.arange(length)[:, None] > last)).all(0)
        lanes, ends = np.arange(len(last)), last - length
        self.moved = self._distance(u[ends, lanes], v[ends, lanes])
        if isinstance(errors, Tensor):
            sound = torch.as_tensor(sound, device=errors.device)
        return (self.moved < _SAFE) & sound

    def _run_again(self, block: Block, items: Int[Tensor, " some"]) -> None:
        """Put into a block what it is on logarithms, for some items."""
        again = run_on_logarithms(self.problem.take(items), self.point.take(items), len(block.errors))
        *histories, columns = as_tensors(*block)
        for into, part in zip(histories, again[:3], strict=True):
            into[:, items] = part[-len(into) :]
        columns[items] = again.columns

    def plans(self, lanes: Int[np.ndarray, " some"], u: Any, v: Any) -> Float[Tensor, "some n m"]:
        """Return the plans that potentials of the last block give. If of all items, it ends here."""
        parts = self.kernel, self.mu, self.nu, self.absorbed_u, self.absorbed_v
        if len(lanes) < len(self.kernel):
            parts = tuple(part[lanes] for part in parts)
        kernel, mu, nu, absorbed_u, absorbed_v = parts
        rows, columns = mu * self.xp.exp(u - absorbed_u), nu * self.xp.exp(v - absorbed_v)
        plan, rows, columns = as_tensors(kernel, rows, columns)
        _, (array, left, right) = entrywise(plan, rows, columns)
        array *= left[..., None]
        array *= right[:, None]
        far = self.moved[lanes] >= _SAFE
        if far.any():
            far = _where(far)
            some = self.problem.take(torch.as_tensor(lanes, device=plan.device)[far])
            u, v = (part[far] for part in as_tensors(u, v))
            plan[far] = some.plan(u, v, some.log_kernel())
        return plan

    def leap(
        self, crawling: Int[np.ndarray, " some"], goal: Float[np.ndarray, " some"]
    ) -> Bool[np.ndarray, " some"]:
        """Take Newton steps, whole or shortened, as long as they gain, and tell where one did."""
        error = torch.as_tensor(self.error)
        items = torch.as_tensor(crawling, device=error.device)
        left, gained = np.arange(len(crawling)), np.zeros(len(crawling), dtype=bool)
        for _ in range(_LEAPS):
            left = left[self._step(items[left], error).cpu().numpy()]
            gained[left] = True
            left = left[error[items[left]].cpu().numpy() > goal[left]]
            if not len(left):
                break
        self.moved = self._distance(self.u, self.v)
        if self.recent is not None:
            # They no longer lead anywhere. The last of them is `u`, which stays.
            torch.as_tensor(self.recent)[0, items[gained]] = torch.nan
        return gained

    def _step(self, items: Int[Tensor, " some"], error: Float[Tensor, " b"]) -> Bool[Tensor, " some"]:
        """Take a Newton step where it lowers the error by more than a few iterations do."""
        some, start = self.problem.take(items), self.point.take(items)
        log_kernel = some.log_kernel()
        step, solved = newton_step(some.plan(start.u, -start.columns, log_kernel), some.mu)
        reach = (_LONGEST_STEP / step.abs().amax(-1).clamp(min=1e-300)).clamp(max=1.0)
        before, gained = error[items], torch.zeros_like(solved)
        for share in (1.0, 0.3):
            u = start.u + (share * reach).unsqueeze(-1) * step
            trial = Point(u, start.v, log_columns(log_kernel, some.mu, u))
            block = run_on_logarithms(some, trial, 1, log_kernel)
            better = solved & (block.errors[0] < _WORTH_A_STEP * before) & ~gained
            found = Point(block.u[0], block.v[0], block.columns), block.errors[0]
            self._move(items, better, *found, error)
            gained |= better
            if gained.all():
                return gained
        rest = (solved & ~gained).nonzero().squeeze(-1)
        if len(rest):
            found = climb(some.take(rest), start.take(rest), before[rest], log_kernel[rest])
            gained[rest] = found[1] < _WORTH_A_STEP * before[rest]
            self._move(items[rest], gained[rest], *found, error)
        return gained

    def _move(
        self,
        items: Int[Tensor, " some"],
        chosen: Bool[Tensor, " some"],
        to: Point,
        reached: Float[Tensor, " some"],
        error: Float[Tensor, " b"],
    ) -> None:
        """Move the chosen ones of some items."""
        for into, part in zip((*self.point, error), (*to, reached), strict=True):
            into[items[chosen]] = part[chosen]

    def _distance(self, u: Any, v: Any) -> Any:
        """Return how far potentials are from the absorbed ones, [b]."""
        xp = self.xp
        return xp.maximum(xp.amax(abs(u - self.absorbed_u), -1), xp.amax(abs(v - self.absorbed_v), -1))

    def _absorb(self) -> None:
        """Take in the potentials of the items that have moved far."""
        far = ~(self.moved < _ABSORB)
        if far.any():
            items = _where(far)
            u, v, _ = self.point.take(items)
            exponent = self.problem.take(items).log_kernel()
            exponent = exponent.add_(u.unsqueeze(-1)).add_(v.unsqueeze(-2))
            into = as_tensors(self.absorbed_u, self.absorbed_v, self.kernel)
            for old, new in zip(into, (u, v, exponent.exp_()), strict=True):
                old[items] = new

    def _multiply(self, length: int, goals: Float[np.ndarray, " b"]) -> tuple[Any, Any, Any, Any]:
        """Run a block, from where the last one leads if an iteration there has the lower error.

        Returns the fields of a `Block`.
        """
        block = KernelBlock(
            self.kernel, self.mu, self.nu, self.absorbed_u, self.absorbed_v, self.columns
        )
        if not self.towards_goal:
            block.run(length)
            return block.potentials(1)
        if self.recent is not None:
            block.look_ahead(extrapolate(self.recent, self.mu), self.u, self.v, self.error)
        if self.xp is np or self.kernel.is_cpu:
            arrived = block.run_towards(self.xp.asarray(goals), length)
        else:
            # To see whether all have arrived would cost more than to go on.
            arrived = block.run(length)
        # Of a single item that has arrived no earlier potentials are asked for.
        return block.potentials(1 if arrived and block.alone else len(block.row_sums))


def _where(chosen: Any) -> Int[Tensor, " some"]:
    """Return which items are chosen."""
    return torch.as_tensor(chosen).nonzero().squeeze(-1)
