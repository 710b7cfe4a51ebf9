"""The steps of a run as Prefect's tasks: each source, each coarse stage, seen and timed by itself.

Nothing passes through Prefect: a task is made around work that is there already, takes no parameter, and nothing is
cached or kept. What was delivered lies in the landing folder, with rights and a retention of its own.
"""

# No `from __future__ import annotations` in files of flows; see flows/nightly_sync.py.

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.concurrency.sync import concurrency
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import Task

from okr.pipeline import Pulled
from okr.pipeline.steps import PULLS_AT_ONCE
from okr.settings import Settings
from okr.texts import Language, text

T = TypeVar("T")

WORTH_A_TRY = frozenset(
    {"sql_unreachable", "sql_connection_lost", "sql_locked", "sql_timeout", "file_changing", "workbook_gone"}
)
"""Why a source fails now and perhaps not in a minute; a wrong password stays wrong."""

RETRY_AFTER = [10.0, 60.0]
"""Seconds before the second and the third try of a pull."""

JITTER = 0.5
"""By how much of it the wait may be longer, so that tries do not come in step."""

HOLDS_WAREHOUSE = frozenset({"merge and judge"})
"""Steps that take the warehouse, of which Prefect lets one go on at a time."""


def side_by_side() -> TaskRunner[Any]:
    """What a flow hands to Prefect so that sources are pulled in threads, as many at a time as elsewhere."""
    return cast("TaskRunner[Any]", ThreadPoolTaskRunner(max_workers=PULLS_AT_ONCE))


class SourceFailedError(Exception):
    """Makes the task of a source that failed stand as failed; `pulled` says why."""

    def __init__(self, pulled: Pulled, message: str) -> None:
        super().__init__(message)
        self.pulled = pulled


class AsTasks:
    """`okr.pipeline.Steps` for the time of a flow run.

    Args:
        spoken: the language of sentences in the log.
        limit: the concurrency limit that whoever takes the warehouse asks for (`flows.bootstrap` makes it);
            None: none.
    """

    def __init__(self, spoken: Language, limit: str | None = None) -> None:
        self._spoken: Language = spoken
        self._limit = limit

    def step(self, name: str, work: Callable[[], T], /) -> T:
        """One stage as a task; what it raises makes the task fail and is raised here too."""

        def stage() -> T:
            with _holding(self._limit if name in HOLDS_WAREHOUSE else None):
                return work()

        return _task(name, stage)()

    def pulls(self, settings: Settings, names: Sequence[str], pull: Callable[[str], Pulled], /) -> list[Pulled]:
        """Each source as a task `pull {source}` that stands as failed where the source failed, while others go on."""
        del settings
        waiting = [self._pull(name, pull).submit() for name in names]
        return [_pulled(future.result(raise_on_failure=False)) for future in waiting]

    def _pull(self, name: str, pull: Callable[[str], Pulled]) -> Task[[], Pulled]:
        def source() -> Pulled:
            pulled = pull(name)
            if pulled.code is not None:
                raise SourceFailedError(pulled, text(f"error.{pulled.code}", self._spoken, **pulled.values))
            return pulled

        return _task(
            f"pull {name}",
            source,
            retries=len(RETRY_AFTER),
            retry_delay_seconds=RETRY_AFTER,
            retry_jitter_factor=JITTER,
            retry_condition_fn=_worth_a_try,
        )


def _task(name: str, work: Callable[[], T], **how: Any) -> Task[[], T]:  # noqa: ANN401 - options of `Task`
    """A task around `work`. The name is given by a function: as a text Prefect would fill in its braces."""
    return Task(work, name=name, task_run_name=lambda: name, cache_policy=NO_CACHE, persist_result=False, **how)


def _worth_a_try(_task: Task[..., Any], _run: TaskRun, state: State) -> bool:
    failure = state.result(raise_on_failure=False)
    return isinstance(failure, SourceFailedError) and failure.pulled.code in WORTH_A_TRY


def _pulled(outcome: object) -> Pulled:
    if isinstance(outcome, SourceFailedError):
        return outcome.pulled
    if isinstance(outcome, BaseException):
        raise outcome
    if not isinstance(outcome, Pulled):
        raise TypeError(outcome)
    return outcome


@contextmanager
def _holding(limit: str | None) -> Iterator[None]:
    """Take a place of a concurrency limit. Where it was never made, Prefect says so in the log and goes on.

    That a lease could not be renewed stops nothing: the lock on the file itself still keeps others out.
    """
    if limit is None:
        yield
        return
    with concurrency(limit, occupy=1, raise_on_lease_renewal_failure=False):
        yield
