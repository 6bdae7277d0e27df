"""What unbalanced transport asks of potentials, told so that no large number hides a small one.

The constant between the potentials, by which f may be raised and g lowered, moves no entry of the plan.
For a large rho it is what decides on the masses, and may itself be as large as rho. So potentials are
held without it: it follows from them, as what makes the dual value highest.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

# A rho of less than so many eps.
_LEAST_SHARE = 1e-300
# Exponentials beyond this would overflow; only pairs without mass get there.
_LARGEST = 700.0
_ROUNDING = torch.finfo(torch.float64).eps
# Sums of as much of the masses or more are told from them by what they lack.
_MOST = 0.5


class Potentials(NamedTuple):
    """Of rows and of columns, up to the constant between them; 0 where there is no pair."""

    f: Float[Tensor, "b n"]
    g: Float[Tensor, "b m"]


@dataclass(frozen=True)
class PricedProblem:
    """A batch of problems."""

    cost: Float[Tensor, "b n m"]
    """0 where a pair is forbidden."""
    allowed: Bool[Tensor, "b n m"]
    mu: Float[Tensor, "b n"]
    nu: Float[Tensor, "b m"]
    eps: Float[Tensor, " b"]
    price: tuple[float, float]
    """rho, of rows and of columns."""
    flat: Bool[Tensor, " b"] | None
    """Where eps is far above all costs; None if nowhere."""

    def take(self, items: Tensor) -> "PricedProblem":
        """Return some items of the batch."""
        if len(items) == len(self.eps):
            return self
        names = ("cost", "allowed", "mu", "nu", "eps")
        flat = None if self.flat is None else self.flat[items]
        return replace(self, **{name: getattr(self, name)[items] for name in names}, flat=flat)

    @property
    def transposed(self) -> "PricedProblem":
        """The problem with rows and columns in each other's place."""
        return replace(
            self,
            cost=self.cost.mT,
            allowed=self.allowed.mT,
            mu=self.nu,
            nu=self.mu,
            price=self.price[::-1],
        )

    @cached_property
    def prices(self) -> list[Float[Tensor, "b 1"]]:
        """Return rho of each item, which below the rounding of eps counts for nothing."""
        least = _LEAST_SHARE * self.eps.detach().unsqueeze(-1)
        return [least.clamp(min=price) for price in self.price]

    @cached_property
    def kept(self) -> list[Float[Tensor, "b 1"]]:
        """Return rho/(rho + eps), by which potentials are shortened."""
        return [1 / (1 + self.eps.unsqueeze(-1) / price) for price in self.prices]

    @cached_property
    def lost(self) -> list[Float[Tensor, "b 1"]]:
        """eps/(rho + eps), what `kept` lacks to 1."""
        eps = self.eps.unsqueeze(-1)
        return [eps / (price + eps) for price in self.prices]

    @cached_property
    def log_kernel(self) -> Float[Tensor, "b n m"]:
        """-cost/eps, -inf where a pair is forbidden."""
        return torch.where(self.allowed, self.cost / -self.eps[:, None, None], -torch.inf)

    @cached_property
    def open(self) -> list[Bool[Tensor, "b k"]]:
        """Which rows, and which columns, have a pair that is allowed and has mass on the other side."""
        rows = (self.allowed & (self.nu > 0).unsqueeze(-2)).any(-1)
        return [rows, (self.allowed & (self.mu > 0).unsqueeze(-1)).any(-2)]

    @cached_property
    def masses(self) -> list[Float[Tensor, "b k"]]:
        """Return mu and nu where there is a pair, else 0."""
        return [
            torch.where(open_, weights, 0.0)
            for open_, weights in zip(self.open, (self.mu, self.nu), strict=True)
        ]

    @cached_property
    def without_mass(self) -> list[Bool[Tensor, "b k"]]:
        """Which rows, and which columns, have no mass that a pair can take."""
        return [masses == 0 for masses in self.masses]

    @cached_property
    def most(self) -> list[Float[Tensor, "b 1"]]:
        """Sums of the masses of which more is told by what they lack."""
        return [_MOST * masses.sum(-1, keepdim=True) for masses in self.masses]

    @cached_property
    def surplus(self) -> Float[Tensor, "b 1"]:
        """How much more mass the rows have than the columns; sums that differ by rounding are equal."""
        rows, columns = (masses.sum(-1, keepdim=True) for masses in self.masses)
        more, size = rows - columns, self.mu.shape[-1] + self.nu.shape[-1]
        return more - torch.where(more.abs() <= size * _ROUNDING * columns, more, 0.0).detach()

    @cached_property
    def slack(self) -> Float[Tensor, "b 1"]:
        """What the constant between the potentials moves by for a surplus."""
        first, second = self.prices
        return 1 / (1 / first + 1 / second)

    def exponent(self, point: Potentials) -> Float[Tensor, "b n m"]:
        """Return (f + g - C)/eps, as if a forbidden pair had no cost."""
        sums = point.f.unsqueeze(-1) + point.g.unsqueeze(-2) - self.cost
        return (sums / self.eps[:, None, None]).clamp(max=_LARGEST)

    def kernel(self, point: Potentials) -> Float[Tensor, "b n m"]:
        """Return exp((f + g - C)/eps)."""
        return torch.where(self.allowed, self.exponent(point).exp(), 0.0)

    def plan(self, point: Potentials) -> Float[Tensor, "b n m"]:
        """Return mu nu exp((f + g - C)/eps)."""
        return self.mu.unsqueeze(-1) * self.kernel(point) * self.nu.unsqueeze(-2)

    def constant(self, point: Potentials) -> Float[Tensor, "b 1"]:
        """Return by how much f is to be raised, and g lowered, for the dual value to be highest."""
        tops, sums, lacks = [], [], []
        for price, weights, closed, part in zip(
            self.prices, self.masses, self.without_mass, point, strict=True
        ):
            exponent = -part / price
            held = exponent.detach().masked_fill(closed, -torch.inf).amax(-1, keepdim=True)
            top = held.masked_fill(held == -torch.inf, 0.0)
            below = (exponent - top).clamp(max=_LARGEST)
            tops.append(top)
            sums.append((weights * below.exp()).sum(-1, keepdim=True))
            lacks.append((weights * below.expm1()).sum(-1, keepdim=True))
        some = (sums[0] > 0) & (sums[1] > 0)
        first, second = (torch.where(some, part, 1.0) for part in sums)
        near = some & (first >= self.most[0]) & (second >= self.most[1])
        near = near & (first < 2 * second) & (second < 2 * first)
        ahead = torch.where(near, (self.surplus + lacks[0] - lacks[1]) / second, 0.0)
        ratio = torch.where(near, ahead.log1p(), (first / second).log())
        by = (tops[0] - tops[1] + ratio) * self.slack
        return torch.where(some & by.isfinite(), by, 0.0)

    def whole(self, point: Potentials) -> Potentials:
        """Return the potentials with the constant between them."""
        by = self.constant(point)
        rows, columns = self.open
        return Potentials(torch.where(rows, point.f + by, 0.0), torch.where(columns, point.g - by, 0.0))

    def asked(self, whole: Potentials) -> list[Float[Tensor, "b k"]]:
        """Return the marginals that potentials ask for."""
        return [
            weights * (-part / price).exp()
            for price, weights, part in zip(self.prices, self.masses, whole, strict=True)
        ]

    def value(self, point: Potentials) -> Float[Tensor, " b"]:
        """Return the dual value, whose error is of second order in that of the potentials."""
        # What the plan lacks to independence, which a large eps multiplies.
        lack = torch.where(self.allowed, _expm1(self.exponent(point)), -1.0)
        value = (self.mu.unsqueeze(-1) * (-self.eps[:, None, None] * lack) * self.nu.unsqueeze(-2)).sum(
            (-2, -1)
        )
        whole = self.whole(point)
        for side, (weights, part) in enumerate(zip((self.mu, self.nu), whole, strict=True)):
            price, gain = self.prices[side], part
            if not math.isinf(self.price[side]):
                # Without an allowed pair all of it is left out.
                gain = torch.where(self.open[side], -price * _expm1(-part / price), price)
            value = value + (weights * gain).sum(-1)
        return value


def _expm1(x: Tensor) -> Tensor:
    """Return exp(x) - 1. The derivative of torch's is 0 in place of a small exponential."""
    return torch.where(x.abs() < 1, x.clamp(-1.0, 1.0).expm1(), x.exp() - 1)
