"""How a command tells, on standard error, how far it has come.

On a terminal bars, else one short line for each stage. Nobody listening any more is no reason for a
run to fail: what cannot be written is dropped.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from okr.cli.speech import say, spoken, tell
from okr.texts.values import tame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress, Task, TaskID

    from okr.report import Report

PATIENCE = 5.0
"""Seconds between two lines about one stage where there is no bar."""


@contextmanager
def reporting() -> Iterator[Report]:
    """A report for the time of a command. Says its first word before anything heavy is imported."""
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with _progress() as progress, _result_ends(progress):
            bars = Bars(progress)
            try:
                yield bars
            except BaseException:
                bars.stopped()
                raise
            bars.finished()
    else:
        yield Lines()


def _progress() -> Progress:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.text import Text  # noqa: PLC0415

    class Steps(ProgressColumn):
        """How many of how many; nothing where a stage has no steps."""

        def render(self, task: Task) -> Text:
            """The column's text for a task."""
            return Text(f"{task.completed:.0f}/{task.total:.0f}" if (task.total or 1) > 1 else "")

    return Progress(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        Steps(),
        TimeElapsedColumn(),
        console=Console(stderr=True, highlight=False, markup=False, emoji=False),
        redirect_stdout=False,  # what a command prints is its result, never part of the bars
        redirect_stderr=False,
    )


@contextmanager
def _result_ends(progress: Progress) -> Iterator[None]:
    """The bars end where the result begins: on one terminal the two would write over each other."""
    out = sys.stdout

    class Watched:
        def write(self, text: str) -> int:
            progress.stop()
            return out.write(text)

        def __getattr__(self, name: str) -> object:
            return getattr(out, name)

    sys.stdout = Watched()  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.stdout = out


class Lines:
    """A line for each stage, for logs and pipes; for long ones a line now and then."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._name, self._done, self._total = "", 0, None
        self._last = time.monotonic()

    def stage(self, code: str, /, total: int | None = None, **values: object) -> None:
        """A line with the stage's name."""
        with self._lock:
            self._name, self._done, self._total = say(f"stage.{code}", **values), 0, total
            self._last = time.monotonic()
            tell(self._name)

    def advance(self, steps: int = 1) -> None:
        """A line where the last one is some time ago."""
        with self._lock:
            self._done += steps
            if self._total and time.monotonic() - self._last > PATIENCE:
                self._last = time.monotonic()
                tell(f"  {self._name} {self._done}/{self._total}")

    def note(self, code: str, /, **values: object) -> None:
        """A line with the notice."""
        with self._lock:
            tell(noted(code, values))


class Bars:
    """A bar for each stage.

    Stages of other threads stand beside each other until the main thread goes on.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._open: dict[int, TaskID] = {}
        self._newest: TaskID | None = None

    def stage(self, code: str, /, total: int | None = None, **values: object) -> None:
        """A new bar; the one before it is done."""
        here = threading.get_ident()
        with self._lock:
            alone = threading.current_thread() is threading.main_thread()
            for thread in list(self._open) if alone else [here]:
                self._finish(self._open.pop(thread, None))
            told = tame(say(f"stage.{code}", **values))
            self._newest = self._progress.add_task(told, total=total or 1)
            self._open[here] = self._newest

    def advance(self, steps: int = 1) -> None:
        """The thread's bar comes on, else the newest."""
        with self._lock:
            task = self._open.get(threading.get_ident(), self._newest)
            if task is not None:
                self._progress.advance(task, steps)

    def note(self, code: str, /, **values: object) -> None:
        """A line above the bars."""
        with self._lock:
            self._progress.console.print(noted(code, values))

    def finished(self) -> None:
        """All went well: what is still open is done."""
        with self._lock:
            for task in self._open.values():
                self._finish(task)
            self._open.clear()

    def stopped(self) -> None:
        """Something ended the command: the bars stay where they are."""
        with self._lock:
            for task in self._open.values():
                self._progress.stop_task(task)

    def _finish(self, task: TaskID | None) -> None:
        if task is None:
            return
        total = next((t.total for t in self._progress.tasks if t.id == task), 1) or 1
        self._progress.update(task, completed=total)


def noted(code: str, values: dict[str, object]) -> str:
    """A notice as a line. A value that is itself an error is told by its sentence."""
    from okr.errors import OkrError  # noqa: PLC0415
    from okr.texts import told  # noqa: PLC0415

    words = {
        name: told(value, spoken())[-1] if isinstance(value, OkrError) else value for name, value in values.items()
    }
    return tame(f"! {say(f'note.{code}', **words)}")
