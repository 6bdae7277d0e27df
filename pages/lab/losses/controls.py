"""The controls of the lab of the losses, and what is said of experiments that are too much work."""

import math
from dataclasses import replace

import streamlit as st

from ce_core import ExperimentConfig
from ce_core.experiment.work import experiment_work
from lab.language.catalogues import _, ngettext
from lab.language.numerals import number
from lab.live.figures import live_charts
from lab.losses.results import LARGEST_WORK, Results
from lab.losses.state import NOTHING, LossesState
from lab.page.desk import Desk
from lab.page.lab import Along
from lab.state.codec import changed
from lab.state.fields import records, stops_of


def draw_controls(desk: Desk[LossesState]) -> None:
    """Draw every control of the sidebar."""
    with st.container(horizontal=True):
        desk.reset(_("Reset to the post"))
        desk.new_draw()
    desk.group(_("Logits"), "logit_scale", "logit_exponent")
    desk.group(_("Target Q"), "eps", "n_iter", "cost_exponent")
    desk.group(_("Size"), "n", "m", "trials")
    desk.group(_("Draw"), "seed", "dtype", "published")
    st.caption(
        _("Work n·m·trials·(iterations + 25): {work:,.1f} of at most {budget:,.0f} million.").format(
            work=experiment_work(desk.state.config) / 1e6, budget=LARGEST_WORK / 1e6
        )
    )


def offer_fits(desk: Desk[LossesState], found: Results) -> None:
    """Say that an experiment is too much work, and offer those that fit as buttons."""
    if found.fits == (found.state.config,):
        return
    st.warning(
        ngettext(
            "This experiment is {times} times the work that the lab does at once "
            "(n·m·trials·(iterations + 25) is at most {budget:,.0f} million). The charts show this one "
            "instead, the nearest that fits:",
            "This experiment is {times} times the work that the lab does at once "
            "(n·m·trials·(iterations + 25) is at most {budget:,.0f} million). The charts show the "
            "first of these instead, the nearest that fit:",
            len(found.fits),
        ).format(times=_times(desk.state.config), budget=LARGEST_WORK / 1e6)
    )
    with st.container(horizontal=True, key="fits"):
        for place, config in enumerate(found.fits):
            fit = replace(desk.state, n=config.n, m=config.m, trials=config.trials)
            names = [name for name in records(LossesState) if name in changed(desk.state, fit)]
            label = ", ".join(f"{name} = {getattr(fit, name)}" for name in names)
            desk.button(label, f"fit-{place}", lambda _state, fit=fit: fit)  # type: ignore[misc]


def _times(config: ExperimentConfig) -> str:
    """Write how many times too much the work is: more than once, however little more."""
    times = math.ceil(100 * experiment_work(config) / LARGEST_WORK) / 100
    return number(times) if times >= 10 else f"{times:.2f}"


def choose_along(desk: Desk[LossesState], _found: Results, along: Along[LossesState] | None) -> None:
    """Draw the choice of the parameter that the timeline scrubs, and say where it has fewer frames."""
    if not live_charts():
        return
    desk.field("along")
    name = desk.state.along
    if name == NOTHING:
        return
    stops = len(stops_of(LossesState, name))
    if along is None:
        st.caption(_("This experiment is too large for an animation. Smaller sizes have one."))
    elif len(along.values) < stops:
        st.caption(
            ngettext(
                "The animation has {steps} frame, since more would be too much work; the slider has "
                "all {stops} stops.",
                "The animation has {steps} frames, since more would be too much work; the slider has "
                "all {stops} stops.",
                len(along.values),
            ).format(steps=len(along.values), stops=stops)
        )
