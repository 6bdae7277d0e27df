"""The parameters of the post's experiment, checked when they are made."""

from dataclasses import dataclass

from ce_core._options import require_dtype, require_integer, require_number


@dataclass(frozen=True, kw_only=True)
class ExperimentConfig:
    """The parameters of the experiment; the defaults are the post's.

    Parameters
    ----------
    n
        Samples (rows) in a trial, >= 1.
    m
        Classes (columns), >= 2.
    trials
        Independent repetitions, >= 1.
    logit_exponent
        Power to which the uniform numbers behind the logits are raised, >= 0.
    cost_exponent
        Power to which the uniform numbers behind the costs are raised, >= 0.
    eps
        Entropic regularisation of the target, > 0, in the unit of the costs.
    n_iter
        Sinkhorn iterations of the target, >= 1.
    logit_scale
        What the normalised logits are multiplied by, > 0. The post's is 1.
    seed
        Seed of the draws, an integer >= 0 and < 2**63.
    dtype
        Arithmetic: "float64", "float32", "bfloat16" or "float16", or the torch dtype of that name.
        The draws are the same for all.

    Raises
    ------
    ValueError
        Naming the parameter, what it must be, and what it was.
    """

    n: int = 128
    m: int = 64
    trials: int = 20
    logit_exponent: float = 4.0
    cost_exponent: float = 1.5
    eps: float = 0.5
    n_iter: int = 10
    logit_scale: float = 1.0
    seed: int = 0
    dtype: str = "float32"

    def __post_init__(self) -> None:
        checked: dict[str, float] = {
            "seed": require_integer("seed", self.seed, at_least=0, below=2**63)
        }
        for name, least in (("n", 1), ("m", 2), ("trials", 1), ("n_iter", 1)):
            checked[name] = require_integer(name, getattr(self, name), at_least=least)
        for name in ("logit_exponent", "cost_exponent"):
            checked[name] = require_number(name, getattr(self, name), at_least=0.0)
        for name in ("eps", "logit_scale"):
            checked[name] = require_number(name, getattr(self, name), above=0.0)
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "dtype", require_dtype("dtype", self.dtype))
