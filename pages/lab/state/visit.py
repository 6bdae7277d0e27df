"""What a visitor has set, page by page, and the address that says it: one act, one history entry.

The state of a page is known before anything is drawn. Where a run begins at an address (the first
run, another page, Back, Forward) the address decides it, and what it does not name is at its
default. In every other run an act decides, by a callback that ran before; if the state is no longer
what the address said, the address is written once, which makes one entry of the browser's history.

Whatever sets a field by code gives its widget a new key. A late report of the old widget still comes;
`widgets` takes it only where it differs from what that widget was drawn with.
"""

import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as plain_field
from typing import Any, Final, Generic, TypeVar

import streamlit as st

from lab.language.catalogues import CATALOGUES, N_
from lab.state.codec import changed, plain, read, settled, spelled
from lab.state.fields import Choice, State, Text, field
from lab.web.old_links import renew
from lab.web.streamlit_private import is_history_navigation

S = TypeVar("S", bound=State)

Query = dict[str, list[str]]

_VISIT: Final = "lab: visit"
LIVE, PLAIN = "live", "plain"


@dataclass(frozen=True)
class View:
    """How pages are shown, whatever page it is."""

    charts: str = field(
        LIVE, Choice(label=N_("Charts"), options={LIVE: N_("live"), PLAIN: N_("plain")})
    )
    lang: str | None = field(
        None,
        # By a look at the time, since tests add a language.
        Text(label=N_("Language"), read=lambda code: code if code in CATALOGUES else None),
    )
    """None as long as the browser chooses."""


@dataclass
class PageVisit(Generic[S]):
    """What a visitor has set on a page.

    Attributes
    ----------
    default, state
        The state without any act, and the present one.
    ignored
        The parts of the address that no field took.
    said
        What the address says of the state since it was last read or written.
    versions
        How often code has set a field: part of the key of its widget.
    stops
        Values between the stops of a slider that this visit has met, by field.
    refused
        What was typed last and not taken, by field, until it has been said.
    derived
        What widgets show that is no field, or more than the field says, by name.
    """

    slug: str
    default: S
    state: S
    ignored: list[str]
    said: dict[str, str]
    versions: Counter[str] = plain_field(default_factory=Counter)
    stops: dict[str, set[float]] = plain_field(default_factory=dict)
    refused: dict[str, str] = plain_field(default_factory=dict)
    derived: dict[str, Any] = plain_field(default_factory=dict)

    def key(self, name: str) -> str:
        """Return the key of the widget of a field, or of whatever shows one."""
        return f"{self.slug}.{name}.{token()}{self.versions[name]}"


@dataclass
class Visit:
    """What a visitor has set on all pages.

    Attributes
    ----------
    token
        Tells this visit from any other, also from one of the same browser before the server ended.
    slug
        The page that is shown.
    arriving
        Whether the address decides; until a page has read it.
    address
        The query of the address, as it was last read or written.
    passed
        The addresses that the browser may still be at, since it has not been seen at the present one;
        None once it has. If it is then at another, it went there.
    """

    token: str
    slug: str = ""
    arriving: bool = True
    address: Query = plain_field(default_factory=dict)
    passed: list[Query] | None = None
    view: View = View()
    pages: dict[str, PageVisit[Any]] = plain_field(default_factory=dict)


def current_visit() -> Visit:
    """Return the visit of this session."""
    # Each look at the session costs; a run has dozens.
    visit: Visit | None = st.session_state.get(_VISIT)
    if visit is None:
        visit = st.session_state[_VISIT] = Visit(token=secrets.token_hex(8))
    return visit


def token() -> str:
    """Return what tells this visit from any other."""
    return current_visit().token


def begin(slug: str) -> View:
    """Begin a run that shows a page: see whether the address decides, and return how it is shown."""
    visit, query = current_visit(), _query()
    # A request may be older than the last answer; at an address that it was at before, nobody can tell.
    if visit.passed is not None and query == visit.address and query not in visit.passed:
        visit.passed = None
    went = visit.passed is None and query != visit.address
    visit.arriving |= visit.slug != slug or went or is_history_navigation()
    visit.slug = slug
    if visit.arriving:
        visit.address, visit.passed = query, None
        visit.view, _ = read(View(), query)
    return visit.view


def enter(slug: str, default: S) -> PageVisit[S]:
    """Return what a page shows in this run; have the address say it, if an act has changed it."""
    visit = current_visit()
    if visit.arriving or slug not in visit.pages:
        visit.arriving = False
        _arrive(visit, slug, default)
    page: PageVisit[S] = visit.pages[slug]
    said = _said(page)
    if said != page.said:
        page.said = said
        # Bounded: so many answers are never under way.
        visit.passed = [*(visit.passed or []), visit.address][-20:]
        visit.address = {name: [text] for name, text in said.items()}
        st.query_params.from_dict(said)
    return page


def put(page: PageVisit[S], state: S, *, shown: str = "") -> None:
    """Set the state of a page: an act, as the callback of a widget.

    Parameters
    ----------
    page
        As `enter` returned it.
    state
        The next one.
    shown
        The field whose widget shows its new value already.
    """
    state = settled(state)
    for name in changed(page.state, state) - {shown}:
        page.versions[name] += 1
    page.state = state


def refuse(page: PageVisit[Any], name: str, typed: object) -> None:
    """Have a widget show the state again, since what it reports is not taken."""
    page.versions[name] += 1
    if isinstance(typed, str):
        page.refused[name] = typed


def change_view(view: View) -> None:
    """Set how pages are shown: an act."""
    current_visit().view = view


def query_of(slug: str) -> Mapping[str, str]:
    """Return the query that opens a page as this visitor left it."""
    page = current_visit().pages.get(slug)
    return link_to(page.state, page.default) if page else query_of_view()


def query_of_view() -> Mapping[str, str]:
    """Return the part of a query that says how pages are shown now."""
    return spelled(current_visit().view, View())


def link_to(state: State, default: State) -> Mapping[str, str]:
    """Return the query that opens a page in a state, shown as pages are now."""
    return {**query_of_view(), **spelled(state, default)}


def _said(page: PageVisit[Any]) -> dict[str, str]:
    return dict(link_to(page.state, page.default))


def _arrive(visit: Visit, slug: str, default: Any) -> None:
    old = [(name, text) for name, texts in visit.address.items() for text in texts]
    renewed = list(zip(old, renew(slug, old), strict=True))
    parts: dict[str, list[str]] = {}
    for name, text in filter(None, (new for _old, new in renewed)):
        parts.setdefault(name, []).append(text)
    state, taken = read(default, parts)
    _, taken_by_view = read(View(), parts)
    # Named as the link has them, though they may be read by another name.
    ignored = [
        plain("=".join(part), 60)
        for part, new in renewed
        if new and new[0] not in taken | taken_by_view
    ]
    page = visit.pages.setdefault(slug, PageVisit(slug, default, state, ignored, {}))
    put(page, state)
    page.ignored = ignored
    page.said = _said(page)


def _query() -> Query:
    return {name: st.query_params.get_all(name) for name in st.query_params}
