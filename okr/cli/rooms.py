"""The rooms that commands work with, each imported when it is first asked for.

Importing them takes from a tenth of a second (settings) to two seconds (pipeline), which `--help`
and the first sign of progress must not wait for.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

from okr.cli.speech import say, spoken, tell
from okr.texts.values import tame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from connectors.protocol import CheckLine
    from okr.ledger import Ledger, Message
    from okr.pipeline import SyncResult
    from okr.pipeline.delivery import Delivered, Trouble
    from okr.pipeline.nightly import NightlyResult
    from okr.pipeline.prepare import Prepared
    from okr.publish.plan import Outcome, Plan
    from okr.reconcile.blank import Blank
    from okr.reconcile.changes import Changes
    from okr.reconcile.reading import Reader
    from okr.reconcile.rulebook import Rule
    from okr.report import Report
    from okr.settings import Secret, Settings
    from okr.texts import Language


def settings(file: Path | None) -> Settings:
    """The settings; `file` None: OKR_CONFIG, else okr.toml."""
    from okr.settings import load  # noqa: PLC0415

    return load(file, rule_codes=rules())


def now(known: Settings) -> datetime:
    """The time of day of this call."""
    from okr.settings import now  # noqa: PLC0415

    return now(known)


def rules() -> Mapping[str, Rule]:
    """Every rule by its code."""
    from okr.reconcile import rulebook  # noqa: PLC0415

    return rulebook.rules()


def reader(known: Settings) -> Reader:
    """Reads the warehouse as the last successful run left it."""
    from okr.reconcile.reading import Reader  # noqa: PLC0415

    return Reader(known)


def changes(reader: Reader, since: str, **asked: Any) -> Changes:  # noqa: ANN401 - as `changes.changes` takes them
    """What changed since a time, a run or a meeting."""
    from okr.reconcile.changes import changes  # noqa: PLC0415

    return changes(reader, since, **asked)


def sides(row: Mapping[str, Any], lang: Language) -> tuple[str, str]:
    """A change as it was and as it is."""
    from okr.publish.changed import sides  # noqa: PLC0415

    return sides(row, lang)


def prepared(known: Settings) -> Callable[[str], list[str]]:
    """The ids of the runs of which a meeting has a pack, by the meeting's id."""
    from okr.publish.pack.store import Packs  # noqa: PLC0415

    packs = Packs(known.packs.path)
    return lambda meeting_id: [str(pack.about.get("run_id")) for pack in packs.all(meeting_id)]


def ledger(known: Settings) -> Ledger:
    """What people and the program did."""
    from okr.ledger import Ledger  # noqa: PLC0415

    password = known.ledger.password
    return Ledger.open(known.ledger.url, password=None if password is None else secret(password))


def known_source(known: Settings, source: str) -> None:
    """Make sure that the settings know a source.

    Raises:
        CallError: `unknown_source`.
    """
    order = known.source_order()
    if source not in order:
        from okr.cli.start import nearest  # noqa: PLC0415
        from okr.errors import CallError  # noqa: PLC0415

        raise CallError("unknown_source", source=source, nearest=nearest(source, order), known=order)


def secret(wanted: Secret) -> str:
    """A secret's text, wherever it is kept."""
    from okr.settings import resolve  # noqa: PLC0415

    return resolve(wanted, block=block)


def block(name: str) -> str:
    """A secret that is kept in Prefect; only a call that needs one brings Prefect."""
    from flows.secrets import from_block  # noqa: PLC0415
    from okr.errors import RunError  # noqa: PLC0415

    try:
        return from_block(name)
    except (ValueError, LookupError):
        raise
    except Exception as error:
        raise RunError("prefect_silent", reason=type(error).__name__) from error


def sync(known: Settings, sources: Sequence[str] | None, report: Report, *, dry_run: bool = False) -> SyncResult:
    """Pull, validate, merge, judge."""
    from okr import pipeline  # noqa: PLC0415

    with pipeline.run_on(known, dry_run=dry_run, block=block) as stores:
        return pipeline.sync(stores, sources=sources, report=report, block=block)


def nightly(known: Settings, report: Report, *, dry_run: bool) -> NightlyResult:
    """What the schedule runs every night."""
    from okr.pipeline.nightly import nightly  # noqa: PLC0415

    return nightly(known, report=report, block=block, dry_run=dry_run)


def on_prefect(file: Path | None, deployment: Literal["nightly", "pre_handshake"], asked: Mapping[str, object]) -> int:
    """Make the call a flow run on the configured Prefect server, watch it, and return its exit status.

    The run reads the same settings file; of its parameters all that the call does not say keep their defaults.
    """
    tell(say("stage.settings"))
    known = settings(file)
    _our_prefect(known)
    from flows import naming, watching  # noqa: PLC0415 - Prefect takes a second

    names = {"nightly": naming.NIGHTLY, "pre_handshake": naming.PRE_HANDSHAKE}
    parameters = {"config": str(known.file), **asked}
    return watching.run_on_server(names[deployment], parameters, tell=lambda said: tell(tame(said)), language=spoken())


def _our_prefect(known: Settings) -> None:
    """Turn to the Prefect that `okr serve` keeps beside the settings, unless the environment names another."""
    if os.environ.get("PREFECT_API_URL"):
        return
    from flows.home import FOLDER, Home  # noqa: PLC0415

    if (known.folder / FOLDER).is_dir():
        os.environ.update(Home.of(known).client())  # Prefect reads its environment at import


def prepare(known: Settings, meeting: str, who: str, report: Report, **options: Any) -> Prepared:  # noqa: ANN401
    """The pre-handshake run for one meeting."""
    from okr.pipeline.prepare import prepare  # noqa: PLC0415

    return prepare(known, meeting, who=who, report=report, block=block, **options)


def plan(known: Settings, targets: Sequence[str], report: Report) -> tuple[list[str], Plan]:
    """What would be written and sent now, and to which targets that was asked."""
    from okr.pipeline import writes  # noqa: PLC0415

    names = writes.chosen(known, targets)
    return names, writes.plan(known, names, report=report, block=block)


def target_enabled(known: Settings, name: str) -> bool:
    """Whether a target is on; `mail` is one."""
    from okr.pipeline import writes  # noqa: PLC0415

    return writes.enabled(known, name)


def plan_shown(known: Settings, shown: Plan, targets: Sequence[str], who: str) -> None:
    """Note that somebody has seen a plan."""
    from okr.pipeline import writes  # noqa: PLC0415

    writes.remember(known, shown, targets, who, block=block)


def apply(known: Settings, plan_id: str | None, who: str, report: Report) -> list[Outcome]:
    """Write just what a plan has shown."""
    from okr.pipeline import writes  # noqa: PLC0415

    return writes.apply(known, plan_id, who=who, report=report, block=block)


def deliver(known: Settings, meeting: str | None, report: Report) -> Delivered:
    """Send what is due in the outbox."""
    from okr.pipeline import delivery  # noqa: PLC0415

    return delivery.deliver(known, report=report, block=block, meeting=meeting)


def settle(known: Settings, key: str, verdict: Literal["sent", "again"], who: str, why: str) -> Message:
    """Say what became of a message that is uncertain."""
    from okr.pipeline import delivery  # noqa: PLC0415

    return delivery.settle(known, key, verdict, who=who, why=why, block=block)


def uncertain(known: Settings) -> list[Message]:
    """The messages of which a person has to say what became of them."""
    from okr.pipeline import delivery  # noqa: PLC0415

    return delivery.uncertain(known, block=block)


def refused(known: Settings) -> list[Trouble]:
    """What the mail server has refused lately."""
    from okr.pipeline import delivery  # noqa: PLC0415

    return delivery.refused(known, block=block)


def mail_checks(known: Settings) -> Iterable[CheckLine]:
    """Whether the mail server can be reached and lets us in, line by line. Sends nothing."""
    from connectors.smtp import check  # noqa: PLC0415

    password = known.mail.password
    return check(known.mail, lambda: secret(password) if password else "")


def target_checks(known: Settings, name: str) -> Iterable[CheckLine]:
    """Whether a target can be reached and written, line by line. Changes nothing."""
    from okr.publish.targets import checks  # noqa: PLC0415

    return checks(name, known.targets[name], secret)


def blank(known: Settings, unit: str | None, period: str | None) -> Blank:
    """What a unit's empty template needs."""
    from okr.reconcile.blank import blank  # noqa: PLC0415

    with reader(known) as house:
        return blank(house, unit=unit, period=period, now=now(known))


def template_name(told: Blank, word: str) -> str:
    """The name of a template's file."""
    from connectors.naming import safe_name  # noqa: PLC0415

    about = "-".join(part for part in (told.unit, told.period_id) if part)
    return f"{word}-{safe_name(about)}.xlsx"


def write_template(file: Path, told: Blank, known: Settings, first: Language) -> None:
    """Write an empty template, in the reader's language first."""
    from okr.cli.files import beside  # noqa: PLC0415
    from okr.publish.sheets.template import write_template  # noqa: PLC0415

    with beside(file) as path:
        write_template(path, told, at=now(known), languages=("zh", "en") if first == "zh" else ("en", "zh"))
