"""What the lab of the losses can be asked: an experiment, and how it is shown."""

from dataclasses import dataclass, fields
from typing import Final

from ce_core import DTYPES, ExperimentConfig
from lab.language.catalogues import N_
from lab.state.fields import LARGEST_SEED, OF_FIELD, Choice, Number, Stops, Switch, field
from lab.state.stops import decades, octaves, whole_numbers

_POST: Final = ExperimentConfig()
_EXPONENTS: Final = tuple(
    float(stop)
    for stop in (0, 0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100, 200, 500, 1000)
)
_TRIALS: Final = (20, 24, 32, 40, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1000)

NOTHING: Final = "none"


@dataclass(frozen=True)
class LossesState:
    """The parameters of the experiment, by the names of `ExperimentConfig`, and what is shown of it."""

    n: int = field(
        _POST.n,
        Stops(
            label=N_("n: samples"),
            help=N_("Rows in a trial. Each loss is the mean over them."),
            symbol="n",
            stops=whole_numbers(1, 8192),
            integer=True,
        ),
    )
    m: int = field(
        _POST.m,
        Stops(
            label=N_("m: classes"),
            help=N_("Columns. The logits are about scale/m, so m decides how flat p is."),
            symbol="m",
            stops=whole_numbers(2, 8192),
            integer=True,
        ),
    )
    trials: int = field(
        _POST.trials,
        Stops(
            label=N_("Trials"),
            help=N_("Independent draws; each gives one dot."),
            stops=(*whole_numbers(1, 16), *_TRIALS),
            integer=True,
        ),
    )
    logit_scale: float = field(
        _POST.logit_scale,
        Stops(
            label=N_("Logit scale"),
            help=N_("Multiplies the normalised logits. The post's is 1, which keeps p nearly uniform."),
            symbol="s",
            stops=octaves(1, 1024),
        ),
    )
    logit_exponent: float = field(
        _POST.logit_exponent,
        Stops(
            label=N_("Logit exponent"),
            help=N_("Power of the uniform numbers behind the logits, before each row is normalised."),
            stops=_EXPONENTS,
        ),
    )
    eps: float = field(
        _POST.eps,
        Stops(
            label=N_("ε: regularisation"),
            help=N_("Small: each row of Q picks one class. Large: Q is uniform."),
            symbol="ε",
            stops=decades(1e-3, 1e3),
        ),
    )
    n_iter: int = field(
        _POST.n_iter,
        Stops(
            label=N_("Iterations"),
            help=N_("Sinkhorn iterations, each columns then rows."),
            stops=(1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100, 200, 300, 500, 1000),
            integer=True,
        ),
    )
    cost_exponent: float = field(
        _POST.cost_exponent,
        Stops(
            label=N_("Cost exponent"),
            help=N_("Power of the uniform numbers that are the costs of the target."),
            stops=_EXPONENTS,
        ),
    )
    seed: int = field(
        _POST.seed,
        Number(
            label=N_("Seed"),
            help=N_("The same seed gives the same uniform numbers, whatever else moves."),
            low=0,
            high=LARGEST_SEED,
        ),
    )
    dtype: str = field(
        _POST.dtype,
        Choice(
            label=N_("dtype of the arithmetic"),
            help=N_("The draws are the same for all; only the arithmetic is rounded otherwise."),
            options=dict.fromkeys(DTYPES, ""),
        ),
    )
    published: bool = field(False, Switch(label=N_("Lay over the post's 20 pairs")))
    along: str = field(
        "logit_scale",
        Choice(
            label=N_("Play along"),
            help=N_(
                "The timeline moves this parameter under your hand; all else stays, the draws too."
            ),
            options={
                **dict.fromkeys(
                    ("logit_scale", "eps", "n_iter", "logit_exponent", "cost_exponent"), OF_FIELD
                ),
                NOTHING: N_("nothing"),
            },
            as_pills=True,
        ),
    )

    @property
    def config(self) -> ExperimentConfig:
        """The experiment."""
        return ExperimentConfig(**{one.name: getattr(self, one.name) for one in fields(_POST)})
