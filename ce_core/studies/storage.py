"""Where studies are kept: a database, by default a file in the user's folder.

The address of a database may hold a password, so no message shows it, nor what a driver says of it.
"""

import contextlib
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import optuna
import sqlalchemy
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback

from ce_core.studies.trials import MOST_REPEATS
from ce_core.sweeps.places import data_folder

Value = TypeVar("Value")

HEARTBEAT: Final = 5
"""Seconds after which a trial that runs is said to run."""
SILENCE: Final = 30
"""Seconds of silence after which a trial that ran is taken for lost, and made again."""

_PATIENCE: Final = 60.0
_BETWEEN_TRIES: Final = 0.5


class StorageError(RuntimeError):
    """The database of the studies does not answer."""


def storage_url(given: str | None = None) -> str:
    """Return the address of the database: what is given, `LAB_STORAGE`, or a file of this user.

    Parameters
    ----------
    given
        An address that SQLAlchemy knows, as `postgresql://user:password@host/name`.
    """
    chosen = given or os.environ.get("LAB_STORAGE")
    if chosen:
        return chosen
    folder = data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    url = sqlalchemy.URL.create("sqlite", database=str(folder / "studies.db"))
    # Optuna fills in what stands in braces.
    return url.render_as_string(hide_password=False).replace("{", "{{").replace("}", "}}")


def open_storage(given: str | None = None) -> RDBStorage:
    """Open the database of the studies, and make its tables where they are not there.

    Parameters
    ----------
    given
        As for `storage_url`.

    Raises
    ------
    ValueError
        If there is no such database, it does not answer, or its tables are of another Optuna.
    OSError
        If the user's folder cannot be made.
    RuntimeError
        As for `data_folder`.
    """
    url = storage_url(given)
    try:
        sqlite = url.startswith("sqlite")
        with no_warning_of_experiments():
            storage = RDBStorage(
                url,
                # Another process may be writing; a server may have been started anew.
                {"connect_args": {"timeout": 60}} if sqlite else {"pool_pre_ping": True},
                heartbeat_interval=HEARTBEAT,
                grace_period=SILENCE,
                heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(MOST_REPEATS),
            )
            if sqlite:
                sqlalchemy.event.listen(storage.engine, "connect", _write_ahead)
                storage.engine.dispose()
    except Exception as error:
        raise ValueError(
            "storage must be a database that answers (is the server up, its driver installed, name and "
            f"password right?), got {type(error).__name__}"
        ) from None
    return storage


def _write_ahead(connection: Any, _: object) -> None:
    """Let readers not wait for writers, nor writers for the disk: a killed process loses nothing."""
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


@contextlib.contextmanager
def no_warning_of_experiments() -> Iterator[None]:
    """Use what Optuna says may change; its version is pinned, and tests go by it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield


def patiently(operation: Callable[[], Value]) -> Value:
    """Do what can be done twice until the database answers, for a minute.

    Parameters
    ----------
    operation
        Asks the database, or writes to it.

    Raises
    ------
    StorageError
        If it does not.
    """
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return operation()
        except (StorageInternalError, sqlalchemy.exc.OperationalError):
            if time.monotonic() > end:
                raise StorageError("the storage of the studies has stopped answering") from None
            time.sleep(_BETWEEN_TRIES)


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Let what goes wrong with the database be an error that says nothing of its address."""
    try:
        yield
    except (StorageInternalError, sqlalchemy.exc.SQLAlchemyError):
        raise StorageError("the storage of the studies does not answer") from None


def rename_in(storage: RDBStorage, old: str, new: str) -> None:
    """Give a study another name, at once: whoever runs it goes on.

    Optuna can only copy a study, trial by trial.

    Parameters
    ----------
    storage
        Of the study.
    old, new
        Names.
    """
    statement = sqlalchemy.text("UPDATE studies SET study_name = :new WHERE study_name = :old")
    with storage.engine.begin() as connection:
        connection.execute(statement, {"old": old, "new": new})


def set_once(storage: RDBStorage, name: str, key: str, value: Any) -> None:
    """Give a study an attribute, unless it has it: Optuna would write over that of another process.

    Parameters
    ----------
    storage
        Of the study.
    name
        Of the study.
    key, value
        Of the attribute; the value in what JSON has.
    """
    columns: list[Any] = [sqlalchemy.column(one) for one in ("study_id", "key", "value_json")]
    insert = sqlalchemy.insert(sqlalchemy.table("study_user_attributes", *columns)).values(
        study_id=storage.get_study_id_from_name(name), key=key, value_json=json.dumps(value)
    )
    with contextlib.suppress(sqlalchemy.exc.IntegrityError), storage.engine.begin() as connection:
        connection.execute(insert)


def has_heartbeat(storage: RDBStorage, key: int) -> bool:
    """Return whether a trial was ever said to run: Optuna does not tell.

    Parameters
    ----------
    storage
        Of the trial.
    key
        By which the database knows it.
    """
    statement = sqlalchemy.text("SELECT 1 FROM trial_heartbeats WHERE trial_id = :key")
    with storage.engine.connect() as connection:
        return connection.execute(statement, {"key": key}).first() is not None


def quiet_optuna() -> None:
    """Let Optuna say nothing by itself; what is to be said a command says."""
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
