"""Captions are of two lines and alternative texts say what is found: all labs in all presets."""

import re
from typing import Any

import pytest

from lab.gradient.lab import LAB as GRADIENT
from lab.losses.lab import LAB as LOSSES
from lab.page.lab import Lab
from lab.softmax.lab import LAB as SOFTMAX
from lab.stability.lab import LAB as STABILITY
from lab.transport.lab import LAB as TRANSPORT
from lab.tuning.lab import LAB as TUNING

LABS = (SOFTMAX, GRADIENT, STABILITY, LOSSES, TRANSPORT, TUNING)
# Two lines of a figure's column on a page of 1280 pixels.
TWO_LINES = 140
# What is shown as the answer of the page, in lines of its own.
ANSWER = ("transport", "plan")
# The post's check, which no state changes.
FIXED = {("gradient", "elements"), ("gradient", "errors")}


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.slug)
def test_captions_are_short_and_alternatives_hold_the_finding(lab: Lab[Any, Any]) -> None:
    states = [lab.default, *(preset.of(lab.default) for preset in (lab.presets or {}).values())]
    said: dict[str, list[str]] = {}
    for state in states:
        for card in lab.figures(lab.results(state)).cards:
            shown = re.sub(r"\*\*|`", "", card.numbers)
            assert len(shown) <= TWO_LINES or (lab.slug, card.key) == ANSWER, (state, shown)
            assert "\n" not in card.numbers + card.why
            assert card.numbers
            assert len(card.alt) <= 2 * TWO_LINES, (state, card.alt)
            assert re.search(r"\d|nowhere|everywhere|nothing", card.alt), (state, card.alt)
            assert not re.search(r"\*\*|not defined|nan|\{", card.alt), (state, card.alt)
            assert card.alt.endswith((".", "”"))
            said.setdefault(card.key, []).append(card.alt)
    for key, texts in said.items():
        assert (lab.slug, key) in FIXED or len(texts) == 1 or len(set(texts)) > 1, key
