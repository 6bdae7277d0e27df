"""What the page of the losses says beside its figures; it depends on what they show."""

import math
from typing import Final

from lab.language.catalogues import _, ngettext
from lab.language.numerals import counted, number, percent
from lab.losses.results import POST_SCALE, Measured

# As many as tell slopes apart.
_DIGITS: Final = 4


def readouts(measured: Measured) -> list[tuple[str, str]]:
    """Return the three numbers that tell the story in passing, each of one width."""
    numbers = measured.numbers
    line = measured.has_line
    return [
        ("r", _fixed(numbers["correlation"] if line else math.nan, 4)),
        (_("slope"), _fixed(numbers["slope"] if line else math.nan, 3)),
        ("H(p)/log m", _fixed(100 * numbers["entropy_share"], 2, " %")),
    ]


def answer_title(measured: Measured, *, beside: bool) -> str:
    """Return what stands above L1 = L2 + H(p): of the state, or of what it is compared with."""
    scale = number(measured.config.logit_scale, digits=6)
    if measured.config.logit_scale == POST_SCALE:
        return _("Logits × {scale}, as in the post").format(scale=scale)
    return (_("The same logits × {scale}") if beside else _("Logits × {scale}")).format(scale=scale)


def answer_corner(measured: Measured) -> str:
    """Return what is written into the figure: r and the slope, or why there are none."""
    if not measured.has_line:
        return "" if measured.comparison.trials < 2 else _("rounding decides")
    return _("r = {correlation}<br>slope {slope}").format(
        correlation=number(measured.comparison.correlation, digits=_DIGITS),
        slope=number(measured.comparison.slope, digits=_DIGITS),
    )


def answer_numbers(measured: Measured) -> str:
    """Return the sum that the figure shows, and how much of the spread of L1 is that of H(p)."""
    comparison, numbers = measured.comparison, measured.numbers
    if not comparison.trials:
        return ""
    digits = _decimals(comparison.l1_mean)
    means = ngettext(
        "Mean of {trials} trial: L1 **{l1}** = H(p) **{entropy}** + L2 **{l2}**",
        "Means of {trials} trials: L1 **{l1}** = H(p) **{entropy}** + L2 **{l2}**",
        comparison.trials,
    ).format(
        trials=counted(comparison.trials),
        l1=f"{comparison.l1_mean:.{digits}f}",
        entropy=f"{comparison.entropy_mean:.{digits}f}",
        l2=f"{comparison.l2_mean:.{digits}f}".replace("-", "−"),
    )
    if not measured.has_line:
        return means
    spread = _("sd(H)/sd(L1) = **{spread}**").format(
        spread=percent(numbers["entropy_spread"], digits=2)
    )
    return f"{means} · {spread}"


def _decimals(size: float) -> int:
    """Return how many decimals five digits or so of a loss have."""
    return max(0, 4 - max(0, math.floor(math.log10(max(abs(size), 1.0)))))


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
        correlation=number(comparison.correlation, digits=_DIGITS),
        slope=number(comparison.slope, digits=_DIGITS),
        interval=number(comparison.slope_interval, digits=2),
        entropy_spread=number(comparison.entropy_spread, digits=3),
    )


def no_line(measured: Measured) -> str:
    """Return why no r and no slope are said of these trials."""
    comparison = measured.comparison
    if comparison.trials < 2 or measured.config.logit_exponent == 0:
        return _("r and the slope do not exist here.")
    return _(
        "Rounding decides r and the slope here: sd(L1) = **{spread}** nats, and rounding may have "
        "moved an L1 by **{rounding}**"
    ).format(
        spread=number(comparison.l1_spread, digits=2), rounding=number(comparison.rounding, digits=2)
    )


def spacing_numbers(measured: Measured) -> str:
    """Return what the post's second chart is."""
    trials = measured.comparison.trials
    if trials < 2:
        return _("`np.gradient` needs two numbers; and it would be **no gradient of a loss**.")
    return ngettext(
        "`np.gradient` of {trials} number sorted by L1: how far apart neighbours lie. It is **no "
        "gradient of a loss**; for that see the true gradients.",
        "`np.gradient` of {trials} numbers sorted by L1: how far apart neighbours lie. It is **no "
        "gradient of a loss**; for that see the true gradients.",
        trials,
    ).format(trials=counted(trials))


def split_numbers(measured: Measured) -> str:
    """Return the numbers beside the entropies."""
    return _(
        "H(p) = **{share}** of log m · largest |L1 − L2 − H(p)| of a row: **{residual}** nats · "
        "largest marginal error of Q: **{marginal}** of its mass"
    ).format(
        share=percent(measured.numbers["entropy_share"], digits=5),
        residual=number(measured.numbers["identity_residual"], digits=2),
        marginal=number(measured.numbers["marginal_error"], digits=2),
    )


def gradient_numbers(measured: Measured) -> str:
    """Return the numbers beside the true gradients."""
    points = measured.gradients.points
    return ngettext(
        "All trials: cosine of the two **{cosine}** · ‖difference‖/‖dL1/da‖ = **{difference}** · "
        "p held constant: no difference · {points} logit drawn",
        "All trials: cosine of the two **{cosine}** · ‖difference‖/‖dL1/da‖ = **{difference}** · "
        "p held constant: no difference · {points} logits drawn",
        points,
    ).format(
        cosine=number(measured.numbers["gradient_cosine"], digits=_DIGITS),
        difference=number(measured.numbers["gradient_difference"], digits=_DIGITS),
        points=counted(points),
    )


def _fixed(value: float, decimals: int, unit: str = "") -> str:
    return "–" if math.isnan(value) else f"{value:.{decimals}f}{unit}"
