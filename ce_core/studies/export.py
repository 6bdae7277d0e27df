"""The trials of a study as a table: CSV, Parquet."""

import csv
import importlib
import io
from typing import Any

from optuna.study import Study

from ce_core.studies.trials import METRICS_KEPT, REASON, all_trials, counted, interrupted
from ce_core.sweeps.metrics import METRICS
from ce_core.sweeps.tables import parquet


def study_rows(study: Study) -> list[dict[str, Any]]:
    """Return the trials as rows of a table.

    Parameters
    ----------
    study
        Of this package.

    Returns
    -------
    list of dict
        A row a trial, in the order in which they began: `trial`, its number; `state`; `objective_1`
        and, if there is one, `objective_2`, what was minimised or maximised; the parameters by name;
        the metrics by name, means over the seeds; `keeps_limits`; `reason` for which one failed;
        `began` and `ended` in local time. None where there is nothing.
    """
    trials = counted(all_trials(study))
    names = sorted({name for trial in trials for name in trial.params})
    rows = []
    for trial in trials:
        values = trial.values or [None] * len(study.directions)
        metrics = trial.user_attrs.get(METRICS_KEPT, {})
        row: dict[str, Any] = {
            "trial": trial.number,
            "state": "waiting" if interrupted(trial) else trial.state.name.lower(),
        }
        row |= {f"objective_{place}": value for place, value in enumerate(values, start=1)}
        row |= {name: trial.params.get(name) for name in names}
        row |= {metric: metrics.get(metric) for metric in METRICS}
        row["keeps_limits"] = all(over <= 0 for over in trial.constraints.values()) if metrics else None
        row["reason"] = trial.user_attrs.get(REASON)
        row |= {"began": trial.datetime_start, "ended": trial.datetime_complete}
        rows.append(row)
    return rows


def study_csv(study: Study) -> str:
    """Return the trials as CSV.

    Parameters
    ----------
    study
        Of this package.

    Returns
    -------
    str
        A header, then one line a trial, every digit kept; empty without trials.
    """
    rows = study_rows(study)
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue()


def study_parquet(study: Study) -> bytes:
    """Return the trials as a Parquet file.

    Parameters
    ----------
    study
        Of this package.

    Raises
    ------
    RuntimeError
        If pyarrow is not installed.
    """
    table = parquet()
    pyarrow = importlib.import_module("pyarrow")
    buffer = pyarrow.BufferOutputStream()
    table.write_table(pyarrow.Table.from_pylist(study_rows(study)), buffer)
    found: bytes = buffer.getvalue().to_pybytes()
    return found
