"""Claims on NaN and what prevents it."""

from typing import Final

from ce_core import DTYPES
from ce_core.claims import not_a_number
from ce_core.figures.colours import DTYPE_GLYPHS
from lab.claims.claim import FALSE, TRUE, Claim, Measured
from lab.claims.pictures import Mark, bars
from lab.language.catalogues import N_, _
from lab.language.numerals import number


def _draw_underflow(numbers: Measured) -> str:
    return bars(
        _("gap between logits, up to the first NaN"),
        [
            *(
                Mark(
                    f"{DTYPE_GLYPHS[dtype]} {dtype}",
                    numbers[dtype],
                    _("NaN from {gap}").format(gap=number(numbers[dtype])),
                    dtype,
                )
                for dtype in DTYPES
            ),
        ],
        log=True,
    )


def _draw_cures(numbers: Measured) -> str:
    rows = (
        (_("as it stands: overflow"), "naive"),
        (_("largest logit subtracted: underflow"), "max_shifted"),
        (_("and the NaN masked: gradient"), "where_masked"),
    )
    return bars(
        _("float32: finite up to a gap of"),
        [
            Mark(
                label, numbers[name], _("fails from {gap}").format(gap=number(numbers[name])), "float32"
            )
            for label, name in rows
        ],
    )


def _draw_smoothing(numbers: Measured) -> str:
    rows = (
        (_("q one-hot"), "one_hot"),
        (_("smoothed over the classes that are allowed"), "inside"),
        (_("smoothed over all, the masked one too"), "smoothed"),
    )
    marks = [Mark(label, numbers[name], number(numbers[name]), "l1") for label, name in rows]
    return bars(_("L1 at logits (2, 0, −∞), nats"), marks)


CLAIMS: Final = (
    Claim(
        key="log_zero",
        verdict=TRUE,
        source=N_("step 3 of the post"),
        claim=N_("Without a logarithm there is no NaN from log(0)"),
        sentence=N_(
            "p underflows to 0 from a gap between logits of {float16} (float16), {bfloat16} "
            "(bfloat16), {float32} (float32), {float64} (float64) on, and then 0 · log 0 is NaN; L2 "
            "stays finite there."
        ),
        note=N_(
            "So does L1 computed by log-softmax, which is the same loss: to cure NaN nobody needs L2."
        ),
        measure=not_a_number.log_zero,
        draw=_draw_underflow,
        page="stability",
        # Where each dtype underflows shows on a formula that takes the logarithm.
        query={"formula": "max_shifted"},
        shows=("float16", "bfloat16", "float32", "float64"),
    ),
    Claim(
        key="subtract_maximum",
        verdict=FALSE,
        source=N_("taken for granted by the post"),
        claim=N_("Subtracting the largest logit first is cure enough"),
        sentence=N_(
            "It cures overflow (float32: from a logit of {naive} on), not underflow: from a gap of "
            "{max_shifted} on it is NaN all the same."
        ),
        note=N_(
            "A mask on the NaN saves the value, not the gradient, which is NaN from {where_masked} on."
        ),
        measure=not_a_number.subtract_maximum,
        draw=_draw_cures,
        page="stability",
        query={"formula": "max_shifted"},
        shows=("max_shifted",),
    ),
    Claim(
        key="label_smoothing",
        verdict=FALSE,
        source=N_("common practice"),
        claim=N_("Label smoothing works with masked classes"),
        sentence=N_(
            "Smoothing puts weight on the masked class too, whose log p is −∞: at logits (2, 0, −∞) L1 "
            "is {one_hot} for a one-hot q, and {smoothed} once 0.1 of it is spread over all three."
        ),
        note=N_(
            "Spread over the allowed classes alone, it is {inside}. A mask of −10⁴ in the place of −∞ "
            "hides the fault: the loss is then {large}, nearly all of it from the mask (computed here; "
            "the link opens a q that is all on the masked class, where L1 is {smoothed} too)."
        ),
        measure=not_a_number.label_smoothing,
        draw=_draw_smoothing,
        page="stability",
        query={"a": "2,0,-inf", "target": "3", "formula": "log_softmax"},
        shows=("smoothed",),
    ),
)
