"""`okr check`: can everything be reached that a run will need? It changes nothing.

Exit status 0: all is well; 1: a source cannot be read; 2: the settings are wrong, a secret is
missing, or a place that a run writes to cannot be written.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from okr.cli import rooms
from okr.cli.options import Common
from okr.cli.progress import reporting
from okr.cli.speech import say, spoken
from okr.cli.tables import clock, line
from okr.cli.width import wrapped
from okr.errors import CallError, OkrError
from okr.texts.values import tame

if TYPE_CHECKING:
    from pathlib import Path

    from okr.report import Report
    from okr.settings import Settings, SourceSettings, TargetSettings

WIDTH = 100


@dataclass
class Finding:
    """What was found of one thing: sentences, and the exit status that it asks for."""

    name: str
    told: list[str] = field(default_factory=list)
    status: int = 0


def check(
    *,
    common: Common = Common(),  # noqa: B008 - frozen
) -> int:
    """Look at settings, secrets, sources, targets, warehouse and ledger; one line each."""
    findings: list[Finding] = []
    with reporting() as report:
        report.stage("settings")
        known = rooms.settings(common.config)
        findings.append(_settings(known))
        for name, source in known.sources.items():
            findings.append(_source(known, name, source, report))
        findings.append(_mail(known, report))
        findings += [_target(known, name, target, report) for name, target in known.targets.items()]
        findings += [_warehouse(known), _ledger(known), _folder("landing", known.landing.path)]
    for one in findings:
        _print(one)
    worst = max(one.status for one in findings)
    line()
    line(say("cli.check.well" if worst == 0 else f"cli.check.status_{worst}"))
    return worst


def _print(one: Finding) -> None:
    sentences = ("" if spoken() == "zh" else " ").join(one.told)
    text = f"{'✗' if one.status else '✓'} {say('cli.check.line', name=one.name, sentences=sentences)}"
    first, *more = wrapped(tame(text), WIDTH)
    line(first)
    for rest in more:
        line(f"  {rest}")


def _settings(known: Settings) -> Finding:
    """The file itself and what it says of the clock. Secrets are told where they are needed."""
    found = Finding(say("cli.check.settings"))
    found.told = [say("cli.check.settings_read", file=str(known.file), count=len(known.sources))]
    try:
        from okr.settings import read_mapping  # noqa: PLC0415

        read_mapping(known)
    except CallError as wrong:
        from okr.texts import told  # noqa: PLC0415

        found.told, found.status = told(wrong, spoken()), 2
    if not known.sources:
        found.told, found.status = [say("error.no_sources", file=str(known.file))], 2
    return found


def _source(known: Settings, name: str, source: SourceSettings, report: Report) -> Finding:
    found = Finding(say("cli.check.source", name=name, kind=source.kind))
    report.stage("check_source", source=name)
    try:
        from connectors import connect  # noqa: PLC0415 - brings polars

        connector = connect(name, source, zone=known.zone, secrets=rooms.secret)
        for one in connector.check():
            found.told.append(say(f"{'note' if one.ok else 'error'}.{one.code}", **one.values))
            found.status = max(found.status, 0 if one.ok else 1)
    except OkrError as error:
        found.told.append(say(f"error.{error.code}", **error.values))
        found.status = 2 if isinstance(error, CallError) else 1
    return found


def _mail(known: Settings, report: Report) -> Finding:
    """Whether the mail server can be reached and lets us in, also while mail is off; nothing is sent."""
    found = Finding(say("cli.check.target", name="mail", kind="smtp"))
    found.told = [say("cli.check.target_on" if known.mail.enabled else "cli.check.target_off")]
    if known.mail.redirect_to is not None:
        found.told.append(say("note.check_mail_redirect", address=known.mail.redirect_to))
    if known.mail.host is None:
        return found
    report.stage("check_target", target="mail")
    for one in rooms.mail_checks(known):
        found.told.append(say(f"{'note' if one.ok else 'error'}.{one.code}", **one.values))
        if not one.ok and known.mail.enabled:
            found.status = 2
    return found


def _target(known: Settings, name: str, target: TargetSettings, report: Report) -> Finding:
    """Whether a target can be reached and written; one that is off is tried too, and hinders nothing."""
    found = Finding(say("cli.check.target", name=name, kind=target.kind))
    found.told = [say("cli.check.target_on" if target.enabled else "cli.check.target_off")]
    report.stage("check_target", target=name)
    for one in rooms.target_checks(known, name):
        found.told.append(say(f"{'note' if one.ok else 'error'}.{one.code}", **one.values))
        if not one.ok and target.enabled:
            found.status = 2
    return found


def _warehouse(known: Settings) -> Finding:
    path = known.warehouse.path
    found = _folder("warehouse", path.parent, path)
    if found.status or not path.exists():
        return found
    try:
        with rooms.reader(known) as reader:
            last = reader.last_run()
    except OkrError as error:
        found.told, found.status = [say(f"error.{error.code}", **error.values)], 2
    else:
        found.told = [say("cli.check.warehouse_run", file=str(path), at=clock(last["started_at"], known.zone))]
    return found


def _ledger(known: Settings) -> Finding:
    """A ledger that is there is opened; one that is not yet is only looked for a place."""
    url = known.ledger.url
    if not url.startswith("sqlite"):
        found = Finding(say("cli.check.ledger"))
        try:
            with rooms.ledger(known) as ledger:
                count = len(ledger.runs(1))
        except OkrError as error:
            found.told, found.status = [say(f"error.{error.code}", **error.values)], 2
        else:
            del count
            found.told = [say("cli.check.ledger_open", ledger=url)]
        return found
    from pathlib import Path  # noqa: PLC0415

    path = Path(url.partition("///")[2])
    found = _folder("ledger", path.parent, path)
    if found.status or not path.exists():
        return found
    try:
        with rooms.ledger(known) as ledger:
            ledger.runs(1)
    except OkrError as error:
        found.told, found.status = [say(f"error.{error.code}", **error.values)], 2
    else:
        found.told = [say("cli.check.ledger_open", ledger=str(path))]
    return found


def _folder(name: str, folder: Path, file: Path | None = None) -> Finding:
    """Whether a run can write there: the folder, or where it is not there yet the nearest above."""
    found = Finding(say(f"cli.check.{name}"))
    there = next((p for p in (folder, *folder.parents) if p.exists()), folder)
    target = str(file or folder)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        found.told, found.status = (
            [say("cli.check.not_writable", place=target, folder=str(there))],
            2,
        )
    elif file is not None and file.exists() and not os.access(file, os.R_OK | os.W_OK):
        found.told, found.status = [say("cli.check.not_writable", place=target, folder=target)], 2
    else:
        exists = (file or folder).exists()
        found.told = [say("cli.check.writable" if exists else "cli.check.to_be_made", place=target)]
    return found
