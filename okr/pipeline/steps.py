"""How a run takes its steps: here, in this process, or each as a task that somebody watches.

A run is written once, as plain functions. Where it runs under an orchestrator, that one hands in its own
`Steps`, so that each source and each coarse stage is seen, timed and repeated by itself.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from okr.pipeline.sync import Pulled
    from okr.settings import Settings

T = TypeVar("T")

PULLS_AT_ONCE = 4
"""Sources that are asked at the same time."""


class Steps(Protocol):
    """Who carries out the steps of a run."""

    def step(self, name: str, work: Callable[[], T], /) -> T:
        """Carry out one coarse stage and return what it gives; what it raises is raised.

        Args:
            name: what people read where steps are shown, in English: `merge and judge`.
            work: the stage itself. What it needs and gives stays in this process.
        """
        ...

    def pulls(self, settings: Settings, names: Sequence[str], pull: Callable[[str], Pulled], /) -> list[Pulled]:
        """Pull these sources side by side; what came of each, in their order.

        A source that fails is told by its `Pulled` and hurts no other.
        """
        ...


class Here:
    """Carries out steps in this process: stages one after the other, sources in threads."""

    def step(self, name: str, work: Callable[[], T], /) -> T:  # noqa: ARG002 - a name is for those who watch
        """Do it."""
        return work()

    def pulls(self, settings: Settings, names: Sequence[str], pull: Callable[[str], Pulled], /) -> list[Pulled]:  # noqa: ARG002
        """Pull in threads; an error that is none of a source's is raised when all have come to an end."""
        with ThreadPoolExecutor(max_workers=PULLS_AT_ONCE) as pool:
            waiting = [pool.submit(pull, name) for name in names]
            return [one.result() for one in waiting]


HERE: Steps = Here()
