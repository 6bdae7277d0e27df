"""From a plan that is nearly right to one with exact marginals, or to an assignment."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_matrices
from ce_core.transport._problem import as_marginals, verify

# Powers of two that SciPy can add up.
_ROOM = 900


def round_plan(
    plan: Float[Tensor, "*batch n m"] | ArrayLike,
    mu: Float[Tensor, "*#batch n"] | ArrayLike | None = None,
    nu: Float[Tensor, "*#batch m"] | ArrayLike | None = None,
) -> Float[Tensor, "*batch n m"]:
    r"""Return a plan near the one given whose rows sum to μ and whose columns sum to ν.

    Rows that hold too much are scaled down, then such columns; what is missing is added as a product.

    Parameters
    ----------
    plan
        Any matrix of entries >= 0, shape [..., n, m]: such as a plan after few iterations.
    mu, nu
        Marginals as for `ce_core.sinkhorn`; uniform if None.

    Returns
    -------
    Tensor
        A plan with these marginals up to rounding, of the dtype and device of `plan`, computed in
        float64. It differs from `plan` in L1 by at most twice the sum of the errors of both marginals.
        It may use pairs that were forbidden. NaN where the plan of an item is not finite.

    Raises
    ------
    ValueError
        If `plan` is not a batch of matrices or has an entry < 0, or a marginal is not as above.

    References
    ----------
    Altschuler, Weed and Rigollet, "Near-linear time approximation algorithms for optimal transport
    via Sinkhorn iteration", 2017, arXiv:1705.09634, algorithm 2 and lemma 7.

    Examples
    --------
    >>> plan = sinkhorn([[0.0, 1.0], [0.0, 3.0]], eps=0.5, tol=None, max_iter=1).plan
    >>> plan.sum(0), round_plan(plan).sum(0)
    (tensor([0.6513, 0.3487]), tensor([0.5000, 0.5000]))
    """
    (plan,) = floating(plan=plan)
    require_matrices("plan", plan)
    verify(_require_no_debt, plan.detach())
    rows, columns = as_marginals(plan, mu, nu)
    finite = plan.detach().isfinite().all((-2, -1))[..., None, None]
    # An item that is not finite is kept out of the derivatives of what it shares with others.
    held = torch.where(finite, plan.double(), 0.0)
    held = held * _cut(held.sum(-1), rows).unsqueeze(-1)
    held = held * _cut(held.sum(-2), columns).unsqueeze(-2)
    lacking = (rows - held.sum(-1)).clamp(min=0.0), (columns - held.sum(-2)).clamp(min=0.0)
    missing = lacking[0].sum(-1)[..., None, None]
    # Where nothing is missing nothing is added.
    share = lacking[0].unsqueeze(-1) / torch.where(missing == 0, 1.0, missing)
    rounded = held + share * lacking[1].unsqueeze(-2)
    return torch.where(finite, rounded, torch.nan).to(plan.dtype)


def _require_no_debt(plan: Tensor) -> None:
    if (plan < 0).any():
        raise ValueError(f"plan must be >= 0, got {plan.nan_to_num(0.0).min().item()}")


def _cut(
    held: Float[Tensor, "*batch k"], wanted: Float[Tensor, "*#batch k"]
) -> Float[Tensor, "*batch k"]:
    """Return by what to scale so that no more is held than wanted."""
    too_much = held > wanted
    return torch.where(too_much, wanted / torch.where(too_much, held, 1.0), 1.0)


def hard_assignment(plan: Float[Tensor, "*batch n m"] | ArrayLike) -> Int[Tensor, "*batch n"]:
    r"""Match each row with at most one column and each column with at most one row, for most mass.

    Parameters
    ----------
    plan
        A plan, shape [..., n, m]. NaN counts as no mass.

    Returns
    -------
    Tensor
        The column of each row, [..., n], int64, on the device of `plan`; -1 for a row that gets
        none: where there are more rows than columns, or only pairs without mass (<= 0) are left.

    Raises
    ------
    ValueError
        If `plan` is not a batch of matrices.

    References
    ----------
    Crouse, "On implementing 2D rectangular assignment algorithms", 2016, doi:10.1109/TAES.2016.140952,
    which `scipy.optimize.linear_sum_assignment` follows.

    Examples
    --------
    The largest entries of two rows may lie in one column:

    >>> plan = torch.tensor([[0.30, 0.20], [0.45, 0.05]])
    >>> plan.argmax(-1), hard_assignment(plan)
    (tensor([0, 0]), tensor([1, 0]))
    """
    (plan,) = floating(plan=plan)
    require_matrices("plan", plan)
    partners: Tensor = _Matching.apply(plan.detach())  # type: ignore[no-untyped-call]
    return partners


def _with_room(masses: Float[np.ndarray, "b n m"]) -> Float[np.ndarray, "b n m"]:
    """Return masses times a power of two an item, so that SciPy's sums do not overflow.

    It takes no infinity: such a pair outweighs all others.
    """
    finite = np.where(np.isinf(masses), 0.0, masses)
    _, power = np.frexp(finite.max((-2, -1), keepdims=True, initial=0.0))
    scaled = np.ldexp(finite, np.where(power > _ROOM, _ROOM - power, 0))
    return np.where(np.isinf(masses), 1e300, scaled)


class _Matching(torch.autograd.Function):
    """SciPy's matching of each item; a function of autograd, so that `torch.func` shows it values."""

    @staticmethod
    def forward(plan: Tensor) -> Tensor:
        """Match item by item on the CPU."""
        # Here, since it doubles the time that importing ce_core takes.
        from scipy.optimize import linear_sum_assignment

        masses = plan.double().cpu().reshape(-1, *plan.shape[-2:]).numpy()
        masses = _with_room(np.clip(np.nan_to_num(masses, nan=0.0, posinf=np.inf), 0.0, None))
        partners = np.full(masses.shape[:-1], -1, dtype=np.int64)
        for item, found in zip(masses, partners, strict=True):
            rows, columns = linear_sum_assignment(item, maximize=True)
            found[rows] = np.where(item[rows, columns] > 0, columns, -1)
        return torch.from_numpy(partners).reshape(plan.shape[:-1]).to(plan.device)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        """Whole numbers have no derivative."""
        ctx.mark_non_differentiable(output)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> None:
        """There is nothing to differentiate."""

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int], plan: Tensor) -> tuple[Tensor, int]:
        """Take the dimension that is mapped over as one more of the batch."""
        return _Matching.apply(plan.movedim(in_dims[0], 0)), 0  # type: ignore[no-untyped-call]
