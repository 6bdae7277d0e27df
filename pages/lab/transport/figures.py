"""The figures of the page of transport, in one state and along iterations or eps."""

from dataclasses import replace

from ce_core.figures import (
    clouds_figure,
    convergence_figure,
    eps_path_figure,
    plan_figure,
    variant_figure,
)
from lab.language.catalogues import _
from lab.live.figures import Card, FigureSet
from lab.page.lab import Along
from lab.state.fields import label_of, stops_of
from lab.transport import alternatives, text
from lab.transport.answer import answer
from lab.transport.results import Results, horizon, results_along
from lab.transport.state import CLOUDS, DEFAULT, NOTHING, TransportState


def figure_set(found: Results) -> FigureSet:
    """Return the figures of a state."""
    return _figures(found, horizon(found))


def _figures(found: Results, length: int) -> FigureSet:
    """Return the figures of a state; the chart of errors shows so many iterations."""
    problem, frame = found.problem, found.frame
    kind, least = found.least
    cards = [
        Card(
            key="plan",
            tree=plan_figure.tree(found.plan, problem.mu, problem.nu, translate=_),
            alt=alternatives.plan_alt(found),
            numbers=answer(found),
        )
    ]
    if found.state.cost == CLOUDS and problem.x is not None and problem.y is not None:
        cards.append(
            Card(
                key="points",
                tree=clouds_figure.tree(
                    problem.x, problem.y, found.plan, problem.mu, problem.nu, translate=_
                ),
                alt=alternatives.points_alt(found),
                numbers=text.points_numbers(found),
                why=text.points_why(),
            )
        )
    cards += [
        Card(
            key="errors",
            tree=convergence_figure.tree(
                found.trace.first(length),
                at=int(frame.n_iter),
                error=found.column_error,
                accelerated=found.state.accelerate,
                translate=_,
            ),
            alt=alternatives.errors_alt(found),
            numbers=text.error_numbers(found),
            why=text.error_why(found),
        ),
        Card(
            key="path",
            tree=eps_path_figure.tree(
                found.path,
                eps=found.state.eps,
                entropy=found.entropy,
                transport_cost=frame.transport_cost.item(),
                entropic_value=frame.entropic_value.item(),
                limits=(least, problem.limits[1]),
                least=kind,
                translate=_,
            ),
            alt=alternatives.path_alt(found),
            numbers=text.path_numbers(found),
            why=text.path_why(found),
        ),
        Card(
            key="variant",
            tree=variant_figure.tree(found.variant, now=found.steepness, translate=_),
            alt=alternatives.variant_alt(found),
            numbers=text.variant_numbers(found),
            why=text.variant_why(found),
        ),
    ]
    return FigureSet(cards=cards, readouts=text.readouts(found))


def timeline(found: Results) -> Along[TransportState] | None:
    """Return what the timeline moves through; None where that is nothing."""
    state, along, length = found.state, found.state.along, horizon(found)
    if along == NOTHING:
        return None
    at = getattr(state, along)
    stops = [stop for stop in stops_of(TransportState, along) if along == "eps" or stop <= length]
    # A value between the stops is a frame too, so that the timeline can stand on it.
    values = tuple(sorted({*stops, at}))
    rest = replace(state, **{along: getattr(DEFAULT, along)})
    return Along(
        label=label_of(TransportState, along),
        values=values,
        at=at,
        rest=(rest, length),
        change=lambda present, value: replace(present, **{along: value}),
        frames=lambda: (_figures(one, length) for one in results_along(found, along, values)),
    )
