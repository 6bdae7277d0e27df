"""The few figures of the page of the post: a lab near its default state, or at the example."""

from dataclasses import replace

from ce_core import ExperimentConfig
from ce_core.figures import contour_figure, eigenvalue_figure
from ce_core.post.derivations import example
from lab.language.catalogues import _
from lab.language.text_cache import once_a_language
from lab.live.figures import Card, FigureSet
from lab.losses.figures import gradients_card, pairs_card, spacing_card, split_card
from lab.losses.results import measure
from lab.post.text import scale_caption
from lab.softmax import captions
from lab.softmax.presets import PRESETS
from lab.softmax.results import results
from lab.softmax.state import DEFAULT, SoftmaxState

# In float64, as the claims of the ledger are measured, so that their numbers agree.
POST = ExperimentConfig(dtype="float64")
BENT = ExperimentConfig(dtype="float64", logit_scale=16.0)


def _titled(card: Card, title: str, **changes: str) -> Card:
    """Return a card under a title of its own, with what else is changed of it."""
    layout = card.tree["layout"] | {"title": card.tree["layout"]["title"] | {"text": title}}
    return replace(card, tree=card.tree | {"layout": layout}, **changes)


@once_a_language
def softmax_figures() -> FigureSet:
    """Return what shows step 1: only differences count, and one eigenvalue is 0."""
    two, five = results(PRESETS["two"].of(DEFAULT)), results(SoftmaxState(tuple(example()[0].tolist())))
    return FigureSet(
        cards=[
            _titled(
                Card(
                    key="contour",
                    tree=contour_figure.tree(two.surface, two.point, translate=_),
                    alt=captions.contour_alt(two),
                    numbers=captions.contour_numbers(two),
                ),
                _("Two classes: p₁ over both logits"),
            ),
            Card(
                key="eigenvalues",
                tree=eigenvalue_figure.tree(five.spectrum, five.p, translate=_),
                alt=captions.eigenvalue_alt(five),
                numbers=captions.eigenvalue_numbers(five),
                why=captions.eigenvalue_why(five),
            ),
        ]
    )


@once_a_language
def difference_figures() -> FigureSet:
    """Return what shows step 3: the entropy between the losses, and the gradients that differ."""
    bent = measure(BENT)
    title = _("The true gradients, logits 16 times as large")
    return FigureSet(cards=[split_card(bent), _titled(gradients_card(bent), title)])


@once_a_language
def experiment_figures() -> FigureSet:
    """Return what shows step 5: the post's line, the dots that leave it, and the spacing."""
    post, bent = measure(POST), measure(BENT)
    return FigureSet(
        cards=[
            _titled(
                pairs_card(post, published=True),
                _("The post's line: logits near 1/m"),
                numbers=scale_caption(post),
            ),
            _titled(
                pairs_card(bent),
                _("The same with logits 16 times as large"),
                key="bent",
                numbers=scale_caption(bent),
            ),
            spacing_card(post, published=True),
            _titled(
                gradients_card(post),
                _("The true gradients on the post's logits"),
                key="true-gradients",
            ),
        ]
    )
