"""The iteration towards balanced rows in float64, in a way that no range of cost/eps overflows."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ce_core._surroundings import hides_values
from ce_core.transport._extreme_scale import units, usable_eps
from ce_core.transport._fixed_point_loop import solve
from ce_core.transport._problem import Problem, within_reach, without_offset


class SteepIteration:
    """A batch of plans whose columns, then rows, are scaled as often as is asked for.

    Attributes
    ----------
    columns
        The logarithm of the scalings of the columns, [b, m], once it has run.
    undefined
        Which items have no plan: NaN or -inf among their costs, or a row or column forbidden
        throughout.
    """

    def __init__(self, cost: Float[Tensor, "b n m"], eps: Float[Tensor, "b 1 1"]) -> None:
        wide, limited, undefined = prepare(cost, eps)
        size, n, m = wide.shape
        mu, nu = wide.new_full((size, n), 1 / n), wide.new_full((size, m), 1 / m)
        forbidding = (wide == torch.inf).flatten(1).any(1).cpu().numpy()
        self.undefined: Bool[Tensor, " b"] = undefined.flatten()
        self._problem = Problem(wide, mu, nu, limited.flatten(), forbidding)
        self._u: Tensor | None = None

    def run(self, n_iter: int) -> Float[np.ndarray, "b n_iter"]:
        """Iterate on from where it stands; return the column error after each iteration."""
        solution = solve(self._problem, start=self._u, goal=None, max_iter=n_iter)
        self._u, self.columns = solution.u, solution.v
        infeasible = torch.as_tensor(solution.infeasible, device=self.undefined.device)
        self.undefined = self.undefined | infeasible
        return solution.errors

    def exponents(self) -> Float[Tensor, "b n m"]:
        """Return what the plan is the softmax of, row by row."""
        return self._problem.log_kernel() + self.columns.unsqueeze(-2)


def prepare(
    cost: Float[Tensor, "b n m"], eps: Float[Tensor, "b 1 1"]
) -> tuple[Float[Tensor, "b n m"], Float[Tensor, "b 1 1"], Bool[Tensor, "b 1 1"]]:
    """Return costs in float64 of which the least is 0, eps within reach, and where a cost is none."""
    undefined = (cost.isnan() | (cost == -torch.inf)).flatten(1).any(1)[:, None, None]
    wide = cost.double().masked_fill(undefined, 0.0)
    largest = wide.detach().abs().nan_to_num(0.0, posinf=0.0).amax((-2, -1), keepdim=True)
    unit = units(largest, eps.detach())
    if hides_values(cost, eps) or (unit != 1).any():
        wide, eps = wide * unit, eps * unit
    wide = without_offset(wide)
    # So small an eps is at its limit; smaller still, and what mass has to cost would overflow by it.
    borne = _least_to_bear(wide)
    limited = torch.maximum(1e-300 * borne[:, None, None], usable_eps(eps))
    return within_reach(wide, limited.flatten(), 4 * wide[0].numel() * borne), limited, undefined


def _least_to_bear(cost: Float[Tensor, "b n m"]) -> Float[Tensor, " b"]:
    """Return the largest cost that is the least of a row or a column."""
    cost = cost.detach()
    least = torch.cat((cost.amin(-1), cost.amin(-2)), -1)
    return least.masked_fill(least == torch.inf, 0.0).amax(-1)
