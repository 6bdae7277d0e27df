"""What holds text is kept once a language."""

import pytest
import streamlit as st

from lab.language.catalogues import SOURCE, _, speak
from lab.language.text_cache import Keeper, cached_text


@pytest.mark.parametrize("keeper", [st.cache_data, st.cache_resource], ids=["data", "resource"])
def test_cached_text_is_computed_once_a_language(pseudo_language: str, keeper: Keeper) -> None:
    computed = []

    @cached_text(keeper=keeper)
    def say(number: int, _unseen: object) -> str:
        computed.append(number)
        return f"{number} " + _("Steps")

    answers = []
    for language in (SOURCE, pseudo_language, SOURCE, pseudo_language):
        speak(language)
        answers += [say(1, object()), say(2, object()), say(1, object())]
    speak(SOURCE)
    assert answers[:3] == ["1 Steps", "2 Steps", "1 Steps"]
    assert answers[3:6] == ["1 ⟦Ｓｔｅｐｓ⟧", "2 ⟦Ｓｔｅｐｓ⟧", "1 ⟦Ｓｔｅｐｓ⟧"]
    assert answers[6:] == answers[:6]
    assert computed == [1, 2, 1, 2]


def test_cached_text_keeps_no_more_than_it_may() -> None:
    computed = []

    @cached_text(max_entries=1)
    def square(number: int) -> int:
        """Return a square."""
        computed.append(number)
        return number**2

    assert [square(n) for n in (1, 1, 2, 1)] == [1, 1, 4, 1]
    assert computed == [1, 2, 1]
    assert (square.__name__, square.__doc__) == ("square", "Return a square.")
