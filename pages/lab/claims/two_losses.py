"""Claims on L1 and L2 at the same logits."""

from typing import Final

from ce_core.claims import two_losses
from ce_core.losses.forms import logit_gap_residual
from ce_core.post.derivations import example
from ce_core.post.sum_check import five_numbers
from lab.claims.claim import CONDITIONAL, FALSE, Claim, Measured
from lab.claims.one_row import EXAMPLE_LOGITS
from lab.claims.pictures import Mark, arrows, bars
from lab.language.catalogues import N_, _
from lab.language.numerals import fixed, number


def _draw_equivalent(numbers: Measured) -> str:
    l1, l2, entropy = (numbers[f"{name}_16"] for name in ("l1", "l2", "entropy"))
    both = fixed(l2, decimals=3), fixed(entropy, decimals=3)
    return bars(
        _("nats, the post's logits times 16"),
        [
            Mark("L1", l1, fixed(l1, decimals=3), "l1"),
            Mark("L2 + H(p)", l2, " + ".join(both), "l2", more=(entropy, "entropy")),
        ],
    )


def _draw_gradients(numbers: Measured) -> str:
    held = numbers["l1"]
    return arrows(
        _("push on the right logit, −dL/da₁"),
        [
            Mark("L1", -numbers["l1"], number(-numbers["l1"]), "l1"),
            Mark(_("L2, p held"), -held, number(-held), "held", dashed=True),
            Mark("L2", -numbers["l2"], number(-numbers["l2"]), "l2"),
        ],
    )


def _draw_elements(_numbers: Measured) -> str:
    return _elements(_("pᵢ (aᵢ − Σⱼ pⱼ aⱼ) at the example"), logit_gap_residual(example()[0]).tolist())


def _draw_check(_numbers: Measured) -> str:
    return _elements(_("pᵢ (aᵢ − b) of the post's five numbers"), five_numbers()[2].tolist())


def _elements(title: str, elements: list[float]) -> str:
    marks = [Mark(f"i = {i}", value, number(value), "l2") for i, value in enumerate(elements, 1)]
    return arrows(title, [*marks, Mark(_("sum"), 0.0, "0")])


CLAIMS: Final = (
    Claim(
        key="losses_equivalent",
        verdict=FALSE,
        source=N_("step 3 of the post"),
        claim=N_("L2 = Σ (p − q) a is an equivalent form of the cross-entropy L1"),
        sentence=N_(
            "L1 − L2 = H(p), exactly (to {identity}): in the experiment with logits 16 times as large "
            "{l1_16} − {l2_16} = {entropy_16}."
        ),
        note=N_(
            "At the example {l1} − {l2} = {entropy}. Nor do they have the same "
            "minimum: with one right class of 10, L1 drives its p to 1, L2 in full is least at "
            "{confidence} (computed here)."
        ),
        measure=two_losses.losses_equivalent,
        draw=_draw_equivalent,
        page="losses",
        query={"logit_scale": "16", "dtype": "float64"},
        shows=("l1_16", "l2_16", "entropy_16"),
        decimals=4,
    ),
    Claim(
        key="same_gradient",
        verdict=CONDITIONAL,
        condition=N_("p is held constant"),
        source=N_("step 3 of the post"),
        claim=N_("L2 has the same gradient as L1"),
        sentence=N_(
            "In full, dL2/da = (p − q) + J a: for logits (2, 0) with the first class right, dL1/da₁ = "
            "{l1} and dL2/da₁ = {l2}, which points the other way."
        ),
        note=N_("With p held constant (`detach`, stop-gradient) the two differ by {held}."),
        measure=two_losses.same_gradient,
        draw=_draw_gradients,
        page="gradient",
        query={"a": "2,0", "step": "0"},
        shows=("l1", "l2"),
    ),
    Claim(
        key="zero_elements",
        verdict=FALSE,
        source=N_("step 3 of the post"),
        claim=N_("pᵢ (aᵢ − Σⱼ pⱼ aⱼ) = 0 for every i"),
        sentence=N_("Only the sum over i is 0 (to {sum}): at the example an element is {largest}."),
        note=N_("All are 0 only where every class with p > 0 has the same logit."),
        measure=two_losses.zero_elements,
        draw=_draw_elements,
        page="gradient",
        query={"a": EXAMPLE_LOGITS, "step": "0"},
        shows=("largest",),
    ),
    Claim(
        key="five_number_check",
        verdict=FALSE,
        source=N_("step 4 of the post"),
        claim=N_("A check with five numbers confirms that the term vanishes"),
        sentence=N_(
            "It adds the five up, and only the sum vanishes: the elements are {smallest} to {largest} "
            "in size."
        ),
        note=N_(
            "Nor does the printed {printed} come from the printed digits: they give {sum}, or "
            "{with_printed_mean} with the mean as printed."
        ),
        measure=two_losses.five_number_check,
        draw=_draw_check,
        page="gradient",
        shows=("largest", "printed", "sum", "with_printed_mean"),
    ),
)
