"""What the experiment says: how L2 follows L1 over the trials, and why."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._arguments import ArrayLike, floating


@dataclass(frozen=True)
class LossComparison:
    """Statistics of L1 and L2 over trials. A number that does not exist is NaN.

    Attributes
    ----------
    trials
        Trials with finite losses, which are the ones that count here.
    correlation
        Pearson's r of L1 and L2.
    slope
        Slope of the least-squares line of L2 on L1.
    slope_error
        Standard error of `slope`, from the scatter about the line (three trials or more).
    slope_from_entropy
        1 - cov(L1, H) / var(L1), which equals `slope` since L2 = L1 - H(p).
    entropy_spread
        sd(H) / sd(L1): near 0 when the entropy hardly varies, and then the slope is near 1.
    l1_mean, l2_mean, entropy_mean
        Means over the trials, nats.
    """

    trials: int
    correlation: float
    slope: float
    slope_error: float
    slope_from_entropy: float
    entropy_spread: float
    l1_mean: float
    l2_mean: float
    entropy_mean: float


def compare_losses(
    l1: Float[Tensor, " trials"] | ArrayLike,
    l2: Float[Tensor, " trials"] | ArrayLike,
    entropy: Float[Tensor, " trials"] | ArrayLike,
) -> LossComparison:
    """Measure how closely L2 follows L1 over trials, and whether the entropy explains it.

    Parameters
    ----------
    l1, l2, entropy
        L1, L2 and H(p) per trial, shape [trials]. Trials where one is not finite are left out.

    Returns
    -------
    LossComparison
        Correlation and slope are NaN with fewer than two trials or where all L1 (for the
        correlation, also all L2) are equal, as happens in half precision.

    Raises
    ------
    ValueError
        If they are not vectors of one length.

    Examples
    --------
    >>> compare_losses([4.0, 5.0, 6.0], [0.0, 1.0, 2.0], entropy=[4.0, 4.0, 4.0]).slope
    1.0
    """
    l1, l2, entropy = _finite_vectors(l1=l1, l2=l2, entropy=entropy)
    d1, d2, dh = (_deviations(x) for x in (l1, l2, entropy))
    var_1, var_2, var_h = (float(d @ d) for d in (d1, d2, dh))
    slope = _ratio((d1 @ d2).item(), var_1)
    scatter = d2 - slope * d1
    return LossComparison(
        trials=len(l1),
        correlation=_ratio((d1 @ d2).item(), math.sqrt(var_1) * math.sqrt(var_2)),
        slope=slope,
        slope_error=math.sqrt(_ratio((scatter @ scatter).item(), var_1 * (len(l1) - 2))),
        slope_from_entropy=1 - _ratio((d1 @ dh).item(), var_1),
        entropy_spread=_ratio(math.sqrt(var_h), math.sqrt(var_1)),
        l1_mean=l1.mean().item(),
        l2_mean=l2.mean().item(),
        entropy_mean=entropy.mean().item(),
    )


@dataclass(frozen=True)
class SortedLosses:
    """The post's pairs: the trials in order of L1, and the spacing of the sorted numbers.

    Attributes
    ----------
    l1, l2
        The losses, [trials], in ascending order of L1.
    l1_spacing, l2_spacing
        `numpy.gradient` of the two, which the post plots as "the gradient". It is the spacing of
        sorted numbers and says nothing of dL/da. NaN for a single trial.
    """

    l1: Float[Tensor, " trials"]
    l2: Float[Tensor, " trials"]
    l1_spacing: Float[Tensor, " trials"]
    l2_spacing: Float[Tensor, " trials"]


def sort_losses(
    l1: Float[Tensor, " trials"] | ArrayLike, l2: Float[Tensor, " trials"] | ArrayLike
) -> SortedLosses:
    """Sort the trials by L1, as the post does, and take its `np.gradient` of both sequences.

    Parameters
    ----------
    l1, l2
        The losses per trial, shape [trials]. Trials where one is not finite are left out.

    Returns
    -------
    SortedLosses
        With as many entries as trials are finite.

    Raises
    ------
    ValueError
        If the two are not vectors of one length.

    Examples
    --------
    >>> sort_losses([3.0, 1.0, 2.0], [0.3, 0.1, 0.2]).l1_spacing
    tensor([1., 1., 1.], dtype=torch.float64)
    """
    l1, l2 = _finite_vectors(l1=l1, l2=l2)
    order = l1.argsort(stable=True)
    l1, l2 = l1[order], l2[order]
    return SortedLosses(l1, l2, _spacing(l1), _spacing(l2))


def _finite_vectors(**vectors: Tensor | ArrayLike) -> list[Float[Tensor, " kept"]]:
    """Return the named vectors in float64, without the entries where one is not finite."""
    tensors = floating(torch.float64, **vectors)
    for name, tensor in zip(vectors, tensors, strict=True):
        if tensor.ndim != 1 or tensor.shape != tensors[0].shape:
            raise ValueError(
                f"{name} must be a vector as long as the others, got shape {tuple(tensor.shape)}"
            )
    finite = torch.stack(tensors).isfinite().all(0)
    return [tensor[finite].double() for tensor in tensors]


def _deviations(values: Float[Tensor, " trials"]) -> Float[Tensor, " trials"]:
    """Return the values minus their mean: exactly 0 where all are equal, however the mean rounds."""
    shifted = values - values[:1]
    return shifted - shifted.mean()


def _spacing(values: Float[Tensor, " trials"]) -> Float[Tensor, " trials"]:
    if len(values) < 2:
        return torch.full_like(values, torch.nan)
    (spacing,) = torch.gradient(values)
    return spacing


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else math.nan
