"""Which parameters give what I need?"""

from lab.language.catalogues import N_
from lab.page.lab import Code, Lab
from lab.tuning import controls, figures, results, tables, text
from lab.tuning.answer import answer
from lab.tuning.notes import notes
from lab.tuning.state import DEFAULT, PRESETS
from lab.tuning.thumbnail import thumbnail

LAB = Lab(
    slug="tuning",
    question=N_("Which parameters give what I need?"),
    answer=answer,
    formulas=(
        r"Q_{ij} = e^{(f_i + g_j - C_{ij})/\varepsilon}",
        r"\sum_j Q_{ij} = 1",
        r"\sum_i Q_{ij} \to \frac{n}{m}",
    ),
    default=DEFAULT,
    presets=PRESETS,
    thumbnail=thumbnail,
    controls=controls.draw_controls,
    results=results.results,
    stage=controls.draw_stage,
    beneath=controls.draw_beneath,
    figures=figures.figure_set,
    notes=notes,
    numbers=tables.numbers,
    csv=tables.data_csv,
    code=lambda found: Code(text.snippet(found), text.command(found)),
)
