"""Draw the page of a lab: question, answer, picture and presets, notes, formulas, numbers, link."""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from lab.language.catalogues import _, spoken
from lab.live.figures import Timeline, live_charts, show_figures
from lab.page.admission import saying_who_is_before
from lab.page.beats import (
    open_page,
    phone_hint,
    show_code,
    show_formulas,
    show_ignored,
    show_link,
    show_next_page,
    show_notes,
    show_numbers,
)
from lab.page.desk import Desk
from lab.page.glossary import show_symbols
from lab.page.lab import Along, Lab
from lab.state.fields import State, spell
from lab.state.visit import PageVisit, enter, link_to, put

S = TypeVar("S", bound=State)
R = TypeVar("R")


def run_lab(lab: Lab[S, R]) -> None:
    """Draw a page in the state that the visitor has set."""
    page = enter(lab.slug, lab.default)
    desk = Desk(page)
    fixed = _(lab.answer) if isinstance(lab.answer, str) else ""
    place = open_page(_(lab.question), fixed)
    with st.sidebar:
        lab.controls(desk)
    show_ignored(page)
    found = saying_who_is_before(partial(lab.results, page.state))
    if callable(lab.answer):
        place.markdown(lab.answer(found))
    along = lab.timeline(found) if lab.timeline and live_charts() else None
    _show_stage(lab, desk, found)
    below = partial(_show_below, lab, desk, found)
    if not lab.pictures:
        below()
    _show_figures(lab, page, found, along, below)
    if lab.beneath:
        lab.beneath(desk, found, along)
    show_formulas(*lab.formulas)
    show_symbols()
    show_numbers(partial(lab.numbers, found), partial(lab.csv, found), file_name=f"{lab.slug}.csv")
    show_link(link_to(page.state, lab.default))
    code = lab.code(found)
    show_code(code.python, code.command)
    show_next_page(lab.slug)


def _show_stage(lab: Lab[S, R], desk: Desk[S], found: R) -> None:
    if not lab.stage:
        return
    # A picture has its room before it has come.
    with st.container(key=None if lab.pictures else "picture"):
        lab.stage(desk, found)


def _show_figures(
    lab: Lab[S, R],
    page: PageVisit[S],
    found: R,
    along: Along[S] | None,
    below: Callable[[], None],
) -> None:
    """Show the figures and, if the first of them are the picture, what is below it."""
    timeline = _timeline(page, along) if along else None
    figures = lab.figures(found)
    if lab.pictures:
        show_figures(lab.slug, figures, timeline=timeline, first=lab.pictures, between=below)
    else:
        show_figures(lab.slug, figures, timeline=timeline)


def _show_below(lab: Lab[S, R], desk: Desk[S], found: R) -> None:
    _show_presets(lab, desk)
    if lab.of_preset:
        lab.of_preset(desk.state)
    phone_hint()
    show_notes(lab.notes(found))


def _show_presets(lab: Lab[Any, Any], desk: Desk[Any]) -> None:
    if not lab.presets:
        return
    with st.container(key="presets"):
        if lab.preset_intro:
            st.markdown(_(lab.preset_intro))
        # Pictures in one row, names in the next: the name is the button, which reaches over both.
        with st.container(horizontal=True, key="preset-row"):
            for name, preset in lab.presets.items():
                state, label = preset.of(desk.state), _(preset.label_at(desk.state))
                if lab.thumbnail:
                    st.markdown(lab.thumbnail(state), unsafe_allow_html=True)
                here = f"**{label}**" if state == desk.state else label
                desk.button(here, f"preset-{name}", preset.of, type="tertiary")


def _timeline(page: PageVisit[S], along: Along[S]) -> Timeline:
    """Return the timeline of a page; where it comes to rest is the next state."""
    names = repr((page.slug, spoken(), along.rest, along.values))
    return Timeline(
        label=_(along.label),
        values=along.values,
        spelled=tuple(map(spell, along.values)),
        at=along.at,
        token=hashlib.blake2b(names.encode(), digest_size=9).hexdigest(),
        put=lambda value: put(page, along.change(page.state, value)),
        frames=along.frames,
    )
