"""Sinkhorn's marginal error, iteration by iteration, against Birkhoff's bound and the true rate."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike
from ce_core._options import require_integer, require_number
from ce_core.transport._problem import as_problem
from ce_core.transport.entropic_ot import sinkhorn
from ce_core.transport.rates import asymptotic_rate, birkhoff_rate
from ce_core.transport.status import SinkhornStatus

# Below this the error is rounding, and shows no rate.
_SEEN = 1e-12
# The rate is that of a plan whose own error is at most so large.
_NEAR = 1e-6


@dataclass(frozen=True)
class ConvergenceTrace:
    """The marginal error of Sinkhorn after each iteration, and what theory says of it.

    Attributes
    ----------
    plain
        After each iteration of the plain method, Σ_j |Σ_i P_ij - nu_j|, [n_iter].
    accelerated
        The same of the accelerated method, until it has stopped, [at most n_iter].
    bound
        What Birkhoff's theorem guarantees of `plain`, [n_iter]: 2 tanh(d tanh²(Δ/4)^k / 4), d being
        Hilbert's distance of the column sums from nu after the first iteration, k counting from it.
    asymptote
        The line of the true rate through the last error that is not rounding, [n_iter]; NaN where
        the rate is not known.
    birkhoff, asymptotic
        The two rates: tanh²(Δ/4), and σ₂² of the converged plan (NaN if it did not converge).
    status
        How the accelerated method ended that had as many iterations as it wanted.
    needed
        Iterations that it took, those on the way to a small eps not counted.
    """

    plain: Float[Tensor, " n_iter"]
    accelerated: Float[Tensor, " stopped"]
    bound: Float[Tensor, " n_iter"]
    asymptote: Float[Tensor, " n_iter"]
    birkhoff: float
    asymptotic: float
    status: SinkhornStatus
    needed: int

    def first(self, n_iter: int) -> "ConvergenceTrace":
        """Return so many first iterations, the line of the true rate through the last of them."""
        plain = self.plain[:n_iter]
        return replace(
            self,
            plain=plain,
            accelerated=self.accelerated[:n_iter],
            bound=self.bound[:n_iter],
            asymptote=_asymptote(plain, self.asymptotic),
        )


def trace_convergence(
    cost: Float[Tensor, "n m"] | ArrayLike,
    *,
    eps: float,
    mu: Float[Tensor, " n"] | ArrayLike | None = None,
    nu: Float[Tensor, " m"] | ArrayLike | None = None,
    n_iter: int = 200,
    tol: float = 1e-9,
) -> ConvergenceTrace:
    r"""Run the plain and the accelerated iteration, and compare their errors with the two rates.

    Parameters
    ----------
    cost
        C, shape [n, m]. +inf forbids a pair, and then Birkhoff's bound says nothing.
    eps
        Entropic regularisation ε > 0, in the unit of C.
    mu, nu
        Marginals, uniform if None.
    n_iter
        Iterations to follow.
    tol
        Where the accelerated iteration stops.

    Returns
    -------
    ConvergenceTrace
        All in float64.

    Raises
    ------
    ValueError
        As for `ce_core.sinkhorn`.

    Notes
    -----
    The column sums after iteration k, divided by nu, are the ratio of two successive column scalings.
    Hilbert's distance of these shrinks by tanh²(Δ/4) an iteration, and two distributions at Hilbert's
    distance d differ by at most 2 tanh(d/4) in L1: so the bound holds for every iteration, not only
    in the end.

    References
    ----------
    Franklin and Lorenz, "On the scaling of multidimensional matrices", 1989,
    doi:10.1016/0024-3795(89)90490-4; Knight, "The Sinkhorn-Knopp algorithm", 2008,
    doi:10.1137/060659624.

    Examples
    --------
    In a uniform 2 x 2 problem the two rates are one:

    >>> trace = trace_convergence([[0.0, 1.0], [0.2, 0.5]], eps=0.5)
    >>> round(trace.birkhoff, 6) == round(trace.asymptotic, 6)
    True
    """
    cost, mu, nu = as_problem(cost, mu, nu)
    eps = require_number("eps", eps, above=0.0)
    n_iter = require_integer("n_iter", n_iter, at_least=1)
    tol = require_number("tol", tol, at_least=0.0)
    plain = sinkhorn(cost, eps=eps, mu=mu, nu=nu, tol=None, max_iter=n_iter)
    solved = sinkhorn(cost, eps=eps, mu=mu, nu=nu, tol=tol)
    # To 1e-9 the plan, and so its rate, is not yet as exact as the digits that are shown.
    final = solved
    if solved.converged:
        final = sinkhorn(cost, eps=eps, mu=mu, nu=nu, tol=min(tol, 1e-13))
    first = sinkhorn(cost, eps=eps, mu=mu, nu=nu, tol=None, max_iter=1)
    errors = plain.errors
    birkhoff = birkhoff_rate(cost, eps=eps).item()
    known = len(final.errors) > 0 and bool(final.errors[-1] <= _NEAR)
    asymptotic = asymptotic_rate(final.plan).item() if known else torch.nan
    steps = torch.arange(len(errors), dtype=torch.float64)
    return ConvergenceTrace(
        plain=errors,
        accelerated=solved.errors[: int(solved.n_iter)][:n_iter],
        bound=2 * torch.tanh(_hilbert_distance(first.plan.sum(-2), nu) * birkhoff**steps / 4),
        asymptote=_asymptote(errors, asymptotic),
        birkhoff=birkhoff,
        asymptotic=asymptotic,
        status=SinkhornStatus(int(solved.status)),
        needed=int(solved.n_iter),
    )


def _hilbert_distance(sums: Float[Tensor, " m"], nu: Float[Tensor, " m"]) -> Float[Tensor, ""]:
    """Return log of the largest ratio of two quotients; inf where a column with a weight is empty."""
    ratio = (sums / nu)[nu > 0].log()
    return ratio.max() - ratio.min()


def _asymptote(errors: Float[Tensor, " n_iter"], rate: float) -> Float[Tensor, " n_iter"]:
    """Return the line of a rate through the last error that is not rounding; NaN if there is none."""
    seen = (errors > _SEEN).nonzero().flatten()
    if not rate > 0 or not len(seen):
        return torch.full_like(errors, torch.nan)
    steps = torch.arange(len(errors), dtype=torch.float64)
    return errors[seen[-1]] * rate ** (steps - seen[-1])
