"""Plans along the iteration, and along eps: an animation of Sinkhorn, all frames in one call."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_finite, require_row
from ce_core._options import require_integer, require_items, require_number
from ce_core._shown import refusal
from ce_core.probability.distributions import entropy
from ce_core.transport._extreme_scale import common_unit
from ce_core.transport._log_domain import OnLogarithms
from ce_core.transport._problem import Problem, as_problem, without_offset
from ce_core.transport.entropic_ot import sinkhorn


@dataclass(frozen=True)
class PlanFrames:
    """Plans along the iteration or along eps, float64, each of mass 1.

    Attributes
    ----------
    eps, n_iter
        Of each frame: its regularisation, and how many iterations it took.
    plan
        P, [frames, n, m].
    row_error, column_error
        Σ_i |Σ_j P_ij - mu_i| and Σ_j |Σ_i P_ij - nu_j|, [frames].
    transport_cost, entropic_value
        ⟨P, C⟩ and ⟨P, C⟩ + eps KL(P‖mu nu), in the unit of the cost, [frames].
    entropy
        H(P) in nats, [frames]: at most H(mu) + H(nu), which is that of independence.
    """

    eps: Float[Tensor, " frames"]
    n_iter: Int[Tensor, " frames"]
    plan: Float[Tensor, "frames n m"]
    row_error: Float[Tensor, " frames"]
    column_error: Float[Tensor, " frames"]
    transport_cost: Float[Tensor, " frames"]
    entropic_value: Float[Tensor, " frames"]
    entropy: Float[Tensor, " frames"]


def plans_along_iterations(
    cost: Float[Tensor, "n m"] | ArrayLike,
    *,
    eps: float,
    counts: Sequence[int],
    mu: Float[Tensor, " n"] | ArrayLike | None = None,
    nu: Float[Tensor, " m"] | ArrayLike | None = None,
    tol: float | None = None,
) -> PlanFrames:
    r"""Return the plan after each of several numbers of iterations.

    Parameters
    ----------
    cost
        C, shape [n, m]. +inf forbids a pair.
    eps
        Entropic regularisation ε > 0, in the unit of C.
    counts
        Numbers of iterations, each columns then rows, ascending, >= 0. After 0 the plan is the
        kernel μ_i ν_j exp(-C_ij/ε) divided by its sum, of which neither marginal is right.
    mu, nu
        Marginals, uniform if None.
    tol
        None for the plain iteration. Otherwise it is accelerated and stops there, so that a frame
        may have taken fewer iterations than its count.

    Returns
    -------
    PlanFrames
        One frame a count, as `sinkhorn(..., tol=tol, max_iter=count)` gives it.

    Raises
    ------
    ValueError
        As for `ce_core.sinkhorn`, or if the counts are not as above.

    References
    ----------
    Peyré and Cuturi, "Computational optimal transport", 2019, arXiv:1803.00567, section 4.2.

    Examples
    --------
    The rows are scaled last, so it is the columns that show the error:

    >>> frames = plans_along_iterations([[0.0, 1.0], [0.0, 2.0]], eps=0.5, counts=[0, 1, 20])
    >>> frames.row_error < 1e-7, frames.column_error < 1e-7
    (tensor([False,  True,  True]), tensor([False, False,  True]))
    """
    cost, mu, nu = as_problem(cost, mu, nu)
    eps = require_number("eps", eps, above=0.0)
    steps = [require_integer("counts", count, at_least=0) for count in require_items("counts", counts)]
    if not steps or sorted(set(steps)) != steps:
        raise refusal("counts", "be ascending", steps)
    if tol is None:
        plans, taken = _iterate(cost, mu, nu, eps, steps), steps
    else:
        plans, taken = _accelerate(cost, mu, nu, eps, steps, tol)
    epsilons = cost.new_full((len(steps),), eps)
    return _frames(plans, cost, mu, nu, epsilons, torch.tensor(taken))


def plans_along_eps(
    cost: Float[Tensor, "n m"] | ArrayLike,
    *,
    eps: Float[Tensor, " frames"] | ArrayLike,
    mu: Float[Tensor, " n"] | ArrayLike | None = None,
    nu: Float[Tensor, " m"] | ArrayLike | None = None,
    tol: float | None = 1e-9,
    max_iter: int = 10_000,
) -> PlanFrames:
    r"""Return the plan at each of several ε, from assignment (ε → 0) to independence (ε → ∞).

    Parameters
    ----------
    cost
        C, shape [n, m]. +inf forbids a pair.
    eps
        Regularisations, each finite and > 0.
    mu, nu
        Marginals, uniform if None.
    tol, max_iter
        As for `ce_core.sinkhorn`, which solves them as one batch.

    Returns
    -------
    PlanFrames
        One frame an ε.

    Raises
    ------
    ValueError
        As for `ce_core.sinkhorn`.

    References
    ----------
    Peyré and Cuturi, "Computational optimal transport", 2019, arXiv:1803.00567, proposition 4.1.

    Examples
    --------
    >>> frames = plans_along_eps([[0.0, 1.0], [1.0, 0.0]], eps=[0.01, 100.0])
    >>> [round(value, 4) for value in frames.entropy.exp().tolist()]
    [2.0, 4.0]
    """
    cost, mu, nu = as_problem(cost, mu, nu)
    (epsilons,) = floating(torch.float64, eps=eps)
    epsilons = epsilons.detach().to(cost.device, torch.float64)
    require_row("eps", epsilons)
    require_finite("eps", epsilons, above=0.0)
    solved = sinkhorn(cost, eps=epsilons, mu=mu, nu=nu, tol=tol, max_iter=max_iter)
    return _frames(solved.plan, cost, mu, nu, epsilons, solved.n_iter)


def _iterate(
    cost: Float[Tensor, "n m"],
    mu: Float[Tensor, " n"],
    nu: Float[Tensor, " m"],
    eps: float,
    counts: list[int],
) -> Float[Tensor, "frames n m"]:
    """Run the plain iteration on logarithms, and keep its plans at the counts."""
    lowest, highest = cost.min(), cost.masked_fill(cost == torch.inf, -torch.inf).max()
    if not -torch.inf < lowest:
        # NaN or -inf: as `sinkhorn` has it.
        return cost.new_full((len(counts), *cost.shape), torch.nan)
    unit = common_unit(cost, cost.new_tensor(eps))
    cost, eps = cost * unit, eps * unit
    lowest, highest = lowest * unit, highest * unit
    cost = without_offset(cost)
    # So small an eps is at its limit; smaller still, and cost/eps would overflow.
    eps = max(eps, 1e-300 * (highest - lowest).item())
    forbidding = np.array([bool((cost == torch.inf).any())])
    problem = Problem(cost[None], mu[None], nu[None], cost.new_tensor([eps]), forbidding)
    steps = OnLogarithms(problem, torch.zeros_like(problem.mu))
    log_columns = nu.log() - cost / eps
    blocked = (log_columns == -torch.inf).all(-1, keepdim=True)
    columns, done = [torch.zeros_like(nu)] * (counts[0] == 0), 0
    for count in counts[len(columns) :]:
        columns.append(steps.run(count - done).v[-1, 0])
        done = count
    # The rows are scaled last, and so they are exact, however large the exponents.
    plans = (log_columns + torch.stack(columns).unsqueeze(-2)).softmax(-1)
    plans = plans.masked_fill(blocked, 0.0).mul_(mu.unsqueeze(-1))
    if counts[0] == 0:
        log_plan = mu.log().unsqueeze(-1) + log_columns
        # Where everything is forbidden there is nothing to divide.
        plans[0] = (log_plan - log_plan.flatten().logsumexp(0).clamp(min=-1e300)).exp()
    return plans


def _accelerate(
    cost: Float[Tensor, "n m"],
    mu: Float[Tensor, " n"],
    nu: Float[Tensor, " m"],
    eps: float,
    counts: list[int],
    tol: float,
) -> tuple[Float[Tensor, "frames n m"], list[int]]:
    plans: list[Tensor] = []
    taken: list[int] = []
    for count in counts:
        if count == 0:
            plans.append(_iterate(cost, mu, nu, eps, [0])[0])
            taken.append(0)
        elif taken and 0 < taken[-1] < counts[len(taken) - 1]:
            # It had stopped before its count, and would again.
            plans.append(plans[-1])
            taken.append(taken[-1])
        else:
            result = sinkhorn(cost, eps=eps, mu=mu, nu=nu, tol=tol, max_iter=count)
            plans.append(result.plan)
            taken.append(int(result.n_iter))
    return torch.stack(plans), taken


def _frames(
    plan: Float[Tensor, "frames n m"],
    cost: Float[Tensor, "n m"],
    mu: Float[Tensor, " n"],
    nu: Float[Tensor, " m"],
    eps: Float[Tensor, " frames"],
    n_iter: Int[Tensor, " frames"],
) -> PlanFrames:
    own = plan.flatten(1)
    allowed = cost.masked_fill(cost == torch.inf, 0.0)
    transport_cost = (plan * allowed).sum((-2, -1))
    reference = (mu.unsqueeze(-1) * nu).flatten()
    divergence = torch.where(own > 0, own * (own.log() - reference.log()), 0.0).sum(-1)
    return PlanFrames(
        eps=eps,
        n_iter=n_iter,
        plan=plan,
        row_error=(plan.sum(-1) - mu).abs().sum(-1),
        column_error=(plan.sum(-2) - nu).abs().sum(-1),
        transport_cost=transport_cost,
        entropic_value=transport_cost + eps * divergence,
        entropy=entropy(own),
    )
