"""Are L1 and L2 the same?"""

import streamlit as st

from ce_core import config_call, config_command, fit_budget
from ce_core.figures import (
    entropy_split_figure,
    gradient_figure,
    loss_pairs_figure,
    spacing_figure,
)
from lab import losses_controls as controls
from lab import losses_text as text
from lab.controls import link, read_link, show_ignored
from lab.i18n import _
from lab.losses_data import PUBLISHED, measure
from lab.page import open_page, phone_hint, show_code, show_figure, show_link, show_notes, show_numbers

open_page(
    _("Are L1 and L2 the same?"),
    _(
        "The post plots L2 over L1 for 20 random trials and sees a straight line. Here is its "
        "experiment, with every parameter to move."
    ),
    r"L_1 = -\sum_i q_i \log p_i",
    r"L_2 = \sum_i (p_i - q_i)\, a_i",
    r"L_1 - L_2 = H(p)",
)

phone_hint()
read_link("losses", controls.PARAMETERS.values())
chosen = controls.draw_controls()
controls.show_work(chosen.config)
show_ignored("losses", chosen.shown)
fits = fit_budget(chosen.config, controls.WORK_BUDGET)
if fits != [chosen.config]:
    controls.offer_fits(chosen.config, fits)

measured = measure(fits[0])
published = PUBLISHED if chosen.published else None

show_notes(text.notes(measured))
left, right = st.columns(2)
with left:
    show_figure(
        loss_pairs_figure(measured.losses, measured.comparison, published=published, translate=_),
        key="pairs",
        alt=_("L2 over L1, one dot a trial, and the line of slope 1 through their mean."),
        numbers=text.pair_numbers(measured),
    )
    show_figure(
        entropy_split_figure(measured.l1, measured.l2, measured.entropy, translate=_),
        key="split",
        alt=_("L1 of each trial as L2 and H(p) stacked; below, how each varies over the trials."),
        numbers=text.split_numbers(measured),
    )
with right:
    show_figure(
        gradient_figure(measured.gradients, translate=_),
        key="gradients",
        alt=_("dL2/da over dL1/da, one point a logit, and the line where they are equal."),
        numbers=text.gradient_numbers(measured),
    )
    show_figure(
        spacing_figure(measured.losses, published=published, translate=_),
        key="spacing",
        alt=_("Spacing of the sorted L2 over the spacing of the sorted L1, one dot a trial."),
        numbers=text.spacing_numbers(measured),
    )

show_numbers(measured.numbers, measured.csv, file_name="losses.csv")
show_link(link(chosen.shown, controls.DEFAULTS.shown))
show_code(config_call(measured.config), config_command(measured.config))
