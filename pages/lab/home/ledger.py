"""The ledger: what the post claims, in our words, what is true, and the state that shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import streamlit as st

from ce_core.post.claims import CLAIMS, FALSE, TRUE
from ce_core.post.derivations import example
from lab.language.catalogues import N_, _
from lab.language.numerals import fixed, number, percent
from lab.language.sentences import sentences
from lab.page.links import show_state_link
from lab.post.text import example_numbers
from lab.state.fields import spell


@dataclass(frozen=True)
class Entry:
    """A claim on the page.

    Attributes
    ----------
    claim
        What the post says, in our words, before translation.
    statement
        What is true. Names in braces are numbers that the claim measures. That of a conditional
        claim is one sentence with its badge, "True if".
    page, query
        The page and the state of it that shows the claim.
    shows
        Those of its numbers that the state shows too, in the same digits.
    digits
        As many as its numbers need to be told apart.
    decimals
        In place of digits, where the statement adds or subtracts its numbers.
    shares
        Those of its numbers that are read in percent.
    """

    claim: str
    statement: str
    page: str
    query: Mapping[str, str] = field(default_factory=dict)
    shows: tuple[str, ...] = ()
    digits: int = 3
    decimals: int | None = None
    shares: tuple[str, ...] = ()


BADGES: Final = {TRUE: N_(":gray-badge[● True]"), FALSE: N_(":gray-badge[⊘ False]")}
# What is smaller is an error of rounding or close to one, of which only the size matters.
_ROUNDING: Final = 1e-6
_LABELS: Final = {
    "softmax": N_("See it: Softmax"),
    "gradient": N_("See it: Gradient"),
    "stability": N_("See it: Stability"),
    "losses": N_("See it: L1 against L2"),
    "transport": N_("See it: Transport"),
}

EXAMPLE_LOGITS, EXAMPLE_TARGET = (",".join(map(spell, values.tolist())) for values in example())

LEDGER: Final[Mapping[str, Entry]] = {
    "softmax_jacobian": Entry(
        N_("The derivative of the softmax is p (1 − p) on the diagonal and −pᵢ pⱼ off it"),
        N_(
            "J = diag(p) − p pᵀ, for all logits. Against autograd it holds to {difference}; its rows "
            "sum to {row_sum}, in truth 0, so one eigenvalue is 0."
        ),
        "softmax",
        {"a": EXAMPLE_LOGITS},
    ),
    "cross_entropy_gradient": Entry(
        N_("The gradient of cross-entropy through the softmax is p − q"),
        N_(
            ":gray-badge[◐ True if] "
            "Σq = 1 (to {difference}). In general it is (Σq) p − q: for weights that sum to "
            "1.5, p − q is wrong by p/2, at the example above by up to {wrong_by}, the general form by "
            "{weighted_difference} (computed here)."
        ),
        "gradient",
        {"a": EXAMPLE_LOGITS, "q": EXAMPLE_TARGET, "step": "0"},
    ),
    "losses_equivalent": Entry(
        N_("L2 = Σ (p − q) a is an equivalent form of the cross-entropy L1"),
        N_(
            "L1 − L2 = H(p), exactly (to {identity}): at the example above {l1} − {l2} = {entropy}, in "
            "the experiment with logits 16 times as large {l1_16} − {l2_16} = {entropy_16}. Nor do "
            "they have the same minimum: with one right class of 10, L1 drives its p to 1, L2 in full "
            "is least at {confidence} (computed here)."
        ),
        "losses",
        {"logit_scale": "16", "dtype": "float64"},
        shows=("l1_16", "l2_16", "entropy_16"),
        decimals=4,
    ),
    "same_gradient": Entry(
        N_("L2 has the same gradient as L1"),
        N_(
            ":gray-badge[◐ True if] "
            "p is held constant (difference: {held}). In full, dL2/da = (p − q) + J a. For "
            "logits (2, 0) with the first class right, dL1/da₁ = {l1} and dL2/da₁ = {l2}: it points "
            "the other way."
        ),
        "gradient",
        {"a": "2,0", "step": "0"},
        shows=("l1", "l2"),
    ),
    "zero_elements": Entry(
        N_("pᵢ (aᵢ − Σⱼ pⱼ aⱼ) = 0 for every i"),
        N_(
            "Only the sum over i is 0 (to {sum}). At the example above an element is {largest}. All "
            "are 0 only where every class with p > 0 has the same logit."
        ),
        "gradient",
        {"a": EXAMPLE_LOGITS, "step": "0"},
        shows=("largest",),
    ),
    "five_number_check": Entry(
        N_("A check with five numbers confirms that the term vanishes"),
        N_(
            "It adds the five up, and only the sum vanishes: the elements are {smallest} to {largest} "
            "in size. Nor does the printed {printed} come from the printed digits: they give {sum}, "
            "or {with_printed_mean} with the mean as printed."
        ),
        "gradient",
        shows=("largest", "printed", "sum", "with_printed_mean"),
    ),
    "log_zero": Entry(
        N_("Without a logarithm there is no NaN from log(0)"),
        N_(
            "p underflows to 0 from a gap between logits of {float16} (float16), {bfloat16} "
            "(bfloat16), {float32} (float32), {float64} (float64) on, and then 0 · log 0 is NaN. L2 "
            "stays finite there. So does L1 computed by log-softmax, which is the same loss: to cure "
            "NaN nobody needs L2."
        ),
        "stability",
        # Where each dtype underflows shows on a formula that takes the logarithm.
        {"formula": "max_shifted"},
        shows=("float16", "bfloat16", "float32", "float64"),
    ),
    "subtract_maximum": Entry(
        N_("Subtracting the largest logit first is cure enough"),
        N_(
            "It cures overflow (float32: from a logit of {naive} on), not underflow: from a gap of "
            "{max_shifted} on it is NaN all the same. A mask on the NaN saves the value, not the "
            "gradient, which is NaN from {where_masked} on."
        ),
        "stability",
        {"formula": "max_shifted"},
        shows=("max_shifted",),
    ),
    "constant_factor": Entry(
        N_("Sinkhorn may start from a softmax over all entries of −C/ε"),
        N_(
            "That divides the kernel by one number, and the plan stays (to {softmax}); so does adding "
            "a number to all of C (to {constant}). Added to a single row, it leaves the converged plan "
            "(to {row_converged}), not the one after 3 iterations ({row_fixed} at ε = 0.02). Computed "
            "here, with 128 × 64 costs; the link opens the iteration at that ε."
        ),
        "transport",
        {"eps": "0.02", "n_iter": "3"},
    ),
    "floored_zeros": Entry(
        N_("Zeros in the kernel may be replaced by 1e−38"),
        N_(
            ":gray-badge[◐ True if] "
            "no entry underflows: a range of C/ε below 87 (float32) or 708 (float64). Not far "
            "beyond, in float32, the costs (0, 110) and (0, 105) at ε = 1 suffice for a plan that has "
            "{after_float32} of its mass in the wrong place. The post's random costs, 128 × 64 in "
            "float64, forgive more: {post_700} of the mass at a range of 700, {post_5000} at 5,000 "
            "(all computed here, after 10 iterations; the link opens costs of 12 × 12). There is no "
            "NaN to tell, which is all that the post asserts."
        ),
        "transport",
        {"eps": "0.001", "n_iter": "10"},
        shares=("after_float32", "post_700", "post_5000"),
    ),
    "fixed_iterations": Entry(
        N_("10 iterations (or 3) of Sinkhorn give a balanced Q"),
        N_(
            ":gray-badge[◐ True if] "
            "ε is large enough: at ε = 0.5 the columns miss their share by {experiment_0_5_10} of the "
            "mass after 10, the worst of 20 trials. At ε = 0.003 they miss it by {experiment_0_003_3} "
            "after 3, by {experiment_0_003_10} after 10 (there, set the iterations to 10). The rows "
            "never show it (to {rows}): they are scaled last. A fixed number is not convergence."
        ),
        "losses",
        {"eps": "0.003", "n_iter": "3", "dtype": "float64"},
        shows=("experiment_0_003_3",),
        shares=("experiment_0_5_10", "experiment_0_003_3", "experiment_0_003_10"),
    ),
    "published_pairs": Entry(
        N_("The 20 published pairs show that the losses are equivalent"),
        N_(
            "They show L1 − L2 = {difference} in every pair, ± {spread}: nearly log 64 = {log_m}, the "
            "entropy of a p that is almost uniform. With r = {correlation} and slope {slope} they are "
            "far from equal, and always equally far."
        ),
        "losses",
        {"published": "true"},
        shows=("difference", "spread", "correlation", "slope"),
        digits=6,
    ),
    "sorted_spacing": Entry(
        N_("np.gradient of the sorted losses shows the gradients"),
        N_(
            "It shows how far apart sorted numbers lie, half the distance of the two neighbours. Draw "
            "80 trials instead of 20, and on average it shrinks from {spacing_20} to {spacing_80}; an "
            "entry of dL1/da stays at {gradient_80}, root mean square of the first trial, since no "
            "gradient depends on how many trials one draws."
        ),
        "losses",
        {"trials": "80", "dtype": "float64"},
        shows=("spacing_80", "gradient_80"),
    ),
    "deviation_in_practice": Entry(
        N_("In theory the two are equal; in practice they deviate a little"),
        N_(
            "Theory says L1 = L2 + H(p), and practice agrees: the deviation is {gap_float32} in "
            "float32, {gap_float64} in float64, and H(p) is {entropy_float64}. What rounding "
            "adds is {residual_float64} in float64."
        ),
        "losses",
        {"dtype": "float64"},
        shows=("gap_float64", "residual_float64"),
        decimals=5,
    ),
    "small_deviation": Entry(
        N_("The gradients of L1 and L2 hardly differ"),
        N_(
            ":gray-badge[◐ True if] "
            "the logits are near 0: on the post's, the difference is {scale_1} of the size of "
            "dL1/da. On logits 16 times as large it is {scale_16}, at 64 times {scale_64}: larger than "
            "the gradient."
        ),
        "losses",
        {"logit_scale": "64", "dtype": "float64"},
        shows=("scale_64",),
        digits=4,
    ),
    "linear_correlation": Entry(
        N_("L1 and L2 are linearly correlated"),
        N_(
            ":gray-badge[◐ True if] "
            "H(p) hardly varies: the slope is exactly 1 − cov(L1, H)/var(L1). The post's "
            "logits are about 1/m: r = {correlation_1}, slope {slope_1} ± {interval_1}. Times 16, r is "
            "{correlation_16} and the slope {slope_16} ± {interval_16}; times 64, {correlation_64} and "
            "{slope_64} ± {interval_64}. Times 1024, where p is nearly one-hot, the line is back: "
            "{correlation_1024} and {slope_1024} ± {interval_1024}. (20 trials; ± holds 19 times of "
            "20.)"
        ),
        "losses",
        {"logit_scale": "16", "dtype": "float64"},
        shows=("correlation_16", "slope_16", "interval_16"),
        digits=4,
    ),
    "large_dimension": Entry(
        N_("L1 and L2 are linearly correlated when the dimension m is large enough"),
        N_(
            ":gray-badge[◐ True if] "
            "r near 1 is all that is meant: it is {correlation_3} at m = 3, {correlation_64} at 64, "
            "where logits divided by their sum shrink like 1/m. Undo that with a scale of m, and r "
            "grows too, {scaled_correlation_3}, {scaled_correlation_64} and {scaled_correlation_256} "
            "at m = 3, 64 and 256; but about another line, of slope {scaled_slope_3} ± "
            "{scaled_interval_3}, {scaled_slope_64} ± {scaled_interval_64} and {scaled_slope_256} ± "
            "{scaled_interval_256}."
        ),
        "losses",
        {"m": "256", "logit_scale": "256", "dtype": "float64"},
        shows=("scaled_correlation_256", "scaled_slope_256", "scaled_interval_256"),
        digits=4,
    ),
    "large_samples": Entry(
        N_("L1 and L2 are linearly correlated when the amount of data n is large enough"),
        N_(
            "n hardly matters. On logits 16 times as large, n = 16, 128 and 1024 give the slopes "
            "{slope_16} ± {interval_16}, {slope_128} ± {interval_128}, {slope_1024} ± {interval_1024} "
            "and r = {correlation_16}, {correlation_128}, {correlation_1024}, over 500, 500 and 100 "
            "trials (± holds 19 times of 20): more data does not straighten the line."
        ),
        "losses",
        {"n": "1024", "trials": "100", "logit_scale": "16", "dtype": "float64"},
        shows=("correlation_1024", "slope_1024", "interval_1024"),
        digits=4,
    ),
}
"""Key -> entry, as in `ce_core.post.claims.CLAIMS`, in the order of the post."""


@st.cache_data(show_spinner=False)
def measured(key: str) -> dict[str, float]:
    """Return the numbers of a claim, computed once for all visitors."""
    return CLAIMS[key].measure()


def spelled(key: str) -> dict[str, str]:
    """Return the numbers of a claim as they are read."""
    found = {name.replace(".", "_"): value for name, value in measured(key).items()}
    return {name: _spell(LEDGER[key], name, value) for name, value in found.items()}


def _spell(entry: Entry, name: str, value: float) -> str:
    coarse = abs(value) <= _ROUNDING or "interval" in name
    digits = 2 if coarse else entry.digits
    if name in entry.shares:
        return percent(value, digits=digits)
    if entry.decimals is not None and abs(value) > _ROUNDING:
        return fixed(value, decimals=entry.decimals)
    return number(value, digits=digits)


def statement(key: str) -> str:
    """Return the verdict and what is true, with its numbers."""
    said = _(LEDGER[key].statement).format(**spelled(key))
    badge = BADGES.get(CLAIMS[key].verdict)
    return said if badge is None else sentences(_(badge), said)


def intro() -> str:
    """Return what the ledger is, and the example that its statements speak of."""
    return _(
        "What the post says or takes for granted, in its order and in our words. Each verdict has "
        "a test of its name in `tests/core/post/test_claims.py`; each link opens, in a tab of its own, "
        "the state that shows it. What no page shows as it stands is marked: computed here. The "
        "example is {numbers}."
    ).format(numbers=example_numbers())


def draw_ledger() -> None:
    """Draw a card for each claim: the claim, its verdict, what is true, the way to see it."""
    with st.container(key="ledger"):
        for key, entry in LEDGER.items():
            with st.container(border=True, key=f"claim-{key}"):
                st.subheader(_(entry.claim), anchor=False)
                st.markdown(statement(key))
                show_state_link(entry.page, _(_LABELS[entry.page]), entry.query)
