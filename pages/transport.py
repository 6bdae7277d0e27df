"""How does Sinkhorn balance a plan?"""

from functools import partial

from lab.language.catalogues import _
from lab.live.figures import CHART_KINDS, CHARTS, LIVE, show_animation, show_figures
from lab.page.beats import open_page, phone_hint, show_code, show_link, show_notes, show_numbers
from lab.state.widgets import chosen, link, read_link, show_ignored
from lab.transport import controls, text
from lab.transport import figures as animation
from lab.transport.results import answer, data_csv, numbers
from lab.transport.state import ALONG, PARAMETERS

open_page(
    _("How does Sinkhorn balance a plan?"),
    _(
        "A plan says how much mass goes from each row to each column. Sinkhorn scales the columns to "
        "their sums ν, then the rows to theirs μ, again and again. Play it, and see what is left after "
        "3 iterations."
    ),
    r"P_{ij} = \mu_i\, \nu_j\, e^{(f_i + g_j - C_{ij})/\varepsilon}",
)

phone_hint()
read_link("transport", PARAMETERS.values())
state = controls.draw_controls()
shown = controls.shown_in_link(state)
show_ignored("transport", shown)
controls.draw_presets()

found = answer(state)
controls.draw_pads(found)
along, scrub = chosen(controls.PLAY, ALONG), None
length = animation.animation_length(found, along)
if chosen(CHARTS, CHART_KINDS) == LIVE:
    controls.draw_scrub_choice(along)
    scrub = animation.plan_timeline(found, along, length=length)
show_figures("transport", animation.figure_set(found, length=length), timeline=scrub)
show_notes(text.notes(found))

show_numbers(partial(numbers, found), partial(data_csv, found), file_name="transport.csv")
show_link(link(shown, controls.DEFAULTS))
show_code(text.snippet(state), text.command(state))

# Last, since the page need not wait for it.
if scrub:
    show_animation("transport", animation.make_animation(found, along, scrub, length=length))
