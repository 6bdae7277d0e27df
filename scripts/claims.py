"""Write the claims as a document: `make claims`."""

import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "pages"))

from lab.claims.cards import MARKS, WORDS, count
from lab.claims.claim import Claim
from lab.claims.ledger import SUBJECTS, measured

DOCUMENT: Final = Path(__file__).resolve().parent.parent / "docs" / "claims.md"


def document() -> str:
    """Return every claim with its verdict, its numbers, and the state that shows it, as Markdown."""
    parts = [
        "# Claims",
        f"Written by `make claims` from the records in `pages/lab/claims/`, which the page `/claims` "
        f"shows with a picture each. {count()} Each has a test `test_claim_<name>` in "
        f"`tests/lab/claims/`; what no lab shows as it stands is marked: computed here.",
    ]
    for title, claims in SUBJECTS.values():
        parts += [f"## {title}", *map(_entry, claims)]
    return "\n\n".join(parts) + "\n"


def _entry(claim: Claim) -> str:
    numbers = measured(claim.key)
    verdict = " ".join(filter(None, [MARKS[claim.verdict], WORDS[claim.verdict], claim.condition]))
    lines = [
        f"### {claim.claim}",
        f"**{verdict}** · {claim.source} · `{claim.key}`",
        " ".join(claim.say(text, numbers) for text in (claim.sentence, claim.note) if text),
    ]
    if claim.page:
        query = urlencode(claim.query, safe=",")
        lines.append(f"See it: `/{claim.page}{f'?{query}' if query else ''}`")
    return "\n\n".join(lines)


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
    sys.stdout.write(f"{DOCUMENT.name}: {count()}\n")
