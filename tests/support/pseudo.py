"""A language for tests: every message in brackets, its letters replaced by wide ones.

What is plain ASCII on a page in this language has not gone through the catalogue, or is no language:
symbols, code, numbers, which the tests allow one by one.
"""

import io
import re
import string
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from scripts.messages import collect

CODE: Final = "qps"
# What a translator leaves as it is: formulas, code, placeholders, markup.
_KEPT: Final = re.compile(
    r"\$[^$]*\$|`[^`]*`|%\{[^}]*\}|\{[^{}]*\}|\{\{|\}\}|:[a-z-]+(?=\[)|<[a-z]+>|\]\([^)]*\)"
)
_WIDE: Final = {ord(letter): ord(letter) + 0xFEE0 for letter in string.ascii_letters}


def widened(message: str) -> str:
    """Return a message in the language of the tests."""
    parts, place = [], 0
    for kept in _KEPT.finditer(message):
        parts += [message[place : kept.start()].translate(_WIDE), kept[0]]
        place = kept.end()
    return f"⟦{''.join(parts)}{message[place:].translate(_WIDE)}⟧"


def write_catalogue(folder: Path) -> Path:
    """Write the catalogue of the language into a folder and return its file."""
    catalogue = Catalog(locale="en", charset="utf-8")
    for message in collect():
        if not message.id:
            continue
        forms = message.id if isinstance(message.id, tuple | list) else (message.id,)
        translated = tuple(map(widened, forms))
        catalogue.add(message.id, translated if len(forms) > 1 else translated[0])
    output = io.BytesIO()
    write_po(output, catalogue)
    file = folder / f"{CODE}.po"
    file.write_bytes(output.getvalue())
    return file
