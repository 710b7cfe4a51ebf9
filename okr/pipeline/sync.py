"""What a sync does: pull every source, then merge and judge what is there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from okr.errors import CallError, OkrError, SourceError
from okr.pipeline.steps import HERE
from okr.settings import now, read_mapping, require_secrets, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from connectors.landing import Landing
    from okr.ledger import Ledger
    from okr.pipeline.steps import Steps
    from okr.reconcile.intake import Intake, SourceOutcome
    from okr.report import Report
    from okr.settings import Block, Settings


@dataclass(frozen=True)
class Pulled:
    """What came of asking one source: the delivery that landed, or why there is none."""

    name: str
    delivery_id: str | None = None
    code: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass
class SyncResult:
    """What a run did: the state of every source, what was refused, what was found."""

    run_id: str
    sources: list[SourceOutcome]
    refused_rows: int
    refused_values: int
    current_period: str | None
    judged: list[str]
    gaps: dict[str, int]
    opened: int
    resolved: int

    @property
    def exit_status(self) -> int:
        """0: all is well. 1: done, with sources that failed, or rows or values that were refused."""
        troubled = any(source.state in {"failed", "held", "partial"} for source in self.sources)
        return int(troubled or self.refused_rows > 0 or self.refused_values > 0)


def sync(
    settings: Settings,
    *,
    sources: Sequence[str] | None = None,
    report: Report,
    command: str = "sync",
    block: Block | None = None,
    steps: Steps = HERE,
) -> SyncResult:
    """Pull, validate, merge, judge; writes to landing, warehouse and run log only.

    A run that is to leave warehouse and ledger alone is given settings of `aside`.

    Args:
        settings: of the enterprise.
        sources: the names of those to pull; the others stand as last delivered. None: all.
        report: told of stages and notes.
        command: under which name the run stands in the log.
        block: reads a Prefect Secret block.
        steps: who carries out the pulls and the rest.

    Raises:
        CallError: a source that the settings do not know, or a secret that is missing.
        RunError: the run failed; the last good state stands.
    """
    started = now(settings)
    names = named_sources(settings, sources)
    require_secrets(settings, sources=names, block=block)
    read_mapping(settings)  # what is wrong in it is told before anything is asked
    report.stage("pull", total=len(names))
    pulled = steps.pulls(settings, names, lambda name: pull_source(settings, name, report, at=started, block=block))
    return steps.step(
        "merge and judge",
        lambda: merge_and_judge(settings, report, pulled=pulled, command=command, started=started, block=block),
    )


def named_sources(settings: Settings, sources: Sequence[str] | None) -> list[str]:
    """Return the sources to pull, in the order of the settings.

    Raises:
        CallError: one that the settings do not know, with the nearest that they do.
    """
    order = settings.source_order()
    if sources is None:
        return order
    for name in sources:
        if name not in order:
            from okr.reconcile.likeness import nearest  # noqa: PLC0415

            raise CallError(
                "unknown_source", source=name, nearest=nearest([name], order, always=True)[name], known=order
            )
    return [name for name in order if name in sources]


def pull_source(
    settings: Settings,
    name: str,
    report: Report,
    *,
    at: datetime | None = None,
    block: Block | None = None,
) -> Pulled:
    """Pull one source into the landing. One that fails does not raise: the result says why.

    Raises:
        RunError: the landing cannot be written.
        SettingsError: a secret is missing.
    """
    from connectors import connect  # noqa: PLC0415 (connectors bring polars and more)

    connector = connect(
        name,
        settings.sources[name],
        zone=settings.zone,
        secrets=lambda secret: resolve(secret, block=block),
    )
    try:
        ref = _landing(settings).pull(connector, report, at or now(settings))
    except SourceError as failure:
        report.note("source_failed", source=name, reason=failure)
        report.advance()
        return Pulled(name, code=failure.code, values=failure.values)
    for code, values in ref.manifest.notices:
        report.note(code, source=name, **values)
    report.advance()
    return Pulled(name, delivery_id=ref.delivery_id)


def merge_and_judge(
    settings: Settings,
    report: Report,
    *,
    pulled: Sequence[Pulled] = (),
    command: str = "sync",
    started: datetime | None = None,
    who: str | None = None,
    block: Block | None = None,
) -> SyncResult:
    """Build the next state of the warehouse out of what has landed, and swap it in.

    Raises:
        RunError: the run failed; the last good state stands.
    """
    from okr.ledger import Ledger  # noqa: PLC0415 (SQLAlchemy)

    at = started or now(settings)
    run_id = uuid.uuid4().hex
    with Ledger.of(settings, block=block) as ledger:
        asked = {"sources": [one.name for one in pulled]} | ({} if who is None else {"who": who})
        ledger.run_started(run_id, command, at, asked)
        try:
            result = _state(settings, report, ledger, pulled=pulled, command=command, at=at, run_id=run_id)
        except BaseException as failure:
            event = "failed" if isinstance(failure, Exception) else "stopped"
            code = failure.code if isinstance(failure, OkrError) else type(failure).__name__
            ledger.run_ended(run_id, event, now(settings), {"code": code})
            raise
        ledger.run_ended(
            run_id,
            "succeeded",
            now(settings),
            {"exit_status": result.exit_status, "judged": result.judged, "gaps": result.gaps},
        )
    _landing(settings).prune(_kept_since(settings, at))
    return result


def _state(
    settings: Settings,
    report: Report,
    ledger: Ledger,
    *,
    pulled: Sequence[Pulled],
    command: str,
    at: datetime,
    run_id: str,
) -> SyncResult:
    """Build the next state of the warehouse under the lock."""
    from okr.reconcile import answers, state, warehouse  # noqa: PLC0415 (DuckDB and polars)
    from okr.reconcile.intake import Intake  # noqa: PLC0415

    decisions = ledger.decisions()
    decided = {
        (one.subject, str(one.details.get("delivery"))): one.decision for one in decisions if one.kind == "delivery"
    }
    mapping = read_mapping(settings)
    path = settings.warehouse.path
    with warehouse.lock(path, report), warehouse.building(path, settings.engine) as house:
        asked = {one.name: one for one in pulled}
        intake = Intake(house, settings, at)
        report.stage("validate", total=len(settings.sources))
        outcomes = []
        for name in settings.source_order():
            outcomes.append(_source(intake, _landing(settings), asked.get(name), name, decided))
            report.advance()
        # What came in is recorded first: it counts in this very run, and stays when the run fails.
        ledger.answer(answers.delivered(house, at))
        given = ledger.answers()
        rows = state.understand(house, settings, report, at, decisions=decisions, mapping=mapping, given=given)
        found = state.judge(house, settings, report, run_id=run_id, command=command, at=at, rows=rows)
        report.stage("publish")
    return SyncResult(
        run_id=run_id,
        sources=outcomes,
        refused_rows=found.refused_rows,
        refused_values=found.refused_values,
        current_period=found.current_period,
        judged=found.judged,
        gaps=found.gaps,
        opened=found.opened,
        resolved=found.resolved,
    )


def _source(
    intake: Intake,
    landing: Landing,
    asked: Pulled | None,
    name: str,
    decided: Mapping[tuple[str, str], str],
) -> SourceOutcome:
    """Let one source stand, fail or be taken, as it was delivered and decided."""
    if asked is not None and asked.delivery_id is None:
        return intake.fail(name, asked.code or "source_failed", asked.values)
    ref = landing.latest(name)
    held, merged = intake.before(name)
    if ref is None or (asked is None and ref.delivery_id in {merged, held} and (name, held or "") not in decided):
        return intake.stand(name)
    verdict = decided.get((name, ref.delivery_id))
    baseline = None
    if held and held != ref.delivery_id:
        earlier = landing.find(name, held)
        if earlier is not None and decided.get((name, held or "")) == "accept":
            baseline = landing.read(earlier)
        elif earlier is not None and earlier.manifest.content_hash == ref.manifest.content_hash:
            # The very same again: what was decided of it still stands.
            verdict = decided.get((name, held or ""))
    try:
        return intake.take(
            landing.read(ref),
            ref.delivery_id,
            ref.delivered_at,
            decision=verdict,
            baseline=baseline,
        )
    except SourceError as failure:
        intake.undo(name)
        return intake.fail(name, failure.code, failure.values)


def _landing(settings: Settings) -> Landing:
    from connectors.landing import Landing  # noqa: PLC0415

    return Landing(settings.landing.path, settings)


def _kept_since(settings: Settings, at: datetime) -> datetime:
    from datetime import timedelta  # noqa: PLC0415

    return at - timedelta(days=settings.retention.days)
