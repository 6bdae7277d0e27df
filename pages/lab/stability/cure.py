"""The cure of a formula in one line of torch, and in which dtypes it is right."""

from typing import Any, Final

from ce_core import FormulaTrace
from lab.language.catalogues import _
from lab.stability.results import Results
from lab.stability.state import DTYPE_NAMES
from lab.stability.text import entry

# Of logits a, their exponentials e, the shifted s, probabilities p, q one-hot at `target`.
LINES: Final = {
    "naive": "-(q * (e / e.sum()).log()).sum()",
    "max_shifted": "-(q * a.softmax(-1).log()).sum()",
    "clipped": "-(q * p.clamp(min=floor).log()).sum()",
    "where_masked": "-torch.where(q > 0, q * p.log(), 0).sum()",
    "log_softmax": "-(q * a.log_softmax(-1)).sum()",
    "log_softmax_masked": "F.cross_entropy(a, target)",
    "double_softmax": "F.cross_entropy(a.softmax(-1), target)",
    "logit_gap": "((p - q) * s).sum()",
    "logit_gap_masked": "((p - q) * s.where(p + q > 0, 0)).sum()",
}


def is_right(trace: FormulaTrace) -> bool:
    """Tell whether the loss and its gradient are right."""
    return trace.value_verdict == trace.gradient_verdict == "right"


def cure_data(found: Results) -> dict[str, Any]:
    """Return what the card of the cure shows."""
    formula, cure = found.state.formula, found.state.cure
    right = [dtype for dtype in DTYPE_NAMES if is_right(found.cures[dtype])]
    return {
        "title": _title(found),
        "broken": "" if formula == cure else LINES[formula],
        "cured": LINES[cure],
        "right": [dtype in right for dtype in DTYPE_NAMES],
        "said": _said(found, right),
    }


def _title(found: Results) -> str:
    if found.state.gap is None:
        return _("No line cures this")
    return (
        _("This line is the cure")
        if found.state.formula == found.state.cure
        else _("The cure is one line")
    )


def _said(found: Results, right: list[str]) -> str:
    if found.state.gap is None:
        return _("There is no softmax of these logits.")
    if len(right) == len(DTYPE_NAMES):
        return _("Loss and gradient are right in all four; in float64 the loss is {value}.").format(
            value=entry(found.cures["float64"].value)
        )
    if right:
        return _("Loss and gradient are right in {dtypes} only.").format(dtypes=", ".join(right))
    return _("Not here: its loss or its gradient is wrong in each dtype.")
