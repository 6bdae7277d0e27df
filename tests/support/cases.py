"""What the tests of the core share: the table of functions of rows, draws, and references."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import mpmath
import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import logsumexp
from torch import Tensor

import ce_core
from ce_core import ExperimentConfig
from ce_core.experiment.inputs import draw_chunks

FLOATS = [torch.float64, torch.float32, torch.bfloat16, torch.float16]
HALVES = [torch.bfloat16, torch.float16]
INF = float("inf")
NAN = float("nan")
SMALL = ExperimentConfig(n=12, m=5, trials=7, dtype="float64")


@dataclass(frozen=True)
class RowFunction:
    """A public function of rows, with the kind of each argument."""

    name: str
    function: Callable[..., Tensor]
    kinds: tuple[str, ...]

    def arguments(
        self, *shape: int, seed: int = 0, dtype: torch.dtype = torch.float64
    ) -> tuple[Tensor, ...]:
        """Return ordinary arguments of the shape: some logits apart, distributions positive."""
        generator = torch.Generator().manual_seed(seed)
        draws = [torch.randn(*shape, generator=generator, dtype=torch.float64) * 2 for _ in self.kinds]
        return tuple(
            (x.softmax(-1) if kind == "distribution" else x).to(dtype)
            for kind, x in zip(self.kinds, draws, strict=True)
        )

    def scalar(self, *arguments: Tensor) -> Tensor:
        """Return a number that depends on every entry of the result."""
        result = self.function(*arguments)
        weights = torch.linspace(0.5, 1.5, result.numel(), dtype=result.dtype)
        return (result * weights.reshape(result.shape)).sum()

    def by_autograd(self, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the gradients of `scalar` by plain autograd."""
        leaves = [x.clone().requires_grad_() for x in arguments]
        return torch.autograd.grad(self.scalar(*leaves), leaves)

    def __str__(self) -> str:
        return self.name


def _row(name: str, *kinds: str, label: str = "", **options: Any) -> RowFunction:
    function = getattr(ce_core, name)
    return RowFunction(label or name, partial(function, **options) if options else function, kinds)


ROW_FUNCTIONS = [
    _row("softmax", "logits"),
    _row("log_softmax", "logits"),
    _row("softmax_jacobian", "logits"),
    _row("softmax_jvp", "logits", "vector"),
    _row("centred_product", "distribution", "vector"),
    _row("entropy", "distribution"),
    _row("kl_divergence", "distribution", "distribution"),
    _row("cross_entropy", "logits", "distribution"),
    _row("cross_entropy_grad", "logits", "distribution"),
    _row("logit_gap", "logits", "distribution"),
    _row("logit_gap_grad", "logits", "distribution"),
    _row("logit_gap_grad", "logits", "distribution", label="logit_gap_grad_held", detach_p=True),
    _row("logit_gap_residual", "logits"),
    _row("entropy_from_logits", "logits"),
    _row("entropy_from_logits", "logits", label="entropy_from_logits_warm", temperature=2.5),
    _row("kl_from_logits", "distribution", "logits"),
    _row("kl_from_logits", "logits", "logits", label="kl_from_two_logits", q_is_logits=True),
    _row("js_from_logits", "distribution", "logits"),
    _row("js_from_logits", "logits", "logits", label="js_from_two_logits", q_is_logits=True),
]


def tensor64(*values: float) -> Tensor:
    """Return a row in float64."""
    return torch.tensor(values, dtype=torch.float64)


def uniform(*shape: int, seed: int = 0) -> Tensor:
    """Return uniform numbers in float64."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gradient(function: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """Return the gradient of the sum of the function by autograd."""
    at = at.clone().requires_grad_()
    (result,) = torch.autograd.grad(function(at).sum(), at)
    return result


def central_differences(
    function: Callable[[Tensor], Tensor], at: Tensor, *, step: float = 1e-5
) -> Tensor:
    """Return the gradient of a scalar function at a row by central differences."""
    shifts = step * torch.eye(len(at), dtype=at.dtype)
    return torch.stack([(function(at + shift) - function(at - shift)) / (2 * step) for shift in shifts])


def mp_softmax(a: list[float]) -> list[Any]:
    """Return the softmax by mpmath, 60 digits, from the exact values of the logits."""
    with mpmath.workdps(60):
        powers = [mpmath.exp(mpmath.mpf(x) - mpmath.mpf(max(a))) for x in a]
        return [power / mpmath.fsum(powers) for power in powers]


def mp_cross_entropy(a: list[float], q: list[float]) -> float:
    """Return L1 by mpmath, 800 digits: enough for 1 - p at any gap of finite softmax."""
    with mpmath.workdps(800):
        log_sum = mpmath.log(mpmath.fsum(mpmath.exp(mpmath.mpf(x)) for x in a))
        return float(mpmath.fsum(mpmath.mpf(w) * (log_sum - x) for x, w in zip(a, q, strict=True)))


def draws_of(config: ExperimentConfig) -> np.ndarray:
    """Return the uniform numbers of all trials, [trials, 2, n, m]."""
    return np.concatenate([draws.copy() for draws in draw_chunks(config)])


def log_domain_assignment(cost: np.ndarray, *, eps: float, n_iter: int) -> np.ndarray:
    """Return Sinkhorn's plan in float64, updating the logarithm of the plan itself."""
    n, m = cost.shape[-2:]
    log_plan = -cost.astype(np.float64) / eps
    for _ in range(n_iter):
        log_plan = log_plan - logsumexp(log_plan, axis=-2, keepdims=True) + np.log(n / m)
        log_plan = log_plan - logsumexp(log_plan, axis=-1, keepdims=True)
    plan: np.ndarray = np.exp(log_plan)
    return plan


def post_assignment(scores: np.ndarray, *, eps: float, n_iter: int) -> np.ndarray:
    """Return the post's target, by its own recipe: one softmax over all entries, floors, scaling."""
    n, m = scores.shape
    q = np.exp(-scores / eps)
    q = q / q.sum()
    q[np.isinf(q)] = np.finfo(np.float64).max
    q[q == 0] = 1e-38
    for _ in range(n_iter):
        q = q / q.sum(axis=0, keepdims=True) * (n / m)
        q = q / q.sum(axis=1, keepdims=True)
    normalised: np.ndarray = q / q.sum(axis=1, keepdims=True)
    return normalised


def rows(low: float = -50.0, high: float = 50.0, *, count: int = 1) -> st.SearchStrategy[Any]:
    """Return a strategy for tuples of rows of one length, 1 to 8 entries in float64."""
    numbers = st.floats(low, high)

    def of_length(m: int) -> st.SearchStrategy[Any]:
        row = arrays(np.float64, m, elements=numbers).map(torch.from_numpy)
        return st.tuples(*[row] * count)

    return st.integers(1, 8).flatmap(of_length)


def normalise(weights: Tensor) -> Tensor:
    """Return weights >= 0 as a distribution, zeros kept; all zero become uniform."""
    if weights.sum() < 1e-3:
        weights = torch.ones_like(weights)
    return weights / weights.sum(-1, keepdim=True)


def logits_and_target() -> st.SearchStrategy[Any]:
    """Return a strategy for logits and a distribution of one length, zeros included."""
    return rows(0.0, 1.0, count=2).map(lambda pair: (100 * pair[0] - 50, normalise(pair[1])))
