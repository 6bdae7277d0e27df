"""Sinkhorn's iteration on logarithms: slow, differentiable, and safe whatever the potentials are."""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core.transport._problem import Problem


class Point(NamedTuple):
    """Potentials after an iteration, with the logarithm of the column sums that u leads to."""

    u: Float[Tensor, "b n"]
    v: Float[Tensor, "b m"]
    columns: Float[Tensor, "b m"]

    def take(self, items: Tensor) -> "Point":
        """Return some items of the batch."""
        return Point(*(part[items] for part in self))


class Block(NamedTuple):
    """What some iterations in a row gave, the iteration first; of u and v at least the last.

    All are tensors, or all are NumPy's arrays.
    """

    u: Float[Any, "kept b n"]
    v: Float[Any, "kept b m"]
    errors: Float[Any, "iterations b"]
    columns: Float[Any, "b m"]


class OnLogarithms:
    """Iterations on logarithms, as differentiable operations of torch."""

    def __init__(self, problem: Problem, u: Float[Tensor, "b n"]) -> None:
        self.problem, self.log_kernel = problem, problem.log_kernel()
        columns = log_columns(self.log_kernel, problem.mu, u)
        self.point = Point(u, torch.zeros_like(problem.nu), columns)

    def run(self, length: int) -> Block:
        """Run a block."""
        block = run_on_logarithms(self.problem, self.point, length, self.log_kernel)
        self.point = Point(block.u[-1], block.v[-1], block.columns)
        return block


def log_columns(
    log_kernel: Float[Tensor, "b n m"], mu: Float[Tensor, "b n"], u: Float[Tensor, "b n"]
) -> Float[Tensor, "b m"]:
    return torch.logsumexp(log_kernel + (mu.log() + u).unsqueeze(-1), -2)


def run_on_logarithms(
    problem: Problem, point: Point, length: int, log_kernel: Float[Tensor, "b n m"] | None = None
) -> Block:
    log_kernel = problem.log_kernel() if log_kernel is None else log_kernel
    u, columns = point.u, point.columns
    log_nu = problem.nu.log()
    us, vs, errors = [], [], []
    for _ in range(length):
        # Without an allowed pair the logarithm of the sum is -inf; the potential is then free.
        v = -columns.masked_fill(columns == -torch.inf, 0.0)
        rows = torch.logsumexp(log_kernel + (log_nu + v).unsqueeze(-2), -1)
        u = -rows.masked_fill(rows == -torch.inf, 0.0)
        columns = log_columns(log_kernel, problem.mu, u)
        us.append(u)
        vs.append(v)
        errors.append((problem.nu * ((v + columns).exp() - 1).abs()).nan_to_num(0.0).sum(-1))
    return Block(torch.stack(us), torch.stack(vs), torch.stack(errors), columns)
