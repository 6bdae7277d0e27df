"""Which way does the loss push each logit?"""

from lab.gradient import code, controls, figures, results
from lab.gradient.answer import answer
from lab.gradient.notes import notes
from lab.gradient.presets import PRESETS
from lab.gradient.state import DEFAULT
from lab.gradient.thumbnail import thumbnail
from lab.language.catalogues import N_
from lab.page.lab import Code, Lab

LAB = Lab(
    slug="gradient",
    question=N_("Which way does the loss push each logit?"),
    answer=answer,
    formulas=(
        r"\frac{\partial L_1}{\partial a} = p - q",
        r"\frac{\partial L_2}{\partial a} = (p - q) + J a",
        r"(J a)_i = p_i \Bigl( a_i - \sum_j p_j a_j \Bigr)",
    ),
    default=DEFAULT,
    presets=PRESETS,
    thumbnail=thumbnail,
    controls=controls.draw_controls,
    results=results.results,
    stage=controls.draw_held_logits,
    beneath=controls.draw_push_editor,
    figures=figures.figure_set,
    timeline=figures.timeline,
    notes=notes,
    numbers=results.numbers,
    csv=results.data_csv,
    code=lambda found: Code(code.snippet(found.state), code.command(found.state)),
)
