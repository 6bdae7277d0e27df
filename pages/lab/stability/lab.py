"""Where does NaN come from?"""

from lab.language.catalogues import N_
from lab.page.lab import Code, Lab
from lab.stability import controls, figures, results, text
from lab.stability.answer import answer
from lab.stability.notes import notes
from lab.stability.pitfall_case import show_case
from lab.stability.state import DEFAULT, PRESETS
from lab.stability.thumbnail import thumbnail

LAB = Lab(
    slug="stability",
    question=N_("Where does NaN come from?"),
    answer=answer,
    formulas=(
        r"p_i \to 0 \;\Rightarrow\; q_i \log p_i \to 0 \cdot (-\infty) = \mathrm{NaN}",
        r"L_1 = \log \sum_j e^{a_j - M} - \sum_i q_i (a_i - M)",
        r"M = \max_k a_k",
    ),
    default=DEFAULT,
    preset_intro=N_(
        "**Break it**, in one of the ways that people meet NaN in practice; each comes with its cure:"
    ),
    presets=PRESETS,
    thumbnail=thumbnail,
    controls=controls.draw_controls,
    results=results.results,
    stage=controls.draw_stage,
    of_preset=show_case,
    figures=figures.figure_set,
    notes=notes,
    numbers=results.numbers,
    csv=results.data_csv,
    code=lambda found: Code(text.snippet(found.state), text.command(found.state)),
)
