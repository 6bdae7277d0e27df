"""What a page in the language of the tests shows untranslated."""

import re
from collections.abc import Iterator
from typing import Final

from streamlit.testing.v1 import AppTest

from tests.support.shown import shown

# What is no language. Everything else that is plain ASCII has escaped.
DTYPES: Final = {"float16", "bfloat16", "float32", "float64"}
# Functions and operators of formulas, and what arithmetic itself is called.
FORMULAS: Final = {"log", "exp", "max", "softmax", "KL", "NaN", "inf", "eps"}
# One letter with its index or differential: a, p, H(p), L1, dL1/da. A sentence has longer words too.
SYMBOL: Final = re.compile(r"[A-Za-z]\d?|d[A-Z]?\d?|da")
# What a number may have in it: 1e-5, 3.5e12.
EXPONENT: Final = re.compile(r"e\d*")
# Names in the table of numbers and in offers are those of the command line and the CSV files.
NAMES: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_SETTING: Final = re.compile(r"[a-z_]+ = [\d.e+-]+(, [a-z_]+ = [\d.e+-]+)*")

# Formulas, code, markup, and places that a script fills.
_NO_TEXT: Final = re.compile(
    r"<svg .*?</svg>|\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|%?\{[^}]*\}|\]\([^)]*\)|:[a-z-]+(?=\[)"
    r"|</?[a-z][^<>]*>",
    re.DOTALL,
)


def escaped(where: str, text: str) -> Iterator[str]:
    """Return the words of a text that have not been translated."""
    if where.startswith("code.") or _SETTING.fullmatch(text):
        return
    for word in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", _NO_TEXT.sub(" ", text)):
        named = where == "cell of a table" and NAMES.fullmatch(word)
        if word in DTYPES | FORMULAS or SYMBOL.fullmatch(word) or EXPONENT.fullmatch(word) or named:
            continue
        yield word


def escapes(app: AppTest) -> set[tuple[str, str, str]]:
    """Return what a page shows untranslated: the word, the text, where it stands."""
    return {
        (word, text[:100], re.sub(r"^frame \d+ of ", "", where))
        for where, text in shown(app)
        for word in escaped(where, text)
    }
