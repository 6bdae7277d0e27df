"""Squared distances between two clouds, from the differences, in bounded memory."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_classes
from ce_core._surroundings import mapped_in_front
from ce_core.dtypes import widen

# Up to so many distances, and differences, all is done at once and left to autograd.
_FEW, _FEW_DIFFERENCES = 2**12, 2**20
# So many entries of the result are worked on at a time: about what a cache holds, or fills a GPU.
_BLOCK, _BLOCK_ON_GPU = 2**16, 2**24


def squared_distances(
    x: Float[Tensor, "*#batch n d"] | ArrayLike, y: Float[Tensor, "*#batch m d"] | ArrayLike
) -> Float[Tensor, "*batch n m"]:
    """Return the squared Euclidean distance of each point of one cloud from each of another.

    Parameters
    ----------
    x, y
        Points, [..., n, d] and [..., m, d]; leading dimensions broadcast.

    Returns
    -------
    Tensor
        C_ij = |x_i - y_j|², [..., n, m]: from the differences, so that equal points are at 0 and
        near ones keep their digits. Differentiable any number of times; beside C, memory does not
        depend on d times n m.

    Raises
    ------
    ValueError
        If the points are not as above.

    Examples
    --------
    >>> squared_distances([[0.0, 0.0]], [[3.0, 4.0], [0.0, 0.0]])
    tensor([[25.,  0.]])

    |x|² + |y|² - 2 x·y would give 0 in float32:

    >>> squared_distances([[1000.0]], [[1000.01]])
    tensor([[0.0001]])
    """
    x, y = floating(x=x, y=y)
    dtype = x.dtype
    for name, points in (("x", x), ("y", y)):
        require_classes(name, points)
        if points.ndim < 2 or points.shape[-1] != x.shape[-1]:
            raise ValueError(
                f"{name} must have shape [..., points, {x.shape[-1]}], got shape {tuple(points.shape)}"
            )
    x, y = _with_one_batch(widen(x), widen(y))
    differences = x.numel() * y.shape[-2]
    if differences <= min(_FEW * x.shape[-1], _FEW_DIFFERENCES):
        return (x.unsqueeze(-2) - y.unsqueeze(-3)).square().sum(-1).to(dtype)
    distances: Tensor = _Products.apply(x, y, x, y)  # type: ignore[no-untyped-call]
    return distances.to(dtype)


def _with_one_batch(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    if x.shape[:-2] == y.shape[:-2]:
        return x, y
    try:
        batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    except ValueError:
        raise ValueError(
            f"y must broadcast with x of shape {tuple(x.shape)}, got shape {tuple(y.shape)}"
        ) from None
    return x.expand(*batch, *x.shape[-2:]), y.expand(*batch, *y.shape[-2:])


class _Products(torch.autograd.Function):
    """(u_i - v_j)·(s_i - t_j) for all i and j. Its derivatives are `_Pulls`, whose are these."""

    @staticmethod
    def forward(u: Tensor, v: Tensor, s: Tensor, t: Tensor) -> Tensor:
        """Sum over the dimensions of the points, one at a time, block by block."""
        result = u.new_zeros(*u.shape[:-1], v.shape[-2])
        flat = result.view(-1, *result.shape[-2:])
        same = u is s and v is t
        u, v, s, t = map(_by_dimension, (u, v, s, t))
        for items, rows in _blocks(flat):
            part = flat[items, rows]
            first = torch.empty_like(part)
            second = first if same else torch.empty_like(part)
            for k in range(len(u)):
                torch.sub(u[k, items, rows, None], v[k, items, None], out=first)
                if not same:
                    torch.sub(s[k, items, rows, None], t[k, items, None], out=second)
                part.addcmul_(first, second)
        return result

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Remember the points, and whether this is a square."""
        u, v, s, t = inputs
        ctx.square = u is s and v is t
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Pull each pair of points by what it counts."""
        u, v, s, t = ctx.saved_tensors
        if ctx.square:
            return *_Pulls.apply(2 * grad, u, v), None, None  # type: ignore[no-untyped-call]
        return *_Pulls.apply(grad, s, t), *_Pulls.apply(grad, u, v)  # type: ignore[no-untyped-call]

    @staticmethod
    def jvp(ctx: Any, *moves: Tensor | None) -> Tensor:
        """Let the two factors move in turn."""
        u, v, s, t = ctx.saved_tensors
        du, dv, ds, dt = (
            torch.zeros_like(x) if move is None else move
            for move, x in zip(moves, (u, v, s, t), strict=True)
        )
        first: Tensor = _Products.apply(du, dv, s, t)  # type: ignore[no-untyped-call]
        second: Tensor = _Products.apply(u, v, ds, dt)  # type: ignore[no-untyped-call]
        return first + second

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *inputs: Tensor) -> tuple[Tensor, int]:
        """Take the dimension that is mapped over as one more of the batch."""
        return _Products.apply(*mapped_in_front(info.batch_size, in_dims, inputs)), 0  # type: ignore[no-untyped-call]


class _Pulls(torch.autograd.Function):
    """Σ_j G_ij (u_i - v_j) for each i, and the negative of the same over i for each j."""

    @staticmethod
    def forward(grad: Tensor, u: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Weigh the differences, one dimension of the points at a time, block by block."""
        flat = grad.reshape(-1, *grad.shape[-2:])
        by_row, by_column = (
            torch.zeros_like(a := _by_dimension(u)),
            torch.zeros_like(b := _by_dimension(v)),
        )
        for items, rows in _blocks(flat):
            weights = flat[items, rows]
            weighted = torch.empty_like(weights)
            for k in range(len(a)):
                torch.sub(a[k, items, rows, None], b[k, items, None], out=weighted)
                weighted.mul_(weights)
                by_row[k, items, rows] = weighted.sum(-1)
                by_column[k, items] -= weighted.sum(-2)
        return by_row.movedim(0, -1).reshape(u.shape), by_column.movedim(0, -1).reshape(v.shape)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, Tensor]) -> None:
        """Remember the weights and the points."""
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, first: Tensor, second: Tensor) -> tuple[Tensor, ...]:
        """Let weights and points move in turn."""
        grad, u, v = ctx.saved_tensors
        weights: Tensor = _Products.apply(first, second, u, v)  # type: ignore[no-untyped-call]
        return weights, *_Pulls.apply(grad, first, second)  # type: ignore[no-untyped-call]

    @staticmethod
    def jvp(ctx: Any, *moves: Tensor | None) -> tuple[Tensor, Tensor]:
        """Let weights and points move in turn."""
        grad, u, v = ctx.saved_tensors
        dgrad, du, dv = (
            torch.zeros_like(x) if move is None else move
            for move, x in zip(moves, (grad, u, v), strict=True)
        )
        one, other = _Pulls.apply(dgrad, u, v), _Pulls.apply(grad, du, dv)  # type: ignore[no-untyped-call]
        return one[0] + other[0], one[1] + other[1]

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], *inputs: Tensor
    ) -> tuple[tuple[Tensor, Tensor], tuple[int, int]]:
        """Take the dimension that is mapped over as one more of the batch."""
        return _Pulls.apply(*mapped_in_front(info.batch_size, in_dims, inputs)), (0, 0)  # type: ignore[no-untyped-call]


def _by_dimension(points: Float[Tensor, "*batch n d"]) -> Float[Tensor, "d b n"]:
    return points.reshape(-1, *points.shape[-2:]).movedim(-1, 0).contiguous()


def _blocks(entries: Float[Tensor, "b n m"]) -> Iterator[tuple[slice, slice]]:
    """Yield which items and rows to work on at a time: some items whole, or some rows of one."""
    size, n, m = entries.shape
    block = _BLOCK_ON_GPU if entries.is_cuda else _BLOCK
    items, rows = max(1, block // (n * m)), max(1, block // m)
    for item in range(0, size, items):
        for row in range(0, n, rows):
            yield slice(item, item + items), slice(row, row + rows)
