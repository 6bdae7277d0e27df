"""One quantity, one colour: in whatever figure it is drawn."""

from typing import Any

import plotly.graph_objects as go
import pytest
import torch

from ce_core import jacobian_spectrum, softmax
from ce_core.figures import (
    clouds_figure,
    descent_gradients_figure,
    eigenvalue_figure,
    entropy_split_figure,
    plan_figure,
    residual_figure,
    simplex_figure,
)
from ce_core.figures.colours import QUANTITIES, SCALES
from tests.support.closeness import close_to

PLAN = torch.full((2, 3), 1 / 6)
MU, NU = PLAN.sum(1), PLAN.sum(0)
A = torch.tensor([1.0, 0.5, -1.0], dtype=torch.float64)
P = softmax(A)
L2 = torch.tensor([0.1, 0.2])
H = torch.tensor([1.0, 0.9])
PATHS = P.repeat(3, 2, 1)

DRAWN = {
    "plan": (
        plan_figure(PLAN, MU, NU),
        {"row-met": "rows", "column-met": "columns", "mu": "logits", "nu": "logits"},
    ),
    "clouds": (
        clouds_figure(torch.rand(2, 2), torch.rand(3, 2), PLAN, MU, NU),
        {"x": "rows", "y": "columns", "share-0_02": "q", "share-0_6": "q"},
    ),
    "simplex": (
        simplex_figure(PATHS, P.repeat(3, 1), target=P, stop=P, corners="123"),
        {"l1": "l1", "l2_held": "held", "l2": "l2", "target": "q", "stop": "l2", "start": "logits"},
    ),
    "gradients": (
        descent_gradients_figure(PATHS[:, 0], limit=1.0),
        {"l1": "l1", "l2_held": "held", "l2": "l2"},
    ),
    "residual": (
        residual_figure(P, -P, limit=1.0),
        {"pulls": "l1", "residual": "entropy", "sum": "l2"},
    ),
    "split": (
        entropy_split_figure(L2 + H, L2, H),
        {"entropy": "entropy", "l2": "l2", "l1-deviation": "l1", "entropy-deviation": "entropy"},
    ),
    "eigenvalues": (
        eigenvalue_figure(jacobian_spectrum(A), P),
        {"p": "p", "eigenvalues": "logits"},
    ),
}


def trace(figure: go.Figure, uid: str) -> Any:
    """Return the one trace of that name."""
    (found,) = (trace for trace in figure.data if trace.uid == uid)
    return found


def colour(drawn: Any) -> str:
    """Return the colour of a trace: of its line, or of its marks, which may be strokes."""
    if drawn.type == "scatter" and drawn.mode.startswith("lines"):
        return str(drawn.line.color)
    strokes = drawn.type == "scatter" and str(drawn.marker.symbol).startswith("line")
    return str((strokes and drawn.marker.line.color) or drawn.marker.color)


@pytest.mark.parametrize(
    ("name", "uid", "quantity"),
    [(name, *pair) for name, (_, said) in DRAWN.items() for pair in said.items()],
)
def test_quantity_has_its_colour(name: str, uid: str, quantity: str) -> None:
    assert colour(trace(DRAWN[name][0], uid)) == QUANTITIES[quantity].mark.light


def test_l2_with_p_held_is_dashed() -> None:
    assert trace(DRAWN["simplex"][0], "l2_held").line.dash == "dash"
    assert trace(DRAWN["simplex"][0], "l2").line.dash is None


def test_plan_grows_from_the_page_to_the_strongest_of_its_scale() -> None:
    scale = trace(DRAWN["plan"][0], "plan").colorscale
    assert [shade for _, shade in scale] == [shade.light for shade in SCALES["sequential"]]
    # The root of the mass: a quarter of it has half of the strength.
    assert scale[3][0] == close_to(1 / 9, rel=1e-12)
