"""The figures of the page of transport, in one state and along iterations or eps."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from ce_core.figures import (
    clouds_figure,
    convergence_figure,
    eps_path_figure,
    plan_figure,
    variant_figure,
)
from lab.language.catalogues import _
from lab.language.text_cache import cached_text
from lab.live.figures import Card, FigureSet, Timeline, pack_animation
from lab.state.parameters import spell
from lab.state.widgets import put
from lab.transport import text
from lab.transport.results import Answer, answers, cut, horizon
from lab.transport.state import (
    CLOUDS,
    DEFAULT,
    EPSILON,
    ITERATIONS,
    NOTHING,
    PARAMETERS,
    TransportState,
)


def figure_set(found: Answer, *, length: int) -> FigureSet:
    """Return the figures of a state; the chart of errors shows so many iterations."""
    problem, frame = found.problem, found.frame
    cards = [
        Card(
            key="plan",
            figure=plan_figure(found.plan, problem.mu, problem.nu, translate=_),
            alt=_("The plan as a heat map; its column sums above, its row sums at the right."),
            numbers=text.plan_numbers(found),
        )
    ]
    if found.state.cost == CLOUDS and problem.x is not None and problem.y is not None:
        cards.append(
            Card(
                key="points",
                figure=clouds_figure(
                    problem.x, problem.y, found.plan, problem.mu, problem.nu, translate=_
                ),
                alt=_("Two clouds of points, and the plan as lines between them."),
                numbers=text.points_numbers(found),
            )
        )
    cards += [
        Card(
            key="errors",
            figure=convergence_figure(
                cut(found.trace, length),
                at=int(frame.n_iter),
                error=found.column_error if int(frame.n_iter) else found.error,
                translate=_,
            ),
            alt=_("Marginal error over the iterations, plain and accelerated, with both rates."),
            numbers=text.error_numbers(found),
        ),
        Card(
            key="path",
            figure=eps_path_figure(
                found.path,
                eps=found.state.epsilon,
                entropy=found.entropy,
                transport_cost=frame.transport_cost.item(),
                entropic_value=frame.entropic_value.item(),
                limits=problem.limits,
                translate=_,
            ),
            alt=_("Entropy of the plan over ε; below, its transport cost and entropic value."),
            numbers=text.path_numbers(found),
        ),
        Card(
            key="variant",
            figure=variant_figure(found.variant, now=found.steepness, translate=_),
            alt=_("Largest difference of the post's variant over the range of C/ε, a line a dtype."),
            numbers=text.variant_numbers(found),
        ),
    ]
    return FigureSet(cards=cards, readouts=text.readouts(found))


def plan_timeline(found: Answer, along: str, *, length: int) -> Timeline | None:
    """Return what is scrubbed; None where nothing is."""
    if along == NOTHING:
        return None
    parameter, state = PARAMETERS[along], found.state
    at = getattr(state, along)
    values = [stop for stop in parameter.grid if along == EPSILON or stop <= length]
    # A value between the stops is a frame too, so that the bar can stand on it.
    values = sorted({*values, at})
    rest = replace(state, **{along: getattr(DEFAULT, along)})
    return Timeline(
        label=_(parameter.label),
        values=tuple(values),
        spelled=tuple(map(spell, values)),
        at=at,
        token=hashlib.blake2b(repr((rest, along, length)).encode(), digest_size=9).hexdigest(),
        put=partial(_put, along),
    )


def make_animation(found: Answer, along: str, scrub: Timeline, *, length: int) -> bytes:
    """Return the animation, packed; computed once for all who ask for the same."""
    rest = replace(found.state, **{along: getattr(DEFAULT, along)})
    return _animation(rest, along, scrub.values, length, scrub)


@cached_text(max_entries=32, keeper=st.cache_data)
def _animation(
    state: TransportState, along: str, values: Sequence[float], length: int, _timeline: Timeline
) -> bytes:
    frames = answers(state, along, values)
    return pack_animation(
        "transport", _timeline, [figure_set(frame, length=length) for frame in frames]
    )


def animation_length(found: Answer, along: str) -> int:
    """Return how many iterations the chart of errors shows along a animation."""
    return horizon(found, ITERATIONS if along == NOTHING else along)


def _put(along: str, value: float) -> None:
    put({PARAMETERS[along]: value})
