"""A line of torch that meets NaN in practice, its cure, and what each gives."""

from typing import Final

import streamlit as st

from ce_core import PITFALLS
from lab.language.catalogues import N_, _
from lab.stability.results import case_results
from lab.stability.state import StabilityState, case_of
from lab.stability.text import entry, pitfall_numbers

CASE_CAUSES: Final = {
    "log_of_softmax": N_(
        "A probability underflows to 0. Its logarithm is −∞, and 0 · (−∞) is NaN though the target is "
        "0 there. Log-softmax takes the logarithm before anything underflows."
    ),
    "overflow": N_(
        "exp(100) is beyond float32, and ∞/∞ is NaN. That the logits differ by 2 only does not help. "
        "Log-softmax subtracts the maximum first."
    ),
    "where_masked": N_(
        "The loss is right and training dies a step later: the mask hides −∞ from the loss, but sends "
        "the gradient 0 back to the logarithm, which divides it by p = 0. Mask what is "
        "finite, not what is ∞."
    ),
    "tiny_eps": N_(
        "1e-08 is below half the smallest number of float16, so it is 0 there: max(p, 1e-08) is p, "
        "and log 0 is still −∞. An eps that works in float32 may be 0 under mixed precision."
    ),
    "double_softmax": N_(
        "No NaN, which is worse: `F.cross_entropy` wants logits and applies softmax itself. Given "
        "probabilities, it can never fall below log(1 + (m − 1)/e), and its gradient fades away."
    ),
    "infinite_logit": N_(
        "300 · 300 is ∞ in float16. Then ∞ − ∞ is NaN in every formula, log-softmax too. Bound the "
        "logits, or better, compute them in float32."
    ),
    "masked_row": N_(
        "An attention row with every key masked: −∞ − (−∞) is NaN. To replace it after the softmax "
        "leaves NaN in the gradient: fill the row before, and let the result be 0."
    ),
}


def show_case(state: StabilityState) -> None:
    """Show the line of torch that gets into this state, its cure, and what each gave."""
    # There in any state, so that what follows keeps its place on the page and is not made anew.
    with st.container(key="case-place"):
        name = case_of(state)
        if name is not None:
            _show_lines(name)


def _show_lines(name: str) -> None:
    broken, cured = case_results(name)
    case = PITFALLS[name]
    with st.container(border=True, key="case"):
        st.markdown(_(CASE_CAUSES[name]))
        symbol = "v" if name == "masked_row" else "q"
        st.markdown(
            _("a = {a}, {symbol} = {q}, {dtype}; both lines were run just so.").format(
                a=_listed(case.a), symbol=symbol, q=_listed(case.q), dtype=case.dtype
            )
        )
        for column, title, result, key in zip(
            st.columns(2),
            (_("**As it is written**"), _("**The cure**")),
            (broken, cured),
            ("broken", "cured"),
            strict=True,
        ):
            with column.container(key=f"case-{key}", gap="small"):
                st.markdown(title)
                st.code(result.code, language="python", wrap_lines=True)
                st.markdown(pitfall_numbers(result))


def _listed(values: tuple[float, ...]) -> str:
    return f"({', '.join(map(entry, values))})"
