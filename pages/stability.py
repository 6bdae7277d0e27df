"""Where does NaN come from?"""

from functools import partial

from lab import stability_controls as controls
from lab import stability_text as text
from lab.controls import link, read_link, show_ignored
from lab.i18n import _
from lab.live import show_shot
from lab.page import open_page, phone_hint, show_code, show_link, show_notes, show_numbers
from lab.stability_data import answer, data_csv, numbers
from lab.stability_view import show_case, take_shot

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
show_shot("stability", take_shot(found))

show_numbers(partial(numbers, found), partial(data_csv, found), file_name="stability.csv")
show_link(link(shown, controls.DEFAULTS))
show_code(text.snippet(state), text.command(state))
