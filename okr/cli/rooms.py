"""The rooms that commands work with, each imported when it is first asked for.

Importing them takes from a tenth of a second (settings) to two seconds (pipeline), which `--help`
and the first sign of progress must not wait for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from connectors.protocol import CheckLine
    from okr.ledger import Ledger
    from okr.pipeline import SyncResult
    from okr.publish.plan import Outcome, Plan
    from okr.reconcile.reading import Reader
    from okr.reconcile.rulebook import Rule
    from okr.report import Report
    from okr.settings import Secret, Settings


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

    return from_block(name)


def sync(known: Settings, sources: Sequence[str] | None, report: Report) -> SyncResult:
    """Pull, validate, merge, judge."""
    from okr import pipeline  # noqa: PLC0415

    return pipeline.sync(known, sources=sources, report=report, block=block)


def plan(known: Settings, targets: Sequence[str], report: Report) -> tuple[list[str], Plan]:
    """What would be written and sent now, and to which targets that was asked."""
    from okr.pipeline import writes  # noqa: PLC0415

    names = writes.chosen(known, targets)
    return names, writes.plan(known, names, report=report, block=block)


def plan_shown(known: Settings, shown: Plan, targets: Sequence[str], who: str) -> None:
    """Note that somebody has seen a plan."""
    from okr.pipeline import writes  # noqa: PLC0415

    writes.remember(known, shown, targets, who, block=block)


def apply(known: Settings, plan_id: str | None, who: str, report: Report) -> list[Outcome]:
    """Write just what a plan has shown."""
    from okr.pipeline import writes  # noqa: PLC0415

    return writes.apply(known, plan_id, who=who, report=report, block=block)


def target_checks(known: Settings, name: str) -> Iterable[CheckLine]:
    """Whether a target can be reached and written, line by line. Changes nothing."""
    from okr.publish.targets import checks  # noqa: PLC0415

    return checks(name, known.targets[name], secret)
