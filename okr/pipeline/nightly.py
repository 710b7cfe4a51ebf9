"""What the schedule runs every night: sync, what targets get, digests, and the meetings to be reminded of.

A target, a meeting or the mails that fail hurt nothing else; the result names each of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from okr.errors import OkrError, RunError
from okr.pipeline.aside import run_on
from okr.pipeline.steps import HERE
from okr.pipeline.sync import sync
from okr.pipeline.workdays import Calendar
from okr.settings import now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from okr.pipeline.mails import Queued
    from okr.pipeline.prepare import Prepared
    from okr.pipeline.steps import Steps
    from okr.pipeline.sync import SyncResult
    from okr.publish.plan import Outcome
    from okr.report import Report
    from okr.settings import Block, Settings

T = TypeVar("T")

WHO = "okr nightly"
DONE = {"written", "unchanged", "planned"}
"""States of a target with which all is well; `planned` is a dry run's."""


@dataclass(frozen=True)
class TargetResult:
    """What became of one target: `state` as `okr.publish.plan.State`, or `planned` in a dry run.

    `counts`: rows by table and action; in a dry run by action under the name `*`.
    """

    target: str
    state: str
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    error: OkrError | None = None


@dataclass(frozen=True)
class MeetingResult:
    """A meeting whose reminder day is today: what was prepared, or why it was not.

    `reminders`: which ones are due, in days before the meeting.
    """

    meeting_id: str
    title: str | None
    reminders: list[int]
    prepared: Prepared | None = None
    error: OkrError | None = None


@dataclass
class NightlyResult:
    """What the night brought. `digests` None: they could not be made (`digests_error`), or nothing was judged."""

    sync: SyncResult
    dry_run: bool
    due_at: datetime
    targets: list[TargetResult] = field(default_factory=list)
    digests: Queued | None = None
    digests_error: OkrError | None = None
    meetings: list[MeetingResult] = field(default_factory=list)
    meetings_error: OkrError | None = None

    @property
    def failed(self) -> list[OkrError]:
        """What was to be done after the sync and was not."""
        found = [one.error for one in (*self.targets, *self.meetings)]
        found += [self.digests_error, self.meetings_error]
        return [error for error in found if error is not None]

    @property
    def unwritten(self) -> list[str]:
        """The targets that do not stand as they should."""
        return [one.target for one in self.targets if one.state not in DONE]

    @property
    def unprepared(self) -> list[str]:
        """The meetings that could not be prepared, by id."""
        return [one.meeting_id for one in self.meetings if one.error is not None]

    @property
    def exit_status(self) -> int:
        """0: all is well. 1: sources failed or rows were refused. 3: a target, mail or meeting could not be done."""
        if self.failed or self.unwritten:
            return RunError.exit_status
        prepared = [one.prepared.exit_status for one in self.meetings if one.prepared is not None]
        return max([self.sync.exit_status, *prepared])


def nightly(
    settings: Settings,
    *,
    sources: Sequence[str] | None = None,
    report: Report,
    block: Block | None = None,
    dry_run: bool = False,
    steps: Steps = HERE,
) -> NightlyResult:
    """Sync; write every target that is on; queue the digests; prepare each meeting whose reminder day is today.

    Args:
        settings: of the enterprise.
        sources: the names of those to pull; None: all.
        report: told of stages and notes.
        block: reads a Prefect Secret block.
        dry_run: leave warehouse, ledger and the outside world as they are; files of packs are made.
        steps: who carries out the pulls and the stages.

    Raises:
        CallError: the settings do not allow a run: an unknown source, a missing secret, a wrong file of holidays.
        RunError: the sync failed; the last good state stands and nothing else was begun.
    """
    with run_on(settings, dry_run=dry_run, block=block) as known:
        return _Night(known, report, block, steps, dry_run=dry_run).pass_by(sources)


class _Night:
    """One run, with what all of its parts need."""

    def __init__(self, settings: Settings, report: Report, block: Block | None, steps: Steps, *, dry_run: bool) -> None:
        self._settings = settings
        self._report = report
        self._block = block
        self._steps = steps
        self._dry_run = dry_run
        self._at = now(settings)
        self._calendar = Calendar.of(settings)

    def pass_by(self, sources: Sequence[str] | None) -> NightlyResult:
        """The whole night."""
        synced = sync(
            self._settings,
            sources=sources,
            report=self._report,
            command="nightly",
            block=self._block,
            steps=self._steps,
        )
        result = NightlyResult(synced, self._dry_run, self._calendar.next_sending(self._at))
        result.targets = self._targets()
        if synced.current_period is not None:
            result.digests, result.digests_error = self._digests(result.due_at)
        result.meetings, result.meetings_error = self._meetings()
        return result

    def _targets(self) -> list[TargetResult]:
        wanted = [name for name, section in self._settings.targets.items() if section.enabled]
        if not wanted:
            return []
        if self._dry_run:
            return [self._planned(name) for name in wanted]
        outcomes, error = self._safely("write targets", self._write)
        if outcomes is None:
            return [TargetResult(name, "failed", error=error) for name in wanted]
        return [TargetResult(one.target, one.state, one.counts, one.error) for one in outcomes]

    def _write(self) -> list[Outcome]:
        from okr.pipeline import writes  # noqa: PLC0415 - DuckDB and polars

        return writes.write_targets(self._settings, report=self._report, block=self._block, who=WHO)

    def _planned(self, name: str) -> TargetResult:
        from okr.pipeline import writes  # noqa: PLC0415
        from okr.publish.plan import counted  # noqa: PLC0415

        found, error = self._safely(
            f"plan {name}", lambda: writes.plan(self._settings, [name], report=self._report, block=self._block)
        )
        if found is None:
            self._report.note("target_not_written", target=name, reason=error)
            return TargetResult(name, "failed", error=error)
        return TargetResult(name, "planned", {"*": counted(found.of_target(name))})

    def _digests(self, due_at: datetime) -> tuple[Queued | None, OkrError | None]:
        queued, error = self._safely("queue digests", lambda: self._queue(due_at))
        if error is not None:
            self._report.note("digests_not_queued", reason=error)
        return queued, error

    def _queue(self, due_at: datetime) -> Queued:
        from okr.ledger import Ledger  # noqa: PLC0415 - SQLAlchemy
        from okr.pipeline import mails  # noqa: PLC0415
        from okr.reconcile.reading import Reader  # noqa: PLC0415

        with Reader(self._settings) as reader, Ledger.of(self._settings, block=self._block) as ledger:
            return mails.queue_digests(self._settings, reader, ledger, at=self._at, due_at=due_at, report=self._report)

    def _meetings(self) -> tuple[list[MeetingResult], OkrError | None]:
        coming, error = self._safely("find meetings", self._due)
        if coming is None:
            self._report.note("meetings_not_found", reason=error)
            return [], error
        return [self._prepared(meeting, reminders) for meeting, reminders in coming], None

    def _due(self) -> list[tuple[dict[str, Any], list[int]]]:
        """The coming meetings whose reminder day is today."""
        from okr.reconcile.reading import Reader  # noqa: PLC0415

        today = self._calendar.today(self._at)
        with Reader(self._settings) as reader:
            coming = reader.meetings(now=self._at)
        found = [(one, self._calendar.reminders_on(today, datetime.fromisoformat(one["starts_at"]))) for one in coming]
        return [(meeting, reminders) for meeting, reminders in found if reminders]

    def _prepared(self, meeting: dict[str, Any], reminders: list[int]) -> MeetingResult:
        meeting_id, title = meeting["meeting_id"], meeting["title"]
        prepared, error = self._caught(lambda: self._prepare(meeting_id))
        if error is not None:
            self._report.note("meeting_not_prepared", meeting=title or meeting_id, reason=error)
        return MeetingResult(meeting_id, title, reminders, prepared, error)

    def _prepare(self, meeting_id: str) -> Prepared:
        from okr.pipeline.prepare import prepare  # noqa: PLC0415 - XlsxWriter and more

        return prepare(
            self._settings,
            meeting_id,
            pull=False,  # everything has just been pulled
            dry_run=self._dry_run,
            scheduled=True,
            who=WHO,
            report=self._report,
            block=self._block,
            steps=self._steps,
        )

    def _safely(self, name: str, work: Callable[[], T]) -> tuple[T | None, OkrError | None]:
        """Take a step; what it gave, or why it failed."""
        return self._caught(lambda: self._steps.step(name, work))

    def _caught(self, work: Callable[[], T]) -> tuple[T | None, OkrError | None]:
        try:
            return work(), None
        except OkrError as error:
            return None, error
        except Exception as error:  # noqa: BLE001 - what nobody foresaw in one part must not hurt the others
            reason = str(error).strip().splitlines() or [""]
            return None, RunError("unexpected", kind=type(error).__name__, reason=reason[0][:200])
