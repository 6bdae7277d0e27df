"""How does p move when I move a?"""

from lab.language.catalogues import N_
from lab.page.lab import Code, Lab
from lab.softmax import code, controls, figures, results
from lab.softmax.notes import notes
from lab.softmax.presets import PRESETS
from lab.softmax.state import DEFAULT
from lab.softmax.thumbnail import thumbnail

LAB = Lab(
    slug="softmax",
    question=N_("How does p move when I move a?"),
    # What is dragged says it, in the same frame.
    answer="",
    formulas=(
        r"p_i = \frac{e^{a_i/T}}{\sum_j e^{a_j/T}}",
        r"J = \frac{\partial p}{\partial (a/T)} = \mathrm{diag}(p) - p\,p^{\mathsf T}",
    ),
    default=DEFAULT,
    presets=PRESETS,
    thumbnail=thumbnail,
    controls=controls.draw_controls,
    results=results.results,
    stage=controls.draw_logits,
    figures=figures.figure_set,
    notes=notes,
    numbers=results.numbers,
    csv=results.data_csv,
    code=lambda found: Code(code.snippet(found.state), code.command(found.state)),
)
