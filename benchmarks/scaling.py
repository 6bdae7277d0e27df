"""What one machine carries: points of a sweep and trials of a study, by one worker and by two.

`python -m benchmarks.scaling`; docs/scaling.md says what follows from it. The machine should have two
free cores.
"""

import tempfile
import time
from pathlib import Path

from ce_core.experiment.config import ExperimentConfig
from ce_core.jobs import Workers, open_workers
from ce_core.studies.catalogue import Studies
from ce_core.studies.definition import Objective, Span, StudyDefinition
from ce_core.studies.storage import quiet_optuna
from ce_core.sweeps.axes import Axis
from ce_core.sweeps.on_disk import sweep_to_folder

# The post's experiment, and one that takes no time, which shows what a trial costs by itself.
POST = ExperimentConfig()
TINY = ExperimentConfig(n=2, m=2, trials=2, dtype="float64")
SHARED = [
    Axis.logarithmic("eps", 0.05, 2.0, 200),
    Axis.logarithmic("logit_scale", 1.0, 64.0, 1000),
]
# Each point has draws of its own, of which nothing is shared.
OWN = [Axis("seed", list(range(600)))]


def main() -> None:
    """Print the rates."""
    quiet_optuna()
    rates: dict[str, list[float]] = {}
    for count in (1, 2):
        with open_workers(count) as workers, tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            _sweep(OWN[0].name, [Axis("seed", [0, 1, 2])], workers, place / "warm")
            rates.setdefault("points that share draws and plans", []).append(
                _sweep("shared", SHARED, workers, place)
            )
            rates.setdefault("points that share nothing", []).append(_sweep("own", OWN, workers, place))
            rates.setdefault("trials of the post's experiment", []).append(
                _study(POST, 300, workers, place)
            )
    print(f"{'a second':<36} {'1 worker':>10} {'2 workers':>10} {'ratio':>6}")
    for what, (one, two) in rates.items():
        print(f"{what:<36} {one:>10.1f} {two:>10.1f} {two / one:>6.2f}")
    print("\nmilliseconds of this process for a trial that itself takes none, by how many were before")
    for sampler in ("random", "tpe"):
        for before, cost in _bookkeeping(sampler, (100, 1000, 3000)):
            print(f"{sampler:<8} {before:>6} {cost:>8.1f}")


def _sweep(name: str, axes: list[Axis], workers: Workers, folder: Path) -> float:
    start = time.perf_counter()
    result = sweep_to_folder(
        POST,
        axes,
        ["r", "slope"],
        folder=folder / name,
        workers=workers.executor,
        at_once=2 * workers.at_once,
    )
    return result.grid.points / (time.perf_counter() - start)


def _study(config: ExperimentConfig, count: int, workers: Workers, folder: Path) -> float:
    with Studies(f"sqlite:///{folder}/studies.db") as studies:
        studies.run("warm", _definition(config, "random"), count=2, workers=workers)
        start = time.perf_counter()
        studies.run("timed", _definition(config, "random"), count=count, workers=workers)
        return count / (time.perf_counter() - start)


def _bookkeeping(sampler: str, marks: tuple[int, ...]) -> list[tuple[int, float]]:
    """Return what 20 trials cost each at so many trials before."""
    found = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Studies(f"sqlite:///{folder}/studies.db") as studies,
        open_workers(0) as here,
    ):
        for mark in marks:
            studies.run("s", _definition(TINY, sampler), count=mark, workers=here)
            start = time.process_time()
            studies.run("s", count=mark + 20, workers=here)
            found.append((mark, 1000 * (time.process_time() - start) / 20))
    return found


def _definition(config: ExperimentConfig, sampler: str) -> StudyDefinition:
    return StudyDefinition(
        parameters=[Span("eps", 0.05, 2.0, log=True), Span("n_iter", 5, 15)],
        objectives=[Objective("l1_mean")],
        config=config,
        sampler=sampler,
    )


if __name__ == "__main__":
    main()
