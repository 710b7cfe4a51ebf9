"""`make bench`: what each stage costs in time and memory, as one table.

    python -m benchmarks.run 100000 1000000

A line for each stage of a sync on made-up enterprises with so many KRs, for what people wait for at
the command line, and for the reading of workbooks and of a database beside openpyxl and pandas. `of`
says how much of its target a line took: above 1.00 is too much. `cpu s` is the processors' time:
where it is much less than `s`, others were at work on the machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.lines import HEAD, Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

OKR = (sys.executable, "-m", "okr.cli")
TARGETS = {100_000: (10.0, 1024.0), 1_000_000: (60.0, 3072.0)}
"""For so many KRs: seconds and mebibytes of a whole sync, on two cores."""

DENSITY = 0.06
"""Gives half a gap for each KR."""


def _python(*arguments: str) -> str:
    """Run a module of ours; its standard output."""
    done = subprocess.run([sys.executable, "-m", *arguments], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def _best(times: int, measure: Callable[[], float]) -> float:
    """The least of several measurements: what is above it is other people's work."""
    return min(measure() for _ in range(times))


def _command(*arguments: str) -> float:
    """The seconds that a command of ours takes from start to end."""
    begun = time.perf_counter()
    subprocess.run([*OKR, *arguments], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return time.perf_counter() - begun


def _first_word(settings: Path) -> float:
    """The seconds until a sync says something."""
    begun = time.perf_counter()
    with subprocess.Popen(
        [*OKR, "sync", "--config", str(settings)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as running:
        assert running.stderr is not None
        running.stderr.read(1)
        took = time.perf_counter() - begun
        running.terminate()
        running.communicate()
    return took


def sync(settings: Path, krs: int) -> Iterator[Line]:
    """The stages of a first sync, and of a second one on the same input."""
    seconds, mebibytes = TARGETS.get(krs, (None, None))
    for which in ("first", "again"):
        told: dict[str, Any] = json.loads(_python("benchmarks.stages", str(settings)))
        if which == "first":
            for stage, took in told["stages"].items():
                yield Line(f"  {stage}", seconds=took, share=took / told["seconds"])
        yield Line(
            f"sync {which}, {krs:,} KRs, {told['gaps']:,} gaps",
            rows=told["rows"],
            seconds=told["seconds"],
            processor=told["processor"],
            limit=seconds,
            mebibytes=told["mebibytes"],
            memory_limit=mebibytes,
        )


def enterprises(sizes: Sequence[int], folder: Path) -> Iterator[Line]:
    """All sizes, from generator to gaps."""
    for krs in sizes:
        home = folder / str(krs)
        begun = time.perf_counter()
        _python("benchmarks.enterprise", str(home), "--krs", str(krs), "--density", str(DENSITY))
        yield Line(f"generate {krs:,} KRs", seconds=time.perf_counter() - begun)
        yield from sync(home / "okr.toml", krs)


def commands(settings: Path) -> Iterator[Line]:
    """What people wait for."""
    yield Line("okr --help", seconds=_best(3, lambda: _command("--help")), limit=0.4)
    yield Line("first word of a sync", seconds=_best(3, lambda: _first_word(settings)), limit=1.5)
    asked = ("gaps", "--format", "json", "--config", str(settings))
    done = subprocess.run([*OKR, *asked], check=True, stdout=subprocess.PIPE)
    gaps = len(json.loads(done.stdout))
    took = _best(3, lambda: _command(*asked))
    yield Line("okr gaps --format json", rows=gaps, seconds=took, limit=1.5)


def main(sizes: Sequence[str]) -> None:
    """Print the table, line by line."""
    print(HEAD)
    with tempfile.TemporaryDirectory(prefix="okr-bench-") as folder:
        counts = [int(size) for size in sizes] or [100_000]
        for line in enterprises(counts, Path(folder)):
            print(line, flush=True)
        for line in commands(Path(folder) / str(counts[0]) / "okr.toml"):
            print(line, flush=True)
    for part in ("benchmarks.schemas_bench", "benchmarks.workbooks", "benchmarks.databases"):
        print(_python(part), end="", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
