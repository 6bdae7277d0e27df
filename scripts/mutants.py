"""Change the core in single places, and list the changes that no test of it notices.

    python scripts/mutants.py --count 100 --seed 0 --rooms losses transport

Each mutant is one change by Cosmic Ray: another operator or comparison, a number one more or less, a
loop that does not run. A sample of them is tried on copies of the repository, each with the tests of
its own room first and then with the rest of `tests/core`, until one fails or the time is over.
"""

import argparse
import ast
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any

from cosmic_ray.commands.init import init
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.testing import run_tests
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import TestOutcome

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("probability", "losses", "transport", "stability", "experiment")
COPIED = ("ce_core", "tests/core", "tests/support", "benchmarks")
COPIED_FILES = ("conftest.py", "pyproject.toml", "tests/__init__.py", "tests/conftest.py")
# Others replace an operator by one that no tensor takes, change nothing, or are never noticed.
_ORDER, _SUMS = "(Lt|LtE|Gt|GtE|Eq|NotEq)", "(Add|Sub|Mul|Div)"
_MEANT = re.compile(
    rf"core/(ReplaceComparisonOperator_({_ORDER}_{_ORDER}|Is_IsNot|IsNot_Is|In_NotIn|NotIn_In)"
    rf"|ReplaceBinaryOperator_({_SUMS}_{_SUMS}|(FloorDiv|Mod|Pow)_{_SUMS}|Bit(And|Or)_Bit(And|Or))"
    r"|ReplaceUnaryOperator_Delete_|Replace(True|False|And|Or|Break|Continue)With"
    r"|AddNot|NumberReplacer|ZeroIterationForLoop)"
)


def main() -> None:
    """Read the command line, try a sample, and print what survives."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=100, help="how many mutants to try")
    parser.add_argument("--seed", type=int, default=0, help="which sample of them")
    parser.add_argument("--workers", type=int, default=2, help="how many at once, each on its own copy")
    parser.add_argument(
        "--limit", type=float, help="seconds a mutant; by default 5 times the plain tests"
    )
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=ROOMS, help="of ce_core")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        _move_in(work)
        mutants = list(_mutants(options.rooms, work / "session.sqlite"))
        limit = options.limit or 5 * _plain_time()
        sample = random.Random(options.seed).sample(mutants, min(options.count, len(mutants)))
        print(f"{len(sample)} of {len(mutants)} mutants, {limit:.0f} s each at most", flush=True)
        found = _try(sample, work, options.workers, limit)
    survivors = [(mutant, result) for mutant, result in found if not result.is_killed]
    for mutant, result in sorted(survivors, key=lambda pair: _place(pair[0])):
        print(f"\n{_place(mutant)}  {mutant.operator_name}\n{_changed_lines(result.diff)}")
    print(f"\n{len(survivors)} of {len(found)} survived")


def _move_in(work: Path) -> None:
    """Copy what the tests of the core need to a folder of this process's own, and go there."""
    home = work / str(os.getpid())
    for name in COPIED:
        # Times are kept, so that what is compiled stays valid for all but the mutant itself.
        shutil.copytree(ROOT / name, home / name)
    for name in COPIED_FILES:
        shutil.copy(ROOT / name, home / name)
    os.chdir(home)


def _mutants(rooms: list[str], session: Path) -> Iterator[Any]:
    """Yield the mutants of these rooms that are worth a try."""
    paths = [path for room in rooms for path in sorted(Path("ce_core", room).glob("*.py"))]
    notes = {path: _annotations(path) for path in paths}
    with use_db(str(session)) as work:
        init(paths, work, {})
        for item in work.work_items:
            (mutant,) = item.mutations
            annotated = any(
                start <= mutant.start_pos < end for start, end in notes[Path(mutant.module_path)]
            )
            if _MEANT.match(mutant.operator_name) and not annotated:
                yield mutant


def _annotations(path: Path) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return from where to where a module annotates, which nothing runs."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        for name in ("annotation", "returns"):
            note = getattr(node, name, None)
            if isinstance(note, ast.expr):
                end = (note.end_lineno or note.lineno, note.end_col_offset or 0)
                found.append(((note.lineno, note.col_offset), end))
    return found


def _command(*arguments: str) -> str:
    # No test of a mutant may read what another has left.
    return " ".join([sys.executable, "-m pytest -x -q -p no:cacheprovider", *arguments])


def _plain_time() -> float:
    """Return the seconds that the tests take while nothing is changed, or end if they fail."""
    start = time.monotonic()
    outcome, output = run_tests(_command("tests/core"), 3600)
    if outcome != TestOutcome.SURVIVED:
        raise SystemExit(f"The tests fail as they are:\n{output}")
    return time.monotonic() - start


def _try(sample: list[Any], work: Path, workers: int, limit: float) -> list[tuple[Any, Any]]:
    """Return each mutant with what came of it."""
    found = []
    with ProcessPoolExecutor(workers, initializer=partial(_move_in, work)) as pool:
        running = {pool.submit(_outcome, mutant, limit): mutant for mutant in sample}
        for done in as_completed(running):
            mutant, result = running[done], done.result()
            found.append((mutant, result))
            what = "killed" if result.is_killed else "SURVIVED"
            print(f"{len(found):4} {what:9} {_place(mutant)}  {mutant.operator_name}", flush=True)
    return found


def _outcome(mutant: Any, limit: float) -> Any:
    own = f"tests/core/{Path(mutant.module_path).parts[1]}"
    result = mutate_and_test([mutant], _command(own), limit)
    if not result.is_killed:
        result = mutate_and_test([mutant], _command("tests/core", f"--ignore={own}"), limit)
    return result


def _place(mutant: Any) -> str:
    return f"{mutant.module_path}:{mutant.start_pos[0]}"


def _changed_lines(diff: str) -> str:
    lines = [line.rstrip() for line in diff.splitlines()]
    return "\n".join(line for line in lines if re.match(r"[-+](?![-+]{2})", line))


if __name__ == "__main__":
    main()
