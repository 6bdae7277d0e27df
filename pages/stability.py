"""Where does NaN come from?"""

from functools import partial

from lab.language.catalogues import _
from lab.live.figures import show_figures
from lab.page.beats import open_page, phone_hint, show_code, show_link, show_notes, show_numbers
from lab.stability import controls, text
from lab.stability.figures import figure_set, show_case
from lab.stability.results import answer, data_csv, numbers
from lab.state.widgets import link, read_link, show_ignored

open_page(
    _("Where does NaN come from?"),
    _(
        "Cross-entropy in exact arithmetic is never NaN. In a computer it depends on how it is "
        "written. Step through every operation, forward and backward, and see the first that breaks."
    ),
    r"p_i \to 0 \;\Rightarrow\; q_i \log p_i \to 0 \cdot (-\infty) = \mathrm{NaN}",
    r"L_1 = \log \sum_j e^{a_j - m} - \sum_i q_i (a_i - m)",
)

phone_hint()
read_link("stability", ())
state = controls.draw_controls()
found = answer(state)
shown = controls.shown_in_link(found)
show_ignored("stability", shown)
controls.draw_presets()
show_case(state)
controls.draw_trace(found)
show_notes(text.notes(found))
show_figures("stability", figure_set(found))

show_numbers(partial(numbers, found), partial(data_csv, found), file_name="stability.csv")
show_link(link(shown, controls.DEFAULTS))
show_code(text.snippet(state), text.command(state))
