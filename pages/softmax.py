"""How does p move when I move a?"""

from functools import partial

from ce_core.figures import contour_figure, difference_figure, eigenvalue_figure, surface_figure
from lab.language.catalogues import _
from lab.live.figures import Card, FigureSet, show_figures
from lab.page.beats import open_page, phone_hint, show_code, show_link, show_notes, show_numbers
from lab.softmax import controls, text
from lab.softmax.results import answer, data_csv, numbers
from lab.state.widgets import link, read_link, show_ignored

open_page(
    _("How does p move when I move a?"),
    _(
        "Softmax turns logits a into probabilities p. Drag a logit: every p moves, the loss and its "
        "gradient with it. J says how much each p answers to each logit."
    ),
    r"p_i = \frac{e^{a_i/T}}{\sum_j e^{a_j/T}}",
    r"J = \frac{\partial p}{\partial (a/T)} = \mathrm{diag}(p) - p\,p^{\mathsf T}",
)

phone_hint()
read_link("softmax", ())
state = controls.draw_controls()
shown = controls.shown_in_link(state)
show_ignored("softmax", shown)
controls.draw_presets(state)
controls.draw_logits(state)

found = answer(state)
show_notes(text.notes(found))
show_figures(
    "softmax",
    FigureSet(
        cards=[
            Card(
                key="differences",
                figure=difference_figure(found.differences, translate=_),
                alt=_("Error of central differences over the step h, a V a dtype; autograd dotted."),
                numbers=text.difference_numbers(found),
            ),
            Card(
                key="eigenvalues",
                figure=eigenvalue_figure(found.spectrum, found.p, translate=_),
                alt=_("Eigenvalues of J in descending order, between the sorted p; the tolerance."),
                numbers=text.eigenvalue_numbers(found),
            ),
            Card(
                key="surface",
                figure=surface_figure(found.surface, found.point, translate=_),
                alt=_("The surface of p₁ over a₁ and a₂, and the present point on it."),
                numbers=text.surface_numbers(found),
            ),
            Card(
                key="contour",
                figure=contour_figure(found.surface, found.point, translate=_),
                alt=_("Lines of equal p₁ over a₁ and a₂, and the present point with its a₁ − a₂."),
                numbers=text.contour_numbers(found),
            ),
        ]
    ),
)

show_numbers(partial(numbers, found), partial(data_csv, found), file_name="softmax.csv")
show_link(link(shown, controls.DEFAULTS))
show_code(text.snippet(state), text.command(state))
