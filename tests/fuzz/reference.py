"""Formulas of one row by mpmath, with the size of the rounding that a careful computation leaves.

Every formula is written without cancellation in 60 digits. Beside each value stands its `scale`: the
sum of the sizes of what is added up, times what the rounding of the exponents does to it. A
computation whose every operation is rounded by u is within a small multiple of u · scale.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import mpmath
import numpy as np
import torch
from torch import Tensor

Number: TypeAlias = Any
"""An mpf, which may be infinite or NaN."""

DIGITS = 60
# Roundings in a row that are not counted one by one.
_FACTOR = 16


@dataclass(frozen=True)
class Known:
    """The true value of one entry, and the scale of its rounding."""

    value: Number
    scale: Number


UNDEFINED = Known(mpmath.nan, mpmath.inf)


class Row:
    """The softmax of a row of logits: gaps to the largest, p, and p (m + |gap|), its rounding."""

    def __init__(self, a: list[float], temperature: float = 1.0) -> None:
        self.defined = all(x == x and x < mpmath.inf for x in a) and max(a) > -mpmath.inf
        if not self.defined:
            return
        self.m = len(a)
        self.winner = a.index(max(a))
        largest = mpmath.mpf(max(a))
        self.gaps = [(mpmath.mpf(x) - largest) / mpmath.mpf(temperature) for x in a]
        # Beyond that, nothing of the exponential is left in any dtype.
        powers = [mpmath.exp(gap) if gap > -20_000 else mpmath.mpf(0) for gap in self.gaps]
        others = mpmath.fsum(power for i, power in enumerate(powers) if i != self.winner)
        self.log_total = mpmath.log1p(others)
        self.p = [power / (1 + others) for power in powers]
        self.rounding = [
            p * (self.m + abs(gap)) if p else mpmath.mpf(0)
            for p, gap in zip(self.p, self.gaps, strict=True)
        ]
        self.unsure = mpmath.fsum(x for i, x in enumerate(self.rounding) if i != self.winner)

    def kept_gaps(self, weights: list[Number]) -> list[Number]:
        """Return the gaps, 0 where they are infinite and the weight is 0."""
        pairs = zip(self.gaps, weights, strict=True)
        return [mpmath.mpf(0) if gap == -mpmath.inf and w == 0 else gap for gap, w in pairs]


def softmax(row: Row) -> list[Known]:
    """Return p."""
    return [Known(p, scale) for p, scale in zip(row.p, row.rounding, strict=True)]


def log_softmax(row: Row) -> list[Known]:
    """Return log p."""
    return [Known(gap - row.log_total, abs(gap) + row.unsure) for gap in row.gaps]


def softmax_jacobian(row: Row) -> list[Known]:
    """Return J, row after row; the diagonal is the sum of the rest."""
    table: list[Known] = []
    for i in range(row.m):
        line = []
        for j in range(row.m):
            scale = row.p[i] * row.rounding[j] + row.p[j] * row.rounding[i]
            line.append(Known(-row.p[i] * row.p[j], scale))
        others = [known for j, known in enumerate(line) if j != i]
        value = -mpmath.fsum(known.value for known in others)
        line[i] = Known(value, row.m * mpmath.fsum(known.scale for known in others))
        table += line
    return table


def softmax_jvp(row: Row, v: list[float], *, smallest_normal: float) -> list[Known]:
    """Return J v, v taken from its entry at the largest logit.

    Below the smallest normal number of the dtype, p is rounded by a fixed amount.
    """
    base = mpmath.mpf(v[row.winner])
    rounding = [scale + smallest_normal for scale in row.rounding]
    return _centred(row.p, rounding, [mpmath.mpf(x) - base for x in v])


def centred_product(p: list[float], a: list[float]) -> list[Known]:
    """Return p (a - p·a); -inf counts as 0 where p is 0."""
    weights = [mpmath.mpf(x) for x in p]
    values = [
        mpmath.mpf(0) if w == 0 and x == -mpmath.inf else mpmath.mpf(x)
        for w, x in zip(weights, a, strict=True)
    ]
    return _centred(weights, [len(p) * w for w in weights], values)


def _centred(p: list[Number], rounding: list[Number], values: list[Number]) -> list[Known]:
    mean = mpmath.fsum(w * x for w, x in zip(p, values, strict=True))
    size = mpmath.fsum(scale * abs(x) for scale, x in zip(rounding, values, strict=True))
    return [
        Known(w * (x - mean), scale * (abs(x) + abs(mean)) + w * size)
        for w, scale, x in zip(p, rounding, values, strict=True)
    ]


def entropy(p: list[float]) -> list[Known]:
    """Return H(p)."""
    terms = [-_x_log(mpmath.mpf(x), mpmath.mpf(x)) for x in p]
    return [Known(mpmath.fsum(terms), len(p) * mpmath.fsum(abs(t) for t in terms))]


def kl_divergence(q: list[float], p: list[float]) -> list[Known]:
    """Return KL(q‖p), 0 where it is below: of numbers that are distributions up to rounding."""
    weights, predicted = [[mpmath.mpf(x) for x in row] for row in (q, p)]
    if any(w > 0 and x == 0 for w, x in zip(weights, predicted, strict=True)):
        return [Known(mpmath.inf, mpmath.mpf(0))]
    own = [_x_log(w, w) for w in weights]
    other = [_x_log(w, x) for w, x in zip(weights, predicted, strict=True)]
    size = mpmath.fsum(abs(t) for t in own + other)
    value = mpmath.fsum(own) - mpmath.fsum(other)
    return [Known(max(value, mpmath.mpf(0)), len(q) * size)]


def _x_log(x: Number, y: Number) -> Number:
    return x * mpmath.log(y) if x else mpmath.mpf(0)


def cross_entropy(row: Row, q: list[float]) -> list[Known]:
    """Return L1."""
    total, terms = _wanted(row, q)
    value = total * row.log_total + mpmath.fsum(terms)
    return [Known(value, row.m * (4 * value + total * row.unsure))]


def _wanted(row: Row, q: list[float]) -> tuple[Number, list[Number]]:
    """Return Σq and the terms q |gap|."""
    weights = [mpmath.mpf(x) for x in q]
    terms = [w * abs(gap) for w, gap in zip(weights, row.kept_gaps(weights), strict=True)]
    return mpmath.fsum(weights), terms


def cross_entropy_grad(row: Row, q: list[float]) -> list[Known]:
    """Return dL1/da."""
    total = mpmath.fsum(q)
    return [
        Known(total * p - w, row.m * (scale + w))
        for p, scale, w in zip(row.p, row.rounding, q, strict=True)
    ]


def logit_gap(row: Row, q: list[float]) -> list[Known]:
    """Return L2, of logits that are measured from the largest."""
    gaps = row.kept_gaps(row.p)
    predicted = [p * gap for p, gap in zip(row.p, gaps, strict=True)]
    size = mpmath.fsum(scale * abs(gap) for scale, gap in zip(row.rounding, gaps, strict=True))
    _, terms = _wanted(row, q)
    value = mpmath.fsum(predicted) + mpmath.fsum(terms)
    return [Known(value, row.m * (size + mpmath.fsum(terms)))]


def logit_gap_residual(row: Row) -> list[Known]:
    """Return J a."""
    return _centred(row.p, row.rounding, row.kept_gaps(row.p))


def logit_gap_grad(row: Row, q: list[float], *, detach_p: bool) -> list[Known]:
    """Return dL2/da."""
    held = [Known(p - w, scale + w) for p, scale, w in zip(row.p, row.rounding, q, strict=True)]
    if detach_p:
        return held
    return [
        Known(one.value + other.value, one.scale + other.scale)
        for one, other in zip(held, logit_gap_residual(row), strict=True)
    ]


def entropy_from_logits(row: Row) -> list[Known]:
    """Return H(p), of terms that are >= 0."""
    gaps = row.kept_gaps(row.p)
    terms = [p * abs(gap) for p, gap in zip(row.p, gaps, strict=True)]
    value = row.log_total + mpmath.fsum(terms)
    size = mpmath.fsum(scale * abs(gap) for scale, gap in zip(row.rounding, gaps, strict=True))
    return [Known(value, row.m * (row.unsure + value + size))]


def entropy_gradient(row: Row) -> list[Known]:
    """Return dH/da, -J a."""
    return [Known(-known.value, known.scale) for known in logit_gap_residual(row)]


def entropy_curvature(row: Row, v: list[float]) -> list[Known]:
    """Return the Hessian of H times v: -(J v)(a - E_p[a]) - p (v - E_p[v] - (J v)·a)."""
    p, gaps = row.p, row.kept_gaps(row.p)
    moved, centred = _curved(row, v)
    mean = mpmath.fsum(x * gap for x, gap in zip(p, gaps, strict=True))
    turned = mpmath.fsum(x * gap for x, gap in zip(moved, gaps, strict=True))
    v_mean = mpmath.fsum(x * w for x, w in zip(p, centred, strict=True))
    # A product with the Hessian takes v as it is, an offset included.
    size = max(map(abs, v))
    spread = mpmath.fsum(r * (1 + abs(gap)) for r, gap in zip(row.rounding, gaps, strict=True))
    return [
        Known(
            -u * (gap - mean) - x * (w - v_mean - turned),
            row.m * size * (r * (1 + abs(gap) + abs(mean)) + x * spread),
        )
        for u, gap, x, w, r in zip(moved, gaps, p, centred, row.rounding, strict=True)
    ]


def kl_curvature(row: Row, q: list[float], v: list[float]) -> list[Known]:
    """Return the Hessian of KL(q‖softmax(a)) times v, (Σq) J v."""
    moved, _ = _curved(row, v)
    total, size = mpmath.fsum(q), max(map(abs, v))
    spread = mpmath.fsum(row.rounding)
    return [
        Known(total * u, row.m * total * size * (r + x * spread))
        for u, r, x in zip(moved, row.rounding, row.p, strict=True)
    ]


def _curved(row: Row, v: list[float]) -> tuple[list[Number], list[Number]]:
    """Return J v, and v from its entry at the largest logit."""
    centred = [mpmath.mpf(x) - v[row.winner] for x in v]
    mean = mpmath.fsum(p * w for p, w in zip(row.p, centred, strict=True))
    return [p * (w - mean) for p, w in zip(row.p, centred, strict=True)], centred


def of_logits(
    formula: Callable[..., list[Known]],
    a: Tensor,
    *others: Tensor,
    temperature: float = 1.0,
    **options: bool,
) -> list[Known]:
    """Return what a formula of softmax(a / T) gives for each row; NaN where there is none."""
    found: list[Known] = []
    with mpmath.workdps(DIGITS):
        for logits, *rest in _rows(a, *others):
            row = Row(logits, temperature)
            usable = row.defined and all(x == x for part in rest for x in part)
            found += formula(row, *rest, **options) if usable else [UNDEFINED]
    return found


def of_distributions(formula: Callable[..., list[Known]], *arguments: Tensor) -> list[Known]:
    """Return what a formula of distributions gives for each row."""
    with mpmath.workdps(DIGITS):
        return [known for row in _rows(*arguments) for known in formula(*row)]


def _rows(*arguments: Tensor) -> list[tuple[list[float], ...]]:
    """Return the rows of the arguments, broadcast, in float64."""
    shape = np.broadcast_shapes(*(x.shape for x in arguments))
    parts = [x.detach().double().expand(shape).reshape(-1, shape[-1]).tolist() for x in arguments]
    return list(zip(*parts, strict=True))


def assert_known(result: Tensor, known: list[Known], *, entries: int = 1) -> None:
    """Raise unless every entry is the true value, within the rounding of the computation and dtype.

    Half types are computed in float32 and rounded once. A row that is not defined has one `Known`
    for all its `entries`.
    """
    computed_in = torch.promote_types(result.dtype, torch.float32)
    unit, rounded_by = (torch.finfo(dtype).eps / 2 for dtype in (computed_in, result.dtype))
    floor = torch.finfo(computed_in).smallest_normal
    info = torch.finfo(result.dtype)
    floor = max(floor, info.smallest_normal * info.eps)
    values = result.detach().double().flatten().tolist()
    spread: list[Known] = []
    for one in known:
        spread += [one] * entries if one is UNDEFINED else [one]
    assert len(values) == len(spread)
    with mpmath.workdps(DIGITS):
        for index, (value, one) in enumerate(zip(values, spread, strict=True)):
            if mpmath.isnan(one.value):
                assert value != value, f"entry {index} is {value}, but there is no true value"
                continue
            slack = _FACTOR * unit * one.scale + 1.01 * rounded_by * abs(one.value) + floor
            message = f"entry {index} is {value!r}, not {mpmath.nstr(one.value, 17)}"
            if mpmath.isinf(one.value):
                assert value == one.value, message
            elif abs(value) == mpmath.inf:
                assert abs(one.value) + slack >= info.max, message
                assert (value > 0) == (one.value > 0), message
            else:
                assert abs(value - one.value) <= slack, f"{message} within {mpmath.nstr(slack, 3)}"
