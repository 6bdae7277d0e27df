"""A real Dask cluster on this machine, one of whose workers is killed in the middle."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ce_core import ExperimentConfig
from ce_core.jobs import open_workers, outcome
from ce_core.studies.catalogue import Studies
from ce_core.studies.definition import Objective, Span, StudyDefinition
from ce_core.studies.trials import all_trials
from ce_core.sweeps.axes import Axis
from ce_core.sweeps.grid import run_grid
from ce_core.sweeps.on_disk import SweepProgress, sweep_to_folder
from tests.support import work
from tests.support.services import Cluster, dask_cluster

pytest.importorskip("distributed")

# A chunk for each size.
AXES = [Axis("n", list(range(20, 44))), Axis("logit_scale", [1.0, 4.0])]
CONFIG = ExperimentConfig(m=12, trials=6, logit_scale=16.0)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return a scheduler and two workers, of which the first test kills one."""
    with dask_cluster(tmp_path_factory.mktemp("dask"), 2) as two:
        yield two


def test_a_sweep_on_a_cluster_that_loses_a_worker_has_the_bits_of_this_process(
    cluster: Cluster, tmp_path: Path
) -> None:
    def kill(progress: SweepProgress) -> None:
        if progress.points > progress.of // 3 and cluster.workers[0].poll() is None:
            cluster.workers[0].kill()

    with open_workers(cluster=cluster.address) as workers:
        assert workers.at_once == 2
        found = sweep_to_folder(
            CONFIG, AXES, ["r", "slope"], folder=tmp_path, workers=workers.executor, progress=kill
        )
    assert cluster.workers[0].wait(10) == -signal.SIGKILL
    here = run_grid(CONFIG, AXES, ["r", "slope"])
    for metric, values in here.columns.items():
        assert torch.equal(found.columns[metric], values)


def test_a_study_on_a_cluster_is_the_study_of_this_process(cluster: Cluster, tmp_path: Path) -> None:
    definition = StudyDefinition(
        parameters=[Span("eps", 0.05, 2.0, log=True)],
        objectives=[Objective("slope")],
        config=CONFIG,
        sampler="random",
    )
    with (
        Studies(f"sqlite:///{tmp_path}/studies.db") as studies,
        open_workers(2, cluster=cluster.address) as there,
        open_workers(0) as here,
    ):
        studies.run("there", definition, count=4, workers=there)
        studies.run("here", definition, count=4, workers=here)
        there_found, here_found = (all_trials(studies.study(name)) for name in ("there", "here"))
    assert [trial.values for trial in there_found] == [trial.values for trial in here_found]


def test_calls_on_a_cluster_raise_what_they_raise(cluster: Cluster) -> None:
    with (
        open_workers(cluster=cluster.address) as workers,
        pytest.raises(ValueError, match="it must not be called"),
    ):
        outcome(workers.executor.submit(work.refuse))


def test_nobody_at_the_address_of_a_cluster_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ce_core.jobs._SECONDS_TO_CONNECT", 0.5)
    with (
        pytest.raises(
            OSError, match=r"^Timed out trying to connect to tcp://127\.0\.0\.1:1 after 0\.5 s$"
        ),
        open_workers(cluster="tcp://127.0.0.1:1"),
    ):
        pass
