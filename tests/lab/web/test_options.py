"""Variables that look like options of the lab."""

import pytest

from lab.web.options import tell_of_unknown_options


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    tell_of_unknown_options.cache_clear()
    tell_of_unknown_options()
    # The app is read twice where it is started by itself.
    tell_of_unknown_options()
    return capsys.readouterr().err.splitlines()


def test_options_that_there_are_cause_no_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("LAB_SESSIONS_AN_ADDRESS", "LAB_LOCAL", "LAB_FRAMED_BY", "LABEL", "STREAMLIT_LAB_X"):
        monkeypatch.setenv(name, "1")
    assert told(capsys) == []


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("LAB_SESION_LIMIT", "LAB_SESSIONS_AN_ADDRESS"),
        ("LAB_MESSAGES_PER_SECOND", "LAB_MESSAGES_A_SECOND"),
        ("LAB_FRAME_BY", "LAB_FRAMED_BY"),
        ("LAB_" + "X\n" * 1000, "LAB_"),
    ],
    ids=["sessions", "messages", "frames", "none"],
)
def test_an_option_that_is_misspelt_is_named_once_with_the_one_that_is_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], misspelt: str, meant: str
) -> None:
    monkeypatch.setenv(misspelt, "1")
    (line,) = told(capsys)
    assert repr(misspelt[:50])[1:-1] in line
    assert meant in line
    assert len(line) <= 200
