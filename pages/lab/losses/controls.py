"""The controls of the page of the losses: its parameters and the experiment they describe."""

from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from ce_core import DTYPES, ExperimentConfig
from ce_core.experiment.work import experiment_work
from lab.language.catalogues import N_, _
from lab.live.figures import CHART_KINDS, CHARTS, LIVE
from lab.state.parameters import LARGEST_SEED, Parameter, decades, octaves, whole_numbers
from lab.state.widgets import choose, chosen, put, slider

_POST: Final = ExperimentConfig()

# A second or two of one core, up to four and 1 GB where a single trial takes all of it.
LARGEST_WORK: Final = 250_000_000

_EXPONENTS = (0, 0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100, 200, 500, 1000)

SIZES: Final = (
    Parameter(
        name="n",
        label=N_("n: samples"),
        help=N_("Rows in a trial. Each loss is the mean over them."),
        grid=whole_numbers(1, 8192),
        default=_POST.n,
        integer=True,
    ),
    Parameter(
        name="m",
        label=N_("m: classes"),
        help=N_("Columns. The logits are about scale/m, so m decides how flat p is."),
        grid=whole_numbers(2, 8192),
        default=_POST.m,
        integer=True,
    ),
    Parameter(
        name="trials",
        label=N_("Trials"),
        help=N_("Independent draws; each gives one dot."),
        grid=(
            *whole_numbers(1, 16),
            20,
            24,
            32,
            40,
            48,
            64,
            96,
            128,
            192,
            256,
            384,
            512,
            768,
            1000,
        ),
        default=_POST.trials,
        integer=True,
    ),
)
LOGITS: Final = (
    Parameter(
        name="logit_scale",
        label=N_("Logit scale"),
        help=N_("Multiplies the normalised logits. The post's is 1, which keeps p nearly uniform."),
        grid=octaves(1, 1024),
        default=_POST.logit_scale,
    ),
    Parameter(
        name="logit_exponent",
        label=N_("Logit exponent"),
        help=N_("Power of the uniform numbers behind the logits, before each row is normalised."),
        grid=tuple(float(stop) for stop in _EXPONENTS),
        default=_POST.logit_exponent,
    ),
)
TARGET: Final = (
    Parameter(
        name="eps",
        label=N_("ε: regularisation"),
        help=N_("Small: each row of Q picks one class. Large: Q is uniform."),
        grid=decades(1e-3, 1e3),
        default=_POST.eps,
    ),
    Parameter(
        name="n_iter",
        label=N_("Iterations"),
        help=N_("Sinkhorn iterations, each columns then rows."),
        grid=(1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100, 200, 300, 500, 1000),
        default=_POST.n_iter,
        integer=True,
    ),
    Parameter(
        name="cost_exponent",
        label=N_("Cost exponent"),
        help=N_("Power of the uniform numbers that are the costs of the target."),
        grid=tuple(float(stop) for stop in _EXPONENTS),
        default=_POST.cost_exponent,
    ),
)
PARAMETERS: Final = {parameter.name: parameter for parameter in (*SIZES, *LOGITS, *TARGET)}

NOTHING: Final = "none"
SCRUBBED: Final = ("logit_scale", "eps", "n_iter", "logit_exponent", "cost_exponent", NOTHING)


@dataclass(frozen=True)
class Controls:
    """What the controls say: the experiment, and how it is shown."""

    config: ExperimentConfig
    published: bool
    scrub: str = SCRUBBED[0]
    charts: str = LIVE

    @property
    def shown(self) -> dict[str, float | str | bool]:
        """Every control's value by its name in the URL."""
        values: dict[str, float | str | bool] = {
            name: getattr(self.config, name) for name in (*PARAMETERS, "seed", "dtype")
        }
        return values | {"published": self.published, "scrub": self.scrub, CHARTS: self.charts}

    @property
    def live(self) -> bool:
        """Whether the charts are live, so that there is something to scrub."""
        return self.charts == LIVE


DEFAULTS: Final = Controls(_POST, published=False)


def draw_controls() -> Controls:
    """Draw every control in the sidebar and return what they say.

    Every value is one of its control's options or within its bounds, whatever a link or a message
    said: Streamlit replaces others by the default, and `fit_work` bounds what they amount to.
    """
    with st.sidebar:
        with st.container(horizontal=True):
            st.button(_("Reset to the post"), icon=":material/restart_alt:", on_click=_reset)
            st.button(_("New draw"), icon=":material/casino:", on_click=_draw_again)
        values: dict[str, float] = {}
        for title, group in (
            (_("Logits"), LOGITS),
            (_("Target Q"), TARGET),
            (_("Size"), SIZES),
        ):
            st.subheader(title, anchor=False)
            for parameter in group:
                values[parameter.name] = slider(parameter)
        st.subheader(_("Draw"), anchor=False)
        seed = st.number_input(
            _("Seed"),
            min_value=0,
            max_value=LARGEST_SEED,
            value=_POST.seed,
            key="seed",
            help=_("The same seed gives the same uniform numbers, whatever else moves."),
            bind="query-params",
        )
        dtype = st.selectbox(
            _("dtype of the arithmetic"),
            options=DTYPES,
            index=DTYPES.index(_POST.dtype),
            key="dtype",
            help=_("The draws are the same for all; only the arithmetic is rounded otherwise."),
            bind="query-params",
        )
        published = st.toggle(_("Lay over the post's 20 pairs"), key="published", bind="query-params")
    fields: dict[str, Any] = {"seed": seed, "dtype": dtype, **values}
    return Controls(
        ExperimentConfig(**fields),
        published,
        scrub=chosen("scrub", SCRUBBED),
        charts=chosen(CHARTS, CHART_KINDS),
    )


def draw_scrub_choice(scrub: str) -> None:
    """Draw the choice of the parameter that the bar scrubs; `Controls.scrub` is what it says."""
    st.session_state["scrub-choice"] = scrub
    st.pills(
        _("Play along"),
        options=SCRUBBED,
        format_func=lambda name: _("nothing") if name == NOTHING else _(PARAMETERS[name].label),
        key="scrub-choice",
        on_change=_choose_scrub,
        help=_("The bar moves this parameter under your hand; all else stays, the draws too."),
    )


def show_steps(scrub: str, steps: int) -> None:
    """Say where a animation has fewer frames than the slider of its parameter has stops."""
    stops = len(PARAMETERS[scrub].grid)
    if steps == 0:
        st.caption(_("This experiment is too large for a animation. Smaller sizes have one."))
    elif steps < stops:
        st.caption(
            _(
                "The animation has {steps} frames, since more would be too much work; the slider has "
                "all {stops} stops."
            ).format(steps=steps, stops=stops)
        )


def show_work(config: ExperimentConfig) -> None:
    """State the work of the experiment and its bound, under the controls."""
    st.sidebar.caption(
        _("Work n·m·trials·(iterations + 25): {work:,.1f} of at most {budget:,.0f} million.").format(
            work=experiment_work(config) / 1e6, budget=LARGEST_WORK / 1e6
        )
    )


def offer_fits(config: ExperimentConfig, fits: list[ExperimentConfig]) -> None:
    """Say that an experiment is too much work, and offer those that fit as buttons."""
    st.error(
        _(
            "This experiment is {times:.3g} times the work that the lab does at once "
            "(n·m·trials·(iterations + 25) is at most {budget:,.0f} million). The charts show the "
            "first of these instead, the nearest that fit:"
        ).format(times=experiment_work(config) / LARGEST_WORK, budget=LARGEST_WORK / 1e6)
    )
    with st.container(horizontal=True, key="fits"):
        for fit in fits:
            changed = {
                parameter: getattr(fit, name)
                for name, parameter in PARAMETERS.items()
                if getattr(fit, name) != getattr(config, name)
            }
            label = ", ".join(f"{parameter.name} = {value}" for parameter, value in changed.items())
            st.button(label, on_click=put, args=(changed,))


def _choose_scrub() -> None:
    # To press what is pressed already would leave nothing chosen.
    choose("scrub", st.session_state["scrub-choice"] or chosen("scrub", SCRUBBED))


def _reset() -> None:
    put({parameter: parameter.default for parameter in PARAMETERS.values()})
    st.session_state.update(seed=_POST.seed, dtype=_POST.dtype)


def _draw_again() -> None:
    st.session_state["seed"] = (st.session_state["seed"] + 1) % (LARGEST_SEED + 1)
