"""What the page of the losses says beside its figures; it depends on what they show."""

import math
from typing import Final

from ce_core import LossComparison
from lab.language.catalogues import _, ngettext
from lab.language.numerals import counted, fixed, number, percent
from lab.language.sentences import sentences
from lab.losses import digits
from lab.losses.results import PUBLISHED, PUBLISHED_COMPARISON, Measured, Results

# Below it the slope lies within a tenth of 1, whatever is drawn: |slope − 1| ≤ sd(H)/sd(L1).
FLAT_ENTROPY: Final = 0.1
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


def answer(found: Results) -> str:
    """Return whether the losses are the same, and what the present trials say of it."""
    measured = found.measured
    comparison, numbers = measured.comparison, measured.numbers
    identity = _("**No. L1 = L2 + H(p)**, exactly.")
    if not comparison.trials:
        return sentences(identity, _("No trial here has a finite loss to show it."))
    if _is_one_point(measured):
        said = _("Here L1 is {l1} and L2 is {l2}; there is no line to compare how they move.")
        means = {"l1": number(comparison.l1_mean, digits=4), "l2": number(comparison.l2_mean, digits=4)}
        return sentences(identity, said.format(**means))
    if not measured.has_line or math.isnan(numbers["correlation"]):
        said = _("Whether they move alike cannot be told here: in {dtype}, rounding decides.")
        return sentences(identity, said.format(dtype=measured.config.dtype))
    said = (
        _(
            "They move alike while H(p) stands still: here it varies only {spread} as much as L1, and "
            "the slope is {slope}."
        )
        if comparison.entropy_spread < FLAT_ENTROPY
        else _(
            "They move alike only while H(p) stands still: here it varies {spread} as much as L1, and "
            "the slope is {slope}."
        )
    )
    return sentences(
        identity,
        said.format(spread=digits.spread_percent(comparison), slope=digits.slope(comparison)),
    )


def numbers_at_trials(measured: Measured) -> str:
    """Return r and the slope, or why there are none, for the corner of a chart."""
    comparison = measured.comparison
    if not comparison.trials or _is_one_point(measured):
        return ""
    if not measured.has_line or math.isnan(comparison.correlation):
        return _("rounding decides")
    return _("r = {correlation}<br>slope {slope}").format(
        correlation=digits.correlation(comparison), slope=digits.slope(comparison)
    )


def _is_one_point(measured: Measured) -> bool:
    """Tell whether all trials are one point, in truth."""
    return measured.comparison.trials < 2 or measured.config.logit_exponent == 0


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
        heading = _("Means of the first {some} of {trials} trials (more would be too much work here):")
        heading = heading.format(some=counted(comparison.trials), trials=counted(trials or 0))
    return f"{_answer_line(measured)} · {heading} {_sum(measured)}"


def _sum(measured: Measured) -> str:
    """Return the means as an equation, or how far they are off one and why."""
    comparison = measured.comparison
    decimals = _decimals(comparison)
    off = abs(comparison.l1_mean - comparison.entropy_mean - comparison.l2_mean)
    text = _("L1 **{l1}** = H(p) **{entropy}** + L2 **{l2}**")
    if decimals is None:
        text = _(
            "L1 **{l1}** ≈ H(p) **{entropy}** + L2 **{l2}**, off by {off}: the rounding of {dtype}"
        )
    shown = _ROUNDED_DECIMALS if decimals is None else decimals
    return text.format(
        l1=fixed(comparison.l1_mean, decimals=shown),
        entropy=fixed(comparison.entropy_mean, decimals=shown),
        l2=fixed(comparison.l2_mean, decimals=shown),
        off=number(off, digits=2),
        dtype=measured.config.dtype,
    )


def _answer_line(measured: Measured) -> str:
    comparison = measured.comparison
    scale = number(measured.config.logit_scale, digits=6)
    if _is_one_point(measured):
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


def pair_numbers(measured: Measured, *, published: bool = False) -> str:
    """Return the numbers beside the post's first chart, and those of its own pairs."""
    said = _pair_numbers(measured)
    if not published:
        return said
    post = PUBLISHED_COMPARISON
    theirs = _("The post's pairs: r = {r}, slope = {slope}, L1 − L2 = {difference} ± {spread}.").format(
        r=number(post.correlation, digits=6),
        slope=number(post.slope, digits=6),
        difference=number(post.entropy_mean, digits=6),
        spread=number((PUBLISHED.l1 - PUBLISHED.l2 - post.entropy_mean).abs().max().item(), digits=6),
    )
    return f"{said} · {theirs}"


def _pair_numbers(measured: Measured) -> str:
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
    if _is_one_point(measured):
        return _("r and the slope do not exist here.")
    return _(
        "Rounding decides r and the slope here: sd(L1) = **{spread}** nats, sd(H) = **{entropy}**, and "
        "rounding may have moved one of a trial by **{rounding}**"
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
    said = ngettext(
        "`np.gradient` of {trials} number sorted by L1: how far apart neighbours lie, in L1 {spacing} "
        "on average. It is **no gradient of a loss**; for that see the true gradients.",
        "`np.gradient` of {trials} numbers sorted by L1: how far apart neighbours lie, in L1 {spacing} "
        "on average. It is **no gradient of a loss**; for that see the true gradients.",
        trials,
    ).format(trials=counted(trials), spacing=number(spacing))
    if measured.config.logit_exponent == 0 or spacing > _NEAR * measured.rounding:
        return said
    rounded = _("**Rounding makes much of it here**: it may have moved a loss by {rounding}.")
    return sentences(said, rounded.format(rounding=number(measured.rounding, digits=2)))


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
    points = measured.gradients.points
    return ngettext(
        "All trials: cosine of the two **{cosine}** · ‖difference‖/‖dL1/da‖ = **{difference}** · "
        "p held constant: no difference · {points} logit drawn, an entry of dL1/da {size} (rms)",
        "All trials: cosine of the two **{cosine}** · ‖difference‖/‖dL1/da‖ = **{difference}** · "
        "p held constant: no difference · {points} logits drawn, an entry of dL1/da {size} (rms)",
        points,
    ).format(
        cosine=number(measured.numbers["gradient_cosine"], digits=_DIGITS),
        difference=number(measured.numbers["gradient_difference"], digits=_DIGITS),
        points=counted(points),
        size=number(measured.gradient_size),
    )


def _fixed(value: float, decimals: int, unit: str = "") -> str:
    return "–" if math.isnan(value) else f"{value:.{decimals}f}{unit}"
