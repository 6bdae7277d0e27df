"""Experiments that are worth seeing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from lab.language.catalogues import N_
from lab.losses.state import LossesState
from lab.page.lab import Preset

_POST: Final = LossesState()

PRESETS: Final[Mapping[str, Preset[LossesState]]] = {
    "post": Preset(N_("The post's logits"), _POST),
    "sixteen": Preset(N_("Logits × 16: apart"), replace(_POST, logit_scale=16.0)),
    "large": Preset(N_("Logits × 1024: alike again"), replace(_POST, logit_scale=1024.0)),
}
