"""The few figures of the home page, each a lab in its default state or one step from it."""

import plotly.graph_objects as go
import streamlit as st

from ce_core import ExperimentConfig
from ce_core.figures import (
    contour_figure,
    eigenvalue_figure,
    entropy_split_figure,
    gradient_figure,
    loss_pairs_figure,
    spacing_figure,
)
from lab import losses_text
from lab.home_text import scale_caption
from lab.i18n import _
from lab.live import Panel, Shot
from lab.losses_data import PUBLISHED, measure
from lab.softmax_data import answer
from lab.softmax_state import DEFAULT, PRESETS
from lab.softmax_text import contour_numbers, eigenvalue_numbers

# In float64, as the claims of the ledger are measured, so that their numbers agree.
POST = ExperimentConfig(dtype="float64")
BENT = ExperimentConfig(dtype="float64", logit_scale=16.0)


def _titled(figure: go.Figure, title: str) -> go.Figure:
    figure.layout.title.text = title
    return figure


@st.cache_resource(show_spinner=False)
def softmax_shot() -> Shot:
    """Return what shows step 1: only differences count, and one eigenvalue is 0."""
    two, five = answer(PRESETS["two"][1]), answer(DEFAULT)
    return Shot(
        panels=[
            Panel(
                key="contour",
                figure=_titled(
                    contour_figure(two.surface, two.point, translate=_),
                    _("Two classes: p₁ over both logits"),
                ),
                alt=_("Lines of equal p₁ over a₁ and a₂, and the present point with its a₁ − a₂."),
                numbers=contour_numbers(two),
            ),
            Panel(
                key="eigenvalues",
                figure=eigenvalue_figure(five.spectrum, five.p, translate=_),
                alt=_("Eigenvalues of J in descending order, between the sorted p; the tolerance."),
                numbers=eigenvalue_numbers(five),
            ),
        ]
    )


@st.cache_resource(show_spinner=False)
def difference_shot() -> Shot:
    """Return what shows step 3: the entropy between the losses, and the gradients that differ."""
    bent = measure(BENT)
    return Shot(
        panels=[
            Panel(
                key="split",
                figure=entropy_split_figure(bent.l1, bent.l2, bent.entropy, translate=_),
                alt=_(
                    "L1 of each trial as L2 and H(p) stacked; below, how each varies over the trials."
                ),
                numbers=losses_text.split_numbers(bent),
            ),
            Panel(
                key="gradients",
                figure=_titled(
                    gradient_figure(bent.gradients, translate=_),
                    _("The true gradients, logits 16 times as large"),
                ),
                alt=_("dL2/da over dL1/da, one point a logit, and the line where they are equal."),
                numbers=losses_text.gradient_numbers(bent),
            ),
        ]
    )


@st.cache_resource(show_spinner=False)
def experiment_shot() -> Shot:
    """Return what shows step 5: the post's line, the line that bends, and the spacing."""
    post, bent = measure(POST), measure(BENT)
    alt = _("L2 over L1, one dot a trial, and the line of slope 1 through their mean.")
    return Shot(
        panels=[
            Panel(
                key="pairs",
                figure=_titled(
                    loss_pairs_figure(post.losses, post.comparison, published=PUBLISHED, translate=_),
                    _("The post's line: logits near 1/m"),
                ),
                alt=alt,
                numbers=scale_caption(post),
            ),
            Panel(
                key="bent",
                figure=_titled(
                    loss_pairs_figure(bent.losses, bent.comparison, translate=_),
                    _("The same with logits 16 times as large"),
                ),
                alt=alt,
                numbers=scale_caption(bent),
            ),
            Panel(
                key="spacing",
                figure=spacing_figure(post.losses, published=PUBLISHED, translate=_),
                alt=_("Spacing of the sorted L2 over the spacing of the sorted L1, one dot a trial."),
                numbers=losses_text.spacing_numbers(post),
            ),
            Panel(
                key="true-gradients",
                figure=_titled(
                    gradient_figure(post.gradients, translate=_),
                    _("The true gradients on the post's logits"),
                ),
                alt=_("dL2/da over dL1/da, one point a logit, and the line where they are equal."),
                numbers=losses_text.gradient_numbers(post),
            ),
        ]
    )
