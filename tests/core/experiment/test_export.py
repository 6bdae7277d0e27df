"""The experiment as text reads back as what it was."""

import csv
import io
import math

from hypothesis import given
from hypothesis import strategies as st

from ce_core import DTYPES, ExperimentConfig, compare_losses, run_experiment, trials_csv
from ce_core.cli.experiment import read_config
from ce_core.cli.parser import parse
from ce_core.experiment.export import config_call, config_command, summary

CONFIGS = st.builds(
    ExperimentConfig,
    n=st.integers(1, 10**6),
    eps=st.floats(1e-300, 1e300),
    logit_exponent=st.floats(0, 1e6),
    seed=st.integers(0, 2**63 - 1),
    dtype=st.sampled_from(DTYPES),
)


@given(CONFIGS)
def test_config_call_evaluates_to_the_configuration(config: ExperimentConfig) -> None:
    assert eval(config_call(config)) == config


@given(CONFIGS)
def test_config_command_parses_to_the_configuration(config: ExperimentConfig) -> None:
    _python, _m, module, *arguments = config_command(config).split()
    assert module == "ce_core"
    assert read_config(parse(arguments)) == config


def test_trials_csv_keeps_every_digit() -> None:
    result = run_experiment(ExperimentConfig(n=4, m=3, trials=5))
    rows = list(csv.DictReader(io.StringIO(trials_csv(result))))
    assert [int(row["trial"]) for row in rows] == [1, 2, 3, 4, 5]
    for name in ("l1", "l2", "entropy"):
        assert [float(row[name]) for row in rows] == getattr(result, name).tolist()


def test_summary_is_nan_where_one_trial_is_nan() -> None:
    config = ExperimentConfig(n=2, m=2, trials=3, eps=1e-320)
    result = run_experiment(config)
    numbers = summary(result, compare_losses(result.l1, result.l2, result.entropy))
    assert math.isnan(numbers["marginal_error"]) == bool(result.marginal_error.isnan().any())
