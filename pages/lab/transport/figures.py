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
from lab.live.figures import Panel, Scrub, Shot, pack_film
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


def take_shot(found: Answer, *, length: int) -> Shot:
    """Return the figures of a state; the chart of errors shows so many iterations."""
    problem, frame = found.problem, found.frame
    panels = [
        Panel(
            key="plan",
            figure=plan_figure(found.plan, problem.mu, problem.nu, translate=_),
            alt=_("The plan as a heat map; its column sums above, its row sums at the right."),
            numbers=text.plan_numbers(found),
        )
    ]
    if found.state.cost == CLOUDS and problem.x is not None and problem.y is not None:
        panels.append(
            Panel(
                key="points",
                figure=clouds_figure(
                    problem.x, problem.y, found.plan, problem.mu, problem.nu, translate=_
                ),
                alt=_("Two clouds of points, and the plan as lines between them."),
                numbers=text.points_numbers(found),
            )
        )
    panels += [
        Panel(
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
        Panel(
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
        Panel(
            key="variant",
            figure=variant_figure(found.variant, now=found.steepness, translate=_),
            alt=_("Largest difference of the post's variant over the range of C/ε, a line a dtype."),
            numbers=text.variant_numbers(found),
        ),
    ]
    return Shot(panels=panels, readouts=text.readouts(found))


def plan_film(found: Answer, along: str, *, length: int) -> Scrub | None:
    """Return what is scrubbed; None where nothing is."""
    if along == NOTHING:
        return None
    parameter, state = PARAMETERS[along], found.state
    at = getattr(state, along)
    values = [stop for stop in parameter.grid if along == EPSILON or stop <= length]
    # A value between the stops is a frame too, so that the bar can stand on it.
    values = sorted({*values, at})
    rest = replace(state, **{along: getattr(DEFAULT, along)})
    return Scrub(
        label=_(parameter.label),
        values=tuple(values),
        spelled=tuple(map(spell, values)),
        at=at,
        token=hashlib.blake2b(repr((rest, along, length)).encode(), digest_size=9).hexdigest(),
        put=partial(_put, along),
    )


def make_film(found: Answer, along: str, scrub: Scrub, *, length: int) -> bytes:
    """Return the film, packed; computed once for all who ask for the same."""
    rest = replace(found.state, **{along: getattr(DEFAULT, along)})
    return _film(rest, along, scrub.values, length, scrub)


@st.cache_data(max_entries=32, show_spinner=False)
def _film(
    state: TransportState, along: str, values: Sequence[float], length: int, _scrub: Scrub
) -> bytes:
    frames = answers(state, along, values)
    return pack_film("transport", _scrub, [take_shot(frame, length=length) for frame in frames])


def film_length(found: Answer, along: str) -> int:
    """Return how many iterations the chart of errors shows along a film."""
    return horizon(found, ITERATIONS if along == NOTHING else along)


def _put(along: str, value: float) -> None:
    put({PARAMETERS[along]: value})
