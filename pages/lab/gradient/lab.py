"""Which way does the loss push each logit?"""

from lab.gradient import controls, figures, results, text
from lab.gradient.presets import PRESETS
from lab.gradient.state import DEFAULT
from lab.language.catalogues import N_
from lab.page.lab import Code, Lab

LAB = Lab(
    slug="gradient",
    question=N_("Which way does the loss push each logit?"),
    intro=N_(
        "The post says that L2 = Σ (p − q) a has the gradient of cross-entropy. It has, while p is "
        "held constant. In full it has one term more, and descent on it misses every target but the "
        "uniform one."
    ),
    formulas=(
        r"\frac{\partial L_1}{\partial a} = p - q",
        r"\frac{\partial L_2}{\partial a} = (p - q) + J a",
        r"(J a)_i = p_i \Bigl( a_i - \sum_j p_j a_j \Bigr)",
    ),
    default=DEFAULT,
    presets=PRESETS,
    controls=controls.draw_controls,
    results=results.answer,
    stage=controls.draw_push_editor,
    figures=figures.figure_set,
    timeline=figures.timeline,
    notes=text.notes,
    notes_first=True,
    numbers=results.numbers,
    csv=results.data_csv,
    code=lambda found: Code(text.snippet(found.state), text.command(found.state)),
)
