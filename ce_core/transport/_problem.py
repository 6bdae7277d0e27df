"""What a transport problem is: a cost and two marginals, checked, and a batch of them."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_matrices
from ce_core._options import require_number, require_per_item
from ce_core._shown import refusal
from ce_core._surroundings import in_transform, recordable, require_unbatched

# How far off 1 the sum of a marginal may be: rounded to a half type, or to a few digits.
_HALF_TOLERANCE, _MASS_TOLERANCE = 1e-2, 1e-4
_LEAST_WEIGHT = 1e-300
_ROUNDING = torch.finfo(torch.float64).eps
# A pair that costs so many eps is like one that costs more. Its square by eps is finite.
_WIDEST = 1e100


class Problem(NamedTuple):
    """A batch of transport problems, each with an eps of its own. A cost of +inf forbids a pair."""

    cost: Float[Tensor, "b n m"]
    mu: Float[Tensor, "b n"]
    nu: Float[Tensor, "b m"]
    eps: Float[Tensor, " b"]
    forbidding: Bool[np.ndarray, " b"]
    """Which items forbid a pair."""

    def take(self, items: Tensor) -> "Problem":
        """Return some items of the batch."""
        if len(items) == len(self.mu):
            return self
        cost, mu, nu, eps = (part[items] for part in self[:4])
        return Problem(cost, mu, nu, eps, self.forbidding[items.cpu().numpy()])

    def softened(self, eps: Float[Tensor, " b"]) -> "Problem":
        """Return the problem at another eps, with costs that it can divide."""
        return self._replace(cost=within_reach(self.cost, eps), eps=eps)

    def log_kernel(self) -> Float[Tensor, "b n m"]:
        """Return -cost/eps, a new array."""
        return self.cost * (-1 / self.eps)[:, None, None]

    def plan(
        self, u: Float[Tensor, "b n"], v: Float[Tensor, "b m"], log_kernel: Float[Tensor, "b n m"]
    ) -> Float[Tensor, "b n m"]:
        """Return the plan of potentials, mu nu exp(log_kernel + u + v)."""
        exponent = (log_kernel + u.unsqueeze(-1)).add_(v.unsqueeze(-2))
        return exponent.exp_().mul_(self.mu.unsqueeze(-1)).mul_(self.nu.unsqueeze(-2))


Sizes = TypeVar("Sizes", Tensor, np.ndarray)
Seen = TypeVar("Seen")


def rounding_floor(sizes: Sizes) -> Sizes:
    """Return the marginal error that rounding leaves where exponents have such sizes."""
    return _ROUNDING * (8 + sizes)


def potential_size(u: Float[Tensor, "b n"], v: Float[Tensor, "b m"]) -> Float[Tensor, " b"]:
    """Return how large the exponents u_i + v_j may be, which is what rounds an entry with mass."""
    return u.abs().amax(-1) + v.abs().amax(-1)


def as_marginals(
    cost: Tensor,
    mu: Tensor | ArrayLike | None,
    nu: Tensor | ArrayLike | None,
    *,
    masses: bool = False,
) -> tuple[Float[Tensor, "*batch n"], Float[Tensor, "*others m"]]:
    """Return both marginals in float64 with sum 1, or raise naming what is wrong with one.

    Their batch dimensions are their own. `masses` may have any sum, and keep it.
    """
    given = {name: values for name, values in (("mu", mu), ("nu", nu)) if values is not None}
    read = dict(zip(given, floating(cost=cost, **given)[1:], strict=True)) if given else {}
    rows, columns = (
        _as_marginal(name, given[name], read[name], size, masses=masses)
        if name in given
        else torch.full((size,), 1 / size, dtype=torch.float64, device=cost.device)
        for name, size in zip(("mu", "nu"), cost.shape[-2:], strict=True)
    )
    return rows, columns


def _as_marginal(
    name: str, values: Tensor | ArrayLike, weights: Tensor, size: int, *, masses: bool
) -> Float[Tensor, "*batch size"]:
    """Return a marginal, which was given as `values` and read as `weights`."""
    own = values.dtype if isinstance(values, Tensor | np.ndarray) else weights.dtype
    half = getattr(own, "itemsize", 8) < 4 and weights.dtype.is_floating_point
    weights = weights.double()
    if weights.shape[-1] != size:
        raise ValueError(
            f"{name} must have shape [{size}] or [..., {size}], got shape {tuple(weights.shape)}"
        )
    tolerance = None if masses else _HALF_TOLERANCE if half else _MASS_TOLERANCE
    lowest = verify(partial(_require_weights, name, tolerance), weights.detach())
    total = weights.sum(-1, keepdim=True)
    if lowest is None or lowest < _LEAST_WEIGHT:
        # A product with such a weight is rounded to 0, or to few digits. Derivatives still see it.
        weights = weights - torch.where(weights < _LEAST_WEIGHT, weights, 0.0).detach()
    return weights if masses else weights / total


def _require_weights(name: str, tolerance: float | None, weights: Tensor) -> float:
    """Return the least weight, or raise naming what is wrong with them."""
    if not weights.numel():
        return math.inf
    values = weights.cpu().numpy()
    lowest = float(values.min())
    with np.errstate(over="ignore", invalid="ignore"):
        total = values.sum(-1)
    if not (math.isfinite(lowest) and lowest >= 0):
        raise ValueError(f"{name} must be finite and >= 0, got {lowest}")
    off = abs(total - 1)
    if tolerance is not None and not (off <= tolerance).all():
        worst = total.ravel()[np.nan_to_num(off, nan=np.inf).argmax()]
        raise ValueError(f"{name} must sum to 1, got {worst}")
    if tolerance is None and not (np.isfinite(total) & (total > 0)).all():
        raise refusal(name, "have a finite sum > 0", total)
    return lowest


def as_eps(eps: float | Tensor | ArrayLike, cost: Tensor) -> Float[Tensor, "*batch"]:
    """Return eps in float64, one number or one an item, or raise naming it."""
    if not isinstance(eps, Tensor | np.ndarray | list | tuple):
        number = require_number("eps", eps, above=0.0)
        return torch.tensor(number, dtype=torch.float64, device=cost.device)
    each = require_per_item("eps", eps, cost.device)
    verify(_require_positive, each.detach())
    return recordable(each)


def _require_positive(eps: Tensor) -> None:
    wrong = ~(eps.isfinite() & (eps > 0))
    if wrong.any():
        raise ValueError(f"eps must be finite and > 0, got {eps[wrong].flatten()[0].item()!r}")


def verify(check: Callable[[Tensor], Seen], values: Tensor) -> Seen | None:
    """Let a check see values, also within `torch.func.vmap`, where a tensor does not show them.

    Return what it returns; within a transform nothing.
    """
    if not in_transform():
        return check(values)
    _Verified.apply(check, values)  # type: ignore[no-untyped-call]
    return None


class _Verified(torch.autograd.Function):
    """A function of no result. Within `vmap` it gets all items at once."""

    @staticmethod
    def forward(check: Callable[[Tensor], object], values: Tensor) -> Tensor:
        """Check."""
        check(values)
        return values.new_zeros(0)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Nothing is remembered."""
        ctx.mark_non_differentiable(output)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, None]:
        """There is nothing to differentiate."""
        return None, None

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], check: Any, values: Tensor) -> tuple[Tensor, None]:
        """Check all items."""
        return _Verified.apply(check, values), None  # type: ignore[no-untyped-call]


def as_problem(
    cost: Tensor | ArrayLike, mu: Tensor | ArrayLike | None, nu: Tensor | ArrayLike | None
) -> tuple[Float[Tensor, "n m"], Float[Tensor, " n"], Float[Tensor, " m"]]:
    """Return the cost and both marginals in float64, without their history, uniform if not given."""
    (cost,) = floating(torch.float64, cost=cost)
    if cost.ndim != 2:
        raise ValueError(f"cost must have shape [n, m], got shape {tuple(cost.shape)}")
    require_matrices("cost", cost)
    require_unbatched("cost", cost)
    wide = cost.detach().double()
    rows, columns = (part.detach() for part in as_marginals(wide, mu, nu))
    for name, weights in (("mu", rows), ("nu", columns)):
        if weights.ndim != 1:
            size = weights.shape[-1]
            raise ValueError(f"{name} must have shape [{size}], got shape {tuple(weights.shape)}")
    return wide, rows, columns


def within_reach(
    cost: Float[Tensor, "b n m"], eps: Float[Tensor, " b"], least: float | Tensor = 0.0
) -> Float[Tensor, "b n m"]:
    """Return costs of which none is so many eps, and more than `least`, that a quotient overflows.

    A pair that costs so much more than others of its row and column has no mass, nor a derivative.
    """
    limit = (_WIDEST * eps.detach()).clamp(min=least)[:, None, None]
    too_high = (cost > limit) & (cost < torch.inf)
    return torch.where(too_high, limit, torch.where(cost < -limit, -limit, cost))


def without_offset(cost: Float[Tensor, "*batch n m"]) -> Float[Tensor, "*batch n m"]:
    """Return costs of which the least is 0: what all have in common costs digits, and moves no plan."""
    lowest = cost.detach().amin((-2, -1), keepdim=True)
    return cost - lowest.masked_fill(lowest == torch.inf, 0.0)
