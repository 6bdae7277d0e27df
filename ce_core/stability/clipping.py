"""What a floor under the probabilities costs: the value that is lost, the gradient that dies."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_finite, require_row
from ce_core._options import require_dtype, require_items, require_number
from ce_core._own_autograd import with_own_autograd
from ce_core._shown import refusal
from ce_core.losses.forms import cross_entropy, cross_entropy_grad
from ce_core.stability.formulas import choose_formula, require_floor, run_plainly


@dataclass(frozen=True)
class ClippingCurves:
    """L1 with clipped probabilities, over the gap by which the target loses, a row a floor.

    Parameters
    ----------
    dtype
        The arithmetic.
    floors
        Floors, along the first dimension.
    gaps
        Gaps, float64, along the last dimension.
    values, true_values
        L1 in nats as computed, [floors, gaps], and as it is, [gaps]; float64.
    gradients, true_gradients
        Its derivative in the logit of the target, which pulls that up as long as it is negative;
        [floors, gaps] and [gaps].
    """

    dtype: str
    floors: tuple[float, ...]
    gaps: Float[Tensor, " gaps"]
    values: Float[Tensor, "floors gaps"]
    true_values: Float[Tensor, " gaps"]
    gradients: Float[Tensor, "floors gaps"]
    true_gradients: Float[Tensor, " gaps"]

    @property
    def errors(self) -> Float[Tensor, "floors gaps"]:
        """What is missing of the loss, computed minus true, in nats; at most 0 where it is clipped."""
        return self.values - self.true_values


@with_own_autograd
def clipping_curves(
    gaps: Float[Tensor, " gaps"] | ArrayLike, floors: tuple[float, ...], *, dtype: str = "float32"
) -> ClippingCurves:
    r"""Compute L1 with clipped probabilities for logits (gap, 0) and the target on the second.

    Parameters
    ----------
    gaps
        Finite numbers, shape [gaps].
    floors
        Floors > 0, at least one.
    dtype
        "float64", "float32", "bfloat16" or "float16".

    Returns
    -------
    ClippingCurves
        Values and gradients, computed and true.

    Raises
    ------
    ValueError
        If `gaps` is not a row of finite numbers, a floor is not > 0 or there is none, or the dtype is
        not one of these.

    Notes
    -----
    L1 = -log max(p, floor) stops at -log floor, which it reaches at `clipping_gap`. From there on its
    derivative is exactly 0, though the true one tends to -1: the samples that are most wrong are
    those that teach nothing. A floor that is 0 in the dtype clips nothing.

    Examples
    --------
    >>> curves = clipping_curves([20.0, 40.0], (1e-12,))
    >>> curves.values[0].round(decimals=3).tolist(), curves.gradients[0].tolist()
    ([20.0, 27.631], [-1.0, 0.0])
    >>> curves.true_values.round(decimals=3).tolist()
    [20.0, 40.0]
    """
    (gaps,) = floating(torch.float64, gaps=gaps)
    require_row("gaps", gaps)
    gaps = gaps.detach().double()
    require_finite("gaps", gaps)
    dtype = require_dtype("dtype", dtype)
    floors = tuple(require_floor("floors", floor) for floor in require_items("floors", floors))
    if not floors:
        raise ValueError("floors must hold at least one, got ()")
    a = torch.stack([gaps, torch.zeros_like(gaps)], -1)
    q = torch.tensor([0.0, 1.0], dtype=torch.float64)
    computed = [_compute(a, q, floor, getattr(torch, dtype)) for floor in floors]
    return ClippingCurves(
        dtype=dtype,
        floors=floors,
        gaps=gaps,
        values=torch.stack([value for value, _ in computed]),
        true_values=cross_entropy(a, q),
        gradients=torch.stack([gradient for _, gradient in computed]),
        true_gradients=cross_entropy_grad(a, q)[..., 1],
    )


def clipping_gap(floor: float) -> float:
    """Return the gap between two logits at which the smaller p is the floor.

    Parameters
    ----------
    floor
        To which p is clipped, between 0 and 1.

    Returns
    -------
    float
        log((1 - floor) / floor).

    Raises
    ------
    ValueError
        If the floor is not > 0 or not below 1.

    Examples
    --------
    >>> round(clipping_gap(1e-12), 3)
    27.631
    """
    floor = require_number("floor", floor, above=0.0)
    if floor >= 1:
        raise refusal("floor", "be < 1", floor)
    return math.log1p(-floor) - math.log(floor)


def _compute(a: Tensor, q: Tensor, floor: float, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    formula = choose_formula("clipped", floor=floor)
    logits = a.to(dtype, copy=True).requires_grad_()
    loss = formula.compute(run_plainly, logits, q.to(dtype))
    (gradient,) = torch.autograd.grad(loss.sum(), logits)
    return loss.detach().double(), gradient[..., 1].double()
