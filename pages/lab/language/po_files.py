"""Read a catalogue as translators write it (.po), so that nothing has to be compiled beforehand.

The library's own `gettext` reads the compiled form only, and what compiles is a tool of developers
(Babel), which a visitor's server need not have.
"""

import ast
import gettext
import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

_LINE = re.compile(r'(?:(msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?)\s+)?(".*")')


@dataclass
class _Entry:
    """A message and its translation, each field by its keyword in the file."""

    fuzzy: bool = False
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What `gettext` looks for."""
        message = "\0".join(
            self.fields[name] for name in ("msgid", "msgid_plural") if name in self.fields
        )
        return f"{self.fields['msgctxt']}\x04{message}" if "msgctxt" in self.fields else message

    @property
    def translation(self) -> str:
        """The translation, its plural forms in order; empty if any is missing or doubtful."""
        forms = [text for name, text in self.fields.items() if name.startswith("msgstr")]
        # The header is no sentence: Babel calls that of every new catalogue doubtful.
        usable = all(forms) and not (self.fuzzy and self.fields["msgid"])
        return "\0".join(forms) if usable else ""


def read_po(text: str) -> gettext.GNUTranslations:
    r"""Return the translations of a catalogue.

    What is not translated, or marked as fuzzy, is left out, so that `gettext` returns the message.

    Raises
    ------
    ValueError
        With the number of the line that is none of a catalogue.

    Examples
    --------
    >>> head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'
    >>> read_po(head + 'msgid "Steps"\nmsgstr "步数"\n').gettext("Steps")
    '步数'
    """
    pairs = {entry.key: entry.translation for entry in _entries(text) if entry.translation}
    return gettext.GNUTranslations(io.BytesIO(_compiled(pairs)))


def _entries(text: str) -> Iterator[_Entry]:
    entry, name = _Entry(), ""
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        begins = stripped.startswith(("#", "msgctxt ", "msgid "))
        if begins and any(known.startswith("msgstr") for known in entry.fields):
            yield entry
            entry = _Entry()
        if stripped.startswith("#,") and "fuzzy" in stripped:
            entry.fuzzy = True
        if not stripped or stripped.startswith("#"):
            continue
        found = _LINE.fullmatch(stripped)
        if found is None or not (found[1] or name):
            raise ValueError(f"line {number} is none of a catalogue, got {stripped[:80]!r}")
        name = found[1] or name
        # Escapes are those of C, which are those of Python.
        entry.fields[name] = entry.fields.get(name, "") + ast.literal_eval(found[2])
    if "msgid" in entry.fields:
        yield entry


def _compiled(pairs: dict[str, str]) -> bytes:
    """Return messages and translations as a .mo file: a head, two tables of places, the texts."""
    ordered = sorted((key.encode(), text.encode()) for key, text in pairs.items())
    columns = [[pair[0] for pair in ordered], [pair[1] for pair in ordered]]
    place = 28 + 16 * len(ordered)
    tables, texts = b"", b""
    for column in columns:
        for item in column:
            tables += struct.pack("<2I", len(item), place + len(texts))
            texts += item + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(ordered), 28, 28 + 8 * len(ordered), 0, place)
    return head + tables + texts
