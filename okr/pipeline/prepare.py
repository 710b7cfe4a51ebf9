"""The pre-handshake run: fresh sources, one judgement, one pack, and the mails that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from okr.errors import CallError
from okr.pipeline.aside import run_on
from okr.pipeline.steps import HERE
from okr.pipeline.sync import merge_and_judge, pull_source
from okr.settings import now, require_secrets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from okr.ledger import Ledger
    from okr.pipeline.mails import Delivered, Queued
    from okr.pipeline.steps import Steps
    from okr.pipeline.sync import SyncResult
    from okr.publish.pack.facts import Facts
    from okr.publish.pack.files import PackFile
    from okr.publish.pack.store import Packs
    from okr.reconcile.reading import Reader
    from okr.report import Report
    from okr.settings import Block, Settings

MAILS = "mails"
"""The folder of a pack in which mails lie that nobody has sent."""


@dataclass(frozen=True)
class Prepared:
    """What a preparation made.

    Attributes:
        run_id: of the run whose state the pack shows.
        meeting_id: of the meeting.
        name: what the meeting is called.
        folder: the pack.
        latest: the link that points to it.
        files: the names of its files; those of mails with their folder before them.
        pack: the same without mails, with who may have each.
        sync: what came of pulling and judging; None where a run had just done so.
        readiness: from 0 to 100.
        gaps: how many there are of each severity.
        mails: those that were made.
        delivered: what became of those that were to leave at once; None where none was to.
        dry_run: nothing but these files was made.
    """

    run_id: str
    meeting_id: str
    name: str
    folder: Path
    latest: Path
    files: list[str]
    pack: list[PackFile]
    sync: SyncResult | None
    readiness: float
    gaps: dict[str, int]
    mails: Queued | None
    delivered: Delivered | None
    dry_run: bool

    @property
    def exit_status(self) -> int:
        """0: all is well. 1: the pack is there, but a source failed, rows were refused, or mails did not leave."""
        stuck = self.delivered is not None and self.delivered.exit_status != 0
        return int(stuck or (self.sync is not None and self.sync.exit_status != 0))


def prepare(  # noqa: PLR0913 - one for each thing that may be asked for
    settings: Settings,
    meeting: str,
    *,
    fresh: bool = False,
    pull: bool = True,
    dry_run: bool = False,
    rehearsal: bool = False,
    scheduled: bool = False,
    who: str,
    report: Report,
    block: Block | None = None,
    steps: Steps = HERE,
) -> Prepared:
    """Pull what is not fresh, judge, make the pack, and deliver what the settings turn on.

    One preparation at a time: a second one waits, says so, and finds the sources fresh.

    Args:
        settings: of the enterprise.
        meeting: an id, a title or the upper unit's name.
        fresh: pull every source, however lately it was read.
        pull: False: pull none.
        dry_run: make the files and leave warehouse, ledger and outside world as they were.
        rehearsal: all mails go to `mail.redirect_to` alone, and nothing is remembered as told.
        scheduled: the nightly run does it, which has just pulled and judged; mails leave at the next `send_at`.
        who: on whose behalf; stands in the log of runs.
        report: told of stages and notes.
        block: reads a Prefect Secret block.
        steps: who carries out the pulls and the stages.

    Raises:
        CallError: `unknown_meeting`, `past_meeting`, `ambiguous_name`, each with the nearest; `options_exclude`;
            `mail_rehearsal_needs_redirect`; a missing secret. Nothing was changed.
        RunError: it failed (`pack_disk_full`, `pack_unwritable`, or as `sync`); the last pack stands.
    """
    from okr.publish.pack.store import Packs  # noqa: PLC0415 - XlsxWriter and more

    if fresh and not pull:
        raise CallError("options_exclude", one="--fresh", other="--no-pull")
    if rehearsal and settings.mail.redirect_to is None:
        raise CallError("mail_rehearsal_needs_redirect")
    packs = Packs(settings.packs.path)
    with packs.alone(report):
        at = now(settings)
        names = _to_pull(settings, at, fresh=fresh) if pull and not scheduled else []
        _require_meeting(settings, meeting, names, at, pulls=pull)
        require_secrets(settings, sources=names, block=block)
        with run_on(settings, dry_run=dry_run, block=block) as known:
            run = _Preparation(
                known, packs, at, who, report, block, steps, dry_run=dry_run, rehearsal=rehearsal, scheduled=scheduled
            )
            return run.carried_out(meeting, names, pulls=pull)


class _Preparation:
    """One run, with what all of its parts need."""

    def __init__(  # noqa: PLR0913 - what a run is told
        self,
        settings: Settings,
        packs: Packs,
        at: datetime,
        who: str,
        report: Report,
        block: Block | None,
        steps: Steps,
        *,
        dry_run: bool,
        rehearsal: bool,
        scheduled: bool,
    ) -> None:
        self._settings = settings
        self._packs = packs
        self._at = at
        self._who = who
        self._report = report
        self._block = block
        self._steps = steps
        self._dry_run = dry_run
        self._rehearsal = rehearsal
        self._scheduled = scheduled

    def carried_out(self, meeting: str, names: Sequence[str], *, pulls: bool) -> Prepared:
        """Pull, judge, write, deliver."""
        synced = None if self._scheduled else self._judged(names, pulls=pulls)
        return self._steps.step("make the pack", lambda: self._made(meeting, synced))

    def _judged(self, names: Sequence[str], *, pulls: bool) -> SyncResult:
        settings, report, at, block = self._settings, self._report, self._at, self._block
        stand = [name for name in settings.source_order() if name not in names]
        if pulls and stand:
            report.note("pack_already_pulled", sources=stand)
        pulled = []
        if names:
            report.stage("pull", total=len(names))
            pulled = self._steps.pulls(
                settings, names, lambda name: pull_source(settings, name, report, at=at, block=block)
            )
        return self._steps.step(
            "merge and judge",
            lambda: merge_and_judge(
                settings, report, pulled=pulled, command="prepare", started=at, who=self._who, block=block
            ),
        )

    def _made(self, meeting: str, synced: SyncResult | None) -> Prepared:
        from okr.ledger import Ledger  # noqa: PLC0415 - SQLAlchemy
        from okr.publish.pack.facts import Facts  # noqa: PLC0415 - DuckDB, XlsxWriter and more
        from okr.publish.pack.files import write_files  # noqa: PLC0415
        from okr.reconcile.reading import Reader  # noqa: PLC0415

        with Reader(self._settings) as reader:
            facts = Facts.of(self._settings, reader, meeting, self._at)
            self._warn(facts)
            run_id = reader.last_run()["run_id"]
            meeting_id = facts.meeting["meeting_id"]
            with self._packs.writing(meeting_id, run_id, self._at) as writing:
                writing.files = write_files(facts, writing.work, self._report)
                writing.readiness = facts.meeting["readiness"]
            with Ledger.of(self._settings, block=self._block) as ledger:
                queued = self._queued(reader, ledger, facts, writing.folder, writing.files)
        files = [file.name for file in writing.files]
        files += self._kept_as_files(queued, writing.folder)
        self._packs.prune(self._at - timedelta(days=self._settings.retention.days))
        return Prepared(
            run_id=run_id,
            meeting_id=meeting_id,
            name=facts.name,
            folder=writing.folder,
            latest=self._packs.latest(meeting_id),
            files=files,
            pack=list(writing.files),
            sync=synced,
            readiness=facts.meeting["readiness"],
            gaps=facts.counted(),
            mails=queued,
            delivered=self._delivered(queued, meeting_id),
            dry_run=self._dry_run,
        )

    def _warn(self, facts: Facts) -> None:
        """Say what makes a pack emptier than people expect."""
        told = {"meeting": facts.name, "unit": facts.view.unit_name(facts.meeting["unit_id"])}
        if not facts.meeting["participants"]:
            self._report.note("pack_without_participants", **told)
        if not facts.meeting["krs"]:
            self._report.note("pack_without_okrs", **told, period=facts.meeting["period_id"])

    def _queued(self, reader: Reader, ledger: Ledger, facts: Facts, folder: Path, files: Sequence[PackFile]) -> Queued:
        """Make the mails: into the outbox where mail is on, else only as files."""
        from okr.pipeline import mails  # noqa: PLC0415

        place = {file.kind: folder / file.name for file in files if file.kind != "unit"}
        leader = facts.leader_of(facts.meeting["unit_id"])
        own = (leader["person_id"], place["leader"]) if leader is not None and "leader" in place else None
        keep = False if self._dry_run else None
        due_at = self._due_at()
        queued = mails.queue_digests(
            self._settings, reader, ledger, at=self._at, due_at=due_at, report=self._report, meeting=facts.meeting,
            keep=keep, rehearsal=self._rehearsal,
        )  # fmt: skip
        return queued + mails.queue_pack(
            self._settings, reader, ledger, at=self._at, due_at=due_at, report=self._report, meeting=facts.meeting,
            page=place["page"], workbook=place["meeting"], leader=own, keep=keep, rehearsal=self._rehearsal,
        )  # fmt: skip

    def _due_at(self) -> datetime:
        """At once where a person asks, else at the next time of sending."""
        if not self._scheduled:
            return self._at
        from okr.pipeline.workdays import Calendar  # noqa: PLC0415

        return Calendar.of(self._settings).next_sending(self._at)

    def _kept_as_files(self, queued: Queued, folder: Path) -> list[str]:
        """Write mails that go nowhere into the pack; their names."""
        from okr.pipeline import mails  # noqa: PLC0415
        from okr.publish.pack.store import unwritable  # noqa: PLC0415

        if queued.kept or not queued.messages:
            return []
        try:
            written = mails.write_eml(queued.messages, folder / MAILS, sender=self._settings.mail.sender, at=self._at)
        except OSError as failure:
            raise unwritable(folder / MAILS, failure) from failure
        return [f"{MAILS}/{path.name}" for path in written]

    def _delivered(self, queued: Queued, meeting_id: str) -> Delivered | None:
        from okr.pipeline import mails  # noqa: PLC0415

        if self._dry_run or self._scheduled or not queued.kept:
            return None
        return mails.deliver(self._settings, report=self._report, block=self._block, meeting=meeting_id)


def _to_pull(settings: Settings, at: datetime, *, fresh: bool) -> list[str]:
    """The sources to pull: all, or those whose last good delivery is older than they are taken for fresh."""
    from connectors.landing import Landing  # noqa: PLC0415 - connectors bring polars and more

    if fresh:
        return settings.source_order()
    landing = Landing(settings.landing.path, settings)
    found = []
    for name in settings.source_order():
        last = landing.latest(name)
        age = None if last is None else at - last.delivered_at
        # A delivery of the future is one of a clock that has been set back since: nobody knows how old it is.
        if age is None or not timedelta(0) <= age <= settings.sources[name].fresh_for:
            found.append(name)
    return found


def _require_meeting(settings: Settings, meeting: str, names: Sequence[str], at: datetime, *, pulls: bool) -> None:
    """Refuse a meeting that nobody knows before anything is changed; one that a pull may still bring is let pass.

    Raises:
        CallError: `unknown_meeting`, `past_meeting`, `ambiguous_name`; `no_warehouse` where nothing may be pulled.
    """
    from okr.reconcile.reading import Reader  # noqa: PLC0415 - DuckDB and polars

    if not settings.warehouse.path.exists() and pulls:
        return  # it will be made, also where every source was read so lately that none is read now: by a dry run, say
    with Reader(settings) as reader:
        try:
            reader.meeting(meeting, now=at)
        except CallError as unknown:
            if unknown.code == "ambiguous_name":
                raise
            telling = set(reader.meeting_sources())
            never_read = {row["source"] for row in reader.sources() if row["delivered_at"] is None}
            known = {row["source"] for row in reader.sources()}
            may_tell = [name for name in names if name in telling | never_read or name not in known]
            if not may_tell and not _in_settings(settings, meeting, at):
                raise


def _in_settings(settings: Settings, meeting: str, at: datetime) -> bool:
    """Whether the settings name a coming meeting so, which the last run may not have known yet."""
    from okr.reconcile.periods import is_coming  # noqa: PLC0415
    from schemas.normal import fold_text  # noqa: PLC0415

    wanted = fold_text(meeting)
    for meeting_id, one in settings.meetings.items():
        starts_at = one.starts_at if one.starts_at.tzinfo else one.starts_at.replace(tzinfo=settings.zone)
        if is_coming(starts_at, at) and wanted in {fold_text(t) for t in (meeting_id, one.title, one.unit) if t}:
            return True
    return False
