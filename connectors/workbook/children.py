"""Has workbooks read in child processes, with limits on memory and time, so that none harms a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from connectors.workbook.reading import Options

MEMORY = 3 << 30
"""Bytes of address space for a child; a sheet as long as Excel allows fits in it."""

LEAST_MEMORY = 1 << 30
"""What a child has also on a small machine, where all of them together may take half of the memory."""

SECONDS = 120.0
"""How long one workbook may take."""

MOST_CHILDREN = 4


class Child:
    """One process that reads workbooks, one after another. It is started at the first one."""

    def __init__(self, options: Options, memory: int, seconds: float) -> None:
        self._options = json.dumps(asdict(options))
        self._memory = memory
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, scope: str, path: Path) -> dict[str, Any]:
        """Have one workbook read.

        Returns:
            What `read_workbook` returns; or `error` (a text `error.<code>`) with its `values`.
        """
        process = self._started()
        late = threading.Event()
        timer = threading.Timer(self._seconds, _kill, (process, late))
        timer.start()
        try:
            answer = _ask(process, {"scope": scope, "path": str(path)})
        finally:
            timer.cancel()
        if answer is not None:
            return answer
        self.stop()
        if late.is_set():
            return {
                "error": "workbook_too_slow",
                "values": {"file": scope, "seconds": self._seconds},
            }
        # A process that is out of memory falls without a word.
        return {"error": "workbook_too_big", "values": {"file": scope}}

    def stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            # The child finds our packages where we did, and needs one thread and no more.
            places = os.pathsep.join(place for place in sys.path if place)
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [
                    sys.executable,
                    "-m",
                    "connectors.workbook.child",
                    self._options,
                    str(self._memory),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": places, "PYTHONIOENCODING": "utf-8"},
            )
        return self._process


def read_all(
    files: Mapping[str, Path],
    options: Options,
    done: Callable[[], None],
    *,
    memory: int | None = None,
    seconds: float = SECONDS,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Have workbooks read side by side; yield each one's scope and answer, in the order of `files`.

    Args:
        files: by scope the file.
        options: what the settings say.
        done: called, from any thread, after each workbook.
        memory: bytes of memory for each child; None: `MEMORY`, and less on a small machine.
        seconds: how long one workbook may take.
    """
    count = max(min(os.cpu_count() or 1, MOST_CHILDREN, len(files)), 1)
    memory = memory or min(MEMORY, max(LEAST_MEMORY, _physical() // (2 * count)))
    children = [Child(options, memory, seconds) for _ in range(count)]
    free = list(children)

    def read(item: tuple[str, Path]) -> tuple[str, dict[str, Any]]:
        child = free.pop()
        try:
            return item[0], child.read(*item)
        finally:
            free.append(child)
            done()

    try:
        with ThreadPoolExecutor(count, "workbooks") as threads:
            yield from threads.map(read, files.items())
    finally:
        for child in children:
            child.stop()


def _physical() -> int:
    """Return how many bytes of memory the machine has, as far as it says so."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 2 * MOST_CHILDREN * MEMORY


def _ask(process: subprocess.Popen[bytes], request: dict[str, str]) -> dict[str, Any] | None:
    """Send a request and wait for its answer; None where the process fell."""
    assert process.stdin is not None  # noqa: S101 - it was started with both
    assert process.stdout is not None  # noqa: S101 - see above
    try:
        process.stdin.write(json.dumps(request).encode("utf-8", "surrogatepass") + b"\n")
        process.stdin.flush()
        length = process.stdout.readline()
        if not length.strip().isdigit():
            return None
        told = process.stdout.read(int(length))
        return json.loads(told) if len(told) == int(length) else None
    except (OSError, ValueError):
        return None


def _kill(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()
