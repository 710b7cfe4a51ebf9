"""An okr.toml out of a person's answers: annotated, and read back without a problem."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from okr.settings.names import full_key, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True)
class SourceAnswer:
    """A source: a folder (`tables`), workbooks (`workbook`) or a database (`sql`).

    `path` for the first two; `url`, the name of the environment variable that holds the password,
    and for each table a table's name or a SELECT for the third.
    """

    name: str
    kind: str
    path: str | Sequence[str] = ""
    url: str = ""
    password_env: str | None = None
    tables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MeetingAnswer:
    """A meeting; `starts_at` without a zone is in the company's."""

    name: str
    unit: str
    period: str
    starts_at: datetime
    hrbp: Sequence[str] = ()
    title: str | None = None


@dataclass(frozen=True)
class Answers:
    """What `okr init` asks. What is None is left to its default and shown as a comment."""

    timezone: str
    language: str | None = None
    period: str | None = None
    warehouse: str = "warehouse.duckdb"
    sources: Sequence[SourceAnswer] = ()
    meetings: Sequence[MeetingAnswer] = ()


def write_settings(answers: Answers, say: Callable[[str], str]) -> str:
    """The content of an okr.toml.

    Args:
        answers: what the person said; every text in it is data and is written as such.
        say: the sentence of a comment in the person's language by its code (text `comment.<code>`).
    """
    lines = [
        *_said(say, "head"),
        "",
        *_said(say, "period"),
        _optional("period", answers.period, "2026Q4"),
        *_said(say, "timezone"),
        _pair("timezone", answers.timezone),
        *_said(say, "language"),
        _optional("language", answers.language, "zh"),
        "",
        *_said(say, "warehouse"),
        "[warehouse]",
        _pair("path", answers.warehouse),
        "",
        *_said(say, "sources"),
    ]
    for source in answers.sources:
        lines += ["", *_source(source, say)]
    if not answers.sources:
        lines += ["#[sources.planning]", '#kind = "tables"', '#path = "planning"']
    lines += ["", *_said(say, "meetings")]
    for meeting in answers.meetings:
        lines += ["", *_meeting(meeting)]
    if not answers.meetings:
        lines += [f"#{line}" for line in EXAMPLE_OF_MEETING]
    lines += ["", *_said(say, "rules"), "#[rules.AL104]", '#severity = "minor"', ""]
    lines += [*_said(say, "engine"), "#[engine]", "#threads = 2", '#memory_limit = "2GB"', ""]
    return "\n".join([*lines, *_said(say, "more"), ""])


EXAMPLE_OF_MEETING = (
    "[meetings.market-2027q1]",
    'unit = "市场事业群"',
    'period = "2027Q1"',
    "starts_at = 2026-12-18T09:30:00+08:00",
    'hrbp = ["li.lei@example.com"]',
)


def _said(say: Callable[[str], str], code: str) -> Iterator[str]:
    for line in say(code).splitlines():
        yield f"# {line}".rstrip()


def _source(source: SourceAnswer, say: Callable[[str], str]) -> Iterator[str]:
    yield f"[{full_key(['sources', source.name])}]"
    yield _pair("kind", source.kind)
    if source.kind != "sql":
        yield _pair("path", source.path)
        return
    yield _pair("url", source.url)
    if source.password_env:
        yield from _said(say, "password")
        yield f"password = {{ env = {quoted(source.password_env)} }}"
    yield f"[{full_key(['sources', source.name, 'tables'])}]"
    yield from _said(say, "tables")
    for table, query in source.tables.items():
        yield _pair(table, query)


def _meeting(meeting: MeetingAnswer) -> Iterator[str]:
    yield f"[{full_key(['meetings', meeting.name])}]"
    yield _pair("unit", meeting.unit)
    yield _pair("period", meeting.period)
    yield f"starts_at = {meeting.starts_at.isoformat()}"
    yield _pair("hrbp", list(meeting.hrbp))
    if meeting.title:
        yield _pair("title", meeting.title)


def _optional(key: str, value: str | None, example: str) -> str:
    return _pair(key, value) if value is not None else f"#{_pair(key, example)}"


def _pair(key: str, value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return f"{full_key([key])} = {quoted(value)}"
    return f"{full_key([key])} = [{', '.join(quoted(item) for item in value)}]"
