"""The eigenvalues of the Jacobian of the softmax, and its rank."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ce_core._array_arguments import ArrayLike, widened
from ce_core._shown import refusal
from ce_core._surroundings import require_unbatched
from ce_core.probability.jacobian import softmax_jacobian


@dataclass(frozen=True)
class JacobianSpectrum:
    """Eigenvalues of J = diag(p) - p pᵀ, and how many of them differ from 0.

    Parameters
    ----------
    eigenvalues
        In descending order, [..., m]. The last is 0 in exact arithmetic.
    tolerance
        m · eps · (largest eigenvalue), [...]: what rounding can make of a 0.
    rank
        Number of eigenvalues above the tolerance, [...]. In exact arithmetic m - 1.
    """

    eigenvalues: Float[Tensor, "*batch m"]
    tolerance: Float[Tensor, "*batch"]
    rank: Int[Tensor, "*batch"]


def jacobian_spectrum(a: Float[Tensor, "*batch m"] | ArrayLike) -> JacobianSpectrum:
    r"""Return the eigenvalues and the numerical rank of J = dp/da = diag(p) - p pᵀ.

    Parameters
    ----------
    a
        Logits a, shape [..., m]; each row must have a softmax.

    Returns
    -------
    JacobianSpectrum
        In the dtype of `a`; half types are computed in float32, whose eps the tolerance takes.

    Raises
    ------
    ValueError
        If `a` is a scalar, empty in its last dimension or not numeric, if a row has no
        softmax, or within `torch.func.vmap`: give a batch in leading dimensions.

    Notes
    -----
    J 1 = 0, since a constant added to all logits leaves p as it is. The other eigenvalues interlace
    the sorted probabilities: p_(1) >= λ_1 >= p_(2) >= λ_2 >= ... >= p_(m) >= λ_m = 0. So the true
    rank is m - 1 wherever all p_i > 0; the numerical one is less once the smaller p_i fall below
    the tolerance.

    References
    ----------
    Interlacing under a change of rank one: Golub, "Some modified matrix eigenvalue problems",
    SIAM Review 15 (1973), doi:10.1137/1015032. The tolerance is that of `numpy.linalg.matrix_rank`.

    Examples
    --------
    >>> spectrum = jacobian_spectrum([0.0, 0.0, 0.0, 0.0])
    >>> spectrum.rank, spectrum.eigenvalues[:3]
    (tensor(3), tensor([0.2500, 0.2500, 0.2500]))
    """
    dtype, (wide,) = widened(a=a)
    require_unbatched("a", wide)
    jacobian = softmax_jacobian(wide)
    if not jacobian.isfinite().all():
        raise refusal("a", "have a softmax in every row", wide)
    eigenvalues = _eigenvalues(jacobian).flip(-1)
    largest = eigenvalues[..., 0].clamp(min=0)
    tolerance = largest * (wide.shape[-1] * torch.finfo(wide.dtype).eps)
    rank = (eigenvalues > tolerance.unsqueeze(-1)).sum(-1)
    return JacobianSpectrum(eigenvalues.to(dtype), tolerance.to(dtype), rank)


def _eigenvalues(matrix: Float[Tensor, "*batch m m"]) -> Float[Tensor, "*batch m"]:
    """Return the eigenvalues in ascending order.

    LAPACK's are NaN where entries that are subnormal stand beside large ones.
    """
    largest = matrix.detach().abs().amax((-2, -1), keepdim=True)
    scale = torch.where(largest > 0, largest, 1.0)
    scaled = matrix / scale
    faint = scaled.detach().abs() < torch.finfo(matrix.dtype).tiny
    found: Tensor = torch.linalg.eigvalsh(scaled.masked_fill(faint, 0.0)) * scale.squeeze(-1)
    return found
