"""okr.toml as a model: every name of it, its type, its default."""

# ruff: noqa: TC001 - pydantic reads the annotations while the program runs
from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from okr.settings.kinds import (
    Address,
    Cron,
    Database,
    Day,
    FilePath,
    Fraction,
    Header,
    Line,
    Memory,
    Moment,
    Network,
    Patterns,
    Port,
    Reminders,
    Span,
    TimeOfDay,
    WebUrl,
    Where,
    Words,
    Workdays,
    Zone,
)
from okr.settings.secret import Secret

Severity = Literal["critical", "major", "minor", "info"]
LanguageName = Literal["zh", "en"]


class Section(BaseModel):
    """A section of the file: nothing unknown in it, nothing converted, nothing changed later."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        validate_default=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )


class Warehouse(Section):
    """`[warehouse]`: the file that holds what runs compute."""

    path: FilePath = Path("warehouse.duckdb")


class LedgerSettings(Section):
    """`[ledger]`: where what people and the program did is kept."""

    url: Database = "sqlite:///ledger.sqlite"
    password: Secret | None = None


class Source(Section):
    """What every source may say, whatever its kind."""

    fresh_for: Span = timedelta(hours=1)
    precedence: int | None = None
    shrink_limit: Fraction = 0.3
    max_age: Span = timedelta(days=7)
    locale: LanguageName | None = None


class TablesSource(Source):
    """A folder with one file for each table."""

    kind: Literal["tables"]
    path: FilePath


class SqlSource(Source):
    """A database: for each table a table, a view or a SELECT."""

    kind: Literal["sql"]
    url: Database
    password: Secret | None = None
    tables: Annotated[dict[str, Words], Field(min_length=1)]
    connect_timeout: Span = timedelta(seconds=10)
    statement_timeout: Span = timedelta(minutes=5)
    incremental: bool = False
    full_every: Span = timedelta(days=7)


class WorkbookSource(Source):
    """Workbooks in a folder, by a glob, or in a list of both; the paths are absolute."""

    kind: Literal["workbook"]
    path: Patterns
    unit: Where | None = None
    period: Where | None = None
    columns: dict[str, Words] = Field(default_factory=dict)


SourceSettings = Annotated[TablesSource | SqlSource | WorkbookSource, Field(discriminator="kind")]


class MeetingSettings(Section):
    """A meeting that no source delivers. `unit` is an id, a name or an alias."""

    unit: Line
    period: Line
    starts_at: Moment
    hrbp: list[Line] = Field(default_factory=list)
    title: Line | None = None


class RuleSettings(Section):
    """What a rule is to do otherwise than it does by itself."""

    severity: Severity | None = None
    enabled: bool | None = None
    limit: Annotated[float, Field(ge=0)] | None = None


class EngineSettings(Section):
    """`[engine]`: what DuckDB may use."""

    threads: Annotated[int, Field(ge=1, le=1024)] = 2
    memory_limit: Memory = "2GB"
    temp_directory: FilePath = Path("tmp")


class Mail(Section):
    """`[mail]`: how mails leave."""

    enabled: bool = False
    host: Line | None = None
    port: Port = 587
    security: Literal["tls", "starttls", "none"] = "starttls"
    user: Line | None = None
    password: Secret | None = None
    sender: Address | None = None
    redirect_to: Address | None = None
    only_units: list[Line] = Field(default_factory=list)


class Alerts(Section):
    """`[alerts]`: when people are written to, in the company's zone."""

    send_at: TimeOfDay = time(8, 30)
    workdays: Workdays = "mon-fri"
    holidays: FilePath | None = None
    reminders: Reminders = [7, 3, 1]


class Schedule(Section):
    """`[schedule]`: cron expressions, in the company's zone."""

    nightly: Cron = "0 3 * * *"
    deliver: Cron = "*/15 * * * *"


class Web(Section):
    """`[web]`: where our pages stand and how people reach them."""

    address: Line = "127.0.0.1"
    port: Port = 8620
    url: WebUrl | None = None
    secret: Secret | None = None
    proxy_addresses: list[Network] = Field(default_factory=list)
    user_header: Header = "X-Forwarded-User"
    certificate: FilePath | None = None
    certificate_key: FilePath | None = None
    prefect_port: Port | None = None


class Packs(Section):
    """`[packs]`: where packs are put."""

    path: FilePath = Path("packs")


class Landing(Section):
    """`[landing]`: where deliveries are kept."""

    path: FilePath = Path("landing")


class Retention(Section):
    """`[retention]`: for how many days what was delivered and made is kept."""

    days: Annotated[int, Field(ge=1, le=36500)] = 400


class Advice(Section):
    """`[advice]`: from which handshake density on a meeting is worth holding."""

    density: Fraction = 0.15


class Ops(Section):
    """`[ops]`: who runs this."""

    emails: list[Address] = Field(default_factory=list)


class Deputy(Section):
    """Who is told instead of a person, and until when (that day included; null: until changed)."""

    to: Line
    until: Day | None = None


class Identities(Section):
    """`[identities]`: a table of what is the same in several sources, as far as ops know it."""

    path: FilePath | None = None


class SqlTarget(Section):
    """A database that reconciled views are written to."""

    kind: Literal["sql"]
    url: Database
    password: Secret | None = None
    enabled: bool = False


class FolderTarget(Section):
    """A folder that files are written to."""

    kind: Literal["folder"]
    path: FilePath
    enabled: bool = False


TargetSettings = Annotated[SqlTarget | FolderTarget, Field(discriminator="kind")]


class Settings(Section):
    """The whole file. Every path in it is absolute; `folder` is what they were relative to."""

    period: Line | None = None
    timezone: Zone
    language: LanguageName | None = None
    infer: Literal["on", "off"] = "on"
    now: Moment | None = None
    warehouse: Warehouse
    ledger: LedgerSettings
    sources: dict[str, SourceSettings]
    meetings: dict[str, MeetingSettings]
    rules: dict[str, RuleSettings]
    fields: dict[str, list[Words]]
    engine: EngineSettings
    mail: Mail
    alerts: Alerts
    schedule: Schedule
    web: Web
    packs: Packs
    landing: Landing
    retention: Retention
    advice: Advice
    ops: Ops
    deputies: dict[str, Deputy]
    identities: Identities
    targets: dict[str, TargetSettings]

    _file: Path = PrivateAttr()

    @property
    def file(self) -> Path:
        """The settings file, absolute."""
        return self._file

    @property
    def folder(self) -> Path:
        """The folder of the settings file."""
        return self._file.parent

    @property
    def zone(self) -> ZoneInfo:
        """The company's zone."""
        return ZoneInfo(self.timezone)

    def source_order(self) -> list[str]:
        """The names of the sources by precedence: those that have a number, then as in the file."""
        numbers = {name: source.precedence for name, source in self.sources.items()}
        return sorted(numbers, key=lambda name: (numbers[name] is None, numbers[name] or 0))

    def placed(self, file: Path) -> Settings:
        """These settings, told which file they are."""
        self._file = file
        return self
