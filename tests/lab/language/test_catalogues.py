"""Catalogues as translators write them, and whole sentences."""

import io
from pathlib import Path

import pytest
from babel.messages.pofile import read_po as read_with_babel

from lab.language.catalogues import CATALOGUES, SOURCE, _, load_catalogues, ngettext, speak
from lab.language.numerals import number, percent
from lab.language.po_files import read_po
from lab.language.sentences import sentences

RUSSIAN = r"""# A comment
#, fuzzy
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 "
"|| n%100>=20) ? 1 : 2);\n"

#: pages/lab/x.py
#, python-brace-format
msgid "{n} step"
msgid_plural "{n} steps"
msgstr[0] "{n} шаг"
msgstr[1] "{n} шага"
msgstr[2] "{n} шагов"

#, fuzzy
msgid "doubtful"
msgstr "сомнительно"

msgid "not translated"
msgstr ""

msgid ""
"two "
"lines\n"
msgstr "a \"quoted\" \\ tab\t\n"
"вторая"

msgctxt "a menu"
msgid "open"
msgstr "открыть"

#~ msgid "gone"
#~ msgstr "ушло"
"""


def test_read_po_reads_what_a_translator_writes() -> None:
    found = read_po(RUSSIAN)
    assert found.gettext("two lines\n") == 'a "quoted" \\ tab\t\nвторая'
    assert found.pgettext("a menu", "open") == "открыть"
    assert [found.gettext(text) for text in ("doubtful", "not translated", "gone", "open")] == [
        "doubtful", "not translated", "gone", "open",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 шаг"), (2, "2 шага"), (5, "5 шагов"), (21, "21 шаг")]
)
def test_ngettext_takes_the_form_of_the_language(
    monkeypatch: pytest.MonkeyPatch, count: int, said: str
) -> None:
    monkeypatch.setitem(CATALOGUES, "ru", read_po(RUSSIAN))
    speak("ru")
    assert ngettext("{n} step", "{n} steps", count).format(n=count) == said
    speak(SOURCE)
    assert ngettext("{n} step", "{n} steps", count).format(n=count) == (
        "1 step" if count == 1 else f"{count} steps"
    )


def test_read_po_agrees_with_babel(pseudo_catalogue: str) -> None:
    """On every message of the lab."""
    expected = read_with_babel(io.BytesIO(pseudo_catalogue.encode()))
    found = read_po(pseudo_catalogue)
    assert len(expected) > 600
    for message in expected:
        if not isinstance(message.id, str):
            one, many = message.id
            assert (found.ngettext(one, many, 1), found.ngettext(one, many, 2)) == message.string
        elif message.id:
            assert found.gettext(message.id) == message.string


@pytest.mark.parametrize(
    ("text", "line"),
    [('msgid "a"\nmsgstr b', 2), ('"a"', 1), ('msgid "a"\nmsgstr "b', 2), ("<html>", 1)],
)
def test_read_po_names_the_line_that_is_none(text: str, line: int) -> None:
    with pytest.raises(ValueError, match=f"line {line} is none of a catalogue"):
        read_po(text)


def test_languages_are_those_with_a_catalogue(tmp_path: Path) -> None:
    (tmp_path / "ru.po").write_text(RUSSIAN, encoding="utf-8")
    (tmp_path / "lab.pot").write_text("", encoding="utf-8")
    assert list(load_catalogues(tmp_path)) == ["en", "ru"]
    assert list(load_catalogues(tmp_path / "nowhere")) == ["en"]


def test_nothing_is_translated_to_nothing(pseudo_language: str) -> None:
    speak(pseudo_language)
    assert _("") == ""
    speak(SOURCE)


def test_sentences_are_joined_as_the_language_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sentences("One.", "", "Two.", "Three.") == "One. Two. Three."
    chinese = read_po(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'
        'msgid "{before} {after}"\nmsgstr "{before}{after}"\n'
    )
    monkeypatch.setitem(CATALOGUES, "zh", chinese)
    speak("zh")
    assert sentences("一。", "二。") == "一。二。"
    speak(SOURCE)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.5, "0.5"), (-1e-17, "−1·10⁻¹⁷"), (float("inf"), "∞"), (float("-inf"), "−∞"),
     (float("nan"), "not defined"), (12345.0, "1.23·10⁴")],
)  # fmt: skip
def test_number_writes_what_people_read(value: float, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.5, "50 %"), (1e-9, "1·10⁻⁷ %"), (float("nan"), "not defined")]
)
def test_percent_writes_a_share(value: float, shown: str) -> None:
    assert percent(value) == shown
