"""Measured rows as Markdown, with the machine and the versions they were measured on."""

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.effort import Effort
from benchmarks.pairs import PairTimes

PEERS = ("POT", "ott-jax", "jax", "jaxlib", "geomloss")


@dataclass
class Section:
    """One subject: its sentences, its table, how many of its targets were met, what is to be added."""

    title: str
    text: str
    header: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    verdicts: list[bool] = field(default_factory=list)
    after: str = ""

    def add(self, *cells: str) -> None:
        """Add a row, and show it at once."""
        self.rows.append(cells)
        print(f"  {' | '.join(cells)}", flush=True)

    def verdict(self, met: bool) -> str:
        """Count a target and say whether it was met."""
        self.verdicts.append(met)
        return "met" if met else "**not met**"


def join(sections: Mapping[str, Section]) -> Section:
    """Return one section of those that measured the same rows, each row of one beside the others'."""
    first = next(iter(sections.values()))
    joined = Section(first.title, first.text, (*first.header[:2], "threads", *first.header[2:]))
    for rows in zip(*(section.rows for section in sections.values()), strict=True):
        for environment, row in zip(sections, rows, strict=True):
            joined.rows.append((*row[:2], environment, *row[2:]))
    for section in sections.values():
        joined.verdicts += section.verdicts
    joined.after = "\n\n".join(
        f"Threads: {environment}. {section.after}"
        for environment, section in sections.items()
        if section.after
    )
    return joined


def to_json(sections: Iterable[Section]) -> str:
    """Return sections as text, for another process."""
    return json.dumps([asdict(section) for section in sections])


def from_json(text: str) -> list[Section]:
    """Return the sections of a text."""
    return [Section(**fields) for fields in json.loads(text)]


RATIO_HEADER = ("case", "against", "ours", "theirs", "theirs / ours (min to max)", "target", "verdict")


def add_ratio(
    section: Section,
    case: str,
    against: str,
    times: PairTimes | None,
    *,
    at_least: float | None = None,
    at_most_times: float | None = None,
    why: str = "",
) -> None:
    """Add a comparison; its target is a least ratio, or a most in times of the other's time.

    Where that is not what one would expect, the reason stands beside it.
    """
    if times is None:
        section.add(case, against, "", "", "not installed", "", "not measured")
        return
    target, verdict = "none", ""
    if at_least is not None:
        target, verdict = f"at least {at_least:g}", section.verdict(times.median >= at_least)
    elif at_most_times is not None:
        least = 1 / at_most_times
        target = f"at least {least:.2f} ({at_most_times:g} times its time)"
        verdict = section.verdict(times.median >= least)
    target += f": {why}" if why else ""
    ours, theirs = times.median_seconds
    section.add(
        case, against, show_seconds(ours), show_seconds(theirs), show_ratio(times), target, verdict
    )


def show_ratio(times: PairTimes) -> str:
    """Return the median ratio with its range and the number of pairs."""
    return (
        f"{times.median:.3g} ({times.lowest:.3g} to {times.highest:.3g}; "
        f"{len(times.ratios)} pair{'s' * (len(times.ratios) != 1)})"
    )


def show_seconds(seconds: float) -> str:
    """Return a duration in the unit that fits it."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


@dataclass(frozen=True)
class Setting:
    """How a report came about, in words, and the packages whose versions belong in it."""

    command: str = "make bench"
    clock: str = "in seconds of the processor on one thread and on the wall else"
    cores: str = (
        "everything measured twice, in a process each: `one` is one thread on one core for all "
        "libraries; `as it comes` is with no variable set that has to do with threads, on all cores, "
        "where before each timing it is waited until the threads of the one before no longer spin"
    )
    packages: Sequence[str] = ("torch", "numpy", *PEERS)


def document(
    sections: Iterable[Section], *, minutes: float, effort: Effort, setting: Setting | None = None
) -> str:
    """Return the whole report in Markdown."""
    sections, setting = list(sections), setting or Setting()
    verdicts = [verdict for section in sections for verdict in section.verdicts]
    missing = [name for name in setting.packages if not _version(name)]
    versions = ", ".join(f"{name} {_version(name)}" for name in setting.packages if _version(name))
    parts = [
        "# Benchmarks",
        f"Written by `{setting.command}`; every figure is measured against a named alternative in the "
        "same run. A ratio is the time of the other over ours, so above 1 ours is faster: the median "
        "over pairs measured in turn (ours, theirs, ours, theirs, ...), with the smallest and the "
        f"largest. Times are medians, {setting.clock}, and belong to this machine.",
        f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {minutes:.1f} minutes"
        + (", a quick run: too short to rely on" if effort.quick else "")
        + f"\n- {_processor()}, {os.cpu_count()} cores; {setting.cores}"
        f"\n- Python {platform.python_version()}, {versions}, {platform.system()}"
        f"\n- Not installed, so not measured: {', '.join(missing) if missing else 'nothing'}"
        f"\n- Targets: {sum(verdicts)} of {len(verdicts)} met",
    ]
    for section in sections:
        parts += [f"## {section.title}", section.text, _table(section.header, section.rows)]
        parts += [section.after] if section.after else []
    return "\n\n".join(parts) + "\n"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
