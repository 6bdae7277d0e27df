"""What each symbol means: one record, from which every formula and sentence shows it."""

from collections.abc import Mapping
from typing import Final

from lab.language.catalogues import N_, _
from lab.web.assets import register

GLOSSARY: Final[Mapping[str, str]] = {
    "a": N_("logit: the score of a class, before softmax"),
    "p": N_("predicted probability, softmax(a)"),
    "q": N_("target probability"),
    "J": N_("Jacobian: how much each p moves as a logit does"),
    "H(p)": N_("entropy of p, in nats: 0 where one class has it all, log m where all are alike"),
    "L1": N_("cross-entropy, −Σ q log p, in nats"),
    "L2": N_("the post's loss without a logarithm, Σ (p − q) a"),
    "ε": N_("regularisation: the larger, the more a plan spreads"),
    "μ": N_("what each row of a plan should sum to"),
    "ν": N_("what each column of a plan should sum to"),
    "P": N_("plan: the mass that goes from each row to each column"),
    "C": N_("cost of each pair of a row and a column"),
    "f": N_("potential of a row: what Sinkhorn scales it by, as a logarithm times ε"),
    "g": N_("potential of a column: what Sinkhorn scales it by, as a logarithm times ε"),
    "T": N_("temperature: divides the logits"),
    "Z": N_("sum of all powers e^a"),
    "M": N_("the largest logit"),
    "m": N_("number of classes, or of columns"),
    "K": N_("number of classes"),
    "n": N_("number of samples, or of rows"),
    "r": N_("correlation: 1 where all dots lie on one rising line"),
}

_COMPONENT: Final = register("page/glossary", styled=False)


def show_meanings() -> None:
    """Have the page say what a symbol means that a pointer, a finger or the focus comes upon."""
    _COMPONENT(key="glossary", data={symbol: _(words) for symbol, words in GLOSSARY.items()})
