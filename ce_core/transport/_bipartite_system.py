"""The linear system of a plan, solved whatever the plan: the Laplacian of its rows and columns.

A plan P is a network: rows and columns are its nodes, and P_ij is the conductance between row i and
column j. Sought are X and Y with

    Σ_j P_ij (X_i + Y_j) = rows_i + Σ_j Φ_ij    and    Σ_i P_ij (X_i + Y_j) = columns_j + Σ_i Φ_ij.

The flows Φ add nothing to rows and columns that could not be added to `rows` and `columns`. But summed
up, those of a link of 1e-22 would be lost among those of links of 1, and only they tell by how much
potentials on both sides of it differ.

Per group of rows and columns that mass connects, X + t and Y - t solve it as well, and there is a
solution only if both sides sum to the same. Where they do not, what is too much is taken off in
proportion to the masses (least squares, weighted by 1 over them), and of all solutions that one is
returned whose X and Y have the same mean by mass.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ce_core._surroundings import mapped_in_front
from ce_core.transport._elimination import differences, eliminate

# The least pivot, as a share of the mass of its row, at which Cholesky's solution is good.
_SOUND = 1e-6


class Sums(NamedTuple):
    """A solution: X, Y, and all X_i + Y_j, which are exact even where X and Y are large."""

    x: Float[Tensor, "b n"]
    y: Float[Tensor, "b m"]
    pairs: Float[Tensor, "b n m"]


def solve_network(
    plan: Float[Tensor, "b n m"],
    rows: Float[Tensor, "b n"],
    columns: Float[Tensor, "b m"],
    flow: Float[Tensor, "b n m"] | None = None,
) -> Sums:
    """Solve the system of each plan. It is differentiable, as often as wanted.

    Rows and columns without mass get 0, and what is asked of them is not heard. No flow is one of 0.
    """
    return Sums(*_Network.apply(plan, rows, columns, flow))  # type: ignore[no-untyped-call]


class _Network(torch.autograd.Function):
    """The system is symmetric, so its derivatives are solutions of it."""

    @staticmethod
    def forward(
        plan: Tensor, rows: Tensor, columns: Tensor, flow: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        if plan.shape[-2] <= plan.shape[-1]:
            return (*_solve(plan, rows, columns, flow),)
        y, x, pairs = _solve(plan.mT, columns, rows, None if flow is None else flow.mT)
        return x, y, pairs.mT.contiguous()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        ctx.flowing = inputs[3] is not None
        ctx.save_for_backward(inputs[0], output[2])
        ctx.save_for_forward(inputs[0], output[2])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        plan, pairs = ctx.saved_tensors
        x, y, weights = solve_network(plan, *grads)
        return -weights * pairs, x, y, weights if ctx.flowing else None

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        plan, pairs = ctx.saved_tensors
        moved, rows, columns, flow = tangents
        rows = torch.zeros_like(plan[..., 0]) if rows is None else rows
        columns = torch.zeros_like(plan[..., 0, :]) if columns is None else columns
        if moved is not None:
            flow = -moved * pairs if flow is None else flow - moved * pairs
        return (*solve_network(plan, rows, columns, flow),)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> tuple[Any, tuple[int, ...]]:
        return apply_flattened(_Network, info.batch_size, in_dims, args)


def apply_flattened(
    function: Any, size: int, in_dims: tuple[Any, ...], args: tuple[Any, ...]
) -> tuple[Any, tuple[int, ...]]:
    """Apply a function of batches to a dimension more, which becomes part of the batch."""
    front = mapped_in_front(size, in_dims, args)
    flat = [arg.flatten(0, 1) if isinstance(arg, Tensor) else arg for arg in front]
    found = tuple(part.unflatten(0, (size, -1)) for part in function.apply(*flat))
    return found, (0,) * len(found)


class _System(NamedTuple):
    """The system of each plan, with what is made of the plan."""

    plan: Float[Tensor, "b n m"]
    rows: Float[Tensor, "b n"]
    columns: Float[Tensor, "b m"]
    flow: Float[Tensor, "b n m"] | None
    mass: Float[Tensor, "b n"]
    column_mass: Float[Tensor, "b m"]
    inverse: Float[Tensor, "b m"]
    """1 over the mass of a column, or 0."""

    def take(self, items: Bool[Tensor, " b"]) -> "_System":
        """Return some items of the batch."""
        return _System(*(None if part is None else part[items] for part in self))  # type: ignore[arg-type]

    def asked(self) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b m"]]:
        """Return the right sides, flows included."""
        if self.flow is None:
            return self.rows, self.columns
        return self.rows + self.flow.sum(-1), self.columns + self.flow.sum(-2)


def _solve(
    plan: Float[Tensor, "b n m"],
    rows: Float[Tensor, "b n"],
    columns: Float[Tensor, "b m"],
    flow: Float[Tensor, "b n m"] | None,
) -> Sums:
    """Solve with the columns eliminated first."""
    mass, column_mass = plan.sum(-1), plan.sum(-2)
    rows = torch.where(mass > 0, rows, 0.0)
    columns = torch.where(column_mass > 0, columns, 0.0)
    inverse = torch.where(column_mass > 0, 1 / column_mass, 0.0)
    scaled = plan * inverse.sqrt().unsqueeze(-2)
    links = scaled @ scaled.mT
    if len(links) == 0:
        return Sums(rows, columns, plan)
    system = torch.diag_embed(torch.where(mass > 0, mass, 1.0)) - links
    system = system + mass.unsqueeze(-1) * mass.unsqueeze(-2)
    factor, failed = torch.linalg.cholesky_ex(system)
    pivots = torch.diagonal(factor, dim1=-2, dim2=-1).square() / torch.where(mass > 0, mass, 1.0)
    sound = (failed == 0) & (pivots.amin(-1) > _SOUND)
    given = _System(plan, rows, columns, flow, mass, column_mass, inverse)
    if sound.all():
        return _by_cholesky(factor, given)
    found = Sums(*(torch.zeros_like(part) for part in (rows, columns, plan)))
    for items, method, matrix in ((sound, _by_cholesky, factor), (~sound, _by_elimination, links)):
        if items.any():
            for into, part in zip(found, method(matrix[items], given.take(items)), strict=True):
                into[items] = part
    return found


def _by_cholesky(factor: Float[Tensor, "b n n"], given: _System) -> Sums:
    """Solve where all rows are well connected."""
    plan, mass, inverse = given.plan, given.mass, given.inverse
    rows, columns = given.asked()
    total = mass.sum(-1, keepdim=True)
    total = torch.where(total > 0, total, 1.0)
    excess = (rows.sum(-1, keepdim=True) - columns.sum(-1, keepdim=True)) / (2 * total)
    rows, columns = rows - excess * mass, columns + excess * given.column_mass
    right = rows.unsqueeze(-1) - plan @ (columns * inverse).unsqueeze(-1)
    x = torch.cholesky_solve(right, factor).squeeze(-1)
    half = rows.sum(-1, keepdim=True) / 2
    x = torch.where(mass > 0, x + (half - (mass * x).sum(-1, keepdim=True)) / total, 0.0)
    y = (columns - (x.unsqueeze(-2) @ plan).squeeze(-2)) * inverse
    return Sums(x, y, x.unsqueeze(-1) + y.unsqueeze(-2))


def _by_elimination(links: Float[Tensor, "b n n"], given: _System) -> Sums:
    """Solve where links of 1e-22 may stand beside links of 1, or rows be connected by none.

    Since X of two groups of rows that hang on each other by such a link differ by its inverse, it is
    the differences of X that are found, each of them from others, instead of X.
    """
    plan, rows, columns, flow, mass, column_mass, inverse = given
    between = None
    if flow is not None:
        # By way of a column, whose sum does not move.
        between = flow @ (plan * inverse.unsqueeze(-2)).mT
        between = between - between.mT
    network = eliminate(links, mass, between)
    group, of_group = network.group, network.mass
    by_group = torch.zeros_like(mass)
    # Columns belong to the group of the row that has most of them.
    owner = group.gather(-1, plan.argmax(-2))
    asked = by_group.scatter_add(-1, group, rows)
    excess = (asked - by_group.scatter_add(-1, owner, columns)) / (2 * of_group)
    excess = torch.where(of_group > 0, excess, 0.0)
    rows = rows - excess.gather(-1, group) * mass
    columns = columns + excess.gather(-1, owner) * column_mass
    means = (columns * inverse).unsqueeze(-1)
    right = rows - (plan @ means).squeeze(-1)
    sizes = rows.abs() + (plan @ means.abs()).squeeze(-1)
    apart = differences(network, mass, right, sizes)
    rows, columns = given._replace(rows=rows, columns=columns).asked()
    pairs = (columns.unsqueeze(-2) + apart @ plan) * inverse.unsqueeze(-2)
    # The mean of X by mass, group by group, is half of what is asked of the group's rows.
    same = group.unsqueeze(-1) == group.unsqueeze(-2)
    inner = torch.where(same, apart * mass.unsqueeze(-2), 0.0).sum(-1)
    half = by_group.scatter_add(-1, group, rows) / 2
    weight = of_group.gather(-1, group)
    x = torch.where(mass > 0, (inner + half.gather(-1, group)) / weight, 0.0)
    y = (plan * (pairs - x.unsqueeze(-1))).sum(-2) * inverse
    return Sums(x, y, pairs)
