"""What `okr init` asks, and what it makes of the answers."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from okr.cli.speech import say, spoken
from okr.errors import SettingsError
from okr.settings import Answers, SourceAnswer, parse, write_settings

if TYPE_CHECKING:
    from rich.console import Console

HR_TABLES = {
    "org_units": "SELECT id AS unit_id, name, parent AS parent_id FROM departments",
    "people": "SELECT id AS person_id, name, mail AS email, department AS unit_id FROM staff",
}
"""An example that shows what a SELECT must give; the person puts their own in its place."""


@dataclass
class Asked:
    """The answers so far; None and empty: not asked yet, or nothing."""

    timezone: str | None = None
    period: str | None = None
    tables: list[str] = field(default_factory=list)
    workbooks: list[str] = field(default_factory=list)
    databases: list[str] = field(default_factory=list)
    language: str | None = None


def ask(asked: Asked, folder: Path) -> None:
    """Ask for what no option gave. Questions go to standard error."""
    from rich.console import Console  # noqa: PLC0415

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    console.print(say("cli.init.hello"))
    asked.language = asked.language or _choice(console, "cli.init.ask_language", spoken())
    while asked.timezone is None:
        zone = _line(console, "cli.init.ask_timezone", _local_zone())
        asked.timezone = zone if _is_zone(console, zone) else None
    asked.period = asked.period or _line(console, "cli.init.ask_period", "") or None
    for kind, found in (
        ("tables", asked.tables),
        ("workbooks", asked.workbooks),
        ("database", asked.databases),
    ):
        if not found:
            found.extend(_several(console, kind, folder))


def answers(asked: Asked) -> Answers:
    """The answers as the settings' writer takes them."""
    sources: list[SourceAnswer] = []
    names: set[str] = set()
    for url in asked.databases:
        name = _free("hr", names)
        password = None if url.startswith("sqlite") else f"{name.upper().replace('-', '_')}_PASSWORD"
        sources.append(SourceAnswer(name, "sql", url=url, password_env=password, tables=HR_TABLES))
    sources += [SourceAnswer(_free("planning", names), "tables", path) for path in asked.tables]
    sources += [SourceAnswer(_free("units", names), "workbook", path) for path in asked.workbooks]
    return Answers(
        timezone=asked.timezone or _local_zone(),
        language=asked.language,
        period=asked.period,
        sources=sources,
    )


def _free(name: str, taken: set[str]) -> str:
    """A name that no other source has: planning, planning-2 and so on."""
    chosen = name
    number = 1
    while chosen in taken:
        number += 1
        chosen = f"{name}-{number}"
    taken.add(chosen)
    return chosen


def _line(console: Console, code: str, default: str) -> str:
    from rich.prompt import Prompt  # noqa: PLC0415

    return Prompt.ask(say(code), console=console, default=default, show_default=bool(default)).strip()


def _choice(console: Console, code: str, default: str) -> str:
    from rich.prompt import Prompt  # noqa: PLC0415

    return Prompt.ask(say(code), console=console, choices=["zh", "en"], default=default)


def _several(console: Console, kind: str, folder: Path) -> list[str]:
    """Places of one kind, until an empty answer. What is not there may come later, and is told."""
    found: list[str] = []
    while told := _line(console, f"cli.init.ask_{kind}" if not found else "cli.init.ask_more", ""):
        if kind == "database":
            if not _is_database(console, told):
                continue
        elif not any(folder.glob(told)) if "*" in told else not (folder / told).expanduser().exists():
            console.print(say("cli.init.not_there", place=told))
        found.append(told)
    return found


def _is_zone(console: Console, zone: str) -> bool:
    return _reads_back(console, Answers(timezone=zone))


def _is_database(console: Console, url: str) -> bool:
    source = SourceAnswer("hr", "sql", url=url, tables=HR_TABLES)
    return _reads_back(console, Answers(timezone="UTC", sources=[source]))


def _reads_back(console: Console, given: Answers) -> bool:
    """Whether settings with this answer are right; if not, the person is told why."""
    try:
        parse(write_settings(given, lambda code: code), Path("okr.toml"))
    except SettingsError as error:
        for problem in error.problems or (error,):
            console.print(say(f"error.{problem.code}", **problem.values))
        return False
    return True


def _local_zone() -> str:
    """The zone of this machine, if it has a name."""
    if zone := os.environ.get("TZ", "").lstrip(":"):
        return zone
    try:
        told = os.readlink("/etc/localtime").partition("zoneinfo/")[2]  # noqa: PTH115 - kept as written
    except OSError:
        told = ""
    return told.removeprefix("posix/") or "UTC"
