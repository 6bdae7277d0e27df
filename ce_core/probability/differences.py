"""(Σq) p - q of rows of values, with its digits also where p and q nearly agree."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

# What p - q has to be, as a share of the total, for the rounding of p not to show in it.
_APART = 2.0**-5
# Nearer than that, several sure classes are computed from what they do not have in common.
_NEAR = 2.0**-8
# Veltkamp's: it cuts a float64 into halves whose products are exact.
_SPLIT = 2.0**27 + 1


def kept_digits(
    entries: Float[Tensor, "*rows m"],
    p: Float[Tensor, "*rows m"],
    a: Float[Tensor, "*rows m"],
    q: Float[Tensor, "*rows m"],
    total: Float[Tensor, "*rows 1"],
    *,
    held: bool = False,
) -> Float[Tensor, "*rows m"]:
    """Return (Σq) p - q, or p - q `held`, with the digits that the subtraction lost, in place.

    The total is the absolute value of Σq.

    Where one class is sure, what is too much of the sum of the entries are roundings, which are taken
    off as shares of p: as a share of p they are nothing, of p - q they may be all. Where several
    classes share nearly all of p and of q, these would leave one's rounding with the others.
    """
    if not entries.numel():
        return entries
    size = torch.linalg.vector_norm(entries, 2, -1, keepdim=True)
    if (size / total).amin().item() > _APART:
        return entries
    if not held and not total.isfinite().all():
        huge = (q.isfinite() & p.isfinite()).all(-1) & ~total.isfinite().squeeze(-1)
        if huge.any():
            rest = ~huge
            entries[rest] = kept_digits(*(x[rest] for x in (entries, p, a, q, total)))
            entries[huge] = _of_huge(p[huge], a[huge], q[huge])
            return entries
    surplus = entries.sum(-1, keepdim=True)
    if held:
        surplus += total - 1
    surplus.masked_fill_(~(size < _APART * total), 0.0)
    entries.addcmul_(p, surplus, value=-1)
    if not held and size.isnan().any():
        # No share of nothing is something, though p be NaN.
        entries.masked_fill_((q == 0).all(-1, keepdim=True), 0.0)
    near = (size < _NEAR * total).squeeze(-1)
    if near.any():
        rest = total * (1 - p.amax(-1, keepdim=True))
        spread = torch.linalg.vector_norm(p, 2, -1, keepdim=True)
        shared = near & ((rest > 4 * size) & (size < _NEAR * total * spread)).squeeze(-1)
        if shared.any():
            exact = _exact(a[shared].double(), q[shared].double(), held).to(entries.dtype)
            entries[shared] = torch.where(exact.isfinite(), exact, entries[shared])
    return entries


def _of_huge(p: Float[Tensor, "rows m"], a: Tensor, q: Tensor) -> Float[Tensor, "rows m"]:
    """Return (Σq) p - q where Σq overflows, of weights divided by a power of two first."""
    # Their squares do not overflow any more.
    unit = 2.0 ** round(0.55 * math.log2(torch.finfo(q.dtype).max))
    q = q / unit
    total = q.sum(-1, keepdim=True)
    return kept_digits(p * total - q, p, a, q, total.abs()).mul_(unit)


def _exact(a: Float[Tensor, "rows m"], q: Float[Tensor, "rows m"], held: bool) -> Tensor:
    """Return the difference as (e Σq - q Σe) / Σe with e = exp(a - max a), in twice the digits."""
    powers = torch.exp(a - a.amax(-1, keepdim=True))
    power_sum, power_rest = _sum(powers)
    total, total_rest = _sum(q)
    wanted, wanted_rest = _product(powers, total)
    had, had_rest = _product(q, power_sum)
    difference, lost = add(wanted, -had)
    lost += (wanted_rest - had_rest) + (powers * total_rest - q * power_rest)
    if held:
        lost += powers * ((1 - total) - total_rest)
    return (difference + lost) / power_sum


def add(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return x + y rounded, and what rounding took (Knuth)."""
    total = x + y
    moved = total - x
    return total, (x - (total - moved)) + (y - moved)


def _product(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return x y rounded, and what rounding took (Dekker)."""
    product = x * y
    (x, x_low), (y, y_low) = _halves(x), _halves(y)
    return product, x_low * y_low - (((product - x * y) - x_low * y) - x * y_low)


def _halves(x: Tensor) -> tuple[Tensor, Tensor]:
    scaled = _SPLIT * x
    high = scaled - (scaled - x)
    return high, x - high


def _sum(x: Float[Tensor, "rows m"]) -> tuple[Float[Tensor, "rows 1"], Float[Tensor, "rows 1"]]:
    """Return the sum of each row rounded, and what rounding took, added up in pairs."""
    rest = torch.zeros_like(x)
    while x.shape[-1] > 1:
        if x.shape[-1] % 2:
            x, rest = (torch.nn.functional.pad(part, (0, 1)) for part in (x, rest))
        (x, other), (rest, other_rest) = x.chunk(2, -1), rest.chunk(2, -1)
        x, lost = add(x, other)
        rest = rest + other_rest + lost
    return x, rest
