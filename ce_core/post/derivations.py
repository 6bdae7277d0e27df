"""The derivations of the post's first three steps, line by line, and what each line is off by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import (
    ArrayLike,
    floating,
    require_classes,
    require_finite,
    require_row,
    require_target,
)
from ce_core._options import require_choice, require_integer

_CLASSES = 5
# A line of a few sums and products may round this often, relative to the larger of its sides and 1.
_ROUNDINGS = 8


class Terms:
    """What the lines speak of, written as a textbook would, so that they check the core too.

    Parameters
    ----------
    a
        Logits a, float64, [m].
    q
        Target q, [m], which sums to 1.
    """

    def __init__(self, a: Float[Tensor, " m"], q: Float[Tensor, " m"]) -> None:
        self.a, self.q = a, q
        self.delta = torch.eye(len(a), dtype=a.dtype)
        self.weights = q * (1 + torch.arange(len(a), dtype=a.dtype))
        """Weights w in the place of q that do not sum to 1."""

    @cached_property
    def powers(self) -> Float[Tensor, " m"]:
        """e^a."""
        return self.a.exp()

    @cached_property
    def total(self) -> Float[Tensor, ""]:
        """Z = Σ e^a."""
        return self.powers.sum()

    @cached_property
    def p(self) -> Float[Tensor, " m"]:
        """e^a / Z."""
        return self.powers / self.total

    @cached_property
    def jacobian(self) -> Float[Tensor, "m m"]:
        """J_ij = dp_i/da_j, by autograd."""
        return self.slopes(_softmax)

    @cached_property
    def mean(self) -> Float[Tensor, ""]:
        """p·a."""
        return self.p @ self.a

    @cached_property
    def residual(self) -> Float[Tensor, " m"]:
        """p_j (a_j - p·a)."""
        return self.p * (self.a - self.mean)

    def slopes(self, function: Callable[[Tensor], Tensor]) -> Float[Tensor, "*out m"]:
        """Return the derivatives of a function of the logits at these, by autograd."""
        found = torch.autograd.functional.jacobian(function, self.a)  # type: ignore[no-untyped-call]
        assert isinstance(found, Tensor)
        return found

    def l1(self, a: Tensor) -> Tensor:
        """-Σ q log p."""
        return -(self.q * _softmax(a).log()).sum()

    def l2(self, a: Tensor) -> Tensor:
        """Σ (p - q) a."""
        return ((_softmax(a) - self.q) * a).sum()


def _softmax(a: Tensor) -> Tensor:
    return a.exp() / a.exp().sum()


def _entropy(a: Tensor) -> Tensor:
    p = _softmax(a)
    return -(p * p.log()).sum()


Sides: TypeAlias = Callable[[Terms], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class DerivationLine:
    """A line of a derivation.

    Parameters
    ----------
    name
        Unique in its derivation.
    latex
        The line as written.
    sides
        Its two sides, as functions of the terms; the left one is where the line before it ended,
        or, if it is a derivative, what autograd makes of it.
    """

    name: str
    latex: str
    sides: Sides


_SOFTMAX = (
    DerivationLine(
        "total",
        r"\frac{\partial Z}{\partial a_j} = e^{a_j}",
        lambda t: (t.slopes(lambda a: a.exp().sum()), t.powers),
    ),
    DerivationLine(
        "power",
        r"\frac{\partial e^{a_i}}{\partial a_j} = \delta_{ij}\, e^{a_i}",
        lambda t: (t.slopes(torch.exp), t.delta * t.powers[:, None]),
    ),
    DerivationLine(
        "quotient",
        r"\frac{\partial p_i}{\partial a_j} = \frac{\delta_{ij}\, e^{a_i} Z - e^{a_i} e^{a_j}}{Z^2}",
        lambda t: (t.jacobian, _quotient(t)),
    ),
    DerivationLine(
        "divide",
        r"\phantom{\frac{\partial p_i}{\partial a_j}} "
        r"= \frac{e^{a_i}}{Z} \left( \delta_{ij} - \frac{e^{a_j}}{Z} \right)",
        lambda t: (
            _quotient(t),
            (t.powers / t.total)[:, None] * (t.delta - (t.powers / t.total)[None, :]),
        ),
    ),
    DerivationLine(
        "insert",
        r"\phantom{\frac{\partial p_i}{\partial a_j}} = p_i\, (\delta_{ij} - p_j)",
        lambda t: (
            (t.powers / t.total)[:, None] * (t.delta - (t.powers / t.total)[None, :]),
            t.p[:, None] * (t.delta - t.p[None, :]),
        ),
    ),
    DerivationLine(
        "matrix",
        r"J = \frac{\partial p}{\partial a} = \mathrm{diag}(p) - p\, p^{\mathsf T}",
        lambda t: (t.jacobian, t.p.diag() - torch.outer(t.p, t.p)),
    ),
    DerivationLine(
        "row_sums",
        r"\sum_j J_{ij} = p_i - p_i \sum_j p_j = 0",
        lambda t: (t.jacobian.sum(-1), torch.zeros_like(t.a)),
    ),
)

_CROSS_ENTROPY = (
    DerivationLine(
        "logarithm",
        r"\log p_i = a_i - \log Z",
        lambda t: (t.p.log(), t.a - t.total.log()),
    ),
    DerivationLine(
        "loss",
        r"-\sum_i q_i \log p_i = \log Z - \sum_i q_i a_i",
        lambda t: (t.l1(t.a), t.total.log() - t.q @ t.a),
    ),
    DerivationLine(
        "chain_rule",
        r"\frac{\partial L_1}{\partial a_j} "
        r"= -\sum_i \frac{q_i}{p_i} \frac{\partial p_i}{\partial a_j}",
        lambda t: (t.slopes(t.l1), -(t.q / t.p) @ t.jacobian),
    ),
    DerivationLine(
        "insert",
        r"\phantom{\frac{\partial L_1}{\partial a_j}} = -\sum_i q_i\, (\delta_{ij} - p_j)",
        lambda t: (-(t.q / t.p) @ t.jacobian, -t.q @ (t.delta - t.p[None, :])),
    ),
    DerivationLine(
        "split",
        r"\phantom{\frac{\partial L_1}{\partial a_j}} = p_j \sum_i q_i - q_j",
        lambda t: (-t.q @ (t.delta - t.p[None, :]), t.p * t.q.sum() - t.q),
    ),
    DerivationLine(
        "gradient",
        r"\phantom{\frac{\partial L_1}{\partial a_j}} = p_j - q_j",
        lambda t: (t.p * t.q.sum() - t.q, t.p - t.q),
    ),
    DerivationLine(
        "weights",
        r"\tfrac{\partial}{\partial a_j} \bigl( {-\textstyle\sum_i} w_i \log p_i \bigr) "
        r"= \bigl( {\textstyle\sum_i} w_i \bigr)\, p_j - w_j",
        lambda t: (
            t.slopes(lambda a: -(t.weights * _softmax(a).log()).sum()),
            t.weights.sum() * t.p - t.weights,
        ),
    ),
)

_LOGIT_GAP = (
    DerivationLine(
        "expand",
        r"\sum_i (p_i - q_i)\, a_i = \sum_i p_i a_i - \sum_i q_i a_i",
        lambda t: (t.l2(t.a), t.mean - t.q @ t.a),
    ),
    DerivationLine(
        "entropy",
        r"-\sum_i p_i \log p_i = \log Z - \sum_i p_i a_i",
        lambda t: (_entropy(t.a), t.total.log() - t.mean),
    ),
    DerivationLine(
        "difference",
        r"L_1 - L_2 = \log Z - \sum_i p_i a_i",
        lambda t: (t.l1(t.a) - t.l2(t.a), t.total.log() - t.mean),
    ),
    DerivationLine(
        "identity",
        r"\phantom{L_1 - L_2} = H(p)",
        lambda t: (t.l1(t.a) - t.l2(t.a), _entropy(t.a)),
    ),
    DerivationLine(
        "product_rule",
        r"\frac{\partial L_2}{\partial a_j} "
        r"= (p_j - q_j) + \sum_i a_i \frac{\partial p_i}{\partial a_j}",
        lambda t: (t.slopes(t.l2), t.p - t.q + t.a @ t.jacobian),
    ),
    DerivationLine(
        "insert",
        r"\sum_i a_i \frac{\partial p_i}{\partial a_j} = \sum_i a_i\, p_i\, (\delta_{ij} - p_j)",
        lambda t: (t.a @ t.jacobian, (t.a * t.p) @ (t.delta - t.p[None, :])),
    ),
    DerivationLine(
        "collect",
        r"\phantom{\sum_i a_i \frac{\partial p_i}{\partial a_j}} "
        r"= p_j \Bigl( a_j - \sum_i p_i a_i \Bigr)",
        lambda t: ((t.a * t.p) @ (t.delta - t.p[None, :]), t.residual),
    ),
    DerivationLine(
        "vanishes",
        r"p_j \Bigl( a_j - \sum_i p_i a_i \Bigr) = 0 \quad \text{(?)}",
        lambda t: (t.residual, torch.zeros_like(t.a)),
    ),
    DerivationLine(
        "sum_vanishes",
        r"\sum_j p_j \Bigl( a_j - \sum_i p_i a_i \Bigr) = 0",
        lambda t: (t.residual.sum(), torch.zeros((), dtype=t.a.dtype)),
    ),
    DerivationLine(
        "in_full",
        r"\frac{\partial L_2}{\partial a} = (p - q) + J a",
        lambda t: (t.slopes(t.l2), t.p - t.q + t.jacobian @ t.a),
    ),
    DerivationLine(
        "same_gradient",
        r"\frac{\partial L_2}{\partial a} = \frac{\partial L_1}{\partial a} \quad \text{(?)}",
        lambda t: (t.slopes(t.l2), t.slopes(t.l1)),
    ),
    DerivationLine(
        "held",
        r"\frac{\partial L_2}{\partial a} \Big|_{p\ \mathrm{const.}} = p - q",
        lambda t: (t.slopes(lambda a: ((t.p - t.q) * a).sum()), t.p - t.q),
    ),
)


def _quotient(t: Terms) -> Float[Tensor, "m m"]:
    diagonal = t.delta * t.powers[:, None] * t.total
    return (diagonal - t.powers[:, None] * t.powers[None, :]) / t.total**2


DERIVATIONS: Mapping[str, tuple[DerivationLine, ...]] = MappingProxyType(
    {"softmax": _SOFTMAX, "cross_entropy": _CROSS_ENTROPY, "logit_gap": _LOGIT_GAP}
)
"""Name -> lines: dp/da; dL1/da; L2, its distance from L1 and its gradient."""


@dataclass(frozen=True)
class CheckedLine:
    """A line of a derivation with the numbers put in.

    Parameters
    ----------
    name, latex
        As in the `DerivationLine`.
    difference
        Largest absolute difference of its two sides, over their entries.
    tolerance
        What rounding explains: 8 · 2^-52 of the largest entry of either side, or of 1.
    """

    name: str
    latex: str
    difference: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether the two sides are equal up to rounding."""
        return self.difference <= self.tolerance


def example(seed: int = 0) -> tuple[Float[Tensor, "5"], Float[Tensor, "5"]]:
    """Return logits of five classes to two decimals, and a target to four, of a seed; float64.

    Printed with so many decimals they are what they are, and the target sums to 1.
    """
    seed = require_integer("seed", seed, at_least=0)
    generator = torch.Generator().manual_seed(seed)
    a, scores = torch.randn(2, _CLASSES, generator=generator, dtype=torch.float64)
    q = torch.softmax(scores, -1).round(decimals=4)
    most = q.argmax()
    q[most] = (q[most] + 1 - q.sum()).round(decimals=4)
    return (1.5 * a).round(decimals=2), q


def check_derivation(
    name: str, a: Float[Tensor, " m"] | ArrayLike, q: Float[Tensor, " m"] | ArrayLike
) -> tuple[CheckedLine, ...]:
    r"""Put numbers into every line of a derivation and compare its two sides, in float64.

    Parameters
    ----------
    name
        A name in `DERIVATIONS`: "softmax", "cross_entropy" or "logit_gap".
    a
        Logits a of one row, shape [m], finite and of ordinary size: the lines are evaluated as they
        stand, without the care that large logits need.
    q
        Target distribution q, shape [m].

    Returns
    -------
    tuple of CheckedLine
        In the order of the derivation.

    Raises
    ------
    ValueError
        If there is no such derivation; if `a` is not a row of finite numbers as long as `q`; if `q`
        has a negative or infinite entry or does not sum to 1.

    Notes
    -----
    Two lines of "logit_gap" do not hold: "vanishes", by which the post concludes that L2 has the
    gradient of L1, and "same_gradient", which says so. "sum_vanishes" and "held" are what is true.

    Examples
    --------
    >>> lines = check_derivation("logit_gap", [2.0, 0.0], [1.0, 0.0])
    >>> [(line.name, round(line.difference, 3)) for line in lines if not line.holds]
    [('vanishes', 0.21), ('same_gradient', 0.21)]
    """
    name = require_choice("name", name, DERIVATIONS)
    a, q = floating(torch.float64, a=a, q=q)
    require_row("a", a)
    require_classes("a", a)
    require_row("q", q)
    require_target(q)
    if a.shape != q.shape:
        raise ValueError(f"q must be as long as a, got lengths {len(q)} and {len(a)}")
    require_finite("a", a)
    terms = Terms(a.detach().double(), q.detach().double())
    return tuple(_check(line, terms) for line in DERIVATIONS[name])


def differences(name: str) -> dict[str, float]:
    """Return for each line of a derivation by how much it fails at the example."""
    return {line.name: line.difference for line in check_derivation(name, *example())}


def _check(line: DerivationLine, terms: Terms) -> CheckedLine:
    left, right = line.sides(terms)
    scale = max(1.0, left.abs().max().item(), right.abs().max().item())
    return CheckedLine(
        name=line.name,
        latex=line.latex,
        difference=(left - right).abs().max().item(),
        tolerance=_ROUNDINGS * torch.finfo(torch.float64).eps * scale,
    )
