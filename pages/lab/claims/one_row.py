"""Claims on one row of logits: softmax and cross-entropy."""

from typing import Final

from ce_core.claims import one_row
from ce_core.post.derivations import example
from ce_core.probability.jacobian import softmax_jacobian
from lab.claims.claim import CONDITIONAL, TRUE, Claim, Measured
from lab.claims.pictures import Mark, bars, squares
from lab.language.catalogues import N_, _
from lab.language.numerals import number
from lab.state.fields import spell

EXAMPLE_LOGITS, EXAMPLE_TARGET = (",".join(map(spell, values.tolist())) for values in example())


def _draw_jacobian(numbers: Measured) -> str:
    jacobian = softmax_jacobian(example()[0])
    sums = [_("sum 0")] * len(jacobian)
    size = number(numbers["row_sum"], digits=2)
    said = [_("each row sums to 0, to {size}").format(size=size)]
    return squares(_("J: filled above 0, hollow below"), jacobian.tolist(), sums, said)


def _draw_gradient(numbers: Measured) -> str:
    labels = (
        (_("(Σw) p − w, weights that sum to 1.5"), "weighted_difference"),
        (_("p − q, weights that sum to 1"), "difference"),
        (_("p − w, weights that sum to 1.5"), "wrong_by"),
    )
    marks = [
        Mark(label, numbers[name], number(numbers[name], digits=3 if name == "wrong_by" else 2), "l1")
        for label, name in labels
    ]
    return bars(_("off the gradient by"), marks)


CLAIMS: Final = (
    Claim(
        key="softmax_jacobian",
        verdict=TRUE,
        source=N_("step 1 of the post"),
        claim=N_("The derivative of the softmax is p (1 − p) on the diagonal and −pᵢ pⱼ off it"),
        sentence=N_("J = diag(p) − p pᵀ for all logits: against autograd it holds to {difference}."),
        note=N_("Its rows sum to {row_sum}, in truth 0, so one eigenvalue is 0."),
        measure=one_row.softmax_jacobian,
        draw=_draw_jacobian,
        page="softmax",
        query={"a": EXAMPLE_LOGITS},
    ),
    Claim(
        key="cross_entropy_gradient",
        verdict=CONDITIONAL,
        condition=N_("Σq = 1"),
        source=N_("step 2 of the post"),
        claim=N_("The gradient of cross-entropy through the softmax is p − q"),
        sentence=N_("Then it holds to {difference}; in general the gradient is (Σq) p − q."),
        note=N_(
            "For weights that sum to 1.5, p − q is wrong by p/2, at the example of the post's page by "
            "up to {wrong_by}, the general form by {weighted_difference} (computed here)."
        ),
        measure=one_row.cross_entropy_gradient,
        draw=_draw_gradient,
        page="gradient",
        query={"a": EXAMPLE_LOGITS, "q": EXAMPLE_TARGET, "step": "0"},
    ),
)
