"""Claims on one row of logits: softmax and cross-entropy."""

from typing import Final

import torch

from ce_core.claims import one_row
from ce_core.post.derivations import example
from ce_core.probability.jacobian import softmax_jacobian
from lab.claims.claim import CONDITIONAL, TRUE, Claim, Measured
from lab.claims.pictures import Mark, Reference, bars, curves, squares
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


def _draw_temperature(numbers: Measured) -> str:
    temperatures = torch.logspace(0.3, -1, 27, dtype=torch.float64)
    series = []
    for label, name, right in (
        (_("the second right"), "behind_0.1", 1),
        (_("the first right"), "ahead_0.1", 0),
    ):
        sizes = one_row.push_at(temperatures, right=right)
        mark = Mark(label, numbers[name], number(numbers[name], digits=2), "l1")
        series.append((mark, list(zip(temperatures.tolist(), sizes.tolist(), strict=True))))
    return curves(_("size of the gradient at logits (2, 0)"), _("T from 2 down to 0.1"), series)


def _draw_directions(numbers: Measured) -> str:
    marks = [
        Mark("KL(q‖p)", numbers["forward"], number(numbers["forward"]), "q"),
        Mark("KL(p‖q)", numbers["backward"], number(numbers["backward"]), "p"),
    ]
    return bars(_("nats, q = (½, ½, 0) and p uniform"), marks)


def _draw_stuck(numbers: Measured) -> str:
    marks = [
        Mark(f"ε = {eps}", numbers[f"least_{eps}"], number(numbers[f"least_{eps}"], digits=4), "l1")
        for eps in ("0.03", "0.05", "1")
    ]
    log_k = _("log 3000 = {value}").format(value=number(numbers["log_k"], digits=4))
    return bars(
        _("least L1 that the targets allow"), marks, reference=Reference(numbers["log_k"], log_k)
    )


CLAIMS: Final = (
    Claim(
        key="softmax_jacobian",
        verdict=TRUE,
        source=N_("step 1 of the post"),
        claim=N_("The derivative of the softmax is p (1 − p) on the diagonal and −pᵢ pⱼ off it"),
        sentence=N_("J = diag(p) − p pᵀ for all logits: against autograd it holds to {difference}."),
        note=N_(
            "Its rows sum to {row_sum}, in truth 0, so one eigenvalue is 0; at the example all of them "
            "sum to {trace}."
        ),
        measure=one_row.softmax_jacobian,
        draw=_draw_jacobian,
        page="softmax",
        query={"a": EXAMPLE_LOGITS},
        shows=("trace",),
    ),
    Claim(
        key="cross_entropy_gradient",
        verdict=CONDITIONAL,
        condition=N_("Σq = 1"),
        source=N_("step 2 of the post"),
        claim=N_("The gradient of cross-entropy through the softmax is p − q"),
        sentence=N_("Where Σq = 1 it holds to {difference}; in general the gradient is (Σq) p − q."),
        note=N_(
            "At the example an entry goes up to {largest}. For weights that sum to 1.5, p − q is wrong "
            "by p/2, there by up to {wrong_by}, the general form by {weighted_difference} (computed "
            "here)."
        ),
        measure=one_row.cross_entropy_gradient,
        draw=_draw_gradient,
        page="gradient",
        query={"a": EXAMPLE_LOGITS, "q": EXAMPLE_TARGET, "step": "0"},
        shows=("largest",),
    ),
    Claim(
        key="temperature",
        verdict=CONDITIONAL,
        condition=N_("the right class is not ahead"),
        source=N_("contrastive losses"),
        claim=N_("A small temperature makes large gradients"),
        sentence=N_(
            "For logits (2, 0) with the second class right, the gradient by its logit grows from "
            "{behind_1} at T = 1 to {behind_0_1} at T = 0.1; with the first right it falls from "
            "{ahead_1} to {ahead_0_1}."
        ),
        note=N_(
            "The gradient is (p − q)/T: with the right class ahead, p − q falls faster than 1/T grows "
            "once T is small, here below {turn} (computed here; the link opens T = 1, where the two "
            "are one)."
        ),
        measure=one_row.temperature,
        draw=_draw_temperature,
        page="softmax",
        query={"a": "2,0", "target": "2"},
        shows=("behind_1",),
    ),
    Claim(
        key="kl_directions",
        verdict=CONDITIONAL,
        condition=N_("p is near q"),
        source=N_("losses of distillation"),
        claim=N_("It does not matter which way round KL is taken"),
        sentence=N_(
            "For q = (½, ½, 0) and uniform p, KL(q‖p) = {forward} and KL(p‖q) = {backward}: one "
            "forgives mass where q has none, the other never does."
        ),
        note=N_(
            "Near q they agree to second order: with two logits moved by 0.01 their ratio is "
            "{ratio_near}. Cross-entropy lowers KL(q‖p) (computed here)."
        ),
        measure=one_row.kl_directions,
        draw=_draw_directions,
        digits=4,
    ),
    Claim(
        key="stuck_at_log_k",
        verdict=CONDITIONAL,
        condition=N_("the targets are not uniform"),
        source=N_("asked of clustering losses, as SwAV"),
        claim=N_("A loss that stays at log K only needs more training"),
        sentence=N_(
            "No p comes below H(q): with targets that Sinkhorn makes for 3,000 prototypes, the least "
            "loss is {least_0_05} at ε = 0.05, but {least_1} at ε = 1, beside log 3000 = {log_k}."
        ),
        note=N_(
            "A smaller ε is the cure, not patience: at 0.03 the least loss is {least_0_03}. (Cosines "
            "of 256 random samples, 3 iterations, computed here; the link opens uniform targets of 3 "
            "classes, where each p ends at {third} and L1 at log 3.)"
        ),
        measure=one_row.stuck_at_log_k,
        draw=_draw_stuck,
        page="gradient",
        query={"a": "2,0.5,-1", "q": "smoothed", "smoothing": "1"},
        shows=("third",),
        digits=4,
    ),
)
