"""Are L1 and L2 the same?"""

from ce_core.experiment.export import config_call, config_command
from lab.language.catalogues import N_
from lab.losses import controls, figures, notes, results
from lab.losses.answer import answer
from lab.losses.presets import PRESETS
from lab.losses.state import LossesState
from lab.losses.thumbnail import thumbnail
from lab.page.lab import Code, Lab

LAB = Lab(
    slug="losses",
    question=N_("Are L1 and L2 the same?"),
    answer=answer,
    formulas=(
        r"L_1 = -\sum_i q_i \log p_i",
        r"L_2 = \sum_i (p_i - q_i)\, a_i",
        r"L_1 - L_2 = H(p)",
    ),
    default=LossesState(),
    presets=PRESETS,
    thumbnail=thumbnail,
    controls=controls.draw_controls,
    results=results.results,
    stage=controls.offer_fits,
    beneath=controls.choose_along,
    timeline=figures.timeline,
    figures=figures.figure_set,
    pictures=2,
    notes=lambda found: notes.notes(found.measured),
    numbers=lambda found: found.measured.numbers,
    csv=lambda found: found.measured.csv,
    code=lambda found: Code(config_call(found.measured.config), config_command(found.measured.config)),
)
