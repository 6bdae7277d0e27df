"""A study on a real PostgreSQL, shared by two processes and started anew while they are at it."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from optuna.trial import TrialState

from ce_core import ExperimentConfig, run_experiment
from ce_core.jobs import open_workers
from ce_core.studies.catalogue import Studies
from ce_core.studies.definition import Objective, Span, StudyDefinition
from ce_core.studies.trials import all_trials, counted
from tests.support.services import ROOT, Postgres, postgres, postgres_programs, wait_until

pytest.importorskip("psycopg")

CONFIG = ExperimentConfig(n=6, m=5, trials=3, logit_scale=8.0, dtype="float64")
DEFINITION = StudyDefinition(
    parameters=[Span("eps", 0.05, 2.0, log=True)],
    objectives=[Objective("l1_mean")],
    config=CONFIG,
    sampler="random",
)
# A trial whose process says nothing is made again after seconds, not after half a minute.
SHARER = """
import sys
from ce_core.studies import storage
storage.HEARTBEAT, storage.SILENCE = 1, 3
from ce_core.jobs import open_workers
from ce_core.studies.catalogue import Studies
with Studies() as studies, open_workers(0) as here:
    studies.run(sys.argv[1], count=int(sys.argv[2]), workers=here)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """Return a server of PostgreSQL."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("there is no PostgreSQL")
    with postgres(programs) as one:
        yield one


@pytest.mark.parametrize(
    ("name", "count", "restarts"),
    [
        pytest.param("short", 16, 1, marks=pytest.mark.long),
        pytest.param("long", 300, 5, marks=pytest.mark.long),
    ],
)
def test_two_processes_share_a_study_while_its_server_starts_anew(
    name: str, count: int, restarts: int, server: Postgres
) -> None:
    with Studies(server.url) as studies:
        with open_workers(0) as here:
            studies.run(name, DEFINITION, count=1, workers=here)
        with sharing(server, name, count), sharing(server, name, count):
            for restart in range(1, restarts + 1):
                goal = restart * count // (restarts + 2)
                wait_until(lambda goal=goal: studies.summary(name).tally["done"] >= goal)  # type: ignore[misc]
                server.stop()
                time.sleep(0.5)
                server.start()
        trials = counted(all_trials(studies.study(name)))
    assert Counter(trial.state for trial in trials) == {TrialState.COMPLETE: count}
    assert len({trial.params["eps"] for trial in trials}) == count
    for trial in trials[:: count // 4]:
        change = vars(CONFIG) | trial.params
        assert trial.value == run_experiment(ExperimentConfig(**change)).l1.mean().item()


@contextmanager
def sharing(server: Postgres, name: str, count: int) -> Iterator[None]:
    """Have another process run a study, to its end."""
    environment = os.environ | {"LAB_STORAGE": server.url, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", SHARER, name, str(count)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as sharer:
        try:
            yield
            said = sharer.communicate(timeout=200)[1]
        finally:
            sharer.kill()
    assert sharer.returncode == 0, said


@pytest.mark.parametrize(
    "change",
    [
        ("s3cret-word", "wrong-word"),
        ("lab:", "nobody:"),
        ("postgres", "nothing"),
        ("postgresql", "nosql"),
    ],
    ids=["password", "user", "database", "driver"],
)
def test_a_storage_that_does_not_answer_is_said_without_its_address(
    change: tuple[str, str], server: Postgres
) -> None:
    url = server.url[::-1].replace(change[0][::-1], change[1][::-1], 1)[::-1]
    with pytest.raises(ValueError, match="storage must be a database that answers") as refused:
        Studies(url)
    assert refused.value.__cause__ is None
    for part in ("s3cret", "wrong", "nobody", "127.0.0.1", str(server.port)):
        assert part not in str(refused.value)
