"""What the figures of the losses show in a state, in words, for those who do not see them."""

from lab.language.catalogues import _
from lab.language.numerals import number, percent
from lab.losses import digits
from lab.losses.answer import is_one_point
from lab.losses.results import Measured


def answer_alt(measured: Measured) -> str:
    """Return the bars and what the trials say below them."""
    comparison = measured.comparison
    if not comparison.trials:
        return _("Nothing is drawn: no trial has a finite loss.")
    bars = (
        _(
            "Bars: the mean L1, {l1}, beside H(p), {entropy}, and L2, {l2}, stacked. Below, one point: "
            "there is no line."
        )
        if is_one_point(measured)
        else _(
            "Bars: the mean L1, {l1}, beside H(p), {entropy}, and L2, {l2}, stacked. Below, L2 over "
            "L1, both minus their means, what H(p) moves each trial by, and the line of slope 1: "
            "{line}."
        )
    )
    return bars.format(
        l1=number(comparison.l1_mean, digits=4),
        entropy=number(comparison.entropy_mean, digits=4),
        l2=number(comparison.l2_mean, digits=4),
        line=_line(measured),
    )


def pairs_alt(measured: Measured) -> str:
    """Return how the trials lie."""
    if is_one_point(measured):
        return _("L2 over L1: one point, no line.")
    return _("L2 over L1, one dot a trial, and the line of slope 1 through their mean: {line}.").format(
        line=_line(measured)
    )


def gradients_alt(measured: Measured) -> str:
    """Return how far the gradients are from equal."""
    return _(
        "dL2/da over dL1/da, one point a logit, and the line where they are equal: they differ by "
        "{difference} of the size of dL1/da."
    ).format(difference=percent(measured.numbers["gradient_difference"]))


def split_alt(measured: Measured) -> str:
    """Return how much of log m the entropies are."""
    return _(
        "L1 of each trial as L2 and H(p) stacked; H(p) is {share} of log m. Below, how each varies "
        "over the trials."
    ).format(share=percent(measured.numbers["entropy_share"], digits=4))


def spacing_alt(measured: Measured) -> str:
    """Return how far apart neighbours lie."""
    if measured.comparison.trials < 2:
        return _("Nothing is drawn: a spacing needs two trials.")
    return _(
        "Spacing of the sorted L2 over that of the sorted L1, one dot a trial: in L1 {spacing} on "
        "average."
    ).format(spacing=number(measured.losses.l1_spacing.mean().item()))


def _line(measured: Measured) -> str:
    comparison = measured.comparison
    if comparison.rounding_decides:
        return _("rounding decides r and the slope")
    return _("r is {correlation}, the slope {slope}").format(
        correlation=digits.correlation(comparison), slope=digits.slope(comparison)
    )
