"""Two visitors in two languages, served by one process: each gets their own, from warm caches too."""

import threading

import pytest
import streamlit as st

from lab.language.catalogues import SOURCE, speak, spoken
from tests.lab.conftest import OpenPage
from tests.support.escapes import escapes
from tests.support.shown import shown

PAGES = (
    "home.py",
    "post.py",
    "softmax.py",
    "gradient.py",
    "stability.py",
    "losses.py",
    "transport.py",
    "claims.py",
)


@pytest.mark.parametrize("page", PAGES)
def test_visitors_get_their_own_language_from_warm_caches(
    open_page: OpenPage, pseudo_language: str, page: str
) -> None:
    def visit(language: str) -> list[tuple[str, str]]:
        app = open_page(page, lang=language)
        assert not app.exception
        # What an English visitor has left in a cache would show here.
        assert language == SOURCE or escapes(app) == set()
        # The links hold the language, and so differ for reasons of their own.
        return [piece for piece in shown(app) if not piece[0].startswith("code.")]

    english, other = visit(SOURCE), visit(pseudo_language)
    assert not any("⟦" in text for _, text in english)
    assert visit(SOURCE) == english
    assert visit(pseudo_language) == other


def test_the_link_decides_and_an_unknown_language_is_english(
    open_page: OpenPage, pseudo_language: str
) -> None:
    app = open_page("stability.py", lang=pseudo_language)
    assert app.title[0].value == "⟦Ｗｈｅｒｅ ｄｏｅｓ ＮａＮ ｃｏｍｅ ｆｒｏｍ?⟧"
    assert not app.warning
    for asked in ("xx", "../../etc"):
        app = open_page("stability.py", lang=asked)
        assert app.title[0].value == "Where does NaN come from?"
        assert app.warning[0].value == f"Ignored in the link: `lang={asked}`."


def test_without_a_word_in_the_link_the_browser_decides(
    open_page: OpenPage, pseudo_language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"Accept-Language": f"fr, {pseudo_language};q=0.9, en;q=0.8"}
    monkeypatch.setattr(type(st.context), "headers", property(lambda _context: headers))
    assert "⟦" in open_page("stability.py").title[0].value
    assert "⟦" not in open_page("stability.py", lang=SOURCE).title[0].value


def test_a_thread_speaks_the_source_until_it_is_told(pseudo_language: str) -> None:
    heard = []
    speak(pseudo_language)
    thread = threading.Thread(target=lambda: heard.append(spoken()))
    thread.start()
    thread.join()
    assert (heard, spoken()) == ([SOURCE], pseudo_language)
    speak(SOURCE)


def test_speak_refuses_a_language_without_catalogue() -> None:
    with pytest.raises(ValueError, match="code must be one of en, got 'tlh'"):
        speak("tlh")
