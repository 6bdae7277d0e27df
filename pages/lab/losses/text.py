"""What the page of the losses says about its figures; it depends on what they show."""

import math

from lab.language.catalogues import _
from lab.language.numerals import percent
from lab.losses.results import Measured

# Where the text changes. The figures say the number, so nothing hangs on the exact place.
_FLAT_ENTROPY = 0.1
_UNIFORM = 0.98
_UNBALANCED = 1e-3

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def readouts(measured: Measured) -> list[tuple[str, str]]:
    """Return the three numbers that tell the story in passing, each of one width."""
    numbers = measured.numbers
    return [
        ("r", _fixed(numbers["correlation"], 4)),
        (_("slope"), _fixed(numbers["slope"], 3)),
        ("H(p)/log m", _fixed(100 * numbers["entropy_share"], 2, " %")),
    ]


def pair_numbers(measured: Measured) -> str:
    """Return the numbers beside the post's first chart."""
    numbers = measured.numbers
    return _(
        "r = **{correlation}** · slope = **{slope}** ± {slope_error} · "
        "1 − cov(L1, H)/var(L1) = {slope_from_entropy} · sd(H)/sd(L1) = {entropy_spread}"
    ).format(
        correlation=_number(numbers["correlation"]),
        slope=_number(numbers["slope"]),
        slope_error=_number(numbers["slope_error"], digits=2),
        slope_from_entropy=_number(numbers["slope_from_entropy"]),
        entropy_spread=_number(numbers["entropy_spread"], digits=3),
    )


def spacing_numbers(measured: Measured) -> str:
    """Return what the post's second chart is."""
    return _(
        "`np.gradient` of {trials} numbers sorted by L1: how far apart neighbours lie. It is **no "
        "gradient of a loss**; for that see the true gradients."
    ).format(trials=measured.numbers["trials"])


def split_numbers(measured: Measured) -> str:
    """Return the numbers beside the entropies."""
    return _(
        "H(p) = **{share}** of log m · largest |L1 − L2 − H(p)| of a row: **{residual}** nats · "
        "largest marginal error of Q: **{marginal}** of its mass"
    ).format(
        share=percent(measured.numbers["entropy_share"], digits=5),
        residual=_number(measured.numbers["identity_residual"], digits=2),
        marginal=_number(measured.numbers["marginal_error"], digits=2),
    )


def gradient_numbers(measured: Measured) -> str:
    """Return the numbers beside the true gradients."""
    return _(
        "All trials: cosine of the two **{cosine}** · ‖difference‖/‖dL1/da‖ = **{difference}** · "
        "p held constant: no difference · {points} logits drawn"
    ).format(
        cosine=_number(measured.numbers["gradient_cosine"]),
        difference=_number(measured.numbers["gradient_difference"]),
        points=f"{measured.gradients.points:,}",
    )


def notes(measured: Measured) -> list[str]:
    """Return what to notice in this state, the most important first."""
    return [*_troubles(measured), *_findings(measured)]


def _troubles(measured: Measured) -> list[str]:
    """Return what keeps a figure from meaning what it usually means."""
    numbers, config = measured.numbers, measured.config
    found = []
    missing = int(numbers["missing_rows"])
    if missing:
        found.append(
            _(
                "**{missing} of {rows} rows have no finite loss** and are left out. Uniform numbers "
                "to the power {exponent:g} underflow to 0 in {dtype}; where a whole row does, it "
                "cannot be divided by its sum. A smaller logit exponent or a wider dtype keeps them."
            ).format(
                missing=missing,
                rows=config.n * config.trials,
                exponent=config.logit_exponent,
                dtype=config.dtype,
            )
        )
    if math.isnan(numbers["marginal_error"]):
        found.append(
            _(
                "**The target Q is not finite**: cost/ε is beyond what the arithmetic can hold. Use "
                "a larger ε."
            )
        )
    elif numbers["marginal_error"] > _UNBALANCED:
        found.append(
            _(
                "**Q is not balanced yet**: after {n_iter} iterations its columns miss n/m by "
                "{error} of the mass. Rows are exact, since they are scaled last. More iterations "
                "or a larger ε bring it down."
            ).format(n_iter=config.n_iter, error=percent(numbers["marginal_error"]))
        )
    if config.n == 1:
        found.append(
            _(
                "**One sample is degenerate**: each class must get 1/m of the only row, so Q is "
                "uniform whatever the costs are."
            )
        )
    if numbers["trials"] < 2:
        found.append(_("**A line needs two trials**: with fewer, r and the slope do not exist."))
    elif math.isnan(numbers["correlation"]):
        found.append(
            _(
                "**r does not exist here**: in {dtype} the trials do not differ, in L1 or in L2. "
                "The spread is smaller than the distance of neighbouring numbers, or the logits are "
                "all equal."
            ).format(dtype=config.dtype)
        )
    return found


def _findings(measured: Measured) -> list[str]:
    """Return what the figures teach in this state."""
    numbers = measured.numbers
    found = []
    spread, slope = numbers["entropy_spread"], numbers["slope"]
    if math.isnan(numbers["correlation"]):
        pass  # Without a line there is nothing to say of its slope; the troubles say why.
    elif spread < _FLAT_ENTROPY:
        found.append(_flat(measured))
    else:
        found.append(
            _(
                "**Not slope 1: {slope}.** The entropy varies {spread} times as much as L1, and the "
                "slope is 1 − cov(L1, H)/var(L1). L1 = L2 + H(p) still holds exactly; what is gone "
                "is the constant."
            ).format(slope=_number(slope), spread=_number(spread, digits=2))
        )
        if numbers["correlation"] > 0.95 and abs(slope - 1) > 0.1:
            found.append(
                _(
                    "**r = {correlation} is no equality.** The dots lie near a line, but not near "
                    "the dashed one: correlation does not see a slope."
                ).format(correlation=_number(numbers["correlation"]))
            )
    if not math.isnan(numbers["gradient_difference"]):
        found.append(
            _(
                "**The gradients agree only while p is held constant** (the dashed line). In "
                "full, dL2/da has the extra term J a, here {difference} of the size of dL1/da. Only "
                "its sum over the classes is 0, which is what the post proved."
            ).format(difference=percent(numbers["gradient_difference"]))
        )
    return found


def _flat(measured: Measured) -> str:
    """Return why the line has slope 1 where the entropy hardly varies."""
    share = measured.numbers["entropy_share"]
    if share > _UNIFORM:
        reason = _(
            "H(p) is {share} of log m in every trial: logits near {size:.2g} leave p nearly uniform."
        )
    else:
        reason = _("H(p) is about {share} of log m in every trial, whatever is drawn.")
    text = _(
        "**Slope {slope}, because the entropy hardly varies.** L1 = L2 + H(p), exactly, and {reason} "
        "So L1 is L2 plus a constant."
    ).format(
        slope=_number(measured.numbers["slope"]),
        reason=reason.format(
            share=percent(share, digits=5), size=measured.config.logit_scale / measured.config.m
        ),
    )
    if share > _UNIFORM:
        text += " " + _("Raise the logit scale, and the constant goes.")
    return text


def _number(value: float, *, digits: int = 4) -> str:
    if math.isnan(value):
        return _("not defined")
    mantissa, _e, exponent = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}·10{str(int(exponent)).translate(_SUPERSCRIPTS)}" if exponent else mantissa


def _fixed(value: float, decimals: int, unit: str = "") -> str:
    return "–" if math.isnan(value) else f"{value:.{decimals}f}{unit}"
