"""What stands at the figures of the losses: corners, readouts, captions."""

import math
from typing import Final

from ce_core import LossComparison
from lab.language.catalogues import _, ngettext
from lab.language.numerals import counted, fixed, number, percent
from lab.language.sentences import sentences
from lab.losses import digits
from lab.losses.answer import is_one_point
from lab.losses.results import PUBLISHED, PUBLISHED_COMPARISON, Measured

# As many as tell slopes apart.
_DIGITS: Final = 4
_ROUNDED_DECIMALS: Final = 5
# Times the rounding, up to which rounding has much to say.
_NEAR: Final = 4
# Nats by which the means may miss their sum, and still be written as one.
_SEEN: Final = 1e-6


def readouts(measured: Measured) -> list[tuple[str, str]]:
    """Return the three numbers that tell the story in passing, each of one width."""
    numbers = measured.numbers
    line = measured.has_line
    return [
        ("r", _fixed(numbers["correlation"] if line else math.nan, 4)),
        (_("slope"), _fixed(numbers["slope"] if line else math.nan, 3)),
        ("H(p)/log m", _fixed(100 * numbers["entropy_share"], 2, " %")),
    ]


def numbers_at_trials(measured: Measured) -> str:
    """Return r and the slope, or why there are none, for the corner of a chart."""
    comparison = measured.comparison
    if not comparison.trials or is_one_point(measured):
        return ""
    if not measured.has_line or math.isnan(comparison.correlation):
        return _("rounding decides")
    return _("r = {correlation}<br>slope {slope}").format(
        correlation=digits.correlation(comparison), slope=digits.slope(comparison)
    )


def contrast_title(measured: Measured, trials: int) -> str:
    """Return what stands above what a state of so many trials is compared with."""
    scale = number(measured.config.logit_scale, digits=6)
    if measured.config.trials == trials:
        return _("The same logits × {scale}").format(scale=scale)
    return _("The same logits × {scale}, the first {some} of {trials} trials").format(
        scale=scale, some=counted(measured.config.trials), trials=counted(trials)
    )


def answer_numbers(measured: Measured, trials: int | None = None) -> str:
    """Return r and the slope, or why there are none, and the sum that the figure shows.

    If more trials are given, those measured are the first of these.
    """
    comparison = measured.comparison
    if not comparison.trials:
        return ""
    if trials in (None, measured.config.trials):
        heading = ngettext("Mean of {trials} trial:", "Means of {trials} trials:", comparison.trials)
        heading = heading.format(trials=counted(comparison.trials))
    else:
        heading = _("Means of the first {some} of {trials} trials:")
        heading = heading.format(some=counted(comparison.trials), trials=counted(trials or 0))
    return f"{_answer_line(measured)} · {heading} {_sum(measured)}"


def answer_why(measured: Measured, trials: int | None = None) -> str:
    """Return why the sum is not exact, and why the trials are fewer; empty where neither is so."""
    comparison = measured.comparison
    if not comparison.trials:
        return ""
    off = abs(comparison.l1_mean - comparison.entropy_mean - comparison.l2_mean)
    rounded = _("The sum is off by {off}: the rounding of {dtype}.").format(
        off=number(off, digits=2), dtype=measured.config.dtype
    )
    fewer = _("More trials would be too much work here.")
    return sentences(
        rounded if _decimals(comparison) is None else "",
        "" if trials in (None, measured.config.trials) else fewer,
    )


def _sum(measured: Measured) -> str:
    """Return the means as an equation, or as nearly one."""
    comparison = measured.comparison
    decimals = _decimals(comparison)
    text = _("L1 **{l1}** = H(p) **{entropy}** + L2 **{l2}**")
    if decimals is None:
        text = _("L1 **{l1}** ≈ H(p) **{entropy}** + L2 **{l2}**")
    shown = _ROUNDED_DECIMALS if decimals is None else decimals
    return text.format(
        l1=fixed(comparison.l1_mean, decimals=shown),
        entropy=fixed(comparison.entropy_mean, decimals=shown),
        l2=fixed(comparison.l2_mean, decimals=shown),
    )


def _answer_line(measured: Measured) -> str:
    comparison = measured.comparison
    scale = number(measured.config.logit_scale, digits=6)
    if is_one_point(measured):
        return _("Logits × {scale}: **one point, no line**").format(scale=scale)
    if comparison.rounding_decides:
        return _("Logits × {scale}: **rounding decides**").format(scale=scale)
    return _("Logits × {scale}: **r = {correlation}, slope {slope}**").format(
        scale=scale, correlation=digits.correlation(comparison), slope=digits.slope(comparison)
    )


def _decimals(comparison: LossComparison) -> int | None:
    """Return how many decimals to write the means with, so that they add up as they are written.

    None where they do not: in half precision the three are rounded each by itself.
    """
    means = (comparison.l1_mean, comparison.entropy_mean, comparison.l2_mean)
    if abs(comparison.l1_mean - comparison.entropy_mean - comparison.l2_mean) > _SEEN:
        return None
    for decimals in range(4, 13):
        whole, *parts = (round(10**decimals * mean) for mean in means)
        if whole == sum(parts):
            return decimals
    return None


def published_numbers() -> str:
    """Return r, the slope and the difference of the post's own pairs."""
    post = PUBLISHED_COMPARISON
    return _("The post's pairs: r = {r}, slope = {slope}, L1 − L2 = {difference} ± {spread}.").format(
        r=number(post.correlation, digits=6),
        slope=number(post.slope, digits=6),
        difference=number(post.entropy_mean, digits=6),
        spread=number((PUBLISHED.l1 - PUBLISHED.l2 - post.entropy_mean).abs().max().item(), digits=6),
    )


def pair_numbers(measured: Measured) -> str:
    """Return the numbers beside the post's first chart."""
    comparison = measured.comparison
    if not measured.has_line:
        return no_line(measured)
    line = _(
        "r = **{correlation}** · slope = **{slope}** ± {interval} = 1 − cov(L1, H)/var(L1) · "
        "sd(H)/sd(L1) = {entropy_spread}"
    )
    if math.isnan(comparison.slope_interval):
        line = _("r = **{correlation}** · slope = **{slope}** · sd(H)/sd(L1) = {entropy_spread}")
    return line.format(
        correlation=digits.correlation(comparison),
        slope=digits.slope(comparison),
        interval=number(comparison.slope_interval, digits=2),
        entropy_spread=digits.spread(comparison),
    )


def no_line(measured: Measured) -> str:
    """Return why no r and no slope are said of these trials."""
    comparison = measured.comparison
    if is_one_point(measured):
        return _("r and the slope do not exist here.")
    return _(
        "Rounding decides r and the slope: sd(L1) is **{spread}** nats, sd(H) **{entropy}**, and it "
        "may have moved one of a trial by **{rounding}**"
    ).format(
        spread=number(comparison.l1_spread, digits=2),
        entropy=number(comparison.entropy_deviation, digits=2),
        rounding=number(measured.rounding, digits=2),
    )


def spacing_numbers(measured: Measured) -> str:
    """Return what the post's second chart is."""
    trials = measured.comparison.trials
    if trials < 2:
        return _("`np.gradient` needs two numbers; and it would be **no gradient of a loss**.")
    spacing = measured.losses.l1_spacing.mean().item()
    if measured.config.logit_exponent and spacing <= _NEAR * measured.rounding:
        return _(
            "`np.gradient` of sorted numbers: **no gradient of a loss**. **Rounding makes much of it "
            "here**: it may have moved a loss by {rounding}."
        ).format(rounding=number(measured.rounding, digits=2))
    return ngettext(
        "`np.gradient` of {trials} number sorted by L1: neighbours lie {spacing} apart in L1 on "
        "average. It is **no gradient of a loss**.",
        "`np.gradient` of {trials} numbers sorted by L1: neighbours lie {spacing} apart in L1 on "
        "average. It is **no gradient of a loss**.",
        trials,
    ).format(trials=counted(trials), spacing=number(spacing))


def spacing_why() -> str:
    """Return where the gradients are."""
    return _("For the gradients of the losses see the true gradients.")


def split_numbers(measured: Measured) -> str:
    """Return the numbers beside the entropies."""
    return _(
        "H(p) = **{share}** of log m · largest |L1 − L2 − H(p)| of a row: **{residual}** nats · "
        "largest marginal error of Q: **{marginal}** of its mass"
    ).format(
        share=percent(measured.numbers["entropy_share"], digits=5),
        residual=number(measured.numbers["identity_residual"], digits=2),
        marginal=percent(measured.numbers["marginal_error"]),
    )


def gradient_numbers(measured: Measured) -> str:
    """Return the numbers beside the true gradients."""
    return _(
        "All trials: cosine of the two **{cosine}** · ‖difference‖/‖dL1/da‖ = **{difference}** · "
        "p held constant: no difference"
    ).format(
        cosine=number(measured.numbers["gradient_cosine"], digits=_DIGITS),
        difference=number(measured.numbers["gradient_difference"], digits=_DIGITS),
    )


def gradient_why(measured: Measured) -> str:
    """Return how many points are drawn of them, and how large they are."""
    points = measured.gradients.points
    return ngettext(
        "Drawn: {points} logit of the first trial. An entry of dL1/da is {size} (rms).",
        "Drawn: {points} logits of the first trial. An entry of dL1/da is {size} (rms).",
        points,
    ).format(points=counted(points), size=number(measured.gradient_size))


def _fixed(value: float, decimals: int, unit: str = "") -> str:
    return "–" if math.isnan(value) else f"{value:.{decimals}f}{unit}"
