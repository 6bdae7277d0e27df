"""Whether any plan at all has given marginals and no mass on forbidden pairs."""

from jaxtyping import Bool, Float
from torch import Tensor


def is_blocked(
    allowed: Bool[Tensor, "b n m"], mu: Float[Tensor, "b n"], nu: Float[Tensor, "b m"]
) -> Bool[Tensor, " b"]:
    """Tell where a row or a column has mass and no allowed pair with mass."""
    rows = (allowed & (nu > 0).unsqueeze(-2)).any(-1)
    columns = (allowed & (mu > 0).unsqueeze(-1)).any(-2)
    return (~rows & (mu > 0)).any(-1) | (~columns & (nu > 0)).any(-1)


def least_violation(
    allowed: Bool[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    u: Float[Tensor, "b n"],
) -> Float[Tensor, " b"]:
    """Return a marginal error that no plan can stay below, as far as the potentials u show it.

    Rows that hold more mass than the columns they may use will have to leave twice the excess
    somewhere (Hall's condition, with masses). Where there are such rows, Sinkhorn's iteration
    raises their u without end. So the sets that are tried are those of the k largest u.
    """
    order = u.argsort(-1, descending=True)
    in_order = allowed.gather(-2, order.unsqueeze(-1).expand(allowed.shape))
    held = mu.gather(-1, order).cumsum(-1)
    usable = (in_order.cumsum(-2) > 0).to(nu.dtype) @ nu.unsqueeze(-1)
    return 2 * (held - usable.squeeze(-1)).amax(-1)
