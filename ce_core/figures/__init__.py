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

__all__ = [
    "entropy_split_figure",
    "gradient_figure",
    "loss_pairs_figure",
    "spacing_figure",
]
