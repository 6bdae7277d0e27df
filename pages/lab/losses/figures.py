"""The figures of the page of the losses, in one state and along a parameter."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import streamlit as st

from ce_core import ExperimentConfig, SortedLosses, run_sweep
from ce_core.experiment.sweep import chunk_sweep, fit_sweep
from ce_core.figures import (
    entropy_split_figure,
    gradient_figure,
    loss_pairs_figure,
    spacing_figure,
)
from lab.language.catalogues import _
from lab.live.figures import Card, FigureSet, Timeline, pack_animation
from lab.losses import text
from lab.losses.controls import PARAMETERS
from lab.losses.results import PUBLISHED, Measured, reduce_result
from lab.state.parameters import spell
from lab.state.widgets import put

# A second or two of one core, spent after the page is there, and once for all who ask for the same.
ANIMATION_WORK: Final = 450_000_000
# After each, the server looks whether the visitor has moved on.
_CHUNK_WORK: Final = 30_000_000


def pairs_card(measured: Measured, *, published: bool = False) -> Card:
    """Return the post's first chart."""
    return Card(
        key="pairs",
        figure=loss_pairs_figure(
            measured.losses, measured.comparison, published=_laid_over(published), translate=_
        ),
        alt=_("L2 over L1, one dot a trial, and the line of slope 1 through their mean."),
        numbers=text.pair_numbers(measured),
    )


def gradients_card(measured: Measured) -> Card:
    """Return the true gradients."""
    return Card(
        key="gradients",
        figure=gradient_figure(measured.gradients, translate=_),
        alt=_("dL2/da over dL1/da, one point a logit, and the line where they are equal."),
        numbers=text.gradient_numbers(measured),
    )


def split_card(measured: Measured) -> Card:
    """Return the entropy between the two losses."""
    return Card(
        key="split",
        figure=entropy_split_figure(measured.l1, measured.l2, measured.entropy, translate=_),
        alt=_("L1 of each trial as L2 and H(p) stacked; below, how each varies over the trials."),
        numbers=text.split_numbers(measured),
    )


def spacing_card(measured: Measured, *, published: bool = False) -> Card:
    """Return the post's second chart."""
    return Card(
        key="spacing",
        figure=spacing_figure(measured.losses, published=_laid_over(published), translate=_),
        alt=_("Spacing of the sorted L2 over the spacing of the sorted L1, one dot a trial."),
        numbers=text.spacing_numbers(measured),
    )


def _laid_over(published: bool) -> SortedLosses | None:
    return PUBLISHED if published else None


def figure_set(measured: Measured, *, published: bool) -> FigureSet:
    """Return the figures of one state of the page."""
    return FigureSet(
        cards=[
            pairs_card(measured, published=published),
            gradients_card(measured),
            split_card(measured),
            spacing_card(measured, published=published),
        ],
        readouts=text.readouts(measured),
    )


def plan_timeline(config: ExperimentConfig, name: str, *, published: bool) -> Timeline | None:
    """Return what is scrubbed along a parameter; None where a animation would be too much work."""
    parameter = PARAMETERS[name]
    at = getattr(config, name)
    values = fit_sweep(config, name, parameter.grid, ANIMATION_WORK)
    if not values:
        return None
    # A value between the stops is a frame too, so that the bar can stand on it.
    values = tuple(sorted({*values, at}))
    return Timeline(
        label=_(parameter.label),
        values=values,
        spelled=tuple(map(spell, values)),
        at=at,
        token=_token(_without(config, name), name, published),
        put=partial(_put, name),
    )


def make_animation(config: ExperimentConfig, name: str, scrub: Timeline, *, published: bool) -> bytes:
    """Return the animation along a parameter, packed; computed once for all who ask for the same."""
    return _animation(_without(config, name), name, scrub.values, published, scrub)


@st.cache_data(max_entries=32, show_spinner=False)
def _animation(
    config: ExperimentConfig, name: str, values: Sequence[float], published: bool, _timeline: Timeline
) -> bytes:
    frames = []
    for chunk in chunk_sweep(config, name, values, _CHUNK_WORK):
        # Any look into the session lets Streamlit leave this run for a newer one.
        st.session_state.get(name)
        frames += [figure_set(frame, published=published) for frame in _measure(config, name, chunk)]
    return pack_animation("losses", _timeline, frames)


@st.cache_resource(max_entries=128, show_spinner=False)
def _measure(config: ExperimentConfig, name: str, values: tuple[float, ...]) -> tuple[Measured, ...]:
    return tuple(reduce_result(result) for result in run_sweep(config, name, values))


def _without(config: ExperimentConfig, name: str) -> ExperimentConfig:
    """Return the configuration with one field at its default, to name all the rest."""
    change: dict[str, Any] = {name: PARAMETERS[name].default}
    return replace(config, **change)


def _token(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=9).hexdigest()


def _put(name: str, value: float) -> None:
    put({PARAMETERS[name]: value})
