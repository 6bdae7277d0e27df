"""Nothing visible escapes translation: every page, in many states, in a language of wide letters."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
import streamlit as st

from lab.language.catalogues import SOURCE, speak
from tests.lab.conftest import OpenPage
from tests.support.escapes import escaped, escapes
from tests.support.pseudo import widened
from tests.support.reading import set_field
from tests.support.shown import shown

STATES: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "home": ("home.py", {}),
    "post": ("post.py", {}),
    "post, plain": ("post.py", {"charts": "plain"}),
    "softmax": ("softmax.py", {}),
    "softmax, cold": ("softmax.py", {"a": "9,1,1", "temperature": "0.01", "target": "2"}),
    "softmax, overflow": ("softmax.py", {"a": "900,901"}),
    "softmax, underflow": ("softmax.py", {"a": "-900,-901"}),
    "softmax, tie": ("softmax.py", {"a": "1,1,0", "charts": "plain"}),
    "softmax, ignored": ("softmax.py", {"a": "x", "temperature": "0"}),
    "gradient": ("gradient.py", {}),
    "gradient, free": ("gradient.py", {"q": "1,2,1", "steps": "1"}),
    "gradient, smoothed": ("gradient.py", {"q": "smoothed", "step": "0", "charts": "plain"}),
    "gradient, ignored": ("gradient.py", {"start": "x"}),
    "stability": ("stability.py", {}),
    "stability, finite": (
        "stability.py",
        {"logits": "30,0", "target_class": "2", "formula": "clipped"},
    ),
    "stability, none": ("stability.py", {"logits": "inf,0"}),
    "stability, ignored": ("stability.py", {"formula": "exact", "charts": "plain"}),
    "losses": ("losses.py", {}),
    "losses, bent": ("losses.py", {"logit_scale": "64", "published": "true"}),
    "losses, one trial": ("losses.py", {"trials": "1", "n": "1", "scrub": "none"}),
    "losses, rounded": ("losses.py", {"dtype": "bfloat16", "charts": "plain"}),
    "losses, unbalanced": ("losses.py", {"eps": "0.003", "n_iter": "1"}),
    "losses, infinite": ("losses.py", {"logit_exponent": "1000"}),
    "losses, too much": ("losses.py", {"n": "8192"}),
    "losses, ignored": ("losses.py", {c: "x" for c in ("n", "m", "eps", "seed", "dtype", "trials")}),
    "transport": ("transport.py", {}),
    "transport, clouds": ("transport.py", {"cost": "clouds", "along": "epsilon"}),
    "transport, digits": ("transport.py", {"cost": "digits", "along": "none"}),
    "transport, kernel": ("transport.py", {"iterations": "0", "charts": "plain"}),
    "transport, balanced": ("transport.py", {"accelerate": "true", "iterations": "100"}),
    "tuning": ("tuning.py", {}),
    "tuning, unmet": ("tuning.py", {"misplaced": "0.0001", "used": "9", "max_iter": "3"}),
    "tuning, far": ("tuning.py", {"scores": "pixels", "near": "true", "charts": "plain"}),
    "tuning, cut": ("tuning.py", {"scores": "swav", "spread": "4", "entropy": "0.01"}),
    "tuning, own": ("tuning.py", {"scores": "own", "eps": "0.1", "n_iter": "1"}),
    "tuning, ignored": ("tuning.py", {"scores": "x", "eps": "-1"}),
    "claims": ("claims.py", {}),
    "transport, ignored": ("transport.py", {"rows": "x", "mu": "!"}),
}  # fmt: skip
PRESETS: Final = ("softmax.py", "gradient.py", "stability.py", "transport.py", "tuning.py")


@pytest.fixture
def pseudo(pseudo_language: str) -> Iterator[str]:
    """Speak the language in the thread of the test too, where AppTest asks for labels of options."""
    speak(pseudo_language)
    yield pseudo_language
    speak(SOURCE)


@pytest.mark.parametrize("state", STATES)
def test_nothing_escapes_translation(open_page: OpenPage, pseudo: str, state: str) -> None:
    page, query = STATES[state]
    app = open_page(page, lang=pseudo, **query)
    assert not app.exception
    assert escapes(app) == set()


@pytest.mark.parametrize("page", PRESETS)
def test_nothing_escapes_translation_in_a_preset(open_page: OpenPage, pseudo: str, page: str) -> None:
    app = open_page(page, lang=pseudo, **({"along": "none"} if page == "transport.py" else {}))
    found = set()
    keys = [button.key for button in app.button if button.key and ".preset-" in button.key]
    assert len(keys) >= 6
    for key in keys:
        app.button(key=key).click().run()
        assert not app.exception
        found |= escapes(app)
    assert found == set()


@pytest.mark.parametrize(
    ("field", "typed"),
    [("softmax.a", "x"), ("stability.a", "x"), ("gradient.a", "x"), ("transport.mu", "!")],
)
def test_nothing_escapes_translation_where_what_is_typed_is_refused(
    open_page: OpenPage, pseudo: str, field: str, typed: str
) -> None:
    app = open_page(f"{field.partition('.')[0]}.py", lang=pseudo)
    set_field(app, field, typed)
    assert app.error
    assert escapes(app) == set()


def test_nothing_escapes_translation_in_the_frame(
    open_page: OpenPage, pseudo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[str] = []
    configure = st.set_page_config

    def note(**said: Any) -> None:
        titles.append(said["page_title"])
        configure(**said)

    monkeypatch.setattr(st, "set_page_config", note)
    app = open_page("softmax.py", lang=pseudo)
    titles += [link.proto.label for link in app.get("page_link")]
    assert len(titles) == 11
    assert [word for title in titles for word in escaped("title", title)] == []


def test_shown_finds_every_kind_of_text(open_page: OpenPage) -> None:
    """Texts of each kind are among those that the tests above look through."""
    texts = [text for page, query in (STATES["losses"], STATES["stability"], STATES["transport"])
             for _, text in shown(open_page(page, **query))]  # fmt: skip
    for said in (
        "Are L1 and L2 the same?", "What to notice", "Reset to the post", "Logit scale", "quantity",
        "Columns. The logits are about scale/m, so m decides how flat p is.", "Play along",
        "L2 over L1, one dot a trial, and the line of slope 1 through their mean: r is ", "slope 1",
        "The post's first chart: L2 over L1", "L1, nats (mean of a trial)", "NaN from 104",
        "row %{y}, column %{x}<br>P %{z:.4g}<extra></extra>", "Random, as the post's",
        "The cure is one line", "given", "Download the data as CSV", "log-softmax",
        "Paint the marginals μ and ν", "ν: what each column gets", "A link to this state",
    ):  # fmt: skip
        assert any(said in text for text in texts), said


def test_escaped_finds_words_and_passes_symbols_over() -> None:
    assert list(escaped("x", "**Bare**: a p of H(p), L1 in float32, $e^{word}$, `code`")) == [
        "Bare", "of", "in",
    ]  # fmt: skip
    assert list(escaped("x", widened("A **bare** word {name} `code` $x$"))) == []
