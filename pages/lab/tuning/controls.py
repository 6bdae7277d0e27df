"""The controls of the page of tuning: scores, needs, the chosen cell, the range of the map."""

from dataclasses import replace
from functools import partial

import streamlit as st

from ce_core import snippets
from lab.language.catalogues import _
from lab.page.admission import saying_who_is_before
from lab.page.beats import drawer
from lab.page.desk import Desk
from lab.page.lab import Along
from lab.tuning.call import draw_call
from lab.tuning.map_data import TUNING_MAP, map_data, read_cell
from lab.tuning.own import draw_own
from lab.tuning.results import Results, results
from lab.tuning.state import OWN, TuningState, with_scores
from lab.tuning.words import eps


def draw_controls(desk: Desk[TuningState]) -> None:
    """Draw every control of the sidebar."""
    with st.container(horizontal=True):
        desk.reset(_("Reset"))
        desk.new_draw(disabled=desk.state.scores == OWN, eps=None, n_iter=None)
    st.subheader(_("Scores"), anchor=False)
    desk.field("scores", label_visibility="collapsed", change=with_scores)
    desk.field("near")
    desk.group(_("What you need"), "misplaced", "spread", "used")
    found = saying_who_is_before(partial(results, desk.state))
    st.subheader(_("The chosen cell"), anchor=False)
    _draw_cell(desk, found)
    st.subheader(_("The map"), anchor=False)
    desk.field("eps_from", shown=found.survey.grid.eps[0])
    desk.field("eps_to", shown=found.survey.grid.eps[-1])
    desk.field("max_iter")
    desk.group(_("Temperature"), "entropy")
    desk.field("seed", disabled=desk.state.scores == OWN)


def _draw_cell(desk: Desk[TuningState], found: Results) -> None:
    """Draw both sliders of the cell: what the dot on the map does by hand."""
    epsilons, counts = found.map.eps.tolist(), found.map.n_iter.tolist()
    desk.derived(
        "cell_eps",
        st.select_slider,
        eps(found.eps),
        lambda state, value: _at(found, state, column=[*map(eps, epsilons)].index(value)),
        options=[*map(eps, epsilons)],
        label=_("ε: regularisation"),
    )
    desk.derived(
        "cell_count",
        st.select_slider,
        found.n_iter,
        lambda state, value: _at(found, state, row=counts.index(value)),
        options=counts,
        label=_("Iterations"),
    )


def _at(
    found: Results, state: TuningState, *, column: int | None = None, row: int | None = None
) -> TuningState:
    """Return the state in which another cell of the map is chosen."""
    column = found.cell[0] if column is None else column
    row = found.cell[1] if row is None else row
    return replace(state, eps=found.map.eps[column].item(), n_iter=int(found.map.n_iter[row]))


def draw_stage(desk: Desk[TuningState], found: Results) -> None:
    """Draw the map, and where own scores come in."""
    if not found.planless:
        desk.editor(
            TUNING_MAP, "map", map_data(found), read_cell, otherwise=partial(_draw_plain_map, found)
        )
    draw_own(desk)


def _draw_plain_map(found: Results) -> None:
    """Draw the map as a table of what is misplaced, in percent, where its script has not come."""
    st.info(_("The map has not come. The same as a table: % in wrong columns, by ε and iterations."))
    shares = (50 * found.map.column_error).T.flip(0).tolist()
    rows = reversed(found.map.n_iter.tolist())
    header = {_("iterations"): list(rows)}
    columns = {
        eps(value): [f"{row[place]:.3g}" for row in shares]
        for place, value in enumerate(found.map.eps.tolist())
    }
    st.dataframe(header | columns, hide_index=True)


def draw_beneath(desk: Desk[TuningState], found: Results, _along: Along[TuningState] | None) -> None:
    """Draw the code of others, and a call that is measured here."""
    if (part := drawer("others", _("The same with POT, and as a bare loop in torch"))).open:
        for whose in ("POT", "torch"):
            part.code(snippets(found.eps, found.n_iter)[whose], language="python")
    draw_call(desk, found)
