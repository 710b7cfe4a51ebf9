"""`okr nightly`: what the schedule runs every night."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from okr.cli import rooms, summary
from okr.cli.options import Common
from okr.cli.progress import reporting
from okr.cli.speech import say, spoken
from okr.cli.start import hush
from okr.cli.tables import clock, line
from okr.texts.values import WORDS, tame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from okr.errors import OkrError
    from okr.pipeline.nightly import MeetingResult, NightlyResult, TargetResult
    from okr.settings import Settings


def nightly(
    *,
    dry_run: bool = False,
    on_prefect: bool = False,
    common: Common = Common(),  # noqa: B008 - frozen
) -> int:
    """Sync; write the targets; queue the digests; prepare the meetings whose reminder day is today."""
    if on_prefect:
        return rooms.on_prefect(common.config, "nightly", {"dry_run": dry_run})
    with reporting() as report:
        report.stage("settings")
        known = rooms.settings(common.config)
        summary.require(known, ())
        result = rooms.nightly(known, report, dry_run=dry_run)
    _show(known, result)
    return result.exit_status


def _show(known: Settings, result: NightlyResult) -> None:
    """Print what the night brought. Nobody reading it is no reason for another exit status."""
    try:
        for told in [*summary.page(known, result.sync), *_after(known, result)]:
            line(tame(told))
    except BrokenPipeError:
        hush()


def _after(known: Settings, result: NightlyResult) -> Iterator[str]:
    yield ""
    if result.targets:
        yield say("cli.nightly.targets")
        for target in result.targets:
            yield f"  {_target(target)}"
    else:
        yield say("cli.nightly.no_targets")
    yield _digests(known, result)
    if result.meetings_error is not None:
        yield say("cli.nightly.meetings_failed", reason=_reason(result.meetings_error))
    elif not result.meetings:
        yield say("cli.nightly.no_meetings")
    else:
        yield say("cli.nightly.meetings")
        for meeting in result.meetings:
            yield f"  {_meeting(meeting)}"
    if result.dry_run:
        yield say("cli.nightly.dry_run")


def _target(one: TargetResult) -> str:
    if one.state == "planned":
        counts = one.counts["*"]
        told = say("cli.nightly.planned", target=one.target, actions=_actions(counts))
        return told if sum(counts.values()) else say("cli.apply.unchanged", target=one.target)
    if one.state == "written":
        counts = Counter[str]()
        for actions in one.counts.values():
            counts.update(actions)
        return say("cli.nightly.written", target=one.target, actions=_actions(counts))
    if one.state == "unchanged":
        return say("cli.apply.unchanged", target=one.target)
    return say("cli.apply.failed", target=one.target, reason=_reason(one.error))


def _actions(counts: Mapping[str, int]) -> str:
    return WORDS[spoken()]["comma"].join(
        f"{say(f'cli.action.{action}')} {count}" for action, count in counts.items() if count
    )


def _digests(known: Settings, result: NightlyResult) -> str:
    if result.digests_error is not None:
        return say("cli.nightly.digests_failed", reason=_reason(result.digests_error))
    if result.digests is None:
        return say("cli.nightly.digests_not_judged")
    if not result.digests.count:
        return say("cli.nightly.digests_none")
    if not result.digests.kept:
        return say("cli.nightly.digests_off", count=result.digests.count)
    code = "cli.nightly.digests_would" if result.dry_run else "cli.nightly.digests"
    return say(code, count=result.digests.count, due=clock(result.due_at, known.zone))


def _meeting(one: MeetingResult) -> str:
    name = one.title or one.meeting_id
    if one.prepared is None:
        return say("cli.nightly.meeting_failed", meeting=name, reason=_reason(one.error))
    folder = one.prepared.folder if one.prepared.dry_run else one.prepared.latest
    return say("cli.nightly.meeting", meeting=name, days=one.reminders[0], folder=str(folder))


def _reason(error: OkrError | None) -> str:
    return "" if error is None else say(f"error.{error.code}", **error.values)
