"""The figures of the page of the losses, in one state and along a parameter."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ce_core import ExperimentConfig, SortedLosses
from ce_core.experiment.sweep import fit_sweep, iterate_sweep
from ce_core.figures import (
    entropy_split_figure,
    entropy_stem_figure,
    gradient_figure,
    loss_pairs_figure,
    spacing_figure,
)
from lab.language.catalogues import _
from lab.live.figures import Card, FigureSet
from lab.losses import alternatives, captions
from lab.losses.results import PUBLISHED, Measured, Results, reduce_result
from lab.losses.state import NOTHING, LossesState
from lab.page.kept import computed_once
from lab.page.lab import Along
from lab.state.fields import label_of, stops_of

# A second or two of one core, spent once a hand reaches for the timeline, for all who ask for the same.
ANIMATION_WORK: Final = 450_000_000


def answer_card(measured: Measured, *, key: str, title: str, trials: int | None = None) -> Card:
    """Return L1 = L2 + H(p), and what H(p) moves the trials by; they may be the first of so many."""
    return Card(
        key=key,
        tree=entropy_stem_figure.tree(
            measured.losses,
            measured.comparison,
            title=title,
            numbers=captions.numbers_at_trials(measured),
            translate=_,
        ),
        alt=alternatives.answer_alt(measured),
        numbers=captions.answer_numbers(measured, trials),
        why=captions.answer_why(measured, trials),
    )


def pairs_card(measured: Measured, *, published: bool = False) -> Card:
    """Return the post's first chart."""
    return Card(
        key="pairs",
        tree=loss_pairs_figure.tree(
            measured.losses, measured.comparison, published=_laid_over(published), translate=_
        ),
        alt=alternatives.pairs_alt(measured),
        numbers=captions.pair_numbers(measured),
        why=captions.published_numbers() if published else "",
    )


def gradients_card(measured: Measured) -> Card:
    """Return the true gradients."""
    return Card(
        key="gradients",
        tree=gradient_figure.tree(measured.gradients, translate=_),
        alt=alternatives.gradients_alt(measured),
        numbers=captions.gradient_numbers(measured),
        why=captions.gradient_why(measured),
    )


def split_card(measured: Measured) -> Card:
    """Return the entropy between the two losses."""
    return Card(
        key="split",
        tree=entropy_split_figure.tree(measured.l1, measured.l2, measured.entropy, translate=_),
        alt=alternatives.split_alt(measured),
        numbers=captions.split_numbers(measured),
    )


def spacing_card(measured: Measured, *, published: bool = False) -> Card:
    """Return the post's second chart."""
    return Card(
        key="spacing",
        tree=spacing_figure.tree(measured.losses, published=_laid_over(published), translate=_),
        alt=alternatives.spacing_alt(measured),
        numbers=captions.spacing_numbers(measured),
        why=captions.spacing_why(),
    )


def _laid_over(published: bool) -> SortedLosses | None:
    return PUBLISHED if published else None


def figure_set(found: Results) -> FigureSet:
    """Return the figures of a state of the page."""
    first, *others = _cards(found.measured, published=found.state.published)
    beside = []
    if found.contrast is not None:
        trials = found.measured.config.trials
        title = captions.contrast_title(found.contrast, trials)
        beside = [answer_card(found.contrast, key="contrast", title=title, trials=trials)]
    return FigureSet(cards=[first, *beside, *others], readouts=captions.readouts(found.measured))


def timeline(found: Results) -> Along[LossesState] | None:
    """Return what the timeline moves through; None where that is nothing, or too much work."""
    name, published = found.state.along, found.state.published
    if name == NOTHING:
        return None
    config = found.measured.config
    values = _fitting(name, n=config.n, m=config.m, trials=config.trials, n_iter=config.n_iter)
    if not values:
        return None
    at = getattr(config, name)
    # A value between the stops is a frame too, so that the timeline can stand on it.
    values = tuple(sorted({*values, at}))
    return Along(
        label=label_of(LossesState, name),
        values=values,
        at=at,
        # All of the state, so that a field that comes later cannot be forgotten here.
        rest=(replace(found.state, **{name: getattr(LossesState(), name)}), _without(config, name)),
        change=lambda state, value: replace(state, **{name: value}),
        frames=lambda: _frames(config, name, values, published=published),
    )


@computed_once(megabytes=1)
def _fitting(name: str, **sizes: int) -> tuple[float, ...]:
    """Return the stops of a field that are not too much work, which depends on the sizes alone."""
    stops = stops_of(LossesState, name)
    return fit_sweep(ExperimentConfig(**sizes), name, stops, ANIMATION_WORK)  # type: ignore[arg-type]


def _cards(measured: Measured, *, published: bool) -> list[Card]:
    return [
        answer_card(measured, key="answer", title=_("The present logits")),
        pairs_card(measured, published=published),
        gradients_card(measured),
        split_card(measured),
        spacing_card(measured, published=published),
    ]


def _frames(
    config: ExperimentConfig, name: str, values: tuple[float, ...], *, published: bool
) -> Iterator[FigureSet]:
    """Yield the figures at each value, computed one after another."""
    for result in iterate_sweep(config, name, values):
        measured = reduce_result(result)
        # What it is compared with stands still.
        cards = _cards(measured, published=published)
        yield FigureSet(cards=cards, readouts=captions.readouts(measured))


def _without(config: ExperimentConfig, name: str) -> ExperimentConfig:
    """Return the configuration with one field at its default, to name all the rest."""
    return replace(config, **{name: getattr(ExperimentConfig(), name)})
