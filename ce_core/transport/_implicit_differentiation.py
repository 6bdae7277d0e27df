"""Derivatives of Sinkhorn's potentials by the implicit function theorem."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def differentiate_implicitly(
    f: Float[Tensor, "b n"],
    g: Float[Tensor, "b m"],
    cost: Float[Tensor, "b n m"],
    mu: Float[Tensor, "b n"],
    nu: Float[Tensor, "b m"],
    eps: float,
) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b m"]]:
    """Return the potentials as differentiable functions of the cost and the marginals.

    What is done with them must not depend on their common constant. The derivatives are those of
    the solution of Σ_j nu_j K_ij = 1 and Σ_i mu_i K_ij = 1 with K = exp((f + g - C)/eps).
    """
    solved: tuple[Tensor, Tensor] = _Potentials.apply(cost, mu, nu, f, g, eps)  # type: ignore[no-untyped-call]
    return solved


class _Potentials(torch.autograd.Function):
    """The solution as a function of the problem; memory does not depend on the iterations."""

    @staticmethod
    def forward(
        ctx: Any, cost: Tensor, mu: Tensor, nu: Tensor, f: Tensor, g: Tensor, eps: float
    ) -> tuple[Tensor, Tensor]:
        """Remember the solution."""
        ctx.save_for_backward(cost, mu, nu, f, g)
        ctx.eps = eps
        return f.clone(), g.clone()

    @staticmethod
    def backward(ctx: Any, grad_f: Tensor, grad_g: Tensor) -> tuple[Tensor | None, ...]:
        """Solve the transposed linear system of the differentiated equations."""
        cost, mu, nu, f, g = ctx.saved_tensors
        exponent = (f.unsqueeze(-1) + g.unsqueeze(-2) - cost) / ctx.eps
        kernel = exponent.clamp(max=700.0).exp()
        by_row, by_column = nu.unsqueeze(-2) * kernel, mu.unsqueeze(-1) * kernel
        # Exact sums, though the iteration has left the columns with an error up to its tolerance.
        by_row = by_row / by_row.sum(-1, keepdim=True)
        by_column = by_column / by_column.sum(-2, keepdim=True)
        # (I - B Aᵀ) x = grad_f - B grad_g is consistent, but singular: for each group of rows that
        # allowed pairs connect, with 1 on the left and mu on the right. The product of the two,
        # group by group, makes it regular and does not change what follows from the solution.
        links = by_column @ by_row.mT
        system = torch.eye(f.shape[-1], dtype=f.dtype, device=f.device) - links
        system = system + mu.unsqueeze(-1) * _connected(links)
        right = grad_f.unsqueeze(-1) - by_column @ grad_g.unsqueeze(-1)
        x = torch.linalg.solve(system, right)
        y = grad_g.unsqueeze(-1) - by_row.mT @ x
        grad_cost = x * by_row + y.mT * by_column
        grad_mu = -ctx.eps * (kernel @ y).squeeze(-1)
        grad_nu = -ctx.eps * (kernel.mT @ x).squeeze(-1)
        return grad_cost, grad_mu, grad_nu, None, None, None


def _connected(links: Float[Tensor, "b n n"]) -> Float[Tensor, "b n n"]:
    """Return 1 for each pair of rows that a chain of links connects, else 0."""
    reached = (links > 0).to(links.dtype)
    while not reached.all() and not torch.equal(further := (reached @ reached).clamp(max=1), reached):
        reached = further
    return reached
