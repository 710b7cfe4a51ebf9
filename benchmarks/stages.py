"""One sync, timed stage by stage, in a process of its own: prints one JSON object.

Its peak memory is the process's, so nothing else may have run in it.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from pathlib import Path

STARTED = time.perf_counter()


class Stopwatch:
    """A report that notes when each stage began."""

    def __init__(self) -> None:
        self.began: list[tuple[str, float]] = []
        self._lock = threading.Lock()

    def stage(self, code: str, /, total: int | None = None, **values: object) -> None:
        """A stage ends where the next one begins."""
        del total, values
        with self._lock:
            self.began.append((code, time.perf_counter()))

    def advance(self, steps: int = 1) -> None:
        """Steps are not timed."""

    def note(self, code: str, /, **values: object) -> None:
        """Notices are not timed."""

    def seconds(self, until: float) -> dict[str, float]:
        """How long each stage took, in the order of their first beginning."""
        ends = [at for _, at in self.began[1:]] + [until]
        took: dict[str, float] = {}
        for (code, at), end in zip(self.began, ends, strict=True):
            took[code] = took.get(code, 0.0) + end - at
        return took


def main(settings_file: str) -> None:
    """Run one sync and print what it took."""
    from okr.pipeline import sync  # noqa: PLC0415 - its imports are part of what is timed
    from okr.settings import load  # noqa: PLC0415

    settings, watch = load(Path(settings_file)), Stopwatch()
    begun = time.perf_counter()
    result = sync(settings, report=watch)
    ended = time.perf_counter()
    told = {
        "stages": {"imports": begun - STARTED, **watch.seconds(ended)},
        "seconds": ended - STARTED,
        "processor": time.process_time(),
        "mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "rows": sum(source.rows for source in result.sources),
        "gaps": sum(result.gaps.values()),
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
