"""Trials of a study, made by workers and told to Optuna as they end."""

import math
import time
import warnings
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple

from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback, fail_stale_trials
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from ce_core._shown import clip
from ce_core.jobs import Workers, WorkersGoneError, outcome
from ce_core.studies.definition import StudyDefinition
from ce_core.studies.measure import measure_seeds
from ce_core.studies.sampling import distributions_of
from ce_core.studies.storage import (
    HEARTBEAT,
    SILENCE,
    has_heartbeat,
    no_warning_of_experiments,
    patiently,
)
from ce_core.studies.trials import (
    METRICS_KEPT,
    REASON,
    SURPLUS,
    all_trials,
    counted,
    interrupted,
    is_surplus,
    origin,
    tally,
)

# Between two looks at the clock and at whether to go on, in seconds.
_LOOK: Final = 0.2
# Between two reports.
_REPORT: Final = 0.5
_MEASURED: Final = (TrialState.COMPLETE, TrialState.PRUNED)
_ROOM_FOR_REASON: Final = 120


class StudyProgress(NamedTuple):
    """How far a study is."""

    tally: Counter[str]
    """Trials by what has become of them, as `tally` counts them."""
    wanted: int
    """Trials that are wanted in all."""


@dataclass
class _Running:
    """A trial at the workers: the seeds that are still to be measured, and what was."""

    trial: Trial
    key: int
    config: Any
    parts: list[list[int]]
    measured: list[dict[str, float]] = field(default_factory=list)


class StudyRun:
    """Makes trials until there are so many.

    Parameters
    ----------
    storage
        Of the study.
    study
        What Optuna knows of it.
    definition
        What it searches for.
    workers
        Who measures.
    """

    def __init__(
        self, storage: RDBStorage, study: Study, definition: StudyDefinition, workers: Workers
    ) -> None:
        self._storage = storage
        self._study = study
        self._key = storage.get_study_id_from_name(study.study_name)
        self._definition = definition
        self._workers = workers
        self._distributions = distributions_of(definition)
        with no_warning_of_experiments():
            self._again = RetryHeartbeatStaleTrialCallback()
        self._running: dict[Future[Any], _Running] = {}
        self._last_beat = self._last_report = -math.inf

    def run(
        self,
        wanted: int,
        report: Callable[[StudyProgress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> StudyProgress:
        """Make trials until so many have ended, whoever made them; return how far the study is.

        Parameters
        ----------
        wanted
            Trials in all, those from before included.
        report
            Told how far it is when trials have ended, twice a second at most.
        cancelled
            Asked between trials; where it is, those that run are given up, to be made again.
        """
        wanted = min(wanted, self._definition.points or wanted)
        try:
            while not (cancelled and cancelled()):
                self._beat()
                ended, begun = self._counts()
                if ended >= wanted:
                    break
                while len(self._running) < self._workers.at_once and begun < wanted:
                    self._start(wanted)
                    begun += 1
                if self._look() and report and time.monotonic() > self._last_report + _REPORT:
                    self._last_report = time.monotonic()
                    report(StudyProgress(tally(all_trials(self._study)), wanted))
        finally:
            self._give_up()
        return StudyProgress(tally(patiently(lambda: all_trials(self._study))), wanted)

    def is_there(self) -> bool:
        """Return whether the database has the study still, under whatever name."""
        try:
            self._storage.get_study_name_from_id(self._key)
        except KeyError:
            return False
        return True

    def _counts(self) -> tuple[int, int]:
        """Return how many trials have ended, and how many have begun."""
        trials = patiently(lambda: all_trials(self._study))
        rest = [trial for trial in trials if trial.state not in _MEASURED]
        measured = len(trials) - len(rest)
        if any(trial.state == TrialState.FAIL for trial in rest):
            rest = [trial for trial in counted(trials) if trial.state not in _MEASURED]
        begun = [trial for trial in rest if trial.state != TrialState.WAITING]
        failed = [trial for trial in begun if trial.state.is_finished() and not interrupted(trial)]
        return measured + len(failed), measured + len({origin(trial) for trial in begun})

    def _start(self, wanted: int) -> None:
        """Begin a trial."""
        trial = patiently(self._ask)
        key = self._key_of(trial.number)
        patiently(lambda: self._storage.record_heartbeat(key))
        trials = patiently(lambda: all_trials(self._study))
        if is_surplus(trials[trial.number], trials, wanted):
            self._fail(trial, SURPLUS)
            return
        config = self._definition.config_of(trial.params)
        seeds = [config.seed + number for number in range(self._definition.seeds)]
        parts = [seeds] if self._definition.pruner == "none" else [[seed] for seed in seeds]
        self._send(_Running(trial, key, config, parts))

    def _ask(self) -> Trial:
        with warnings.catch_warnings():
            # Hearts beat here, though Optuna does not see to it.
            warnings.filterwarnings("ignore", message="Heartbeat of storage is supposed")
            return self._study.ask(self._distributions)

    def _send(self, running: _Running) -> None:
        seeds = running.parts.pop(0)
        future = self._workers.executor.submit(measure_seeds, running.config, seeds)
        self._running[future] = running

    def _look(self) -> bool:
        """Wait a moment for what ends; return whether a trial did."""
        if not self._running:
            # All that is left is at other processes.
            time.sleep(_LOOK)
            return False
        done, _ = wait(self._running, timeout=_LOOK, return_when=FIRST_COMPLETED)
        return any([self._take(future) for future in done])

    def _take(self, future: "Future[Any]") -> bool:
        """Take what was measured; return whether the trial has ended with it."""
        running = self._running[future]
        try:
            measured = outcome(future)
        except WorkersGoneError:
            raise
        except (RuntimeError, MemoryError, ValueError) as error:
            del self._running[future]
            self._fail(running.trial, str(error) or "not enough memory")
            return True
        del self._running[future]
        running.measured += measured
        missing = self._missing(measured)
        if missing:
            self._keep_metrics(running)
            self._fail(running.trial, f"{missing[0]} does not exist there")
        elif running.parts and not self._is_bad(running):
            self._send(running)
            return False
        else:
            self._end(running)
        return True

    def _missing(self, measured: list[dict[str, float]]) -> list[str]:
        """Return which metrics the study needs and cannot have."""
        needed = [objective.metric for objective in self._definition.objectives]
        needed += [limit.metric for limit in self._definition.limits]
        return [metric for metric in needed if any(math.isnan(one[metric]) for one in measured)]

    def _is_bad(self, running: _Running) -> bool:
        """Return whether a trial is to be left."""
        self._report(running)
        return bool(patiently(running.trial.should_prune))

    def _report(self, running: _Running) -> None:
        """Tell the pruner of what was measured last."""
        objective = self._definition.objectives[0]
        last = objective.loss(running.measured[-1][objective.metric])
        so_far = objective.loss(_mean(running.measured, objective.metric))
        value = last if self._definition.pruner == "wilcoxon" else so_far
        patiently(lambda: running.trial.report(value, len(running.measured) - 1))

    def _end(self, running: _Running) -> None:
        """Tell Optuna what was measured, and so end a trial."""
        trial, definition = running.trial, self._definition
        means = self._keep_metrics(running)
        if running.parts:
            self._tell(trial, TrialState.PRUNED)
            return
        if definition.pruner != "none":
            self._report(running)
        for limit in definition.limits:
            self._set_constraint(trial, limit.metric, means[limit.metric] - limit.at_most)
        values = [objective.loss(means[objective.metric]) for objective in definition.objectives]
        self._tell(trial, TrialState.COMPLETE, values)

    def _keep_metrics(self, running: _Running) -> dict[str, float]:
        means = {metric: _mean(running.measured, metric) for metric in running.measured[0]}
        patiently(lambda: running.trial.set_user_attr(METRICS_KEPT, means))
        return means

    def _set_constraint(self, trial: Trial, name: str, over: float) -> None:
        if name not in patiently(lambda: trial.constraints):
            patiently(lambda: trial.set_constraint(name, over))

    def _fail(self, trial: Trial, reason: str) -> None:
        patiently(lambda: trial.set_user_attr(REASON, clip(reason, _ROOM_FOR_REASON)))
        self._tell(trial, TrialState.FAIL)

    def _tell(self, trial: Trial, state: TrialState, values: list[float] | None = None) -> None:
        # Where it was taken for lost it has ended already, and what was measured here is dropped.
        try:
            patiently(lambda: self._study.tell(trial, values, state, skip_if_finished=True))
        except UpdateFinishedTrialError:
            return

    def _beat(self) -> None:
        """Say that the trials here run, and have those made again that nobody speaks for."""
        if time.monotonic() < self._last_beat + HEARTBEAT:
            return
        self._last_beat = time.monotonic()
        for running in self._running.values():
            patiently(partial(self._storage.record_heartbeat, running.key))
        with no_warning_of_experiments():
            patiently(lambda: fail_stale_trials(self._study))
        for trial in counted(patiently(lambda: all_trials(self._study))):
            self._mend(trial)

    def _mend(self, trial: FrozenTrial) -> None:
        """See to a trial whose process ended between two words to the database."""
        if interrupted(trial) and _is_old(trial.datetime_complete):
            patiently(lambda: self._again(self._study, trial))
        if trial.state == TrialState.RUNNING and _is_old(trial.datetime_start):
            key = self._key_of(trial.number)
            if not patiently(lambda: has_heartbeat(self._storage, key)):
                # Optuna leaves those alone that have never had one: this is its first and last.
                patiently(lambda: self._storage.record_heartbeat(key))

    def _give_up(self) -> None:
        """Have the trials that run made again by whoever goes on."""
        for future, running in self._running.items():
            future.cancel()
            try:
                ended = self._study.tell(running.trial, state=TrialState.FAIL)
            except (ValueError, UpdateFinishedTrialError):
                # It was taken for lost, and waits already.
                continue
            self._again(self._study, ended)
        self._running.clear()

    def _key_of(self, number: int) -> int:
        """Return by what the database knows a trial."""
        look_up = self._storage.get_trial_id_from_study_id_trial_number
        return patiently(lambda: look_up(self._key, number))


def _mean(measured: list[dict[str, float]], metric: str) -> float:
    return math.fsum(one[metric] for one in measured) / len(measured)


def _is_old(moment: Any) -> bool:
    return moment is not None and time.time() - moment.timestamp() > SILENCE
