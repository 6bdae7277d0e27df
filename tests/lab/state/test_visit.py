"""What a visitor sets, run by Streamlit's test harness: one act, one state, one address."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lab.page.frame import PAGES
from lab.state import visit
from tests.lab.conftest import OpenPage
from tests.support.reading import numbers_of, press, set_field, shown, widget

SMALL = {"n": "16", "m": "8", "trials": "5"}


def test_an_act_writes_the_address_and_nothing_else_does(open_page: OpenPage) -> None:
    app = open_page("losses.py", what="ever", **SMALL)
    assert app.query_params["what"] == "ever"
    app.run()
    assert app.query_params["what"] == "ever"
    set_field(app, "losses.eps", 0.05)
    assert dict(app.query_params) == {**SMALL, "eps": "0.05"}


def test_code_gives_a_widget_a_new_key_and_its_own_report_does_not(open_page: OpenPage) -> None:
    app = open_page("losses.py", **SMALL)
    eps, seed = widget(app, "losses.eps").key, widget(app, "losses.seed").key
    set_field(app, "losses.eps", 0.05)
    assert widget(app, "losses.eps").key == eps
    press(app, "New draw")
    assert widget(app, "losses.seed").key != seed
    press(app, "Reset to the post")
    assert widget(app, "losses.eps").key != eps


def test_two_visits_have_two_keys(open_page: OpenPage) -> None:
    first, second = open_page("losses.py", **SMALL), open_page("losses.py", **SMALL)
    assert widget(first, "losses.eps").key != widget(second, "losses.eps").key


def test_back_restores_the_whole_page(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("losses.py", **SMALL)
    set_field(app, "losses.eps", 0.05)
    press(app, "New draw")
    before = numbers_of(app)
    go_to(app, SMALL, monkeypatch)
    assert (shown(app, "losses.eps"), shown(app, "losses.seed")) == (0.5, 0)
    assert numbers_of(app) != before
    go_to(app, {**SMALL, "eps": "0.05", "seed": "1"}, monkeypatch)
    assert numbers_of(app) == before


def test_back_to_what_was_ignored_names_it_again(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page("losses.py", eps="nan", **SMALL)
    press(app, "Dismiss")
    assert not app.warning
    set_field(app, "losses.eps", 0.05)
    assert not app.warning
    go_to(app, {**SMALL, "eps": "nan"}, monkeypatch)
    assert "`eps=nan`" in app.warning[0].value


def test_an_address_that_the_browser_left_by_itself_decides(open_page: OpenPage) -> None:
    """A page that was away when Back was pressed comes back without saying so."""
    app = open_page("losses.py", **SMALL)
    set_field(app, "losses.eps", 0.05)
    app.run()
    for name in list(app.query_params):
        del app.query_params[name]
    app.query_params["seed"] = "4"
    app.run()
    assert (shown(app, "losses.eps"), shown(app, "losses.seed")) == (0.5, 4)


def test_an_address_from_before_the_answer_is_no_navigation(open_page: OpenPage) -> None:
    """Requests are sent before answers come: a late one still says where the browser was."""
    app = open_page("losses.py", **SMALL)
    # Neither answer has come: the browser is where it was, which is also where the second leads.
    for eps in (0.05, 0.5):
        set_field(app, "losses.eps", eps)
        if "eps" in app.query_params:
            del app.query_params["eps"]
    app.run()
    # Now the first answer has.
    app.query_params["eps"] = "0.05"
    app.run()
    assert shown(app, "losses.eps") == 0.5


def test_page_is_opened_as_its_address_says_and_remembered_by_its_link(open_page: OpenPage) -> None:
    app = open_page("losses.py", charts="plain", **SMALL)
    set_field(app, "losses.eps", 0.05)
    for name in list(app.query_params):
        del app.query_params[name]
    app.switch_page("home.py").run()
    links = {link.proto.page: link.proto.query_string for link in app.get("page_link")[: len(PAGES)]}
    assert links["losses"] == "n=16&m=8&trials=5&eps=0.05"
    app.switch_page("losses.py").run()
    assert shown(app, "losses.eps") == 0.5


@pytest.mark.parametrize(
    ("query", "eps"),
    [({"epsilon": "nan"}, 0.05), ({"epsilon": "nan", "eps": "0.2"}, 0.2)],
    ids=["garbage", "both names"],
)
def test_old_name_is_named_as_it_was_written(
    open_page: OpenPage, query: dict[str, Any], eps: float
) -> None:
    app = open_page("transport.py", along="none", **query)
    assert app.warning[0].value == "Ignored in the link: `epsilon=nan`."
    assert shown(app, "transport.eps") == eps


def test_old_names_are_read(open_page: OpenPage) -> None:
    app = open_page(
        "transport.py",
        epsilon="0.1",
        iterations="7",
        rows="5",
        columns="4",
        draw="3",
        along="iterations",
    )
    assert not app.warning
    assert [shown(app, f"transport.{name}") for name in ("eps", "n_iter", "n", "m", "seed")] == [
        0.1, 7, 5, 4, 3,
    ]  # fmt: skip
    set_field(app, "transport.eps", 0.2)
    assert dict(app.query_params) == {"eps": "0.2", "n_iter": "7", "n": "5", "m": "4", "seed": "3"}


@pytest.mark.parametrize("page", PAGES)
def test_notice_of_what_was_ignored_cannot_act(open_page: OpenPage, page: str) -> None:
    app = open_page(f"{page}.py", x="\n\n[Sign in](https://evil.test/a)", **{"# a\n$$b$$": "`c`"})
    (notice,) = app.warning
    assert notice.value.count("`") == 4
    assert "`x= [Sign in](https://evil.test/a)`" in notice.value
    assert "`# a $$b$$=c`" in notice.value
    assert "\n" not in notice.value


def test_notice_of_what_has_no_letters_says_that_it_is_empty(open_page: OpenPage) -> None:
    (notice,) = open_page("softmax.py", **{"\u202e" * 300: "x", "y": "`"}).warning
    assert notice.value == "Ignored in the link: (empty), `y=`."


def go_to(app: AppTest, query: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Go to an address as Back and Forward do."""
    for name in list(app.query_params):
        del app.query_params[name]
    for name, text in query.items():
        app.query_params[name] = text
    with monkeypatch.context() as patch:
        patch.setattr(visit, "is_history_navigation", lambda: True)
        app.run()
