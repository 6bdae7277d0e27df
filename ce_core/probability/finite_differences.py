"""The Jacobian of the softmax by finite differences and by autograd, against its closed form."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_finite, require_row
from ce_core._own_autograd import with_own_autograd
from ce_core.dtypes import DTYPES, widen
from ce_core.probability.distributions import softmax
from ce_core.probability.jacobian import softmax_jacobian

_DEFAULT_STEPS = tuple(2.0**power for power in range(-44, 4))


@dataclass(frozen=True)
class DifferenceErrors:
    """Errors of three ways to the Jacobian J = dp/da, in each dtype of `ce_core.DTYPES`.

    An error is max |found - J| / max |J|, over the entries, with J in closed form at float64 of the
    logits as the dtype rounds them. It is NaN where J vanishes, where the rounded logits have no
    softmax, and where the step itself rounds to 0.

    Parameters
    ----------
    dtypes
        Names along the first dimension.
    steps
        Steps h of the differences, float64, in the unit of the logits.
    differences
        Errors of the central differences.
    autograd, closed_form
        Errors of autograd through torch's softmax and of the closed form, both in the dtype.
    best_steps, best_errors
        The step of the smallest error of the differences, and that error; NaN where there is none.
    expected_steps
        Where truncation and rounding are about equal: (eps max(1 / max |J|, max |a|))^(1/3), with eps
        of the dtype. NaN where J vanishes.
    """

    dtypes: tuple[str, ...]
    steps: Float[Tensor, " steps"]
    differences: Float[Tensor, "dtypes steps"]
    autograd: Float[Tensor, " dtypes"]
    closed_form: Float[Tensor, " dtypes"]
    best_steps: Float[Tensor, " dtypes"]
    best_errors: Float[Tensor, " dtypes"]
    expected_steps: Float[Tensor, " dtypes"]


@with_own_autograd
def difference_errors(
    a: Float[Tensor, " m"] | ArrayLike, *, steps: Float[Tensor, " steps"] | ArrayLike = _DEFAULT_STEPS
) -> DifferenceErrors:
    r"""Measure how far central differences and autograd of torch's softmax are from J = diag(p) - p pᵀ.

    A central difference is (softmax(a + h e_j) - softmax(a - h e_j)) / 2h, with every operation in
    the dtype.

    Parameters
    ----------
    a
        Logits a, finite, one row of shape [m].
    steps
        Steps h > 0, shape [steps]. Powers of two from 2^-44 to 8 by default: no dtype rounds them
        (float16 holds none below 2^-24).

    Returns
    -------
    DifferenceErrors
        Relative errors, float64, one row a dtype.

    Raises
    ------
    ValueError
        If `a` is not one row of finite numbers, or `steps` not one row of finite numbers > 0.

    Notes
    -----
    The error over h is a V in logarithmic scales. On the right the Taylor series is cut off: the
    central difference misses h²/6 times the third derivative. On the left two values of p are
    subtracted, each rounded to about eps, at logits rounded to eps |a|: relative to J that is
    eps / (h |J|) and eps |a| / h. The sum is least near the cube root of eps / |J|, or of eps |a|: a
    third of the digits are lost at the best of steps, and more where J is small. Autograd takes no
    difference; it loses digits only where p rounds to 1, since it subtracts p from 1.

    References
    ----------
    Nocedal and Wright, Numerical Optimization, 2nd edition, 2006, section 8.1,
    doi:10.1007/978-0-387-40065-5.

    Examples
    --------
    Even at the best of steps a third of the digits of float64 are gone; autograd keeps them:

    >>> errors = difference_errors([2.0, 1.0, 0.0])
    >>> errors.best_errors[0] > 1e-12, errors.autograd[0] < 1e-14
    (tensor(True), tensor(True))
    """
    a, steps = floating(torch.float64, a=a, steps=steps)
    require_row("a", a)
    require_row("steps", steps)
    require_finite("a", a)
    require_finite("steps", steps, above=0.0)
    a, steps = a.detach().double(), steps.detach().double()
    rows = [_errors(a, steps, getattr(torch, name)) for name in DTYPES]
    differences, autograd, closed_form, expected = map(torch.stack, zip(*rows, strict=True))
    best = differences.nan_to_num(nan=math.inf).argmin(-1, keepdim=True)
    best_errors = differences.gather(-1, best).squeeze(-1)
    best_steps = torch.where(best_errors.isnan(), math.nan, steps[best.squeeze(-1)])
    return DifferenceErrors(
        dtypes=DTYPES,
        steps=steps,
        differences=differences,
        autograd=autograd,
        closed_form=closed_form,
        best_steps=best_steps,
        best_errors=best_errors,
        expected_steps=expected,
    )


def _errors(a: Float[Tensor, " m"], steps: Float[Tensor, " steps"], dtype: torch.dtype) -> list[Tensor]:
    """Return in one dtype the errors of differences, autograd and closed form; the expected step."""
    x, h = a.to(dtype), steps.to(dtype).reshape(-1, 1, 1)
    # Row j of a shift moves the logit j, so entry [j, i] is dp_i/da_j, and J is symmetric.
    shifts = h * torch.eye(len(x), dtype=dtype, device=x.device)
    differences = (softmax(x + shifts) - softmax(x - shifts)) / (2 * h)
    reference = softmax_jacobian(x.double())
    size = reference.abs().amax()

    def error(found: Tensor) -> Tensor:
        relative = (found.double() - reference).abs().amax((-1, -2)) / size
        return torch.where(relative.isfinite(), relative, math.nan)

    # Of torch's softmax: ours has its derivative in closed form.
    plain = torch.autograd.functional.jacobian(  # type: ignore[no-untyped-call]
        lambda row: torch.softmax(widen(row), -1).to(dtype), x
    )
    rounding = torch.finfo(dtype).eps * torch.maximum(1 / size, x.double().abs().amax())
    expected = rounding ** (1 / 3)
    expected = torch.where(expected.isfinite(), expected, math.nan)
    return [error(differences), error(plain), error(softmax_jacobian(x)), expected]
