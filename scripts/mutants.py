"""Change the core in single places, and list the changes that no test of it notices.

    python scripts/mutants.py --count 100 --seed 0 --rooms losses transport

Each mutant is one change by Cosmic Ray: another operator or comparison, a number one more or less, a
loop that does not run. A sample of them is tried on copies of the repository, each with the tests of
its own module, then with those of its room and then with the rest of `tests/core`, until one fails or
the time is over. A survivor may still do what it should: some changes make no difference.
"""

import argparse
import ast
import difflib
import importlib
import os
import random
import re
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cosmic_ray.commands.init import init
from cosmic_ray.mutating import use_mutation
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import use_db

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("probability", "losses", "transport", "stability", "experiment")
COPIED = ("ce_core", "tests/core", "tests/support", "benchmarks")
COPIED_FILES = ("conftest.py", "pyproject.toml", "tests/__init__.py", "tests/conftest.py")
# Loaded once, before the processes of the tests part from this one: half of the time of most.
PRELOADED = ("torch", "torch._dynamo", "scipy.optimize", "scipy.spatial", "scipy.stats", "mpmath")
# What Cosmic Ray offers beside these ends at once, in an operator that no tensor takes.
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
    parser.add_argument("--limit", type=int, default=120, help="seconds of processor time each")
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=ROOMS, help="of ce_core")
    options = parser.parse_args()
    for name in PRELOADED:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        _move_in(work)
        mutants = list(_mutants(options.rooms, work / "session.sqlite"))
        sample = random.Random(options.seed).sample(mutants, min(options.count, len(mutants)))
        print(f"{len(sample)} of {len(mutants)} mutants, {options.limit} s each at most", flush=True)
        if _fails(["tests/core"], options.limit):
            raise SystemExit("The tests of the core fail or take too long as they are.")
        survivors = _try(sample, work, options.workers, options.limit)
    for heading, diff in sorted(survivors):
        print(f"\n{heading}\n{diff}")
    print(f"\n{len(survivors)} of {len(sample)} survived")


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


def _try(sample: list[Any], work: Path, workers: int, limit: int) -> list[tuple[str, str]]:
    """Return the mutants that no test notices: what and where, and what it changes."""
    survivors = []
    with ProcessPoolExecutor(workers, initializer=partial(_move_in, work)) as pool:
        running = {pool.submit(_surviving, mutant, limit): mutant for mutant in sample}
        for count, done in enumerate(as_completed(running), 1):
            mutant, diff = running[done], done.result()
            heading = f"{mutant.module_path}:{mutant.start_pos[0]}  {mutant.operator_name}"
            print(f"{count:4} {'killed' if diff is None else 'SURVIVED':9} {heading}", flush=True)
            if diff is not None:
                survivors.append((heading, diff))
    return survivors


def _surviving(mutant: Any, limit: int) -> str | None:
    """Return what a mutant changes, or None if a test notices it."""
    path = Path(mutant.module_path)
    operator = get_operator(mutant.operator_name)(**mutant.operator_args)
    room = Path("tests/core", path.parts[1])
    own = room / f"test_{path.name}"
    stages = [[str(own)]] if own.exists() else []
    stages += [[str(room)], ["tests/core", f"--ignore={room}"]]
    with use_mutation(path, operator, mutant.occurrence) as (before, after):
        if any(_fails(stage, limit) for stage in stages):
            return None
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(line for line in lines if re.match(r"[-+](?![-+]{2})", line))


def _fails(arguments: list[str], limit: int) -> bool:
    """Tell whether a test fails or needs more time, in a process that parts from this one."""
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        # What is compiled of a mutant must not be found by the next.
        sys.dont_write_bytecode = True
        sys.path.insert(0, os.getcwd())
        os._exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *arguments]))
    _, status = os.waitpid(child, 0)
    return status != 0


if __name__ == "__main__":
    main()
