"""The studies of a database: made, continued, listed, renamed, deleted."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import optuna
from optuna.exceptions import DuplicatedStudyError
from optuna.storages import RDBStorage
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from ce_core._options import require_instance, require_integer
from ce_core._shown import refusal, show
from ce_core.jobs import Workers, open_workers
from ce_core.studies.definition import StudyDefinition
from ce_core.studies.run import StudyProgress, StudyRun
from ce_core.studies.sampling import pruner_of, sampler_of
from ce_core.studies.storage import (
    StorageError,
    open_storage,
    plain_errors,
    rename_in,
    set_once,
)
from ce_core.studies.trials import all_trials, counted, tally

DEFINITION: Final = "definition"
"""Where the definition of a study is among its attributes."""
_LONGEST_NAME: Final = 100
_MOST_TRIALS: Final = 10_000_000


@dataclass(frozen=True)
class StudySummary:
    """What there is to say of a study in short.

    Attributes
    ----------
    name
        Of the study.
    definition
        What it searches for; None if Optuna has the study from somewhere else, or from a version that
        writes definitions otherwise.
    versions
        By which its numbers came about, by name of the package; empty if it is from somewhere else.
    tally
        Trials by what has become of them: `done`, `pruned`, `failed`, `running`, `waiting`.
    best
        The best trial, or the best compromises of two objectives; what breaks a limit is not among
        them.
    """

    name: str
    definition: StudyDefinition | None
    versions: dict[str, str]
    tally: Counter[str]
    best: list[FrozenTrial]


class Studies:
    """The studies of a database.

    Parameters
    ----------
    storage
        Address of the database, as SQLAlchemy writes it; by default `LAB_STORAGE`, or a file in the
        folder of this user (`LAB_DATA`). No message shows it.

    Raises
    ------
    ValueError
        If it is no database, or does not answer.
    """

    def __init__(self, storage: str | None = None) -> None:
        self._storage: RDBStorage = open_storage(storage)

    def __enter__(self) -> "Studies":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections to the database, which are made anew where they are needed."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    def names(self) -> list[str]:
        """Return the names of all studies, by the alphabet."""
        with plain_errors():
            return sorted(study.study_name for study in self._storage.get_all_studies())

    def run(
        self,
        name: str,
        definition: StudyDefinition | None = None,
        *,
        count: int = 100,
        workers: Workers | None = None,
        report: Callable[[StudyProgress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> StudyProgress:
        """Make a study, or continue it, until it has so many trials.

        The metrics of a trial are those of `run_experiment` on its configuration. What is killed,
        this process included, is made again; several processes may run one study.

        Parameters
        ----------
        name
            Of the study.
        definition
            What it searches for; None for a study that is there.
        count
            Trials in all, those from before included: an experiment each, Optuna calls it a trial.
        workers
            Who measures; by default a process of this machine.
        report
            Told how far it is when trials have ended, twice a second at most.
        cancelled
            Asked between trials whether to stop.

        Returns
        -------
        StudyProgress
            How far it has come.

        Raises
        ------
        ValueError
            If the name stands for a study of another definition, or for none and there is no
            definition, or the number of trials is out of bounds.
        """
        count = require_integer("count", count, at_least=1, below=_MOST_TRIALS + 1)
        if workers is None:
            with open_workers() as one:
                return self._run(name, definition, one, count, report, cancelled)
        return self._run(name, definition, workers, count, report, cancelled)

    def _run(
        self,
        name: str,
        definition: StudyDefinition | None,
        workers: Workers,
        count: int,
        report: Callable[[StudyProgress], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> StudyProgress:
        with plain_errors():
            study, definition = self._make(name, definition)
            made = StudyRun(self._storage, study, definition, workers)
            try:
                return made.run(count, report, cancelled)
            except KeyError:
                if made.is_there():
                    raise
                raise StorageError("the study has been deleted while it ran") from None

    def study(self, name: str) -> Study:
        """Return a study as Optuna knows it, to be looked at.

        Parameters
        ----------
        name
            Of the study.

        Raises
        ------
        ValueError
            If there is none of that name.
        """
        with plain_errors():
            self._require(name)
            return optuna.load_study(study_name=name, storage=self._storage)

    def summary(self, name: str) -> StudySummary:
        """Return what there is to say of a study in short.

        Parameters
        ----------
        name
            Of the study.

        Raises
        ------
        ValueError
            If there is none of that name.
        """
        study = self.study(name)
        with plain_errors():
            kept = _kept(study) or {}
            trials = all_trials(study)
            done = [trial for trial in counted(trials) if trial.state == TrialState.COMPLETE]
            return StudySummary(
                name=name,
                definition=_readable(kept),
                versions=kept.get("versions", {}),
                tally=tally(trials),
                best=_best(study) if done else [],
            )

    def rename(self, old: str, new: str) -> None:
        """Give a study another name; whoever runs it goes on.

        Parameters
        ----------
        old, new
            Names.

        Raises
        ------
        ValueError
            If there is no study of the one name, or one of the other.
        """
        _check_name(new)
        with plain_errors():
            self._require(old)
            if new in self.names():
                raise refusal("name", "be one that no study has", new)
            rename_in(self._storage, old, new)

    def delete(self, name: str) -> None:
        """Delete a study and all its trials, for ever.

        Parameters
        ----------
        name
            Of the study.

        Raises
        ------
        ValueError
            If there is none of that name.
        """
        with plain_errors():
            self._require(name)
            optuna.delete_study(study_name=name, storage=self._storage)

    def _require(self, name: str) -> None:
        if name not in self.names():
            raise refusal("name", "be that of a study that is there", name)

    def _make(self, name: str, definition: StudyDefinition | None) -> tuple[Study, StudyDefinition]:
        """Return the study of a name, which is made if it is not there, and its definition."""
        _check_name(name)
        if definition is None:
            self._require(name)
        else:
            require_instance("definition", definition, StudyDefinition)
            self._create(name, definition)
        study = optuna.load_study(study_name=name, storage=self._storage)
        kept = _kept(study)
        if kept is None:
            raise refusal("name", "be that of a study that was made here", name)
        found = StudyDefinition.from_json(kept)
        _check_same(kept, (definition or found).as_json())
        return optuna.load_study(
            study_name=name,
            storage=self._storage,
            sampler=sampler_of(found),
            pruner=pruner_of(found),
        ), found

    def _create(self, name: str, definition: StudyDefinition) -> None:
        directions = [StudyDirection[objective.direction] for objective in definition.objectives]
        try:
            study = optuna.create_study(study_name=name, storage=self._storage, directions=directions)
        except DuplicatedStudyError:
            study = optuna.load_study(study_name=name, storage=self._storage)
            # One that was begun and not finished is taken on.
            if study.user_attrs or all_trials(study) or study.directions != directions:
                return
        # Of two that make it at once the first says what it is.
        set_once(self._storage, name, DEFINITION, definition.as_json())


def _kept(study: Study) -> dict[str, Any] | None:
    """Return the definition that is kept with a study; None if another program has made it."""
    kept = study.user_attrs.get(DEFINITION)
    return kept if isinstance(kept, dict) else None


def _readable(kept: dict[str, Any]) -> StudyDefinition | None:
    try:
        return StudyDefinition.from_json(kept)
    except ValueError:
        return None


def _best(study: Study) -> list[FrozenTrial]:
    best = sorted(study.best_trials, key=lambda trial: trial.values)
    return best[:1] if len(study.directions) == 1 else best


def _check_name(name: object) -> None:
    line = isinstance(name, str) and name.strip() and name.isprintable()
    if not line or len(str(name)) > _LONGEST_NAME:
        raise refusal("name", f"be a line of 1 to {_LONGEST_NAME} characters", name)


def _check_same(kept: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Refuse to go on with another definition, or by other versions."""
    for key in kept.keys() | wanted.keys():
        if kept.get(key) != wanted.get(key):
            raise ValueError(
                f"{key} must be as the study was made with, {show(kept.get(key), 60)}, "
                f"got {show(wanted.get(key), 60)}: take another name"
            )
