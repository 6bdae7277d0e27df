"""What the experiment says: how L2 follows L1 over the trials, and why."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating
from ce_core._surroundings import require_unbatched

# Noise of a quarter of the spread bends a slope by a sixteenth, and hides what is finer.
_DECISIVE = 4.0
# What is left of L1 - L2 - H(p) is rounding. As half of the scatter it is a quarter of its variance.
_DECISIVE_SCATTER = 2.0
# A share of sd(L1) that neither r nor the slope shows in the digits that are told of them.
_TOLD = 1e-3
# Of few trials each counts: a slope that rounding may have moved by more says nothing.
_DECISIVE_SLOPE = 0.1


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
    slope_interval
        Half the length of the interval that holds the slope of all trials that might be drawn, 19
        times of 20: Student's quantile of `slope_error`, or twice `slope_rounding` where the trials
        lie nearer to a line than rounding leaves them, and what rounding takes of every slope.
    slope_rounding
        How far rounding may have moved the slope: its standard deviation, if `rounding` moves L1 and
        L2 of each trial by itself (two trials or more).
    slope_from_entropy
        1 - cov(L1, H) / var(L1), which equals `slope` since L2 = L1 - H(p).
    entropy_spread
        sd(H) / sd(L1): near 0 when the entropy hardly varies, and then the slope is near 1.
    l1_mean, l2_mean, entropy_mean
        Means over the trials, nats.
    l1_spread, entropy_deviation
        sd(L1) and sd(H), nats.
    scatter
        Standard deviation of L2 about the line, nats: what r and `slope_error` tell.
    residual_spread
        sd(L1 - L2 - H), nats: 0 but for rounding.
    rounding
        How far rounding may have moved a loss of a trial, nats: root of the mean square over them.
    """

    trials: int
    correlation: float
    slope: float
    slope_error: float
    slope_interval: float
    slope_rounding: float
    slope_from_entropy: float
    entropy_spread: float
    l1_mean: float
    l2_mean: float
    entropy_mean: float
    l1_spread: float
    entropy_deviation: float
    scatter: float
    residual_spread: float
    rounding: float

    @property
    def rounding_decides(self) -> bool:
        """Whether correlation, slope and spread say as much of the rounding as of the losses.

        They do where trials differ in L1 by no more than four times what rounding may have moved one,
        or are so few that it may have moved the slope by a tenth, or lie about their line by no more
        than twice what is left of L1 - L2 - H, unless that is too little to see.
        """
        near = self.l1_spread <= _DECISIVE * self.rounding
        return near or self.slope_rounding > _DECISIVE_SLOPE or self._rounding_scatters

    @property
    def _rounding_scatters(self) -> bool:
        seen = self.residual_spread > _TOLD * self.l1_spread
        return self.trials > 2 and seen and self.scatter <= _DECISIVE_SCATTER * self.residual_spread

    @property
    def slope_differs_from_1(self) -> bool:
        """Whether the trials tell the slope from 1, neither by chance nor by rounding.

        False where that cannot be said: two trials lie on a line whatever they are.
        """
        return not self.rounding_decides and abs(self.slope - 1) > self.slope_interval


def compare_losses(
    l1: Float[Tensor, " trials"] | ArrayLike,
    l2: Float[Tensor, " trials"] | ArrayLike,
    entropy: Float[Tensor, " trials"] | ArrayLike,
    *,
    rounding: Float[Tensor, " trials"] | ArrayLike | None = None,
) -> LossComparison:
    """Measure how closely L2 follows L1 over trials, and whether the entropy explains it.

    Parameters
    ----------
    l1, l2, entropy
        L1, L2 and H(p) per trial, shape [trials]. Trials where one is not finite are left out.
    rounding
        How far rounding may have moved the losses of each trial, such as `ExperimentResult.rounding`;
        None for not at all.

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
    given: dict[str, Tensor | ArrayLike] = {"l1": l1, "l2": l2, "entropy": entropy}
    if rounding is not None:
        given["rounding"] = rounding
    l1, l2, entropy, *moved = _finite_vectors(**given)
    with np.errstate(all="ignore"):
        d1, d2, dh = map(_deviations, (l1, l2, entropy))
        var_1, var_2, var_h = (float(d @ d) for d in (d1, d2, dh))
        covariance = float(d1 @ d2)
        slope = _ratio(covariance, var_1)
        scatter, residual = d2 - slope * d1, d1 - d2 - dh
        scatter_square, residual_square = float(scatter @ scatter), float(residual @ residual)
        entropy_covariance = float(d1 @ dh)
    slope_error = math.sqrt(_ratio(scatter_square, var_1 * (len(l1) - 2)))
    noise = float(np.square(moved[0]).sum()) if moved else 0.0
    rounding = math.sqrt(_ratio(noise, float(len(l1))))
    slope_rounding = math.hypot(1, slope) * _ratio(rounding, math.sqrt(var_1))
    # NaN, of two trials, is what `max` returns as it stands first.
    by_chance = max(_student(len(l1) - 2) * slope_error, 2 * slope_rounding)
    return LossComparison(
        trials=len(l1),
        correlation=_ratio(covariance, math.sqrt(var_1) * math.sqrt(var_2)),
        slope=slope,
        slope_error=slope_error,
        # Noise in L1 takes that share of the slope, besides its part in the scatter.
        slope_interval=by_chance + abs(slope) * _ratio(noise, var_1),
        slope_rounding=slope_rounding,
        slope_from_entropy=1 - _ratio(entropy_covariance, var_1),
        entropy_spread=_ratio(math.sqrt(var_h), math.sqrt(var_1)),
        l1_mean=_mean(l1),
        l2_mean=_mean(l2),
        entropy_mean=_mean(entropy),
        l1_spread=math.sqrt(_ratio(var_1, float(len(l1) - 1))),
        entropy_deviation=math.sqrt(_ratio(var_h, float(len(l1) - 1))),
        scatter=math.sqrt(_ratio(scatter_square, float(len(l1) - 2))),
        residual_spread=math.sqrt(_ratio(residual_square, float(len(l1) - 1))),
        rounding=rounding,
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
    order = l1.argsort(kind="stable")
    l1, l2 = l1[order], l2[order]
    return SortedLosses(*map(torch.from_numpy, (l1, l2, _spacing(l1), _spacing(l2))))


def _finite_vectors(**vectors: Tensor | ArrayLike) -> list[Float[np.ndarray, " kept"]]:
    """Return the named vectors in float64, without the entries where one is not finite."""
    tensors = floating(torch.float64, **vectors)
    for name, tensor in zip(vectors, tensors, strict=True):
        if tensor.ndim != 1 or tensor.shape != tensors[0].shape:
            raise ValueError(
                f"{name} must be a vector as long as the others, got shape {tuple(tensor.shape)}"
            )
        require_unbatched(name, tensor)
    # A few numbers, of which NumPy's calls take a fraction of the time of torch's.
    arrays = [tensor.detach().double().cpu().numpy() for tensor in tensors]
    finite = np.isfinite(arrays).all(0)
    return arrays if finite.all() else [array[finite] for array in arrays]


def _mean(values: Float[np.ndarray, " trials"]) -> float:
    return float(values.mean()) if values.size else math.nan


def _deviations(values: Float[np.ndarray, " trials"]) -> Float[np.ndarray, " trials"]:
    """Return the values minus their mean: exactly 0 where all are equal, however the mean rounds."""
    shifted = values - values[:1]
    deviations: np.ndarray = shifted - (shifted.mean() if shifted.size else 0.0)
    return deviations


def _spacing(values: Float[np.ndarray, " trials"]) -> Float[np.ndarray, " trials"]:
    """Return `np.gradient`, which takes as long as all else together."""
    spacing = np.full_like(values, np.nan)
    if values.size > 1:
        spacing[0], spacing[-1] = values[1] - values[0], values[-1] - values[-2]
        spacing[1:-1] = (values[2:] - values[:-2]) / 2
    return spacing


def _student(freedom: int) -> float:
    """Return Student's quantile at 0.975, by its expansion about the normal one from three on.

    Abramowitz and Stegun, 1964, 26.7.5; at three degrees it is 0.8 % off, at five 0.1 %.
    """
    if freedom < 3:
        return {1: 12.7062, 2: 4.30265}.get(freedom, math.nan)
    z = 1.959964
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return sum(term / float(freedom) ** power for power, term in enumerate(terms))


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else math.nan
