"""States of the gradients that are worth seeing."""

from collections.abc import Mapping
from typing import Final

from lab.gradient.state import DEFAULT, SMOOTHED, GradientState
from lab.language.catalogues import N_
from lab.page.lab import Preset

PRESETS: Final[Mapping[str, Preset[GradientState]]] = {
    "opposite": Preset(N_("Opposite ways"), DEFAULT),
    "wrong": Preset(N_("From the wrong side"), GradientState((-1.5, 1.5, 0.5))),
    "two": Preset(N_("2 classes: least at 0.782"), GradientState((-1.0, 1.0))),
    "ten": Preset(
        N_("10 classes: least at 0.476"),
        GradientState((-1.0, 1.5, 0.5, 0.0, -0.5, 1.0, -1.0, 0.5, 0.0, -1.5), steps=500),
    ),
    "truth": Preset(
        N_("Start at the target"),
        GradientState((0.0, -0.693147, -1.791759), q=(0.6, 0.3, 0.1)),
    ),
    "uniform": Preset(
        N_("Uniform q: the only one not missed"),
        GradientState((2.0, 0.5, -1.0), q=SMOOTHED, smoothing=1.0),
    ),
    "far": Preset(N_("Far out: no gradient"), GradientState((18.0, 0.0, -1.0))),
}
