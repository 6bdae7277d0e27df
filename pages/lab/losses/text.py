"""What the page of the losses says about its figures; it depends on what they show."""

import math

from lab.language.catalogues import _, ngettext
from lab.language.numerals import counted, number, percent
from lab.losses.results import Measured
from lab.page.notes import Note

# Where the text changes. The figures say the number, so nothing hangs on the exact place.
_FLAT_ENTROPY = 0.1
_UNIFORM = 0.98
_UNBALANCED = 1e-3
# As many as tell slopes apart.
_DIGITS = 4
_ROUNDING = 1e-9


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
        correlation=number(numbers["correlation"], digits=_DIGITS),
        slope=number(numbers["slope"], digits=_DIGITS),
        slope_error=number(numbers["slope_error"], digits=2),
        slope_from_entropy=number(numbers["slope_from_entropy"], digits=_DIGITS),
        entropy_spread=number(numbers["entropy_spread"], digits=3),
    )


def spacing_numbers(measured: Measured) -> str:
    """Return what the post's second chart is."""
    trials = int(measured.numbers["trials"])
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


def notes(measured: Measured) -> list[Note]:
    """Return what to notice in this state, the most important first."""
    return [*_troubles(measured), *_findings(measured)]


def _troubles(measured: Measured) -> list[Note]:
    """Return what keeps a figure from meaning what it usually means."""
    numbers, config = measured.numbers, measured.config
    found = []
    missing, rows = int(numbers["missing_rows"]), config.n * config.trials
    if missing:
        text = ngettext(
            "**{missing} of {rows} rows has no finite loss** and is left out. Uniform numbers to the "
            "power {exponent} underflow to 0 in {dtype}; where a whole row does, it cannot be divided "
            "by its sum. A smaller logit exponent or a wider dtype keeps it.",
            "**{missing} of {rows} rows have no finite loss** and are left out. Uniform numbers to the "
            "power {exponent} underflow to 0 in {dtype}; where a whole row does, it cannot be divided "
            "by its sum. A smaller logit exponent or a wider dtype keeps them.",
            missing,
        ).format(
            missing=missing,
            rows=rows,
            exponent=number(config.logit_exponent, digits=6),
            dtype=config.dtype,
        )
        found.append(Note("missing-rows", text))
    if math.isnan(numbers["marginal_error"]):
        text = _(
            "**The target Q is not finite**: cost/ε is beyond what the arithmetic can hold. Use a "
            "larger ε."
        )
        found.append(Note("target-not-finite", text))
    elif numbers["marginal_error"] > _UNBALANCED:
        text = ngettext(
            "**Q is not balanced yet**: after {n_iter} iteration its columns miss n/m by {error} of "
            "the mass. Rows are exact, since they are scaled last. More iterations or a larger ε bring "
            "it down.",
            "**Q is not balanced yet**: after {n_iter} iterations its columns miss n/m by {error} of "
            "the mass. Rows are exact, since they are scaled last. More iterations or a larger ε bring "
            "it down.",
            config.n_iter,
        ).format(n_iter=config.n_iter, error=percent(numbers["marginal_error"]))
        found.append(Note("unbalanced", text))
    if config.n == 1:
        text = _(
            "**One sample is degenerate**: each class must get 1/m of the only row, so Q is uniform "
            "whatever the costs are."
        )
        found.append(Note("one-sample", text))
    if numbers["trials"] < 2:
        text = _("**A line needs two trials**: with fewer, r and the slope do not exist.")
        found.append(Note("no-line", text))
    elif math.isnan(numbers["correlation"]):
        text = _(
            "**r does not exist here**: in {dtype} the trials do not differ, in L1 or in L2. The "
            "spread is smaller than the distance of neighbouring numbers, or the logits are all equal."
        )
        found.append(Note("no-correlation", text.format(dtype=config.dtype)))
    return found


def _findings(measured: Measured) -> list[Note]:
    """Return what the figures teach in this state."""
    numbers = measured.numbers
    found = []
    spread, slope = numbers["entropy_spread"], numbers["slope"]
    if math.isnan(numbers["correlation"]):
        pass  # Without a line there is nothing to say of its slope; the troubles say why.
    elif spread < _FLAT_ENTROPY:
        found.append(_flat(measured))
    else:
        text = _(
            "**Not slope 1: {slope}.** The entropy varies too, sd(H)/sd(L1) = {spread}, and the slope "
            "is 1 − cov(L1, H)/var(L1). L1 = L2 + H(p) still holds exactly; what is gone is the "
            "constant."
        ).format(slope=number(slope, digits=_DIGITS), spread=number(spread, digits=2))
        found.append(Note("not-slope-1", text))
        if numbers["correlation"] > 0.95 and abs(slope - 1) > 0.1:
            text = _(
                "**r = {correlation} is no equality.** The dots lie near a line, but not near the "
                "dashed one: correlation does not see a slope."
            ).format(correlation=number(numbers["correlation"], digits=_DIGITS))
            found.append(Note("no-equality", text))
    if numbers["gradient_difference"] > _ROUNDING:
        text = _(
            "**The gradients agree only while p is held constant** (the dashed line). In full, dL2/da "
            "has the extra term J a, here {difference} of the size of dL1/da. Only its sum over the "
            "classes is 0, which is what the post proved."
        ).format(difference=percent(numbers["gradient_difference"]))
        found.append(Note("gradients-differ", text))
    return found


def _flat(measured: Measured) -> Note:
    """Return why the line has slope 1 where the entropy hardly varies."""
    share, config = measured.numbers["entropy_share"], measured.config
    said = {
        "slope": number(measured.numbers["slope"], digits=_DIGITS),
        "share": percent(share, digits=5),
    }
    if share > _UNIFORM:
        text = _(
            "**Slope {slope}, because the entropy hardly varies.** L1 = L2 + H(p), exactly, and H(p) "
            "is {share} of log m in every trial: logits near {size} leave p nearly uniform. So L1 is "
            "L2 plus a constant. Raise the logit scale, and the constant goes."
        )
        size = number(config.logit_scale / config.m, digits=2)
        return Note("nearly-uniform", text.format(size=size, **said))
    text = _(
        "**Slope {slope}, because the entropy hardly varies.** L1 = L2 + H(p), exactly, and H(p) is "
        "about {share} of log m in every trial, whatever is drawn. So L1 is L2 plus a constant."
    )
    return Note("flat-entropy", text.format(**said))


def _fixed(value: float, decimals: int, unit: str = "") -> str:
    return "–" if math.isnan(value) else f"{value:.{decimals}f}{unit}"
