"""`okr prepare`: the pre-handshake run, and the pack that it makes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from okr.cli import rooms, summary
from okr.cli.deliver import troubles
from okr.cli.options import Common
from okr.cli.plan import who as account
from okr.cli.progress import reporting
from okr.cli.speech import complain, say
from okr.cli.start import hush
from okr.cli.tables import line
from okr.errors import CallError
from okr.texts.values import tame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from okr.pipeline.prepare import Prepared
    from okr.settings import Settings

KINDS = ("page", "meeting", "leader", "unit")


def prepare(
    meeting: str,
    /,
    *,
    fresh: bool = False,
    no_pull: bool = False,
    dry_run: bool = False,
    rehearsal: bool = False,
    on_prefect: bool = False,
    common: Common = Common(),  # noqa: B008 - frozen
) -> int:
    """Pull what is not fresh, judge, make the pack of a meeting, and deliver what the settings turn on."""
    if fresh and no_pull:
        raise CallError("options_exclude", one="--fresh", other="--no-pull")
    asked = {"fresh": fresh, "pull": not no_pull, "dry_run": dry_run, "rehearsal": rehearsal}
    if on_prefect:
        return rooms.on_prefect(common.config, "pre_handshake", {"meeting": meeting, "who": account(), **asked})
    with reporting() as report:
        report.stage("settings")
        known = rooms.settings(common.config)
        result = rooms.prepare(known, meeting, account(), report, **asked)
    _show(known, result)
    return result.exit_status


def _show(known: Settings, result: Prepared) -> None:
    """Print what came of it. Nobody reading it is no reason for another exit status."""
    try:
        if result.sync is not None and result.sync.exit_status:
            for told in summary.troubles(known, result.sync):
                line(told)
        for told in page(result):
            line(tame(told))
    except BrokenPipeError:
        hush()
    if result.delivered is not None and result.delivered.error is not None:
        complain(result.delivered.error)


def page(result: Prepared) -> Iterator[str]:
    """The lines that say how ready the meeting is, where its pack lies, and what leaves."""
    counted = " · ".join(f"{say(f'severity.{name}')} {count}" for name, count in result.gaps.items())
    yield say("cli.prepare.ready", meeting=result.name, readiness=f"{result.readiness:.0f}")
    yield say("cli.prepare.gaps", parts=counted) if counted else say("cli.prepare.no_gaps")
    yield ""
    yield say("cli.prepare.folder", folder=near(result.folder))
    for kind in KINDS:
        for file in result.pack:
            if file.kind == kind:
                yield f"  {file.name}  {say(f'cli.prepare.{kind}')}"
    mails = [name for name in result.files if "/" in name]
    if mails:
        code = "mails_to_look_at" if result.dry_run else "mails"
        yield f"  {mails[0].partition('/')[0]}/  {say(f'cli.prepare.{code}', count=len(mails))}"
    yield from _mails(result)
    if result.dry_run:
        yield say("cli.prepare.dry_run")


def _mails(result: Prepared) -> Iterator[str]:
    if result.mails is None:
        return
    done = result.delivered
    if done is not None and (result.mails.count or done.sent or done.troubles or done.waiting):
        yield say("cli.prepare.delivered", sent=done.sent, refused=done.refused, waiting=done.waiting)
        yield from (f"  {told}" for told in troubles(done.troubles))
    elif not result.mails.count:
        yield say("cli.prepare.nobody_new")
    elif not result.mails.kept and not result.dry_run:
        yield say("cli.prepare.mail_off")


def near(path: Path) -> str:
    """A path as one types it here: from the present folder where it lies in there."""
    here = Path.cwd()
    return str(path.relative_to(here)) + os.sep if path.is_relative_to(here) else str(path) + os.sep
