"""What the figures of stability show in a state, in words, for those who do not see them."""

from torch import Tensor

from lab.language.catalogues import _
from lab.language.sentences import sentences
from lab.stability import text
from lab.stability.notes import failure
from lab.stability.results import Results
from lab.stability.state import FORMULA_LABELS


def values_alt(found: Results) -> str:
    """Return at which gaps the loss of the chosen formula fails in the chosen dtype."""
    said = _(
        "At which gaps from 1 to 1000 the loss of each formula is right, wrong, ∞ or NaN in each "
        "dtype. That of “{formula}” in {dtype} fails {where}."
    )
    return _fails(found, found.judged.values, said)


def gradients_alt(found: Results) -> str:
    """Return at which gaps the gradient of the chosen formula fails in the chosen dtype."""
    said = _(
        "At which gaps from 1 to 1000 the gradient of each formula is right, wrong, ∞ or NaN in each "
        "dtype. That of “{formula}” in {dtype} fails {where}."
    )
    return _fails(found, found.judged.gradients, said)


def _fails(found: Results, codes: Tensor, said: str) -> str:
    state = found.state
    return said.format(
        formula=_(FORMULA_LABELS[state.formula]),
        dtype=state.dtype,
        where=failure(found, found.judged.runs(codes), state.dtype) or _("nowhere"),
    )


def clipping_alt(found: Results) -> str:
    """Return what clipping loses at the present gap."""
    said = _("Error of the clipped L1 over the gap, a line a floor; the truth is 0. {now}")
    return said.format(now=_plain(text.error_numbers(found)))


def dying_alt(found: Results) -> str:
    """Return what is left of the gradient at the present gap."""
    said = _("Gradient of the clipped L1 at the target over the gap, a line a floor. {now}")
    now = sentences(text.off_the_curves(found), _plain(text.clip_gradient_numbers(found)))
    return said.format(now=now)


def _plain(caption: str) -> str:
    return caption.replace("**", "")
