"""The iteration towards balanced rows at several eps at once, and what is read off its plans.

Where the range of cost/eps lets the kernel K = exp(-C/eps) be scaled itself, an iteration is two
products, and the entropy of the rows of Q = u K v takes a third, without a logarithm of its entries:
the sum of Q log Q is that of u (K∘C/eps) v, of log u and of the column sums times log v.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from ce_core._arrays import as_arrays
from ce_core.transport.balanced import KERNEL_RANGE
from ce_core.transport.steep_iteration import SteepIteration

# Entries of all kernels that are held at once: what a core has at hand. One is held whatever its size.
_AT_ONCE = 1 << 17
# Columns within this share of a row's largest entry count as equal to it: they differ by rounding.
_TIE, _WIDEST_TIE = 1e-12, 1e-6


class Cells(NamedTuple):
    """What is read off the plans of several eps after so many iterations. NaN and 0 without a plan."""

    column_error: Float[np.ndarray, " b"]
    entropy: Float[np.ndarray, " b"]
    """The mean of the rows, in nats."""
    columns_used: Int[np.ndarray, " b"]


class Iteration(Protocol):
    """Plans of several eps, iterated on as often as is asked for."""

    def run(self, n_iter: int) -> Float[np.ndarray, "b n_iter"]:
        """Iterate on; return the column error after each iteration."""

    def read(self) -> Cells:
        """Look at the plans."""


def iterations(
    cost: Float[Tensor, "n m"], eps: Float[Tensor, " b"]
) -> Iterator[tuple[Int[np.ndarray, " some"], Iteration]]:
    """Yield which of the eps are iterated together, and their iteration, in bounded memory."""
    lowest, highest = cost.min(), cost.max()
    # Negated, so that a range that is NaN counts as steep.
    steep = ~((highest - lowest) / eps <= KERNEL_RANGE[torch.float64])
    for kind, chosen in ((_OnKernel, ~steep), (_OnLogarithms, steep)):
        for some in in_parts(cost, chosen.nonzero().flatten()):
            yield some.numpy(), kind(cost, eps[some])


def in_parts(
    cost: Float[Tensor, "n m"], values: Shaped[Tensor, " b"]
) -> Iterator[Shaped[Tensor, " some"]]:
    """Yield as many values at a time as there may be plans at once."""
    together = max(1, _AT_ONCE // cost.numel())
    for start in range(0, len(values), together):
        yield values[start : start + together]


class _OnKernel:
    """Scalings of the kernel itself."""

    def __init__(self, cost: Float[Tensor, "n m"], eps: Float[Tensor, " b"]) -> None:
        exponents = (cost - cost.min()) / eps[:, None, None]
        kernel = exponents.neg().exp_()
        self._shape = cost.shape
        self._kernel, self._costly = as_arrays(kernel, exponents.mul_(kernel))
        self._transposed = self._kernel.swapaxes(-1, -2)
        (self._rows,) = as_arrays(kernel.new_ones(len(eps), 1, self._shape[0]), like=self._kernel)
        self._sums = self._rows @ self._kernel
        self._entries = np.empty(kernel.shape)

    def run(self, n_iter: int) -> Float[np.ndarray, "b n_iter"]:
        """Iterate on; return the column error after each iteration."""
        n, m = self._shape
        errors = np.empty((n_iter, len(self._kernel)))
        # BLAS computes in full registers, and flags what it finds beside a narrow matrix.
        with np.errstate(all="ignore"):
            for step in range(n_iter):
                self._columns = (n / m) / self._sums
                self._rows = 1 / (self._columns @ self._transposed)
                self._sums = self._rows @ self._kernel
                errors[step] = abs(self._columns * self._sums - n / m).sum(-1)[:, 0] / n
        return errors.T

    def read(self) -> Cells:
        """Look at the plans."""
        n, m = self._shape
        with np.errstate(all="ignore"):
            costs = (self._columns @ self._costly.swapaxes(-1, -2) * self._rows).sum(-1)[:, 0]
        rows, columns, sums, costs = map(np.asarray, (self._rows, self._columns, self._sums, costs))
        held = columns * sums
        logarithms = np.log(rows).sum((-2, -1)) + (held * np.log(columns)).sum((-2, -1))
        entropy = costs - logarithms
        error = abs(held - n / m).sum((-2, -1)) / n
        entries = np.multiply(self._kernel, columns, out=self._entries)
        # It is the faster way to the largest.
        largest = np.take_along_axis(entries, entries.argmax(-1)[..., None], -1)
        return Cells(error, (entropy / n).clip(0.0), _distinct(entries >= largest * (1 - _TIE)))


class _OnLogarithms:
    """The same where the kernel would under- or overflow."""

    def __init__(self, cost: Float[Tensor, "n m"], eps: Float[Tensor, " b"]) -> None:
        self._steps = SteepIteration(cost.expand(len(eps), *cost.shape), eps[:, None, None])

    def run(self, n_iter: int) -> Float[np.ndarray, "b n_iter"]:
        """Iterate on; return the column error after each iteration."""
        errors = self._steps.run(n_iter)
        errors[self._steps.undefined.numpy()] = np.nan
        return errors

    def read(self) -> Cells:
        """Look at the plans."""
        exponents, undefined = self._steps.exponents(), self._steps.undefined
        largest = exponents.amax(-1, keepdim=True)
        below = exponents - largest
        powers = below.exp()
        total = powers.sum(-1, keepdim=True)
        plan = powers / total
        n, m = plan.shape[-2:]
        error = (plan.sum(-2) - n / m).abs().sum(-1) / n
        moment = (plan * below.masked_fill(powers == 0, 0.0)).sum(-1)
        entropy = (total.squeeze(-1).log() - moment).mean(-1)
        # Rounding goes by the size of what was added up.
        added = self._steps.columns.abs().amax(-1)[:, None, None]
        slack = (_TIE + 4 * torch.finfo(torch.float64).eps * added).clamp(max=_WIDEST_TIE)
        used = _distinct((below >= -slack).numpy())
        used[undefined.numpy()] = 0
        error = error.masked_fill(undefined, torch.nan)
        entropy = entropy.masked_fill(undefined, torch.nan).clamp(min=0.0)
        return Cells(error.numpy(), entropy.numpy(), used)


def _distinct(best: Any) -> Int[np.ndarray, " b"]:
    """Count the columns that are the first of the best of some row, [b, n, m]."""
    used = np.zeros((len(best), best.shape[-1]), dtype=bool)
    used[np.arange(len(best))[:, None], best.argmax(-1)] = True
    counts: np.ndarray = used.sum(-1)
    return counts
