"""Are L1 and L2 the same?"""

from ce_core.experiment.export import config_call, config_command
from ce_core.experiment.work import fit_work
from lab.language.catalogues import _
from lab.live.figures import show_animation, show_figures
from lab.losses import controls, text
from lab.losses import figures as animation
from lab.losses.results import measure
from lab.page.beats import open_page, phone_hint, show_code, show_link, show_notes, show_numbers
from lab.state.widgets import link, read_link, show_ignored

open_page(
    _("Are L1 and L2 the same?"),
    _(
        "The post plots L2 over L1 for 20 random trials and sees a straight line. Here is its "
        "experiment, with every parameter to move."
    ),
    r"L_1 = -\sum_i q_i \log p_i",
    r"L_2 = \sum_i (p_i - q_i)\, a_i",
    r"L_1 - L_2 = H(p)",
)

phone_hint()
read_link("losses", controls.PARAMETERS.values())
chosen = controls.draw_controls()
controls.show_work(chosen.config)
show_ignored("losses", chosen.shown)
fits = fit_work(chosen.config, controls.LARGEST_WORK)
if fits != [chosen.config]:
    controls.offer_fits(chosen.config, fits)
config, published = fits[0], chosen.published

measured = measure(config)
scrub = None
if chosen.live:
    controls.draw_scrub_choice(chosen.scrub)
    if chosen.scrub != controls.NOTHING:
        scrub = animation.plan_timeline(config, chosen.scrub, published=published)
        controls.show_steps(chosen.scrub, len(scrub.values) if scrub else 0)
show_figures("losses", animation.figure_set(measured, published=published), timeline=scrub)
show_notes(text.notes(measured))

show_numbers(lambda: measured.numbers, lambda: measured.csv, file_name="losses.csv")
show_link(link(chosen.shown, controls.DEFAULTS.shown))
show_code(config_call(measured.config), config_command(measured.config))

# Last, since the page need not wait for it.
if scrub:
    show_animation("losses", animation.make_animation(config, chosen.scrub, scrub, published=published))
