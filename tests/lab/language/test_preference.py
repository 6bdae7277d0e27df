"""Which language a visitor gets, whatever the browser sends."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.language.catalogues import CATALOGUES
from lab.language.preference import choose_language, preferred


@pytest.fixture(autouse=True)
def _two_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CATALOGUES, "zh", CATALOGUES["en"])


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("ZH-hans", "zh"),
        ("zh-Hans-CN", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("en;q=0.5, zh;q=0.501", "zh"),
        ("fr;q=1, zh ; q=0.2 , en;q=0.1", "zh"),
        ("fr", "en"),
        ("*", "en"),
        ("fr, *;q=0.5, zh;q=0.1", "en"),
        ("en;q=0, *", "zh"),
        ("zh;q=0, fr", "en"),
        ("zh;q=0.000", "en"),
        # Not as the standard has it, so passed over.
        ("zh;q=2", "en"),
        ("zh;q=1.001", "en"),
        ("zh;q=.9", "en"),
        ("zh;q=0.9999", "en"),
        ("zh;q=-1", "en"),
        ("zh;q=nan", "en"),
        ("zh;level=1", "en"),
        ("zh_CN", "en"),
        ("zh-", "en"),
        ("ｚｈ", "en"),
        ("../zh", "en"),
        ("zhx", "en"),
        (",;=,zh", "zh"),
        ("en;q=0, zh;q=0, *;q=0", "en"),
    ],
)
def test_preferred_is_what_the_browser_likes_best(header: str | None, code: str) -> None:
    assert preferred(header) == code


def test_preferred_reads_no_more_than_a_browser_sends() -> None:
    assert preferred("x," * 400 + "zh") == "zh"
    assert preferred("x," * 600 + "zh") == "en"
    # Of a range that is cut, the part that is left could be another language.
    assert preferred("zh-" + "abcdefgh-" * 200) == "en"
    assert preferred("," * 10_000_000) == "en"


@given(st.text() | st.text("zhen*-;q=0.,1 "))
def test_preferred_is_always_a_language(header: str) -> None:
    assert preferred(header) in CATALOGUES


@pytest.mark.parametrize(
    ("asked", "header", "code"),
    [
        ("zh", "en", "zh"),
        ("zh-CN", "en", "zh"),
        ("en", "zh", "en"),
        (None, "zh", "zh"),
        ("", "zh", "zh"),
        ("tlh", "zh", "zh"),
        ("z" * 10**6, None, "en"),
        ("-", None, "en"),
    ],
    ids=lambda value: str(value)[:10],
)
def test_choose_language_takes_the_link_first(asked: Any, header: Any, code: str) -> None:
    assert choose_language(asked, header) == code
