"""What the page of the post says about its five steps."""

from collections.abc import Iterable, Mapping
from typing import Final

from ce_core.post.derivations import DERIVATIONS, CheckedLine, example
from ce_core.post.sum_check import five_numbers
from lab.language.catalogues import N_, _
from lab.language.numerals import number, percent
from lab.language.sentences import sentences
from lab.losses.results import Measured
from lab.post.anchors import ANCHORS

STEPS: Final = (
    N_("Step 1. The derivative of the softmax"),
    N_("Step 2. The gradient of the cross-entropy"),
    N_("Step 3. A loss without a logarithm"),
    N_("Step 4. A check with five numbers"),
    N_("Step 5. The experiment"),
)

REASONS: Final[Mapping[str, Mapping[str, str]]] = {
    "softmax": {
        "total": N_("Only one summand of Z holds $a_j$."),
        "power": N_("δ is 1 for i = j and 0 otherwise: a power sees its own logit only."),
        "quotient": N_("The quotient rule on $p_i = e^{a_i} / Z$, with the two lines above."),
        "divide": N_("Take $e^{a_i}/Z$ out."),
        "insert": N_("What is left are probabilities again."),
        "matrix": N_("All i and j at once: the Jacobian. It is symmetric."),
        "row_sums": N_("What one class gains, the others lose, since p sums to 1."),
    },
    "cross_entropy": {
        "logarithm": N_("The logarithm undoes the power: no p is needed, only logits."),
        "loss": N_("Insert it. Σq = 1 stands before log Z."),
        "chain_rule": N_("Every p depends on $a_j$, so every term counts."),
        "insert": N_("Step 1. The $p_i$ cancels, and with it all that was small in J."),
        "split": N_("Two sums; δ keeps one term of the first."),
        "gradient": N_("Σq = 1. This is the whole gradient."),
        "weights": N_("Weights w that do not sum to 1: then their sum stays, and p − w is wrong."),
    },
    "logit_gap": {
        "expand": N_("L2 is two averages of the logits, under p and under q."),
        "entropy": N_("The entropy of p, with log p = a − log Z from step 2."),
        "difference": N_("L1 = log Z − q·a from step 2, minus the first line: q·a cancels."),
        "identity": N_("The second line. **The two losses differ by the entropy of p.**"),
        "product_rule": N_("p depends on a too, so the product rule gives two terms."),
        "insert": N_("Step 1."),
        "collect": N_("δ keeps one term; the rest is the mean of the logits under p."),
        "vanishes": N_(
            "**The post's line.** It is a deviation from the mean, weighted. It is 0 only where all "
            "logits that matter are equal."
        ),
        "sum_vanishes": N_("**What does hold**: deviations from the mean sum to 0."),
        "in_full": N_("So this is the gradient of L2."),
        "same_gradient": N_("**The post's conclusion** from the line that fails."),
        "held": N_(
            "**What does hold**: with p held constant (`detach`, stop-gradient) the second term never "
            "arises, and what is left is dL1/da. Practice uses L2 in this way."
        ),
    },
}
"""Derivation -> line -> what was done, before translation."""


AUTHOR: Final = "[凯鲁嘎吉](https://www.cnblogs.com/kailugaji/)"


def intro() -> str:
    """Return what the post is, who wrote it, and what the page does with it."""
    return _(
        "“The Cross-Entropy Loss Function for the Softmax Function”, a post of 2023 in Chinese by "
        "{author}, derives two gradients, puts a loss L2 without a logarithm in the place of the "
        "cross-entropy L1, and tests it in an experiment. Here are its five steps: what holds, what "
        "does not, and by how much."
    ).format(author=AUTHOR)


def contents() -> str:
    """Return links to the parts of the page, as Markdown."""
    return " · ".join(f"[{_(title)}](#{anchor})" for title, anchor in zip(STEPS, ANCHORS, strict=True))


def derivation(name: str, lines: Iterable[CheckedLine], *, first: int = 1) -> str:
    """Return lines as Markdown: each formula, then its number, its reason and what it is off by."""
    return "\n\n".join(
        f"$$\n{line.latex}\n$$\n\n"
        + sentences(f"({place})", _(REASONS[name][line.name]), _verdict(line))
        for place, line in enumerate(lines, start=first)
    )


def _verdict(line: CheckedLine) -> str:
    if line.difference == 0:
        return _(":small[✓ holds exactly]")
    size = number(line.difference, digits=2)
    if line.holds:
        return _(":small[✓ holds to {size}]").format(size=size)
    return _("**✗ fails: off by {size}**").format(size=size)


def example_numbers() -> str:
    """Return the logits and the target at which every line is evaluated."""
    a, q = example()
    return _("a = ({logits}), q = ({target})").format(
        logits=", ".join(number(value, digits=6) for value in a.tolist()),
        target=", ".join(number(value, digits=6) for value in q.tolist()),
    )


def _post_line() -> int:
    """Return the number of the line by which the post concludes that the gradients are equal."""
    return 1 + [line.name for line in DERIVATIONS["logit_gap"]].index("vanishes")


def notation() -> str:
    """Return the symbols, and the numbers that are put into every line."""
    return _(
        "**Logits** a are scores of m classes. **p** = softmax(a) is what is predicted, **q** the "
        "target; both sum to 1. **Z** is the sum of all powers e^a, δ is 1 on the diagonal, H(p) "
        "the entropy of p; logarithms are natural. Each line below is evaluated on both sides in "
        "float64, at {numbers}. **✓ holds to 2·10⁻¹⁶** means: their largest difference is that, "
        "and rounding explains it."
    ).format(numbers=example_numbers())


def step_1() -> str:
    """Return what step 1 is about."""
    return _(
        "Softmax turns logits into probabilities, $p_i = e^{a_i}/Z$ with $Z = \\sum_k e^{a_k}$. "
        "How does each p answer to each logit?"
    )


def verdict_1() -> str:
    """Return what step 1 has shown."""
    return _(
        "**The post is right.** Two things follow. The same number added to every logit moves "
        "nothing: that is the eigenvalue 0. And a p near 0 or 1 hardly moves at all, since p (1 − "
        "p) is small."
    )


def step_2() -> str:
    """Return what step 2 is about."""
    return _("The loss is $L_1 = -\\sum_i q_i \\log p_i$, in nats. How does it answer to each logit?")


def verdict_2() -> str:
    """Return what step 2 has shown."""
    return _(
        "**The post is right**, as long as q sums to 1. However small J is, the gradient is p − q: "
        "what the softmax makes small, the logarithm makes large by as much."
    )


def step_3() -> str:
    """Return what step 3 is about."""
    return _(
        "If a p is so small that it is rounded to 0, log p is −∞, and even 0 · log 0 is NaN. So "
        "the post proposes $L_2 = \\sum_i (p_i - q_i)\\, a_i$ and calls it equivalent. First, how "
        "far are the two apart?"
    )


def step_3_gradient() -> str:
    """Return what the second half of step 3 is about."""
    return _("Do they at least have the same gradient? The post says so, by line {line}.").format(
        line=_post_line()
    )


def verdict_3() -> str:
    """Return what step 3 has shown."""
    return _(
        "**The post is wrong here**, unless p is held constant. L2 has no logarithm and no NaN, "
        "but it is another function: L1 minus an entropy. Differentiated in full it also rewards a "
        "p that is spread out. And NaN has a cure that changes nothing: log p computed as a − log "
        "Z, by log-softmax. The charts show 20 trials of the post's experiment, its logits times "
        "16."
    )


def step_4() -> str:
    """Return what step 4 is about."""
    return _(
        "The post confirms line {line} of step 3 with numbers: five values a, five weights p that "
        "sum to 1, and b = p·a. It prints Σ pᵢ (aᵢ − b) = 5.2·10⁻¹⁷, as good as 0. These are its "
        "numbers, with what it did not print:"
    ).format(line=_post_line())


def verdict_4() -> str:
    """Return what step 4 has shown."""
    return _(
        "**The check adds up what it should look at one by one.** E[X − EX] = 0 holds for every "
        "random variable, so any numbers pass. The gradient is the last column, not its sum."
    )


def step_5() -> str:
    """Return what step 5 is about."""
    return _(
        "Twenty times the post draws 128 rows of 64 logits, divides each row by its sum, draws a "
        "target, balances it by Sinkhorn, and takes both losses. Sorted by L1, its pairs lie on a "
        "line (diamonds; dots: our draw). It concludes that in theory the two are equal, that in "
        "practice they deviate a little, and that with enough data in enough dimensions they are "
        "linearly correlated."
    )


def verdict_5() -> str:
    """Return what step 5 has shown."""
    return _(
        "**The line is there because the logits are tiny.** Each is about 1/64, so p is nearly "
        "uniform, H(p) nearly log 64, and L1 = L2 + H(p) is L2 plus a constant. With larger "
        "logits H(p) varies: the dots scatter, about a steeper line. More data does not change that. "
        "What the post plots as gradients is `np.gradient` of sorted losses: the distance of "
        "neighbours in a list. The true gradients are shown with it."
    )


def five_number_table() -> str:
    """Return the post's five numbers as a Markdown table."""
    values, p, elements = five_numbers()
    rows = [
        f"| {i} | {a:.8f} | {w:.8f} | **{number(e, digits=3)}** |"
        for i, (a, w, e) in enumerate(
            zip(values.tolist(), p.tolist(), elements.tolist(), strict=True), start=1
        )
    ]
    total = number(elements.sum().abs().item(), digits=2)
    return "\n".join(
        [
            "| i | aᵢ | pᵢ | pᵢ (aᵢ − b) |",
            "|---:|---:|---:|---:|",
            *rows,
            _("| sum | | | **{total}** |").format(total=total),
        ]
    )


def scale_caption(measured: Measured) -> str:
    """Return the numbers beside a line of L2 over L1."""
    numbers = measured.numbers
    return _("Logit scale {scale}: r = **{r}**, slope = **{slope}**, H(p) = {share} of log m").format(
        scale=number(measured.config.logit_scale, digits=6),
        r=number(numbers["correlation"], digits=4),
        slope=number(numbers["slope"], digits=4),
        share=percent(numbers["entropy_share"], digits=4),
    )
