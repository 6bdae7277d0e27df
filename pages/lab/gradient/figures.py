"""The figures of the page of the gradients, at one step of the descents and along all of them."""

from collections.abc import Iterator
from dataclasses import replace

import torch

from ce_core.figures import (
    approach_figure,
    check_elements_figure,
    check_errors_figure,
    descent_gradients_figure,
    residual_figure,
    simplex_figure,
)
from lab.gradient import captions
from lab.gradient.results import PUBLISHED_SUM, Results, drawn_steps, frame_steps, without_step
from lab.gradient.state import GradientState
from lab.language.catalogues import N_, _
from lab.language.numerals import indexed
from lab.live.figures import Card, FigureSet
from lab.page.lab import Along


def figure_set(found: Results) -> FigureSet:
    """Return the figures at the step that is shown."""
    return FigureSet(
        cards=[*_moving(found, found.state.at), *_resting(found)], readouts=captions.readouts(found)
    )


def timeline(found: Results) -> Along[GradientState]:
    """Return what the timeline moves through: the steps of the descents."""
    values = frame_steps(found.state)
    return Along(
        label=N_("Step of the descent"),
        values=values,
        at=found.state.at,
        rest=without_step(found.state),
        change=lambda state, value: replace(state, step=int(value)),
        frames=lambda: _frames(found, values),
    )


def _frames(found: Results, steps: tuple[int, ...]) -> Iterator[FigureSet]:
    resting = _resting(found)
    for step in steps:
        yield FigureSet(
            cards=[*_moving(found, step), *resting], readouts=captions.readouts(found, step)
        )


def _moving(found: Results, step: int) -> list[Card]:
    """Return the figures that follow the step."""
    steps = torch.tensor(drawn_steps(found.state))
    so_far = steps[steps <= step]
    watched = found.watched
    # All frames on one axis, which holds the largest bar of any.
    parts = torch.cat([found.gradients[0], found.residual, found.gradients[2]])
    limit = max(float(parts.abs().max()), 1e-9)
    return [
        Card(
            key="simplex",
            tree=simplex_figure.tree(
                found.triangle[:, so_far],
                found.triangle[:, step],
                target=found.target,
                stop=found.stop,
                corners=captions.corners(found),
                translate=_,
            ),
            alt=captions.simplex_alt(found, step),
            numbers=captions.simplex_numbers(found, step),
            why=captions.simplex_why(),
        ),
        Card(
            key="approach",
            tree=approach_figure.tree(
                steps,
                found.paths.p[:, steps, watched],
                now=step,
                label=indexed("p", watched + 1),
                target=found.q[watched].item(),
                stop=found.minimum.p[watched].item(),
                translate=_,
            ),
            alt=captions.approach_alt(found, step),
            numbers=captions.approach_numbers(found, step),
        ),
        Card(
            key="gradients",
            tree=descent_gradients_figure.tree(found.gradients[:, step], limit=limit, translate=_),
            alt=captions.gradient_alt(found, step),
            numbers=captions.gradient_numbers(found, step),
            why=captions.gradient_why(found, step),
        ),
        Card(
            key="residual",
            tree=residual_figure.tree(
                found.gradients[0, step], found.residual[step], limit=limit, translate=_
            ),
            alt=captions.residual_alt(found, step),
            numbers=captions.residual_numbers(found, step),
        ),
    ]


def _resting(found: Results) -> list[Card]:
    """Return the figures of the post's check, which no step changes."""
    return [
        Card(
            key="elements",
            tree=check_elements_figure.tree(found.check.elements, translate=_),
            alt=captions.element_alt(found),
            numbers=captions.element_numbers(found),
        ),
        Card(
            key="errors",
            tree=check_errors_figure.tree(found.errors, published=PUBLISHED_SUM, translate=_),
            alt=captions.error_alt(found),
            numbers=captions.error_numbers(found),
            why=captions.error_why(found),
        ),
    ]
