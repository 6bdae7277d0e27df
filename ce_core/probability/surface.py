"""One probability of a softmax as a function of two of its logits."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ce_core._array_arguments import ArrayLike, floating, require_classes, require_row
from ce_core._options import require_integer, require_number, require_room
from ce_core.probability.distributions import softmax


@dataclass(frozen=True)
class SoftmaxSurface:
    """p_1 over a grid of the first two logits.

    Parameters
    ----------
    first, second
        Values of a_1 and a_2, ascending, [points].
    p
        p_1, [points, points], a_2 first, as charts take it.
    """

    first: Float[Tensor, " points"]
    second: Float[Tensor, " points"]
    p: Float[Tensor, "points points"]


def softmax_surface(
    a: Float[Tensor, " m"] | ArrayLike,
    *,
    low: float,
    high: float,
    points: int = 41,
    temperature: float = 1.0,
) -> SoftmaxSurface:
    r"""Return p_1 of softmax(a / T) while a_1 and a_2 run over a square and the others stay.

    Parameters
    ----------
    a
        Logits a, one row of shape [m], m >= 2. Its first two are replaced.
    low, high
        Ends of the square, in the unit of the logits, low < high.
    points
        Points along each side, >= 2.
    temperature
        T > 0 divides the logits.

    Returns
    -------
    SoftmaxSurface
        In the dtype of `a` (float64 for a list).

    Raises
    ------
    ValueError
        If `a` is not one row of at least two, or an option is out of bounds; `low`, `high` and their
        difference must be numbers of the dtype.

    Notes
    -----
    With two classes p_1 = 1 / (1 + exp((a_2 - a_1)/T)): constant along every line a_1 - a_2 = const.
    The maximum is subtracted before T divides, so that no T > 0 is too small; computed in float64.

    References
    ----------
    The surface of two classes is Roelants', "Softmax classification with cross-entropy (1/2)",
    peterroelants.github.io.

    Examples
    --------
    >>> softmax_surface([0.0, 0.0], low=-1.0, high=1.0, points=3).p
    tensor([[0.5000, 0.7311, 0.8808],
            [0.2689, 0.5000, 0.7311],
            [0.1192, 0.2689, 0.5000]], dtype=torch.float64)
    """
    (a,) = floating(torch.float64, a=a)
    require_row("a", a)
    require_classes("a", a, at_least=2)
    low = require_number("low", low)
    high = require_number("high", high, above=low)
    points = require_integer("points", points, at_least=2)
    require_room("points", points, points**2 * len(a))
    temperature = require_number("temperature", temperature, above=0.0)
    largest = torch.finfo(a.dtype).max
    if max(abs(low), abs(high), high - low) > largest:
        raise ValueError(
            f"low, high and high - low must be within {a.dtype}, ±{largest:.3g}, "
            f"got {low:g} and {high:g}"
        )
    side = torch.linspace(low, high, points, dtype=a.dtype, device=a.device)
    grid = a.expand(points, points, -1).clone()
    grid[..., 0], grid[..., 1] = side, side.unsqueeze(-1)
    return SoftmaxSurface(side, side, softmax(_divided(grid, temperature))[..., 0].to(a.dtype))


def _divided(grid: Float[Tensor, "points points m"], temperature: float) -> Tensor:
    """Return the logits over T less their maximum, in float64, where no T makes them NaN."""
    # What overflows is far below the maximum, unless the maximum itself does: so it goes first where
    # T enlarges, and last where T makes smaller what would overflow in a difference.
    scores = grid.double() / max(temperature, 1.0)
    shifted = scores - scores.amax(-1, keepdim=True)
    return shifted / min(temperature, 1.0)
