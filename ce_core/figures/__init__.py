"""Plotly figures: plain data in, `go.Figure` out.

Every builder takes `translate`, through which each visible string passes. It builds in the
colours of the light theme, and `recolour` returns a figure in those of the dark one. Importing this
package imports Plotly and never Streamlit.
"""

from ce_core.figures.accuracy_map import accuracy_map_figure
from ce_core.figures.clipping import clipping_error_figure, clipping_gradient_figure
from ce_core.figures.colours import recolour
from ce_core.figures.descent import approach_figure, simplex_figure
from ce_core.figures.entropy_stems import entropy_stem_figure
from ce_core.figures.gradient import (
    check_elements_figure,
    check_errors_figure,
    descent_gradients_figure,
    residual_figure,
)
from ce_core.figures.losses import (
    entropy_split_figure,
    gradient_figure,
    loss_pairs_figure,
    spacing_figure,
)
from ce_core.figures.plans import clouds_figure, plan_figure
from ce_core.figures.sinkhorn import convergence_figure, eps_path_figure, variant_figure
from ce_core.figures.softmax import difference_figure, eigenvalue_figure
from ce_core.figures.surface import contour_figure, surface_figure
from ce_core.figures.tuning import pace_figure, temperature_figure, underflow_figure

__all__ = [
    "accuracy_map_figure",
    "approach_figure",
    "check_elements_figure",
    "check_errors_figure",
    "clipping_error_figure",
    "clipping_gradient_figure",
    "clouds_figure",
    "contour_figure",
    "convergence_figure",
    "descent_gradients_figure",
    "difference_figure",
    "eigenvalue_figure",
    "entropy_split_figure",
    "entropy_stem_figure",
    "eps_path_figure",
    "gradient_figure",
    "loss_pairs_figure",
    "pace_figure",
    "plan_figure",
    "recolour",
    "residual_figure",
    "simplex_figure",
    "spacing_figure",
    "surface_figure",
    "temperature_figure",
    "underflow_figure",
    "variant_figure",
]
