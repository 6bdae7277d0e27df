"""What the property tests draw: rows, distributions, costs and options, from ordinary to extreme.

Every array is drawn in float64 and then rounded to the dtype under test, so the rounded numbers are
the arguments, and references take those.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from tests.support.cases import FLOATS, INF, NAN

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]
Shape: TypeAlias = tuple[int, ...]

MANY = 1000


def at_most(examples: int) -> settings:
    """Return settings of a test that takes long: so many examples, or when fuzzing a fifth of them."""
    chosen = settings().max_examples
    return settings(max_examples=chosen // 5 if chosen >= MANY else examples)


seldom, sometimes = at_most(3), at_most(20)

dtypes = st.sampled_from(FLOATS)
batches: st.SearchStrategy[Shape] = st.sampled_from([(), (), (1,), (3,), (2, 2), (0,), (2, 0)])
widths = st.integers(1, 6)


def numbers(dtype: torch.dtype, *, share: float = 1.0) -> list[st.SearchStrategy[float]]:
    """Return kinds of finite numbers: tied, ordinary, far apart, up to a share of the limit, tiny."""
    info = torch.finfo(dtype)
    limit = share * info.max
    smallest = info.smallest_normal * info.eps
    special = [0.0, -0.0, smallest, -smallest, info.smallest_normal, 1.0, limit, -limit]
    return [
        st.integers(-3, 3).map(float),
        st.floats(-20, 20),
        st.floats(-1000, 1000),
        st.floats(-limit, limit),
        st.sampled_from(special),
        st.floats(-4 * info.smallest_normal, 4 * info.smallest_normal),
    ]


@st.composite
def vectors(
    draw: Draw, dtype: torch.dtype, shape: Shape, *, special: tuple[float, ...] = (), share: float = 1.0
) -> Tensor:
    """Draw a tensor of one kind of numbers, or of several, with special values among them."""
    kinds = numbers(dtype, share=share)
    chosen = draw(st.sampled_from([*kinds, st.one_of(kinds)]))
    if special and draw(st.booleans()):
        chosen = st.one_of(chosen, st.sampled_from(special))
    array: np.ndarray = draw(arrays(np.float64, shape, elements=chosen))
    return torch.from_numpy(array).to(dtype)


@st.composite
def distributions(draw: Draw, dtype: torch.dtype, shape: Shape) -> Tensor:
    """Draw distributions: zeros, one-hot rows and entries that underflow among them."""
    weight = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.0, 1.0, 1e-30, 1e-300]))
    array: np.ndarray = draw(arrays(np.float64, shape, elements=weight))
    total = array.sum(-1, keepdims=True)
    array = np.where(total < 1e-3, np.eye(1, shape[-1])[0], array)
    return torch.from_numpy(array / array.sum(-1, keepdims=True)).to(dtype)


@st.composite
def shapes_that_broadcast(draw: Draw) -> tuple[Shape, Shape]:
    """Draw two shapes of rows of one width; one of them may lack dimensions or have them at 1."""
    batch, m = draw(batches), draw(widths)
    full = (*batch, m)
    kept = full[draw(st.integers(0, len(batch))) :]
    thin = tuple(1 if i < len(kept) - 1 and draw(st.booleans()) else x for i, x in enumerate(kept))
    pair = (full, thin)
    return pair if draw(st.booleans()) else pair[::-1]


@st.composite
def logits(draw: Draw, *, special: tuple[float, ...] = (-INF, INF, NAN)) -> Tensor:
    """Draw a batch of rows of logits of any dtype."""
    shape = (*draw(batches), draw(widths))
    return draw(vectors(draw(dtypes), shape, special=special))  # type: ignore[no-any-return]


@st.composite
def logits_and_targets(
    draw: Draw, *, special: tuple[float, ...] = (-INF, INF, NAN)
) -> tuple[Tensor, Tensor]:
    """Draw rows of logits and target distributions that broadcast."""
    first, second = draw(shapes_that_broadcast())
    dtype = draw(dtypes)
    return draw(vectors(dtype, first, special=special)), draw(distributions(dtype, second))


def not_positive() -> st.SearchStrategy[float]:
    """Return a strategy for floats that are not finite and > 0."""
    return st.floats(max_value=0.0) | st.sampled_from([INF, NAN])


def not_count() -> st.SearchStrategy[int]:
    """Return a strategy for integers below 1, truth values among them."""
    return st.integers(max_value=0) | st.booleans()


@dataclass(frozen=True)
class Transport:
    """A batch of transport problems as `sinkhorn` takes them."""

    cost: Tensor
    eps: float
    mu: Tensor | None
    nu: Tensor | None
    tol: float | None
    max_iter: int

    def options(self) -> dict[str, Any]:
        """Return the arguments by keyword."""
        return {name: value for name, value in vars(self).items() if name != "cost"}

    def marginals(self) -> tuple[Tensor, Tensor]:
        """Return mu and nu of every item in float64, of sum 1; what is below 1e-300 counts as 0."""
        *batch, n, m = self.cost.shape
        pairs = ((self.mu, n), (self.nu, m))
        full = [torch.ones(size) if weights is None else weights for weights, size in pairs]
        kept = [weights.double().masked_fill(weights < 1e-300, 0.0) for weights in full]
        wide = [weights / weights.sum(-1, keepdim=True) for weights in kept]
        return wide[0].expand(*batch, n), wide[1].expand(*batch, m)

    def item(self, index: Shape) -> "Transport":
        """Return one problem of the batch."""
        return replace(
            self, cost=self.cost[index], mu=_of_item(self.mu, index), nu=_of_item(self.nu, index)
        )


def _of_item(weights: Tensor | None, index: Shape) -> Tensor | None:
    return weights if weights is None or weights.ndim == 1 else weights[index]


@st.composite
def costs(draw: Draw, dtype: torch.dtype, shape: Shape, *, forbidding: bool = True) -> Tensor:
    """Draw costs: ordinary, tied, all equal, far from 0, up to a share of the limit; some forbidden."""
    # So large that an eps of 1e6 times their range is still a number of the type it is computed in.
    limit = torch.finfo(dtype).max ** 0.75
    kinds = [
        st.floats(0, 1),
        st.floats(0, 1),
        st.floats(-50, 50),
        st.integers(0, 3).map(float),
        st.just(0.75),
        st.floats(0, 1).map(lambda x: 1000 + x),
        st.floats(0, 1e-6),
        st.floats(-limit, limit),
    ]
    array: np.ndarray = draw(arrays(np.float64, shape, elements=draw(st.sampled_from(kinds))))
    cost = torch.from_numpy(array).to(dtype)
    if forbidding and draw(st.integers(0, 2)) == 0:
        odds = draw(st.sampled_from([2, 4, 12]))
        mask = draw(arrays(np.int64, shape, elements=st.integers(1, odds)))
        cost = cost.masked_fill(torch.from_numpy(mask == 1), INF)
    return cost


def span(cost: Tensor) -> float:
    """Return the range of the finite costs of all items; 1 if there is none."""
    finite = cost.double()[cost.isfinite()]
    width = (finite.max() - finite.min()).item() if finite.numel() else 0.0
    return width if width > 0 else 1.0


@st.composite
def marginals(draw: Draw, batch: Shape, size: int) -> Tensor | None:
    """Draw weights of sum 1 in float64, zeros and ties among them; None for uniform."""
    if draw(st.booleans()):
        return None
    weight = draw(st.sampled_from([st.floats(0, 1), st.integers(0, 4).map(float)]))
    shape = (*batch, size) if draw(st.booleans()) else (size,)
    array: np.ndarray = draw(arrays(np.float64, shape, elements=weight))
    array = np.where(array.sum(-1, keepdims=True) < 1e-3, 1.0, array)
    return torch.from_numpy(array / array.sum(-1, keepdims=True))


@st.composite
def transports(
    draw: Draw,
    *,
    forbidding: bool = True,
    least_log_eps: float = -6.0,
    dtype: torch.dtype | None = None,
    tolerances: Sequence[float | None] = (1e-6, 1e-3, 1e-9, 0.0, None),
) -> Transport:
    """Draw problems with an eps of 1e-6 to 1e6 times the range of the costs."""
    batch = draw(st.sampled_from([(), (), (1,), (2,), (3,), (2, 1)]))
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    dtype = dtype or draw(dtypes)
    cost = draw(costs(dtype, (*batch, n, m), forbidding=forbidding))
    eps = span(cost) * 10 ** draw(st.floats(least_log_eps, 6.0) | st.floats(least_log_eps, 1.0))
    return Transport(
        cost=cost,
        eps=max(eps, 1e-300),
        mu=draw(marginals(batch, n)),
        nu=draw(marginals(batch, m)),
        tol=draw(st.sampled_from(tolerances)),
        max_iter=draw(st.sampled_from([1, 7, 60, 300])),
    )
