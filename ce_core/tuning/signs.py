"""Whether large numbers of a matrix mean near, as scores do, or far, as costs do."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike
from ce_core.tuning._arguments import as_cost

# From here on numbers that are never negative look like squared distances, not like similarities.
_LARGE = 10.0
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Evidence:
    """One thing that the numbers of a matrix say about its sign.

    Attributes
    ----------
    key
        What it is, a word for each kind.
    towards
        "near" if it speaks for large meaning near, "far" for far.
    words
        The same as a sentence, with its numbers.
    numbers
        The numbers in that sentence.
    """

    key: str
    towards: str
    words: str
    numbers: tuple[float, ...]


@dataclass(frozen=True)
class Reading:
    """Which sign of a matrix is more plausible.

    Attributes
    ----------
    sign
        "near" (large means near: scores, similarities), "far" (large means far: costs, distances), or
        "unclear" where the numbers say nothing, or contradict each other.
    evidence
        What speaks for either.
    """

    sign: str
    evidence: tuple[Evidence, ...]


def reading(scores: Float[Tensor, "n m"] | ArrayLike) -> Reading:
    """Say whether large numbers of a matrix more plausibly mean near or far, and why.

    Parameters
    ----------
    scores
        A matrix, [n, m].

    Returns
    -------
    Reading
        The sign, with what speaks for it. No matrix proves its sign: whoever made it knows.

    Raises
    ------
    ValueError
        If `scores` is not a matrix of numbers.

    Examples
    --------
    >>> reading([[0.9, -0.2], [0.1, 0.7]]).sign, reading([[0.0, 2.0], [2.0, 0.0]]).sign
    ('near', 'far')
    """
    matrix = as_cost("scores", scores)
    evidence = tuple(_infinities(matrix)) + tuple(_finite(matrix))
    towards = {item.towards for item in evidence}
    return Reading(towards.pop() if len(towards) == 1 else "unclear", evidence)


def _infinities(matrix: Float[Tensor, "n m"]) -> list[Evidence]:
    found = []
    for value, key, towards, meaning in (
        (torch.inf, "plus_infinity", "far", "forbids a pair among costs"),
        (-torch.inf, "minus_infinity", "near", "excludes a pair among scores"),
    ):
        count = int((matrix == value).sum())
        if count:
            words = f"{count} entries are {value}, which {meaning}"
            found.append(Evidence(key, towards, words, (float(count),)))
    return found


def _finite(matrix: Float[Tensor, "n m"]) -> list[Evidence]:
    values = matrix[matrix.isfinite()]
    if not len(values):
        return []
    lowest, highest = values.min().item(), values.max().item()
    negative = int((values < 0).sum())
    if (own := _of_itself(matrix, lowest, highest)) is not None:
        return [own]
    if negative == len(values):
        words = (
            f"all entries are negative, as negated distances are: from {lowest:.4g} to {highest:.4g}"
        )
        return [Evidence("all_negative", "near", words, (lowest, highest))]
    if negative and max(-lowest, highest) <= 1 + _ROUNDING:
        words = f"all entries lie within [-1, 1], as cosines do: from {lowest:.4g} to {highest:.4g}"
        return [Evidence("cosines", "near", words, (lowest, highest))]
    if negative:
        words = f"{negative} entries are negative, which no distance is: the least is {lowest:.4g}"
        return [Evidence("negative", "near", words, (float(negative), lowest))]
    if highest >= _LARGE:
        words = (
            f"no entry is negative, and they are large, as squared distances are: up to {highest:.4g}"
        )
        return [Evidence("large", "far", words, (lowest, highest))]
    return []


def _of_itself(matrix: Float[Tensor, "n m"], lowest: float, highest: float) -> Evidence | None:
    """Return what the diagonal says if the matrix seems to compare things with themselves."""
    n, m = matrix.shape
    if n != m or n < 2 or lowest == highest or not matrix.isfinite().all():
        return None
    rounding = _ROUNDING * max(-lowest, highest)
    if (matrix - matrix.T).abs().max() > rounding:
        return None
    diagonal = matrix.diagonal()
    if diagonal.abs().max() <= rounding and lowest >= -rounding:
        words = f"it is symmetric with a diagonal of 0, as distances are: up to {highest:.4g}"
        return Evidence("zero_diagonal", "far", words, (highest,))
    if (diagonal[:, None] >= matrix - rounding).all():
        words = (
            "it is symmetric, and each row is largest on the diagonal: nothing is nearer than itself"
        )
        return Evidence("largest_diagonal", "near", words, (diagonal.min().item(),))
    return None
