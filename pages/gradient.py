"""Which way does the loss push each logit?"""

from functools import partial

from lab.gradient import controls, text
from lab.gradient import figures as animation
from lab.gradient.results import answer, data_csv, numbers
from lab.language.catalogues import _
from lab.live.figures import show_animation, show_figures
from lab.page.beats import open_page, phone_hint, show_code, show_link, show_notes, show_numbers
from lab.state.widgets import link, read_link, show_ignored

open_page(
    _("Which way does the loss push each logit?"),
    _(
        "The post says that L2 = Σ (p − q) a has the gradient of cross-entropy. It has, while p is "
        "held constant. In full it has one term more, and descent on it misses every target but the "
        "uniform one."
    ),
    r"\frac{\partial L_1}{\partial a} = p - q",
    r"\frac{\partial L_2}{\partial a} = (p - q) + J a",
    r"(J a)_i = p_i \Bigl( a_i - \sum_j p_j a_j \Bigr)",
)

phone_hint()
read_link("gradient", ())
state = controls.read_state()
controls.draw_controls(state)
show_ignored("gradient", controls.taken_from_link(state))
controls.draw_presets()

found = answer(state)
controls.draw_push_editor(found)
show_notes(text.notes(found))
scrub = animation.plan_timeline(found, controls.put_step) if controls.live_charts() else None
show_figures(animation.GROUP, animation.figure_set(found), timeline=scrub)

show_numbers(partial(numbers, found), partial(data_csv, found), file_name="gradient.csv")
show_link(link(controls.shown_in_link(state), controls.defaults(state)))
show_code(text.snippet(state), text.command(state))
controls.write_link(state)

# Last, since the page need not wait for it.
if scrub:
    show_animation(animation.GROUP, animation.make_animation(found, scrub))
