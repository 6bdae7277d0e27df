"""Claims on the post's experiment."""

from typing import Final

from ce_core.claims import trials
from ce_core.post.published import PUBLISHED_L1, PUBLISHED_L2
from lab.claims.claim import CONDITIONAL, FALSE, Claim, Measured
from lab.claims.pictures import Mark, Reference, bars, scatter, whiskers
from lab.language.catalogues import N_, _
from lab.language.numerals import fixed, number, percent


def _reach(*values: list[float]) -> float:
    """Return how far a panel reaches from the mean, the same along both axes."""
    return 1.1 * max(max(abs(v - sum(row) / len(row)) for v in row) for row in values)


def _draw_published(numbers: Measured) -> str:
    l1, l2 = list(PUBLISHED_L1), list(PUBLISHED_L2)
    difference = fixed(numbers["difference"], decimals=6)
    label = _("each L1 − L2 = {difference}").format(difference=difference)
    return scatter(_("L2 over L1, the 20 pairs; slope 1 dashed"), [(label, l1, l2, _reach(l1, l2))])


def _draw_spacing(numbers: Measured) -> str:
    rows = (
        (_("np.gradient, 20 trials"), "spacing_20", "l1"),
        (_("np.gradient, 80 trials"), "spacing_80", "l1"),
        (_("an entry of dL1/da, 20 trials"), "gradient_20", "l1"),
        (_("an entry of dL1/da, 80 trials"), "gradient_80", "l1"),
    )
    marks = [Mark(label, numbers[name], number(numbers[name]), colour) for label, name, colour in rows]
    return bars(_("size, by powers of ten"), marks, log=True)


def _draw_deviation(numbers: Measured) -> str:
    rows = (
        (_("L1 − L2, float32"), "gap_float32", "entropy"),
        (_("L1 − L2, float64"), "gap_float64", "entropy"),
        (_("what rounding adds, float32"), "residual_float32", "float32"),
        (_("what rounding adds, float64"), "residual_float64", "float64"),
    )
    marks = [
        Mark(label, numbers[name], number(numbers[name], digits=3), colour)
        for label, name, colour in rows
    ]
    return bars(_("nats, by powers of ten"), marks, log=True)


def _draw_small(numbers: Measured) -> str:
    marks = [
        Mark(
            _("logits × {scale}").format(scale=scale),
            numbers[f"scale_{scale}"],
            percent(numbers[f"scale_{scale}"]),
            "l2",
        )
        for scale in (1, 16, 64)
    ]
    reference = Reference(1.0, _("as large as dL1/da"))
    return bars(_("‖dL2/da − dL1/da‖ over ‖dL1/da‖"), marks, reference=reference)


def _draw_line(numbers: Measured) -> str:
    panels = []
    for scale in (1, 16):
        result, _comparison = trials.compared(logit_scale=float(scale))
        l1, l2 = result.l1.tolist(), result.l2.tolist()
        label = _("× {scale}: r = {r}").format(scale=scale, r=number(numbers[f"correlation_{scale}"]))
        panels.append((label, l1, l2, _reach(l1, l2)))
    return scatter(_("L2 over L1, 20 trials; slope 1 dashed"), panels)


def _slopes(numbers: Measured, name: str, prefix: str, values: tuple[int, ...]) -> list[Mark]:
    return [
        Mark(
            f"{name} = {value}",
            numbers[f"{prefix}slope_{value}"],
            number(numbers[f"{prefix}slope_{value}"]),
            "l2",
            width=numbers[f"{prefix}interval_{value}"],
        )
        for value in values
    ]


def _draw_dimension(numbers: Measured) -> str:
    marks = _slopes(numbers, "m", "scaled_", (3, 64, 256))
    return whiskers(_("slope of L2 on L1, logits × m"), marks, Reference(1.0, _("slope 1")))


def _draw_samples(numbers: Measured) -> str:
    marks = _slopes(numbers, "n", "", (16, 128, 1024))
    return whiskers(_("slope of L2 on L1, logits × 16"), marks, Reference(1.0, _("slope 1")))


CLAIMS: Final = (
    Claim(
        key="published_pairs",
        verdict=FALSE,
        source=N_("step 5 of the post"),
        claim=N_("The 20 published pairs show that the losses are equivalent"),
        sentence=N_(
            "They show L1 − L2 = {difference} in every pair, ± {spread}: nearly log 64 = {log_m}, the "
            "entropy of a p that is almost uniform."
        ),
        note=N_(
            "With r = {correlation} and slope {slope} they are far from equal, and always equally far."
        ),
        measure=trials.published_pairs,
        draw=_draw_published,
        page="losses",
        query={"published": "true"},
        shows=("difference", "spread", "correlation", "slope"),
        digits=6,
    ),
    Claim(
        key="sorted_spacing",
        verdict=FALSE,
        source=N_("step 5 of the post"),
        claim=N_("np.gradient of the sorted losses shows the gradients"),
        sentence=N_(
            "It shows how far apart sorted numbers lie: draw 80 trials instead of 20, and on average "
            "it shrinks from {spacing_20} to {spacing_80}, while an entry of dL1/da stays at "
            "{gradient_80}."
        ),
        note=N_(
            "It is half the distance of the two neighbours. The entry is the root mean square of the "
            "first trial; no gradient depends on how many trials one draws."
        ),
        measure=trials.sorted_spacing,
        draw=_draw_spacing,
        page="losses",
        query={"trials": "80", "dtype": "float64"},
        shows=("spacing_80", "gradient_80"),
    ),
    Claim(
        key="deviation_in_practice",
        verdict=FALSE,
        source=N_("conclusion of the post"),
        claim=N_("In theory the two are equal; in practice they deviate a little"),
        sentence=N_(
            "Theory says L1 = L2 + H(p), and practice agrees: the deviation is {gap_float32} in "
            "float32, {gap_float64} in float64, and H(p) is {entropy_float64}."
        ),
        note=N_("What rounding adds is {residual_float64} in float64."),
        measure=trials.deviation_in_practice,
        draw=_draw_deviation,
        page="losses",
        query={"dtype": "float64"},
        shows=("gap_float64", "residual_float64"),
        decimals=5,
    ),
    Claim(
        key="small_deviation",
        verdict=CONDITIONAL,
        condition=N_("the logits are near 0"),
        source=N_("conclusion of the post"),
        claim=N_("The gradients of L1 and L2 hardly differ"),
        sentence=N_(
            "On the post's logits the difference is {scale_1} of the size of dL1/da; on logits 16 "
            "times as large it is {scale_16}, at 64 times {scale_64}: larger than the gradient."
        ),
        measure=trials.small_deviation,
        draw=_draw_small,
        page="losses",
        query={"logit_scale": "64", "dtype": "float64"},
        shows=("scale_64",),
        digits=4,
    ),
    Claim(
        key="linear_correlation",
        verdict=CONDITIONAL,
        condition=N_("H(p) hardly varies"),
        source=N_("conclusion of the post"),
        claim=N_("L1 and L2 are linearly correlated"),
        sentence=N_(
            "The post's logits are about 1/m: r = {correlation_1}, slope {slope_1} ± {interval_1}; "
            "times 16, r is {correlation_16} and the slope {slope_16} ± {interval_16}."
        ),
        note=N_(
            "The slope is exactly 1 − cov(L1, H)/var(L1). Times 64, r and slope are {correlation_64} "
            "and {slope_64} ± {interval_64}. Times 1024, where p is nearly one-hot, the line is back: "
            "{correlation_1024} and {slope_1024} ± {interval_1024}. (20 trials; ± holds 19 times of "
            "20.)"
        ),
        measure=trials.linear_correlation,
        draw=_draw_line,
        page="losses",
        query={"logit_scale": "16", "dtype": "float64"},
        shows=("correlation_16", "slope_16", "interval_16"),
        digits=4,
    ),
    Claim(
        key="large_dimension",
        verdict=CONDITIONAL,
        condition=N_("r near 1 is all that is meant"),
        source=N_("conclusion of the post"),
        claim=N_("L1 and L2 are linearly correlated when the dimension m is large enough"),
        sentence=N_(
            "r is {correlation_3} at m = 3 and {correlation_64} at 64, where logits divided by their "
            "sum shrink like 1/m; undo that with a scale of m, and r grows too, but about another "
            "line, at m = 256 of slope {scaled_slope_256} ± {scaled_interval_256}."
        ),
        note=N_(
            "With that scale r is {scaled_correlation_3}, {scaled_correlation_64} and "
            "{scaled_correlation_256} at m = 3, 64 and 256, the slope {scaled_slope_3} ± "
            "{scaled_interval_3}, {scaled_slope_64} ± {scaled_interval_64} and {scaled_slope_256} ± "
            "{scaled_interval_256}."
        ),
        measure=trials.large_dimension,
        draw=_draw_dimension,
        page="losses",
        query={"m": "256", "logit_scale": "256", "dtype": "float64"},
        shows=("scaled_correlation_256", "scaled_slope_256", "scaled_interval_256"),
        digits=4,
    ),
    Claim(
        key="large_samples",
        verdict=FALSE,
        source=N_("conclusion of the post"),
        claim=N_("L1 and L2 are linearly correlated when the amount of data n is large enough"),
        sentence=N_(
            "n hardly matters: on logits 16 times as large, n = 16, 128 and 1024 give the slopes "
            "{slope_16} ± {interval_16}, {slope_128} ± {interval_128}, {slope_1024} ± {interval_1024}."
        ),
        note=N_(
            "There r = {correlation_16}, {correlation_128}, {correlation_1024}, over 500, 500 and 100 "
            "trials (± holds 19 times of 20): more data does not straighten the line."
        ),
        measure=trials.large_samples,
        draw=_draw_samples,
        page="losses",
        query={"n": "1024", "trials": "100", "logit_scale": "16", "dtype": "float64"},
        shows=("correlation_1024", "slope_1024", "interval_1024"),
        digits=4,
    ),
)
