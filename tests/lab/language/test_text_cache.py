"""What holds text is kept once a language."""

from lab.language.catalogues import SOURCE, _, speak
from lab.language.text_cache import once_a_language


def test_text_is_made_once_a_language(pseudo_language: str) -> None:
    made = []

    @once_a_language
    def say() -> str:
        """Say something."""
        made.append(1)
        return _("Steps")

    answers = []
    for language in (SOURCE, pseudo_language, SOURCE, pseudo_language):
        speak(language)
        answers += [say(), say()]
    speak(SOURCE)
    assert answers == ["Steps", "Steps", "⟦Ｓｔｅｐｓ⟧", "⟦Ｓｔｅｐｓ⟧"] * 2
    assert len(made) == 2
    assert (say.__name__, say.__doc__) == ("say", "Say something.")
