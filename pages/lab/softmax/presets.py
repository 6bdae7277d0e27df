"""States of the softmax that are worth seeing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from lab.language.catalogues import N_
from lab.page.lab import Preset
from lab.softmax.state import COLDEST, DEFAULT, HOTTEST, SoftmaxState, goes_up, shifted

PRESETS: Final[Mapping[str, Preset[SoftmaxState]]] = {
    "spread": Preset(N_("Spread"), SoftmaxState(tuple(4.5 - k for k in range(10)), target=3)),
    "tie": Preset(
        N_("Tie"), SoftmaxState((1.5, 1.5, 0.0, -1.0, -2.0), temperature=0.2, target=1, held=1)
    ),
    "saturated": Preset(N_("Saturated"), SoftmaxState((12.0, 2.0, 0.0, -1.0, -2.0), target=2)),
    "one-hot": Preset(N_("One-hot limit"), replace(DEFAULT, temperature=COLDEST, target=1, held=1)),
    "uniform": Preset(N_("Uniform limit"), replace(DEFAULT, temperature=HOTTEST)),
    "two": Preset(N_("Two classes"), SoftmaxState((1.0, -0.5), target=2)),
    "shift": Preset(
        lambda state: N_("+800 on every logit") if goes_up(state) else N_("−800 on every logit"),
        shifted,
    ),
}
