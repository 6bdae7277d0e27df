"""The language of what is answered before a visit begins: that of the link, or of the browser."""

from collections.abc import Callable
from typing import NamedTuple

from starlette.datastructures import Headers, QueryParams
from starlette.types import Scope

from lab.web.previews import ENGLISH, Translate

Choose = Callable[[str | None, str | None], tuple[str, Translate]]
"""Returns a language and its translation, from `lang` of the URL and the header `Accept-Language`."""


def english(_asked: str | None, _accepted: str | None) -> tuple[str, Translate]:
    """Return the language in which the strings are written, whatever is asked."""
    return ENGLISH, str


class Spoken(NamedTuple):
    """The language of an answer, what translates into it, and `lang` as the address says it."""

    language: str
    translate: Translate
    asked: str | None


def language_of(scope: Scope, choose: Choose) -> Spoken:
    """Return the language of the answer to a request."""
    said = QueryParams(scope.get("query_string", b"")).getlist("lang")
    asked = said[0] if len(said) == 1 else None
    return Spoken(*choose(asked, Headers(scope=scope).get("accept-language")), asked)
