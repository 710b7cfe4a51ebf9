"""Processes that end with the one that started them, whatever happens to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

LARGEST = 5_000_000
"""Bytes of a log; a larger one is put aside at the next start."""

LIFELINE = "OKR_LIFELINE"


@dataclass
class Child:
    """A process of ours in a group of its own, with its log."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(
        cls, name: str, module: str, words: Iterable[str], *, env: Mapping[str, str], log: Path, umask: int = -1
    ) -> Self:
        """Start `python -m module words`. Its standard input is a pipe that breaks when this process ends."""
        if log.exists() and log.stat().st_size > LARGEST:
            log.replace(log.with_suffix(".1.log"))
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            process = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", module, *words],
                env={**env, LIFELINE: "1"},
                stdin=subprocess.PIPE,
                stdout=descriptor,
                stderr=descriptor,
                umask=umask,
                start_new_session=True,  # Ctrl-C in a terminal is ours to pass on, in order
            )
        finally:
            os.close(descriptor)
        return cls(name, log, process)

    def ended(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def last_words(self) -> str:
        """The last line of its log that says something."""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 4000))
            lines = file.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and to all that it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def _is_there(self) -> bool:
        """Whether anything of its group still runs."""
        self.process.poll()  # a process that ended and was not waited for still counts
        try:
            os.killpg(self.process.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def ask_to_end(self) -> None:
        """Ask the process, and what it started, to end in order."""
        self.signal(signal.SIGTERM)

    def end(self, within: float) -> None:
        """Wait for its end and that of all that it started; after so many seconds, end them."""
        until = time.monotonic() + within
        while self._is_there() and time.monotonic() < until:
            time.sleep(0.05)
        self.signal(signal.SIGKILL)  # whatever is left of its group
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


def hold_on() -> None:
    """In a child: end, with all that this process started, when the one that started it is gone."""
    if os.environ.pop(LIFELINE, None) is None:
        return
    line = os.dup(0)
    os.set_inheritable(line, False)  # noqa: FBT003 - its name says it
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)  # what this process starts has nothing to read
    os.close(nowhere)
    threading.Thread(target=_wait_for_end, args=[line], daemon=True, name="lifeline").start()


def _wait_for_end(line: int) -> NoReturn:
    while os.read(line, 4096):
        pass
    os.killpg(0, signal.SIGTERM)
    time.sleep(5)
    os.killpg(0, signal.SIGKILL)
    raise SystemExit
