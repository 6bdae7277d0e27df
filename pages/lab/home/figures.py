"""The few figures of the home page, each a lab in its default state or one step from it."""

from dataclasses import replace

import streamlit as st

from ce_core import ExperimentConfig
from ce_core.figures import contour_figure, eigenvalue_figure
from lab.home.text import scale_caption
from lab.language.catalogues import _
from lab.live.figures import Panel, Shot
from lab.losses.figures import gradients_panel, pairs_panel, spacing_panel, split_panel
from lab.losses.results import measure
from lab.softmax.results import answer
from lab.softmax.state import DEFAULT, PRESETS
from lab.softmax.text import contour_numbers, eigenvalue_numbers

# In float64, as the claims of the ledger are measured, so that their numbers agree.
POST = ExperimentConfig(dtype="float64")
BENT = ExperimentConfig(dtype="float64", logit_scale=16.0)


def _titled(panel: Panel, title: str, **changes: str) -> Panel:
    """Return a panel under a title of its own, with what else is changed of it."""
    panel.figure.layout.title.text = title
    return replace(panel, **changes)


@st.cache_resource(show_spinner=False)
def softmax_shot() -> Shot:
    """Return what shows step 1: only differences count, and one eigenvalue is 0."""
    two, five = answer(PRESETS["two"][1]), answer(DEFAULT)
    return Shot(
        panels=[
            _titled(
                Panel(
                    key="contour",
                    figure=contour_figure(two.surface, two.point, translate=_),
                    alt=_("Lines of equal p₁ over a₁ and a₂, and the present point with its a₁ − a₂."),
                    numbers=contour_numbers(two),
                ),
                _("Two classes: p₁ over both logits"),
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
    title = _("The true gradients, logits 16 times as large")
    return Shot(panels=[split_panel(bent), _titled(gradients_panel(bent), title)])


@st.cache_resource(show_spinner=False)
def experiment_shot() -> Shot:
    """Return what shows step 5: the post's line, the line that bends, and the spacing."""
    post, bent = measure(POST), measure(BENT)
    return Shot(
        panels=[
            _titled(
                pairs_panel(post, published=True),
                _("The post's line: logits near 1/m"),
                numbers=scale_caption(post),
            ),
            _titled(
                pairs_panel(bent),
                _("The same with logits 16 times as large"),
                key="bent",
                numbers=scale_caption(bent),
            ),
            spacing_panel(post, published=True),
            _titled(
                gradients_panel(post),
                _("The true gradients on the post's logits"),
                key="true-gradients",
            ),
        ]
    )
