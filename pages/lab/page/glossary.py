"""What each letter means: one table, which web/glossary.js shows at a symbol and at a page's foot."""

from html import escape
from typing import Final

import streamlit as st

from lab.language.catalogues import N_, _

SYMBOLS: Final = {
    "a": N_("the logits: one score a class, any real numbers"),
    "p": N_("softmax(a): what is predicted, one probability a class"),
    "q": N_("the target: what should be predicted, one weight a class, with sum 1"),
    "K": N_("how many classes there are"),
    "m": N_("how many classes there are; of a plan, how many columns"),
    "n": N_("how many rows there are: samples, or sources of mass"),
    "T": N_("the temperature: logits are divided by it"),
    "L1": N_("the cross-entropy −Σ q log p, in nats"),
    "L2": N_("the post's loss without a logarithm, Σ (p − q) a"),
    "H(p)": N_("the entropy of p, −Σ p log p: how undecided the prediction is, in nats"),
    "J": N_("the Jacobian of the softmax: J has in row i, column j how fast pᵢ grows with aⱼ"),
    "η": N_("the learning rate: how far a step goes along the gradient"),
    "r": N_("the correlation over trials; of a product, the remainder after it"),
    "f": N_("the potential of a row: ε times the logarithm of what Sinkhorn scales it by"),
    "g": N_("the potential of a column: ε times the logarithm of what Sinkhorn scales it by"),
    "Z": N_("the sum of all powers e^a"),
    "M": N_("the largest logit"),
    "C": N_("the costs: what moving one unit of mass from a row to a column costs"),
    "P": N_("the plan: how much mass goes from each row to each column"),
    "Q": N_("the plan whose rows are the targets q"),
    "ε": N_("the regularisation: the larger, the more evenly a plan spreads its mass"),
    "μ": N_("what each row has to give"),
    "ν": N_("what each column has to receive"),
    "u": N_("the distance from 1 to the next number that the dtype has"),
}
"""By how they are written in a formula, without its spaces; what they mean, before translation."""


def words() -> str:
    """Return the table as HTML that shows nothing: it goes with the style, sent once a visit."""
    lines = "".join(
        f"<dt>{escape(symbol)}</dt><dd>{escape(_(meaning))}</dd>" for symbol, meaning in SYMBOLS.items()
    )
    return f'<dl id="lab-words" hidden>{lines}</dl>'


def show_symbols() -> None:
    """Let a reader look up what the letters mean; web/glossary.js fills it once it is opened."""
    summary = escape(_("What the letters mean"))
    st.html(f'<details class="lab-symbols"><summary>{summary}</summary></details>')
