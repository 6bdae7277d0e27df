"""The temperature of a softmax: what it gives, and which gives a wanted entropy."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_classes, require_finite, require_row
from ce_core._options import require_number
from ce_core._surroundings import require_unbatched, uncompiled
from ce_core.tuning.status import TuningStatus

# Logarithms of temperatures, in spans of the logits, between which one is sought: at the first all but
# the largest logits have underflowed, however near; at the second rounding hides all differences. Below
# the first the inverse of a temperature would overflow.
_COLDEST, _HOTTEST = -709.0, 40.0
_STEPS = 200
# Entropies that count as equal, and what rounding makes of one.
_EQUAL, _ROUNDING = 1e-9, 1e-15


@dataclass(frozen=True)
class TemperatureForEntropy:
    """The temperature at which softmax(a/T) has a wanted entropy, each per row.

    Attributes
    ----------
    temperature
        T, [...]; NaN where there is none.
    entropy
        The entropy there in nats, [...].
    status
        How the search ended, as the integer of a `TuningStatus`, [...].
    lowest, highest
        What entropies are within reach, [...]: log of how many logits share the largest, in the limit
        T → 0, and log of how many are not -inf, in the limit T → ∞.
    """

    temperature: Float[Tensor, "*batch"]
    entropy: Float[Tensor, "*batch"]
    status: Int[Tensor, "*batch"]
    lowest: Float[Tensor, "*batch"]
    highest: Float[Tensor, "*batch"]


@dataclass(frozen=True)
class TemperatureCurve:
    """What softmax(a/T) is like at several temperatures, row by row.

    Attributes
    ----------
    temperature
        T, [K].
    entropy
        Of softmax(a/T), in nats, [K, ...].
    largest
        The largest p, [K, ...].
    gradient
        How large the gradient of the cross-entropy of softmax(a/T) in a is, [K, ...]: the root of the
        mean of its squared length, over labels drawn from p itself, which is sqrt(1 - Σp²)/T.
    """

    temperature: Float[Tensor, " K"]
    entropy: Float[Tensor, "K *batch"]
    largest: Float[Tensor, "K *batch"]
    gradient: Float[Tensor, "K *batch"]


@uncompiled
def temperature_for_entropy(
    a: Float[Tensor, "... m"] | ArrayLike, *, entropy: float
) -> TemperatureForEntropy:
    r"""Find the temperature T at which softmax(a/T) has an entropy, for each row of logits.

    Parameters
    ----------
    a
        Logits, shape [..., m]: each row over the last dimension has a temperature of its own. -inf
        excludes a class.
    entropy
        The wanted entropy in nats, finite and >= 0; log k is that of k equal classes.

    Returns
    -------
    TemperatureForEntropy
        Constants, floating-point numbers in float64, on the CPU. What cannot be had is a row's
        `status`.

    Raises
    ------
    ValueError
        If `a` is not numeric or has no classes, or `entropy` is not as above.

    Notes
    -----
    The entropy grows with T, from that of the largest logits alone to that of all classes alike, so
    there is one T at most; its slope in log T is the variance of a/T under p. A limit itself counts
    as reached where float64 cannot tell it apart.

    Examples
    --------
    >>> found = temperature_for_entropy([2.0, 1.0, 0.0], entropy=0.5)
    >>> round(found.temperature.item(), 4), round(found.entropy.item(), 6)
    (0.5485, 0.5)
    >>> TuningStatus(int(temperature_for_entropy([1.0, 1.0], entropy=0.5).status)).name
    'TOO_LOW'
    """
    rows = _as_rows(a)
    target = require_number("entropy", entropy, at_least=0.0)
    batch = rows.shape[:-1]
    below, span, valid = _below_largest(rows.reshape(-1, rows.shape[-1]))
    lowest = (below == 0).sum(-1).double().log()
    highest = (below > -torch.inf).sum(-1).double().log()
    warmth = _search(below, target)
    reached = _look(below, warmth)[0]
    # All at once, or none: whatever the temperature, the entropy is the same.
    reached = torch.where(lowest == highest, lowest, reached)
    status = torch.full_like(lowest, int(TuningStatus.NOT_REACHED), dtype=torch.int64)
    status[(reached - target).abs() <= _EQUAL] = int(TuningStatus.REACHED)
    status[target < lowest - _EQUAL] = int(TuningStatus.TOO_LOW)
    status[target > highest + _EQUAL] = int(TuningStatus.TOO_HIGH)
    status[~valid] = int(TuningStatus.INVALID)
    temperature = torch.where(lowest == highest, 1.0, warmth.exp() * span)
    lost = status != int(TuningStatus.REACHED)
    parts = (
        temperature.masked_fill(lost, torch.nan),
        reached.masked_fill(lost, torch.nan),
        status,
        lowest.masked_fill(~valid, torch.nan),
        highest.masked_fill(~valid, torch.nan),
    )
    return TemperatureForEntropy(*(part.reshape(batch) for part in parts))


@uncompiled
def temperature_curve(
    a: Float[Tensor, "... m"] | ArrayLike, *, temperatures: Float[Tensor, " K"] | Sequence[float]
) -> TemperatureCurve:
    r"""Measure softmax(a/T) at several temperatures: its entropy, its largest p, its gradients.

    Parameters
    ----------
    a
        Logits, shape [..., m]. -inf excludes a class.
    temperatures
        T, [K], each finite and > 0.

    Returns
    -------
    TemperatureCurve
        Constants, floating-point numbers in float64, on the CPU; NaN for a row that holds NaN or +inf
        or nothing but -inf.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Examples
    --------
    Cold, it is sure, and nothing is learned; hot, gradients fall as 1/T:

    >>> curve = temperature_curve([2.0, 1.0, 0.0], temperatures=[0.1, 1.0, 10.0])
    >>> curve.largest.round(decimals=2).tolist(), curve.gradient.round(decimals=2).tolist()
    ([1.0, 0.67, 0.37], [0.1, 0.7, 0.08])
    """
    rows = _as_rows(a)
    (each,) = floating(torch.float64, temperatures=temperatures)
    require_row("temperatures", each)
    require_finite("temperatures", each, above=0.0)
    each = each.detach().to("cpu", torch.float64)
    below, span, valid = _below_largest(rows.reshape(-1, rows.shape[-1]))
    looks = [_look(below, (one / span).log()) for one in each]
    found = [torch.stack(part).masked_fill(~valid, torch.nan) for part in zip(*looks, strict=True)]
    entropy, largest, spread, _ = (part.reshape(len(each), *rows.shape[:-1]) for part in found)
    return TemperatureCurve(
        temperature=each,
        entropy=entropy,
        largest=largest,
        gradient=spread.sqrt() / each.reshape(-1, *[1] * (rows.ndim - 1)),
    )


def _as_rows(a: Tensor | ArrayLike) -> Float[Tensor, "*batch m"]:
    (rows,) = floating(torch.float64, a=a)
    require_classes("a", rows)
    require_unbatched("a", rows)
    return rows.detach().to("cpu", torch.float64)


def _below_largest(
    rows: Float[Tensor, "b m"],
) -> tuple[Float[Tensor, "b m"], Float[Tensor, " b"], Bool[Tensor, " b"]]:
    """Return logits less the largest, in spans of the row; the spans; and which rows are valid."""
    largest = rows.amax(-1, keepdim=True)
    valid = largest.isfinite()
    # Halves, whose difference does not overflow.
    below = torch.where(valid, rows / 2 - largest / 2, 0.0)
    span = -below.masked_fill(below == -torch.inf, 0.0).amin(-1, keepdim=True)
    span = torch.where(span > 0, span, 0.5)
    return below / span, 2 * span.squeeze(-1), valid.squeeze(-1)


def _search(below: Float[Tensor, "b m"], target: float) -> Float[Tensor, " b"]:
    """Return the logarithm of the temperature, in spans: Newton's steps within a bracket."""
    here = torch.zeros_like(below[:, 0])
    low, high = torch.full_like(here, _COLDEST), torch.full_like(here, _HOTTEST)
    for _ in range(_STEPS):
        found, _, _, slope = _look(below, here)
        excess = found - target
        low = torch.where(excess < 0, here, low)
        high = torch.where(excess < 0, high, here)
        moving = (excess.abs() > _ROUNDING) & (high - low > _ROUNDING * here.abs())
        if not moving.any():
            break
        following = here - excess / slope
        inside = (following >= low) & (following <= high)
        here = torch.where(moving, torch.where(inside, following, (low + high) / 2), here)
    return here


def _look(
    below: Float[Tensor, "b m"], warmth: Float[Tensor, " b"]
) -> tuple[Float[Tensor, " b"], Float[Tensor, " b"], Float[Tensor, " b"], Float[Tensor, " b"]]:
    """Return entropy, largest p, 1 - Σp² and the slope of the entropy in log T."""
    exponents = below * (-warmth).exp()[:, None]
    powers = exponents.exp()
    exponents = exponents.masked_fill(powers == 0, 0.0)
    total = powers.sum(-1, keepdim=True)
    p = powers / total
    mean = (p * exponents).sum(-1, keepdim=True)
    variance = (p * (exponents - mean).square()).sum(-1)
    entropy = total.squeeze(-1).log() - mean.squeeze(-1)
    # 1 - Σp² would lose its digits where p is sure.
    return entropy, p.amax(-1), (p * _others(p)).sum(-1), variance


def _others(p: Float[Tensor, "b m"]) -> Float[Tensor, "b m"]:
    """Return 1 - p, that of the largest as the sum of the others."""
    at = p.argmax(-1, keepdim=True)
    rest = p.scatter(-1, at, 0.0).sum(-1, keepdim=True)
    return (1 - p).scatter(-1, at, rest)
