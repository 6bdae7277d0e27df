"""The linear system of a plan, solved whatever the plan: the Laplacian of its rows and columns.

A plan P is a network: rows and columns are its nodes, and P_ij is the conductance between row i and
column j. Sought are X and Y with

    Σ_j P_ij (X_i + Y_j) = rows_i    and    Σ_i P_ij (X_i + Y_j) = columns_j.

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

_UNIT = torch.finfo(torch.float64).eps
# The least pivot, as a share of the mass of its row, at which Cholesky's solution is good.
_SOUND = 1e-6
# Links below this are none: products of smaller ones underflow.
_FAINT = 1e-280
# A group of rows that hangs on the rest by less than this share of its mass gets nothing over that
# link but what is asked for: no rounding.
_LOOSE = 1e-7


class Sums(NamedTuple):
    """A solution: X, Y, and all X_i + Y_j, which are exact even where X and Y are large."""

    x: Float[Tensor, "b n"]
    y: Float[Tensor, "b m"]
    pairs: Float[Tensor, "b n m"]


def solve_network(
    plan: Float[Tensor, "b n m"], rows: Float[Tensor, "b n"], columns: Float[Tensor, "b m"]
) -> Sums:
    """Solve the system of each plan. It is differentiable, as often as wanted.

    Rows and columns without mass get 0, and what is asked of them is not heard.
    """
    return Sums(*_Network.apply(plan, rows, columns))  # type: ignore[no-untyped-call]


class _Network(torch.autograd.Function):
    """The system is symmetric, so its derivatives are solutions of it."""

    @staticmethod
    def forward(plan: Tensor, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        if plan.shape[-2] <= plan.shape[-1]:
            return (*_solve(plan, rows, columns),)
        y, x, pairs = _solve(plan.mT, columns, rows)
        return x, y, pairs.mT.contiguous()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, ...]) -> None:
        ctx.save_for_backward(inputs[0], output[2])
        ctx.save_for_forward(inputs[0], output[2])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        plan, pairs = ctx.saved_tensors
        by_x, by_y, by_pairs = grads
        x, y, weights = solve_network(plan, by_x + by_pairs.sum(-1), by_y + by_pairs.sum(-2))
        return -weights * pairs, x, y

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        plan, pairs = ctx.saved_tensors
        moved, rows, columns = tangents
        rows = torch.zeros_like(plan[..., 0]) if rows is None else rows
        columns = torch.zeros_like(plan[..., 0, :]) if columns is None else columns
        if moved is not None:
            flow = moved * pairs
            rows, columns = rows - flow.sum(-1), columns - flow.sum(-2)
        return (*solve_network(plan, rows, columns),)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Tensor) -> tuple[Any, tuple[int, ...]]:
        return apply_flattened(_Network, info.batch_size, in_dims, args)


def apply_flattened(
    function: Any, size: int, in_dims: tuple[Any, ...], args: tuple[Any, ...]
) -> tuple[Any, tuple[int, ...]]:
    """Apply a function of batches to a dimension more, which becomes part of the batch."""
    front = mapped_in_front(size, in_dims, args)
    flat = [arg.flatten(0, 1) if isinstance(arg, Tensor) else arg for arg in front]
    found = tuple(part.unflatten(0, (size, -1)) for part in function.apply(*flat))
    return found, (0,) * len(found)


def _solve(
    plan: Float[Tensor, "b n m"], rows: Float[Tensor, "b n"], columns: Float[Tensor, "b m"]
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
    if sound.all():
        return _by_cholesky(factor, plan, mass, column_mass, inverse, rows, columns)
    found = Sums(*(torch.zeros_like(part) for part in (rows, columns, plan)))
    for items, method, matrix in ((sound, _by_cholesky, factor), (~sound, _by_elimination, links)):
        if items.any():
            parts = (matrix, plan, mass, column_mass, inverse, rows, columns)
            for into, part in zip(found, method(*(x[items] for x in parts)), strict=True):
                into[items] = part
    return found


def _by_cholesky(
    factor: Float[Tensor, "b n n"],
    plan: Float[Tensor, "b n m"],
    mass: Float[Tensor, "b n"],
    column_mass: Float[Tensor, "b m"],
    inverse: Float[Tensor, "b m"],
    rows: Float[Tensor, "b n"],
    columns: Float[Tensor, "b m"],
) -> Sums:
    """Solve where all rows are well connected."""
    total = mass.sum(-1, keepdim=True)
    total = torch.where(total > 0, total, 1.0)
    excess = (rows.sum(-1, keepdim=True) - columns.sum(-1, keepdim=True)) / (2 * total)
    rows, columns = rows - excess * mass, columns + excess * column_mass
    right = rows.unsqueeze(-1) - plan @ (columns * inverse).unsqueeze(-1)
    x = torch.cholesky_solve(right, factor).squeeze(-1)
    half = rows.sum(-1, keepdim=True) / 2
    x = torch.where(mass > 0, x + (half - (mass * x).sum(-1, keepdim=True)) / total, 0.0)
    y = (columns - (x.unsqueeze(-2) @ plan).squeeze(-2)) * inverse
    return Sums(x, y, x.unsqueeze(-1) + y.unsqueeze(-2))


def _by_elimination(
    links: Float[Tensor, "b n n"],
    plan: Float[Tensor, "b n m"],
    mass: Float[Tensor, "b n"],
    column_mass: Float[Tensor, "b m"],
    inverse: Float[Tensor, "b m"],
    rows: Float[Tensor, "b n"],
    columns: Float[Tensor, "b m"],
) -> Sums:
    """Solve where links of 1e-22 may stand beside links of 1, or rows be connected by none.

    No step subtracts (Grassmann, Taksar and Heyman): the diagonal is the sum of the other entries.
    And since X of two groups of rows that hang on each other by such a link differ by its inverse,
    it is the differences of X that are found, each of them from others, instead of X.
    """
    network = _eliminate(links, mass)
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
    differences = _differences(network, right, sizes)
    pairs = (columns.unsqueeze(-2) + differences @ plan) * inverse.unsqueeze(-2)
    # The mean of X by mass, group by group, is half of what is asked of the group's rows.
    same = group.unsqueeze(-1) == group.unsqueeze(-2)
    inner = torch.where(same, differences * mass.unsqueeze(-2), 0.0).sum(-1)
    half = by_group.scatter_add(-1, group, rows) / 2
    weight = of_group.gather(-1, group)
    x = torch.where(mass > 0, (inner + half.gather(-1, group)) / weight, 0.0)
    y = (plan * (pairs - x.unsqueeze(-1))).sum(-2) * inverse
    return Sums(x, y, pairs)


class _Eliminated(NamedTuple):
    """A network with its rows eliminated, the last first."""

    shares: Float[Tensor, "b n n"]
    """In row k, what share of what flows out of row k goes to each row before it."""
    links: Float[Tensor, "b n"]
    """What links a row with all those before it, once those after it are eliminated; or 0."""
    loose: Bool[Tensor, "b n"]
    """Whether that is next to nothing."""
    group: Tensor
    """The first row that each row is connected with, [b, n]."""
    mass: Float[Tensor, "b n"]
    """That of the group of which a row is the first."""


def _eliminate(links: Float[Tensor, "b n n"], mass: Float[Tensor, "b n"]) -> _Eliminated:
    n = links.shape[-1]
    links = torch.where(links > _FAINT, links, 0.0)
    shares, sums, held = torch.zeros_like(links), torch.zeros_like(mass), mass.clone()
    loose = torch.zeros_like(mass, dtype=torch.bool)
    for k in range(n - 1, 0, -1):
        row = links[:, k, :k]
        total = row.sum(-1, keepdim=True)
        share = torch.where(total > 0, row / total, 0.0)
        links[:, :k, :k].addcmul_(row.unsqueeze(-1), share.unsqueeze(-2))
        shares[:, k, :k], sums[:, k] = share, total[:, 0]
        loose[:, k] = total[:, 0] < _LOOSE * held[:, k]
        held[:, :k].add_(share * held[:, k : k + 1])
    group = torch.arange(n, device=mass.device).expand(mass.shape).contiguous()
    for k in range(1, n):
        nearest = group.gather(-1, shares[:, k].argmax(-1, keepdim=True))[:, 0]
        group[:, k] = torch.where(sums[:, k] > 0, nearest, group[:, k])
    of_group = torch.zeros_like(mass).scatter_add(-1, group, mass)
    return _Eliminated(shares, sums, loose, group, of_group)


def _differences(
    network: _Eliminated, right: Float[Tensor, "b n"], sizes: Float[Tensor, "b n"]
) -> Float[Tensor, "b n n"]:
    """Return all X_i - X_k, right being what flows into each row, and sizes what it was summed from."""
    shares, links, loose, _, _ = network
    n = right.shape[-1]
    right, sizes = right.clone(), sizes.clone()
    for k in range(n - 1, 0, -1):
        noise = loose[:, k] & (right[:, k].abs() <= 8 * n * _UNIT * sizes[:, k])
        right[:, k].masked_fill_(noise, 0.0)
        right[:, :k].addcmul_(shares[:, k, :k], right[:, k : k + 1])
        sizes[:, :k].addcmul_(shares[:, k, :k], sizes[:, k : k + 1])
    lead = torch.where(links > 0, right / links, 0.0)
    found = torch.zeros_like(shares)
    for k in range(1, n):
        ahead = (shares[:, k, None, :k] @ found[:, :k, :k])[:, 0] + lead[:, k : k + 1]
        found[:, k, :k] = ahead
        found[:, :k, k] = -ahead
    return found
