"""What to notice on the page of the losses: each note is there where what it says is so."""

import math
from typing import Final

import torch

from lab.language.catalogues import _, ngettext
from lab.language.numerals import counted, number, percent
from lab.language.sentences import sentences
from lab.losses import digits
from lab.losses.answer import FLAT_ENTROPY
from lab.losses.results import Measured
from lab.page.notes import Note

_UNIFORM: Final = 0.99
_UNBALANCED: Final = 1e-3
_DIGITS: Final = 4
# H(p) is told to be constant where it stays within so much of itself.
_CONSTANT: Final = 0.02
# A residual of the identity, in nats, that a reader of the page can see.
_VISIBLE: Final = 1e-6
_ROUNDING: Final = 1e-9


def notes(measured: Measured) -> list[Note]:
    """Return what to notice in this state, the most important first."""
    found = [*_troubles(measured), *_line(measured), *_gradients(measured)]
    return [note for note in found if note is not None]


def _troubles(measured: Measured) -> list[Note | None]:
    """Return what keeps a figure from meaning what it usually means."""
    return [
        _missing_rows(measured),
        _balance(measured),
        _one_sample(measured),
        _no_line(measured),
        _rounded_identity(measured),
        _rounded_entropy(measured),
    ]


def _missing_rows(measured: Measured) -> Note | None:
    config, missing = measured.config, int(measured.numbers["missing_rows"])
    # Where Q is not finite no row is, and another note says why.
    if not missing or math.isnan(measured.numbers["marginal_error"]):
        return None
    text = ngettext(
        "**{missing} of {rows} rows has no finite loss** and is left out. Uniform numbers to the "
        "power {exponent} underflow to 0 in {dtype}; where a whole row does, it cannot be divided "
        "by its sum.",
        "**{missing} of {rows} rows have no finite loss** and are left out. Uniform numbers to the "
        "power {exponent} underflow to 0 in {dtype}; where a whole row does, it cannot be divided "
        "by its sum.",
        missing,
    ).format(
        missing=counted(missing),
        rows=counted(config.n * config.trials),
        exponent=number(config.logit_exponent, digits=6),
        dtype=config.dtype,
    )
    remedy = (
        _("A smaller logit exponent keeps more rows.")
        if config.dtype == "float64"
        else _("A smaller logit exponent or a wider dtype keeps more rows.")
    )
    return Note("missing-rows", sentences(text, remedy))


def _balance(measured: Measured) -> Note | None:
    config, error = measured.config, measured.numbers["marginal_error"]
    if math.isnan(error):
        text = _(
            "**The target Q is not finite**: cost/ε is beyond what the arithmetic can hold. Use a "
            "larger ε."
        )
        return Note("target-not-finite", text)
    # What rounding the entries of Q leaves is not for more iterations to mend.
    if error <= max(_UNBALANCED, torch.finfo(getattr(torch, config.dtype)).eps):
        return None
    text = ngettext(
        "**Q is not balanced yet**: after {n_iter} iteration its columns miss n/m by {error} of "
        "the mass. The rows do not show it, since they are scaled last. More iterations or a larger "
        "ε bring it down.",
        "**Q is not balanced yet**: after {n_iter} iterations its columns miss n/m by {error} of "
        "the mass. The rows do not show it, since they are scaled last. More iterations or a larger "
        "ε bring it down.",
        config.n_iter,
    ).format(n_iter=config.n_iter, error=percent(error))
    return Note("unbalanced", text)


def _one_sample(measured: Measured) -> Note | None:
    if measured.config.n > 1:
        return None
    text = _(
        "**One sample is degenerate**: each class must get 1/m of the only row, so Q is uniform "
        "whatever the costs are."
    )
    return Note("one-sample", text)


def _no_line(measured: Measured) -> Note | None:
    """Return why there is no r and no slope, or none that says anything of the losses."""
    config, comparison = measured.config, measured.comparison
    if comparison.trials < 2:
        text = _("**A line needs two trials**: with fewer, r and the slope do not exist.")
        return Note("no-line", text)
    if config.logit_exponent == 0:
        text = _(
            "**All logits of a row are equal** at exponent 0: p is uniform, L1 is log m and L2 is 0 in "
            "every trial. There is one point and no line."
        )
        return Note("equal-logits", text)
    if comparison.rounding_decides:
        text = _(
            "**Rounding decides r and the slope here.** In {dtype} the trials differ by {spread} nats "
            "in L1 and by {entropy} in H(p), and rounding alone may have moved one by {rounding}. How "
            "far the dots lie from a line is no finding about the losses: the sticks of the first "
            "chart are rounding as well as H(p)."
        ).format(
            dtype=config.dtype,
            spread=number(comparison.l1_spread, digits=2),
            entropy=number(comparison.entropy_deviation, digits=2),
            rounding=number(measured.rounding, digits=2),
        )
        return Note("rounding-decides", text)
    if comparison.trials == 2:
        text = _(
            "**Two trials always lie on a line**, so r is 1 or −1 and says nothing, and the slope has "
            "no error to judge it by. Three trials or more have one."
        )
        return Note("two-trials", text)
    return None


def _rounded_identity(measured: Measured) -> Note | None:
    """Return what rounding does to L1 = L2 + H(p), where it can be seen."""
    residual = measured.numbers["identity_residual"]
    if math.isnan(residual) or residual <= _VISIBLE:
        return None
    text = _(
        "**L1 = L2 + H(p) up to rounding**: it holds exactly for real numbers; in {dtype} a row is off "
        "by up to {residual} nats, since each of the three is rounded by itself."
    ).format(dtype=measured.config.dtype, residual=number(residual, digits=2))
    return Note("rounded-identity", text)


def _rounded_entropy(measured: Measured) -> Note | None:
    """Return why H(p) is above its bound, where it is and that can be seen."""
    share = measured.numbers["entropy_share"]
    if not share > 1 + _VISIBLE:
        return None
    text = _(
        "**H(p) = {share} of log m is rounding**: an entropy of m classes is at most log m, and in "
        "{dtype} it is rounded up."
    ).format(share=percent(share, digits=5), dtype=measured.config.dtype)
    return Note("rounded-entropy", text)


def _line(measured: Measured) -> list[Note | None]:
    """Return what the line of L2 over L1 teaches, where there is one to judge."""
    comparison = measured.comparison
    if not measured.has_line or comparison.trials < 3 or math.isnan(comparison.correlation):
        return []
    if comparison.entropy_spread < FLAT_ENTROPY:
        return [_flat(measured)]
    said = {
        "slope": digits.slope(comparison),
        "interval": number(comparison.slope_interval, digits=2),
        "spread": digits.spread(comparison),
    }
    if not comparison.slope_differs_from_1:
        text = ngettext(
            "**The entropy varies, sd(H)/sd(L1) = {spread}, and yet {trials} trial does not tell the "
            "slope {slope} ± {interval} from 1.** It is 1 − cov(L1, H)/var(L1), and sees of H(p) only "
            "what goes with L1; the rest is the scatter about the line.",
            "**The entropy varies, sd(H)/sd(L1) = {spread}, and yet {trials} trials do not tell the "
            "slope {slope} ± {interval} from 1.** It is 1 − cov(L1, H)/var(L1), and sees of H(p) only "
            "what goes with L1; the rest is the scatter about the line.",
            comparison.trials,
        ).format(trials=counted(comparison.trials), **said)
        return [Note("slope-not-told", text)]
    text = _(
        "**Not slope 1: {slope} ± {interval}.** The entropy varies too, sd(H)/sd(L1) = {spread}, and "
        "the slope is 1 − cov(L1, H)/var(L1)."
    ).format(**said)
    constant = _("L1 = L2 + H(p) still holds; what is gone is the constant.")
    found: list[Note | None] = [Note("not-slope-1", sentences(text, constant))]
    if comparison.correlation > 0.95 and abs(comparison.slope - 1) > 0.1:
        text = _(
            "**r = {correlation} is no equality.** The dots lie near a line, but not near the "
            "dashed one: correlation does not see a slope."
        ).format(correlation=digits.correlation(comparison))
        found.append(Note("no-equality", text))
    return found


def _flat(measured: Measured) -> Note:
    """Return why the line has slope 1 where the entropy hardly varies."""
    config, comparison = measured.config, measured.comparison
    said = {
        "slope": digits.slope(comparison),
        "interval": number(comparison.slope_interval, digits=2),
        "spread": digits.spread(comparison),
        "share": percent(measured.numbers["entropy_share"], digits=5),
    }
    size = config.logit_scale / config.m
    if measured.least_entropy_share > _UNIFORM and size < 1:
        text = _(
            "**Slope {slope} ± {interval}, because the entropy hardly varies**: sd(H)/sd(L1) = "
            "{spread}. L1 = L2 + H(p), and H(p) is near {share} of log m in every trial: logits of "
            "{size} on average leave p nearly uniform. So L1 is L2 plus almost a constant. As the "
            "logits grow, the constant goes."
        )
        return Note("nearly-uniform", text.format(size=number(size, digits=2), **said))
    least, most = measured.entropy_shares
    if most - least > _CONSTANT * most:
        text = _(
            "**Slope {slope} ± {interval}, because the entropy varies little beside L1**: "
            "sd(H)/sd(L1) = {spread}. L1 = L2 + H(p), and H(p) is not constant: it runs from {least} "
            "to {most} of log m. But its differences are small beside those of L1."
        ).format(least=percent(least), most=percent(most), **said)
        return Note("small-entropy", text)
    text = _(
        "**Slope {slope} ± {interval}, because the entropy hardly varies**: sd(H)/sd(L1) = {spread}. "
        "L1 = L2 + H(p), and H(p) is near {share} of log m in every trial. So L1 is L2 plus almost a "
        "constant."
    )
    return Note("flat-entropy", text.format(**said))


def _gradients(measured: Measured) -> list[Note | None]:
    """Return how the gradients of the two losses lie to each other."""
    difference = measured.numbers["gradient_difference"]
    if difference > _ROUNDING:
        text = _(
            "**The gradients agree only while p is held constant** (the dashed line). In full, dL2/da "
            "has the extra term J a, here {difference} of the size of dL1/da. Only its sum over the "
            "classes is 0, which is what the post proved."
        ).format(difference=percent(difference))
        return [Note("gradients-differ", text)]
    if measured.config.logit_exponent == 0:
        text = _(
            "**The gradients are equal here, with p held constant or not**: where all logits of a row "
            "are equal, the extra term J a of dL2/da is 0."
        )
        return [Note("gradients-equal", text)]
    return []
