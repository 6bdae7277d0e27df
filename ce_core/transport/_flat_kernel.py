"""Where eps is far above the range of the costs: the iteration on what the kernel lacks to 1."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ce_core.transport._problem import Problem

# Costs that span less than so many eps.
FLAT = 1e-3
# Each iteration leaves tanh²(FLAT/4) of the error: so many leave nothing.
_ENOUGH = 4


class Flat(NamedTuple):
    """Potentials in units of eps, with the plan and its divergence from independence."""

    u: Float[Tensor, "b n"]
    v: Float[Tensor, "b m"]
    plan: Float[Tensor, "b n m"]
    divergence: Float[Tensor, " b"]


def iterate_flat(problem: Problem, n_iter: Int[Tensor, " b"]) -> Flat:
    """Do the plain iteration so many times, with potentials of full relative precision.

    They are about cost/eps, of which exp(-cost/eps) near 1 keeps few digits.
    """
    mu, nu = problem.mu, problem.nu
    exponent = problem.log_kernel()
    lack = exponent.expm1()
    u, v = torch.zeros_like(mu), torch.zeros_like(nu)
    for step in range(_ENOUGH):
        moving = (n_iter > step).unsqueeze(-1)
        raised = u.expm1()
        sums = (mu * raised).sum(-1, keepdim=True) + _product(mu * (1 + raised), lack)
        v = torch.where(moving, -sums.log1p(), v)
        raised = v.expm1()
        sums = (nu * raised).sum(-1, keepdim=True) + _product(nu * (1 + raised), lack.mT)
        u = torch.where(moving, -sums.log1p(), u)
    exponent = exponent + u.unsqueeze(-1) + v.unsqueeze(-2)
    independent = mu.unsqueeze(-1) * nu.unsqueeze(-2)
    plan = independent * exponent.exp()
    # w exp(w) - exp(w) + 1 is nowhere negative: as if the masses were exactly 1.
    excess = independent * (exponent * exponent.exp() - exponent.expm1())
    return Flat(u, v, plan, excess.sum((-2, -1)))


def _product(vector: Float[Tensor, "b n"], matrix: Float[Tensor, "b n m"]) -> Float[Tensor, "b m"]:
    return (vector.unsqueeze(-2) @ matrix).squeeze(-2)
