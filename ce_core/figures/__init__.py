"""Plotly figures: plain data in, `go.Figure` out.

Every builder takes `translate`, through which each visible string passes. Importing this package
imports Plotly and never Streamlit.
"""

from ce_core.figures.losses import (
    entropy_split_figure,
    gradient_figure,
    loss_pairs_figure,
    spacing_figure,
)
from ce_core.figures.softmax import (
    contour_figure,
    difference_figure,
    eigenvalue_figure,
    surface_figure,
)

__all__ = [
    "contour_figure",
    "difference_figure",
    "eigenvalue_figure",
    "entropy_split_figure",
    "gradient_figure",
    "loss_pairs_figure",
    "spacing_figure",
    "surface_figure",
]
