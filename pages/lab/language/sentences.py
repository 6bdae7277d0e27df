"""Whole sentences, one after the other."""

from lab.language.catalogues import _


def sentences(first: str, *others: str) -> str:
    """Join whole sentences as the language does; of the others, those that are empty are left out.

    Each is translated by itself. Parts of one sentence are never joined: a language has its own order.
    """
    joined = first
    for after in filter(None, others):
        # Between two sentences: a space in English, nothing in Chinese.
        joined = _("{before} {after}").format(before=joined, after=after)
    return joined
