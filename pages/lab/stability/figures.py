"""What the page of stability shows beside its table: the line of code with its cure, the figures."""

import streamlit as st

from ce_core import PITFALLS
from ce_core.figures import accuracy_map_figure, clipping_error_figure, clipping_gradient_figure
from lab.language.catalogues import _
from lab.live.figures import Card, FigureSet
from lab.stability import text
from lab.stability.results import Answer, case_results
from lab.stability.state import StabilityState, case_of


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
        st.markdown(_(text.CASE_CAUSES[name]))
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
                st.markdown(text.pitfall_numbers(result))


def _listed(values: tuple[float, ...]) -> str:
    return f"({', '.join(map(text.entry, values))})"


def figure_set(found: Answer) -> FigureSet:
    """Return the figures of a state."""
    state, judged = found.state, found.judged
    labels = {name: _(label) for name, label in text.FORMULA_LABELS.items()}
    on_map = state.gap if state.gap is not None and 1 <= state.gap <= judged.gaps[-1] else None
    on_curves = state.gap if state.gap is not None and state.gap <= found.curves.gaps[-1] else None
    chosen = None if on_map is None else (state.formula, state.dtype)
    return FigureSet(
        cards=[
            Card(
                key="values",
                figure=accuracy_map_figure(
                    judged, of="values", labels=labels, gap=on_map, chosen=chosen, translate=_
                ),
                alt=_("A bar a formula and dtype: at which gap its loss is right, wrong, ∞ or NaN."),
                numbers=text.map_numbers(found),
            ),
            Card(
                key="gradients",
                figure=accuracy_map_figure(
                    judged, of="gradients", labels=labels, gap=on_map, chosen=chosen, translate=_
                ),
                alt=_("A bar a formula and dtype: at which gap its gradient is right, wrong or NaN."),
                numbers=text.gradient_map_numbers(found),
            ),
            Card(
                key="clipping",
                figure=clipping_error_figure(
                    found.curves, floor=state.floor, gap=on_curves, translate=_
                ),
                alt=_("Error of the clipped L1 over the gap, a line a floor; the truth is 0."),
                numbers=text.error_numbers(found),
            ),
            Card(
                key="dying",
                figure=clipping_gradient_figure(
                    found.curves, floor=state.floor, gap=on_curves, translate=_
                ),
                alt=_("Gradient of the clipped L1 at the target over the gap, a line a floor."),
                numbers=text.clip_gradient_numbers(found),
            ),
        ]
    )
