"""Claims on Sinkhorn's iteration."""

from typing import Final

from ce_core.claims import balancing
from lab.claims.claim import CONDITIONAL, TRUE, Claim, Measured
from lab.claims.pictures import Mark, bars
from lab.language.catalogues import N_, _
from lab.language.numerals import number, percent


def _draw_constant(numbers: Measured) -> str:
    rows = (
        (_("softmax over all entries"), "softmax"),
        (_("a number added to all of C"), "constant"),
        (_("to one row of C: converged"), "row_converged"),
        (_("to one row of C: after 3 iterations"), "row_fixed"),
    )
    marks = [Mark(label, numbers[name], number(numbers[name], digits=2), "q") for label, name in rows]
    return bars(_("what changes in the plan, by powers of ten"), marks, log=True)


def _draw_floor(numbers: Measured) -> str:
    rows = (
        (_("float32, C/ε up to 80"), "before_float32"),
        (_("float32, C/ε up to 110"), "after_float32"),
        (_("the post's costs, C/ε up to 700"), "post_700"),
        (_("the post's costs, C/ε up to 5,000"), "post_5000"),
    )
    marks = [Mark(label, numbers[name], percent(numbers[name], digits=2), "q") for label, name in rows]
    return bars(_("share of the mass in the wrong place"), marks)


def _draw_fixed(numbers: Measured) -> str:
    rows = (
        (_("ε = 0.5, 10 iterations"), "experiment_0.5_10"),
        (_("ε = 0.003, 3 iterations"), "experiment_0.003_3"),
        (_("ε = 0.003, 10 iterations"), "experiment_0.003_10"),
    )
    marks = [
        Mark(label, numbers[name], percent(numbers[name], digits=2), "columns") for label, name in rows
    ]
    return bars(_("share of the mass that columns miss"), marks)


def _draw_row_maximum(numbers: Measured) -> str:
    marks = [
        Mark(label, numbers[name], percent(numbers[name], digits=2), "q")
        for label, name in ((_("after 3 iterations"), "early"), (_("converged"), "converged"))
    ]
    return bars(_("share of a row that moves, at most"), marks)


def _draw_layers(numbers: Measured) -> str:
    marks = [
        Mark(
            _("logits of standard deviation {size}").format(size=size),
            numbers[f"missed_{size}"],
            number(numbers[f"missed_{size}"], digits=2),
            "columns",
        )
        for size in (1, 3, 10)
    ]
    return bars(_("a column misses 1 by, after 20 iterations"), marks)


def _draw_spread(numbers: Measured) -> str:
    rows = (
        (_("costs from 0 to 0.1"), "columns_0.1"),
        (_("costs from 0 to 1"), "columns_1"),
        (_("costs from 0 to 10"), "columns_10"),
    )
    marks = [Mark(label, numbers[name], number(numbers[name]), "q") for label, name in rows]
    return bars(_("columns that a row spreads over, of 64, at ε = 0.05"), marks)


CLAIMS: Final = (
    Claim(
        key="constant_factor",
        verdict=TRUE,
        source=N_("step 5 of the post"),
        claim=N_("Sinkhorn may start from a softmax over all entries of −C/ε"),
        sentence=N_("That divides the kernel by one number, and the plan stays (to {softmax})."),
        note=N_(
            "So does adding a number to all of C (to {constant}). Added to a single row, it leaves the "
            "converged plan (to {row_converged}), not the one after 3 iterations ({row_fixed} at ε = "
            "0.02). Computed here, with 128 × 64 costs; the link opens 12 × 12 at that ε, where C/ε "
            "has a range of {random_range}."
        ),
        measure=balancing.constant_factor,
        draw=_draw_constant,
        page="transport",
        query={"eps": "0.02", "n_iter": "3"},
        shows=("random_range",),
    ),
    Claim(
        key="floored_zeros",
        verdict=CONDITIONAL,
        condition=N_("no entry underflows"),
        source=N_("step 5 of the post"),
        claim=N_("Zeros in the kernel may be replaced by 1e−38"),
        sentence=N_(
            "Beyond a range of C/ε of {range_float32} (float32) or {range_float64} (float64) entries "
            "underflow: in float32 the costs (0, 110) and (0, 105) at ε = 1 give a plan with "
            "{after_float32} of its mass in the wrong place."
        ),
        note=N_(
            "The post's random costs, 128 × 64 in float64, forgive more: {post_700} of the mass at a "
            "range of 700, {post_5000} at 5,000 (all computed here, after 10 iterations; the link "
            "opens costs of 12 × 12 with a range of {random_range}). There is no NaN to tell, which is "
            "all that the post asserts."
        ),
        measure=balancing.floored_zeros,
        draw=_draw_floor,
        page="transport",
        query={"eps": "0.001", "n_iter": "10"},
        shows=("random_range",),
        shares=("after_float32", "post_700", "post_5000"),
    ),
    Claim(
        key="fixed_iterations",
        verdict=CONDITIONAL,
        condition=N_("ε is large enough"),
        source=N_("step 5 of the post; common practice"),
        claim=N_("10 iterations (or 3) of Sinkhorn give a balanced Q"),
        sentence=N_(
            "At ε = 0.5 the columns miss their share by {experiment_0_5_10} of the mass after 10, the "
            "worst of 20 trials; at ε = 0.003 by {experiment_0_003_3} after 3 and "
            "{experiment_0_003_10} after 10."
        ),
        note=N_(
            "For the last, set the iterations to 10. The rows never show it (to {rows}): they are "
            "scaled last. A fixed number is not convergence."
        ),
        measure=balancing.fixed_iterations,
        draw=_draw_fixed,
        page="losses",
        query={"eps": "0.003", "n_iter": "3", "dtype": "float64"},
        shows=("experiment_0_003_3",),
        shares=("experiment_0_5_10", "experiment_0_003_3", "experiment_0_003_10"),
    ),
    Claim(
        key="row_maximum",
        verdict=CONDITIONAL,
        condition=N_("it is run to convergence"),
        source=N_("code of clustering losses"),
        claim=N_("Subtracting each row's largest score before Sinkhorn changes nothing"),
        sentence=N_(
            "After 3 iterations at ε = 0.04 up to {early} of a row's mass has moved, and {changed} "
            "of {rows} rows prefer another column; at convergence nothing moves (to {converged})."
        ),
        note=N_(
            "What is subtracted from all scores at once, or from a column, which is scaled first, "
            "never matters. (64 × 128 random scores with a standard deviation of 0.2, computed here; "
            "the link opens another plan after 3 iterations, 12 × 12 with C/ε over a range of "
            "{random_range}.)"
        ),
        measure=balancing.row_maximum,
        draw=_draw_row_maximum,
        page="transport",
        query={"eps": "0.01", "n_iter": "3"},
        shows=("random_range",),
        shares=("early",),
    ),
    Claim(
        key="layer_products",
        verdict=CONDITIONAL,
        condition=N_("the logits are small"),
        source=N_("hyper-connections (mHC)"),
        claim=N_("20 iterations of Sinkhorn make a 4 × 4 matrix doubly stochastic"),
        sentence=N_(
            "Where logits have a standard deviation of 1, a column misses 1 by {missed_1}; with 3 by "
            "{missed_3}, with 10 by {missed_10} (99th percentile of 4,000 draws)."
        ),
        note=N_(
            "A product of 120 such layers has columns that sum to up to {product_1}, {product_3} and "
            "{product_10}; its rows, scaled last, still sum to 1 (computed here; the link opens a 4 × "
            "4 plan after 20 iterations, C/ε over a range of {random_range})."
        ),
        measure=balancing.layer_products,
        draw=_draw_layers,
        page="transport",
        query={"n": "4", "m": "4", "eps": "0.03", "n_iter": "20"},
        shows=("random_range",),
        digits=4,
    ),
    Claim(
        key="eps_perplexity",
        verdict=CONDITIONAL,
        condition=N_("costs range far wider"),
        source=N_("defaults that are copied"),
        claim=N_("ε = 0.05 gives a sharp plan"),
        sentence=N_(
            "A row spreads over {columns_1} of 64 columns where costs go from 0 to 1, over "
            "{columns_0_1} where they are a tenth as large, over {columns_10} where they are ten times "
            "as large."
        ),
        note=N_(
            "Only C/ε counts: let ε grow with the costs, and the plan stays (to {together}). Hence ε "
            "in standard deviations of the costs, as `relative_eps` gives it. The number of columns is "
            "the exponential of the row's entropy (computed here; the link opens 12 × 12 costs from 0 "
            "to 1, a plan of H(P) = {random_entropy} nats)."
        ),
        measure=balancing.eps_perplexity,
        draw=_draw_spread,
        page="transport",
        query={"eps": "0.05", "n_iter": "20"},
        shows=("random_entropy",),
    ),
)
