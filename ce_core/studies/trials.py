"""The trials of a study as they count: each point once, whatever has interrupted it."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

REASON: Final = "reason"
"""Why a trial failed, among its attributes; one that has failed without was interrupted."""
SURPLUS: Final = "surplus"
"""The reason of a trial that another process has made already."""
METRICS_KEPT: Final = "metrics"
"""The metrics of a trial, means over its seeds, among its attributes."""
MOST_REPEATS: Final = 3
"""How often a trial is made again: one that ends its process each time must not do so for ever."""
_HISTORY: Final = "retry_history"


def all_trials(study: Study) -> list[FrozenTrial]:
    """Return all trials, which are not to be changed.

    Parameters
    ----------
    study
        Any.
    """
    return study.get_trials(deepcopy=False)


def counted(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Return those that count: without what is made again under another number, and what is too many.

    Parameters
    ----------
    trials
        All of a study.
    """
    trials = list(trials)
    again = {number for trial in trials for number in trial.system_attrs.get(_HISTORY, ())}
    return [
        trial
        for trial in trials
        if trial.number not in again and trial.user_attrs.get(REASON) != SURPLUS
    ]


def origin(trial: FrozenTrial) -> int:
    """Return the number under which a trial was made first.

    Parameters
    ----------
    trial
        Any.
    """
    history = trial.system_attrs.get(_HISTORY, ())
    return int(history[0]) if history else trial.number


def interrupted(trial: FrozenTrial) -> bool:
    """Return whether a trial ended for no reason of its own.

    Parameters
    ----------
    trial
        Any.
    """
    if trial.state != TrialState.FAIL or REASON in trial.user_attrs:
        return False
    return len(trial.system_attrs.get(_HISTORY, ())) < MOST_REPEATS


def is_surplus(trial: FrozenTrial, trials: Iterable[FrozenTrial], wanted: int) -> bool:
    """Return whether a trial that has just begun is one too many.

    Two processes may begin the last trial of a study at once, or make a lost one again. Numbers are
    given out one by one, so both see by them who comes second.

    Parameters
    ----------
    trial
        That has begun.
    trials
        All of its study.
    wanted
        Trials that are wanted in all.
    """
    again = origin(trial) != trial.number
    if not again and trial.number < wanted:
        return False
    earlier = [one for one in counted(trials) if one.number < trial.number]
    begun = [one for one in earlier if one.state != TrialState.WAITING]
    if again:
        return any(origin(one) == origin(trial) for one in begun)
    return len({origin(one) for one in earlier}) >= wanted


def tally(trials: Iterable[FrozenTrial]) -> Counter[str]:
    """Count the trials by what has become of them.

    Parameters
    ----------
    trials
        All of a study.

    Returns
    -------
    Counter
        Of `done`, `pruned`, `failed`, `running`, `waiting`; what was interrupted waits.
    """
    words = {
        TrialState.COMPLETE: "done",
        TrialState.PRUNED: "pruned",
        TrialState.FAIL: "failed",
        TrialState.RUNNING: "running",
        TrialState.WAITING: "waiting",
    }
    return Counter("waiting" if interrupted(trial) else words[trial.state] for trial in counted(trials))
