"""What a card says: verdict, claim, picture, sentence, as one piece of Markdown."""

import re
from html import escape
from typing import Final

from lab.claims.claim import CONDITIONAL, FALSE, TRUE, VERDICTS, Claim
from lab.claims.ledger import LEDGER, SUBJECTS, measured
from lab.language.catalogues import N_, _, ngettext
from lab.language.sentences import sentences
from lab.language.text_cache import once_a_language
from lab.post.text import example_numbers

_SHAPES: Final = {
    TRUE: '<circle cx="11" cy="11" r="10" class="full"/>',
    FALSE: '<circle cx="11" cy="11" r="9"/><path d="M4.6 17.4L17.4 4.6"/>',
    CONDITIONAL: '<circle cx="11" cy="11" r="9"/><path d="M11 2A9 9 0 0 1 11 20Z" class="full"/>',
}
MARKS: Final = {TRUE: "●", FALSE: "⊘", CONDITIONAL: "◐"}
"""The shapes where there is only text."""
WORDS: Final = {TRUE: N_("True"), FALSE: N_("False"), CONDITIONAL: N_("True if")}


@once_a_language
def cards() -> dict[str, str]:
    """Return the Markdown of every claim."""
    return {key: _card(claim) for key, claim in LEDGER.items()}


def _card(claim: Claim) -> str:
    numbers = measured(claim.key)
    verdict = f"<strong>{_text(WORDS[claim.verdict])}</strong> {_text(claim.condition)}"
    shape = (
        '<svg viewBox="0 0 22 22" width="22" height="22" aria-hidden="true">'
        f"{_SHAPES[claim.verdict]}</svg>"
    )
    source = f'<span class="source">{_text(claim.source)}</span>'
    parts = [
        f'<p class="lab-verdict"><span>{shape}<span>{verdict}</span></span>{source}</p>',
        f'<h3 data-anchor="{claim.anchor}">{_unbroken(_text(claim.claim))}</h3>',
        claim.draw(numbers),
        coloured(claim.say(claim.sentence, numbers)),
    ]
    if claim.note:
        parts.append(f":small[{coloured(claim.say(claim.note, numbers))}]")
    return "\n\n".join(parts)


def coloured(text: str) -> str:
    """Return Markdown in which the losses and the entropy wear their colours."""
    for name, colour in (("L1", "blue"), ("L2", "orange"), ("H(p)", "green")):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", f":{colour}[{name}]", text)
    return text


def _text(message: str) -> str:
    return escape(_(message), quote=False)


def _unbroken(text: str) -> str:
    """Return a text whose lines do not end beside a sign of arithmetic."""
    return re.sub(r" ([−=×·]) ", "\u00a0\\1\u00a0", text)


def opening() -> str:
    """Return what the page is, in a line."""
    return sentences(
        _("A blog post of 2023 and common practice, in our words."),
        count(),
    )


def reading() -> str:
    """Return how the cards are to be read."""
    return _(
        "Each verdict has a test of its name; each link opens the state of a lab that shows it, and "
        "what no lab shows as it stands is marked: computed here. The example is {numbers}."
    ).format(numbers=example_numbers())


def contents() -> str:
    """Return links to the subjects, as Markdown."""
    return " · ".join(f"[{_(title)}](#{anchor})" for anchor, (title, _claims) in SUBJECTS.items())


def count() -> str:
    """Return how many claims there are of each verdict."""
    verdicts = [claim.verdict for claim in LEDGER.values()]
    return ngettext(
        "{n} claim: {true} true, {conditional} true under a condition, {false} false.",
        "{n} claims: {true} true, {conditional} true under a condition, {false} false.",
        len(verdicts),
    ).format(n=len(verdicts), **{verdict: verdicts.count(verdict) for verdict in VERDICTS})
