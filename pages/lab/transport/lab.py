"""How does Sinkhorn balance a plan?"""

from lab.language.catalogues import N_
from lab.page.lab import Code, Lab
from lab.transport import controls, figures, results, tables, text
from lab.transport.notes import notes
from lab.transport.state import DEFAULT, PRESETS
from lab.transport.thumbnail import thumbnail

LAB = Lab(
    slug="transport",
    question=N_("How does Sinkhorn balance a plan?"),
    answer=N_("By turns: it scales the columns to their sums ν, then the rows to theirs, μ."),
    formulas=(r"P_{ij} = \mu_i\, \nu_j\, e^{(f_i + g_j - C_{ij})/\varepsilon}",),
    default=DEFAULT,
    presets=PRESETS,
    thumbnail=thumbnail,
    controls=controls.draw_controls,
    results=results.results,
    stage=controls.draw_stage,
    beneath=controls.draw_beneath,
    timeline=figures.timeline,
    figures=figures.figure_set,
    pictures=2,
    notes=notes,
    numbers=tables.numbers,
    csv=tables.data_csv,
    code=lambda found: Code(text.snippet(found.state), text.command(found.state)),
)
