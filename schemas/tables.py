"""The canonical tables: the one place where their columns are declared.

Everything else follows from these declarations: canonical types, pandera models (`models`), which
normal form a column takes (`forms`), what is needed, what counts as content.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

DType = pl.DataType | type[pl.DataType]


class Form(StrEnum):
    """What kind of value a column holds, and so which normal form it takes."""

    ID = "id"
    IDS = "ids"  # a list of ids
    TEXT = "text"
    TEXTS = "texts"  # a list of texts
    CHOICE = "choice"  # one of a few words, exactly as written here
    SHARE = "share"  # a fraction from 0 to 1
    PROGRESS = "progress"  # a fraction from 0 without an upper bound
    NUMBER = "number"  # as given, never rescaled
    WHOLE = "whole"  # a whole number
    DATE = "date"
    TIME = "time"  # UTC, microseconds
    FLAG = "flag"


UTC_TIME = pl.Datetime("us", "UTC")

DTYPES: dict[Form, DType] = {
    Form.ID: pl.String(),
    Form.IDS: pl.List(pl.String),
    Form.TEXT: pl.String(),
    Form.TEXTS: pl.List(pl.String),
    Form.CHOICE: pl.String(),
    Form.SHARE: pl.Float64(),
    Form.PROGRESS: pl.Float64(),
    Form.NUMBER: pl.Float64(),
    Form.WHOLE: pl.Int64(),
    Form.DATE: pl.Date(),
    Form.TIME: UTC_TIME,
    Form.FLAG: pl.Boolean(),
}


@dataclass(frozen=True)
class Column:
    """A column of a canonical table.

    Attributes:
        name: as in every file, view and message.
        form: the kind of its values.
        needed: empty or unreadable, it takes its row with it.
        decisive: may be empty, but a value that is given and refused takes its row with it.
        choices: the legal words of a `Form.CHOICE`.
        default: what null means where no source says anything; in a key, what null is.
        after_refusal: what a refused value becomes, where that is not the default.
        takes: a column that means nothing without this one and is refused with it.
    """

    name: str
    form: Form = Form.TEXT
    needed: bool = False
    decisive: bool = False
    choices: tuple[str, ...] = ()
    default: str | bool | None = None
    after_refusal: str | None = None
    takes: str | None = None


@dataclass(frozen=True)
class Table:
    """A canonical table: its name, what its rows are, its key and its columns in order.

    Attributes:
        kind: unit, person, period, objective, kr, alignment, handshake, dependency or meeting.
        content: the columns whose change is a change of content.
        extra: canonical columns beyond the contract's, that no source delivers.
    """

    name: str
    kind: str
    key: tuple[str, ...]
    declared: tuple[Column, ...]
    content: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    @cached_property
    def column(self) -> Mapping[str, Column]:
        """The declared columns by name."""
        return {column.name: column for column in self.declared}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in the contract's order."""
        return tuple(column.name for column in self.declared)

    @cached_property
    def dtypes(self) -> dict[str, DType]:
        """The canonical polars type of every column, extra ones at the end."""
        found = {column.name: DTYPES[column.form] for column in self.declared}
        return found | dict.fromkeys(self.extra, pl.String())

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """Columns without which a row is refused."""
        return tuple(column.name for column in self.declared if column.needed)

    @cached_property
    def needed_columns(self) -> tuple[str, ...]:
        """Columns without which the table is refused: the needed ones that have no default."""
        return tuple(c.name for c in self.declared if c.needed and c.default is None)

    @cached_property
    def decisive(self) -> tuple[str, ...]:
        """Columns whose refused value takes its row with it."""
        return tuple(c.name for c in self.declared if c.needed or c.decisive)

    @cached_property
    def parent(self) -> str | None:
        """The column that names the O or KR that a row belongs to or starts from."""
        return PARENTS.get(self.name)


PARENTS = {
    "key_results": "objective_id",
    "alignments": "objective_id",
    "handshakes": "kr_id",
    "dependencies": "kr_id",
}


def _id(name: str, *, needed: bool = False, decisive: bool = False) -> Column:
    return Column(name, Form.ID, needed=needed, decisive=decisive)


def _choice(name: str, *choices: str, default: str | None = None, needed: bool = False) -> Column:
    return Column(name, Form.CHOICE, choices=choices, default=default, needed=needed)


ACTIVE = Column("active", Form.FLAG, default=True)
UPDATED_AT = Column("updated_at", Form.TIME)
CONTENT_UPDATED_AT = Column("content_updated_at", Form.TIME)

ORG_UNITS = Table(
    "org_units",
    kind="unit",
    key=("unit_id",),
    declared=(
        _id("unit_id", needed=True),
        Column("name"),
        _id("parent_id"),
        Column("level"),
        _id("leader_id"),
        Column("aliases", Form.TEXTS),
        ACTIVE,
    ),
)

PEOPLE = Table(
    "people",
    kind="person",
    key=("person_id",),
    declared=(
        _id("person_id", needed=True),
        Column("name"),
        Column("aliases", Form.TEXTS),
        Column("email"),
        _id("unit_id"),
        _id("manager_id"),
        _choice("locale", "zh", "en"),  # the default comes from the settings
        ACTIVE,
    ),
)

PERIODS = Table(
    "periods",
    kind="period",
    key=("period_id",),
    declared=(
        _id("period_id", needed=True),
        Column("name"),
        Column("starts_on", Form.DATE, needed=True),
        Column("ends_on", Form.DATE, needed=True),
        _id("parent_period_id"),
    ),
)

OBJECTIVES = Table(
    "objectives",
    kind="objective",
    key=("objective_id",),
    content=("title", "unit_id", "state"),
    declared=(
        _id("objective_id", needed=True),
        _id("unit_id", needed=True),
        _id("person_id", decisive=True),
        _id("period_id", needed=True),
        Column("ordinal", Form.WHOLE),
        Column("title"),
        Column("owner_ids", Form.IDS),
        Column("confidence", Form.SHARE),
        _choice("origin", "top_down", "bottom_up"),
        Column(
            "state",
            Form.CHOICE,
            choices=("draft", "published", "withdrawn", "masked"),
            default="published",
            after_refusal="draft",  # what nobody can read must not be judged as published
        ),
        _choice("visibility", "public", "unit", "private", default="public"),
        Column("weight", Form.NUMBER),
        CONTENT_UPDATED_AT,
        UPDATED_AT,
        Column("url"),
    ),
)

KEY_RESULTS = Table(
    "key_results",
    kind="kr",
    key=("kr_id",),
    content=("title", "metric", "comparator", "target", "measure_unit", "due_on"),
    declared=(
        _id("kr_id", needed=True),
        _id("objective_id", needed=True),
        Column("ordinal", Form.WHOLE),
        Column("title"),
        Column("owner_ids", Form.IDS),
        Column("member_ids", Form.IDS),
        Column("due_on", Form.DATE),
        Column("confidence", Form.SHARE),
        Column("progress", Form.PROGRESS),
        Column("metric"),
        Column("comparator", Form.CHOICE, choices=(">=", "<=", "="), takes="target"),
        Column("baseline", Form.NUMBER),
        Column("target", Form.NUMBER),
        Column("measure_unit"),
        _choice("rollup", "sum", "min", "max"),
        Column("weight", Form.NUMBER),
        CONTENT_UPDATED_AT,
        UPDATED_AT,
        Column("url"),
    ),
)

ALIGNMENTS = Table(
    "alignments",
    kind="alignment",
    key=("objective_id", "parent_kind", "parent_id"),
    declared=(
        _id("objective_id", needed=True),
        _choice("parent_kind", "kr", "objective", default="kr", needed=True),
        _id("parent_id", needed=True),
        Column("share", Form.SHARE),
        UPDATED_AT,
    ),
)

HANDSHAKES = Table(
    "handshakes",
    kind="handshake",
    key=("handshake_id",),
    content=("party", "point", "needed_by"),
    declared=(
        _id("handshake_id", needed=True),
        _id("kr_id", needed=True),
        Column("party"),  # as written: an id, a name or an alias
        Column("point"),
        Column("needed_by", Form.DATE),
        _choice("response", "accepted", "clarify", "rejected"),
        Column("response_reason"),
        _id("responded_by"),
        Column("responded_at", Form.TIME),
        _id("supporting_kr_id"),
        _choice("decision", "invest", "drop"),
        _id("decided_by"),
        CONTENT_UPDATED_AT,
        UPDATED_AT,
    ),
)

DEPENDENCIES = Table(
    "dependencies",
    kind="dependency",
    key=("kr_id", "needs_kr_id"),
    declared=(_id("kr_id", needed=True), _id("needs_kr_id", needed=True), UPDATED_AT),
)

MEETINGS = Table(
    "meetings",
    kind="meeting",
    key=("meeting_id",),
    extra=("starts_at_offset",),  # the offset that the time was written with, like +08:00
    declared=(
        _id("meeting_id", needed=True),
        _id("unit_id", needed=True),
        _id("period_id", needed=True),
        Column("starts_at", Form.TIME, needed=True),
        Column("hrbp_ids", Form.IDS),
        Column("title"),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        ORG_UNITS,
        PEOPLE,
        PERIODS,
        OBJECTIVES,
        KEY_RESULTS,
        ALIGNMENTS,
        HANDSHAKES,
        DEPENDENCIES,
        MEETINGS,
    )
}
"""Every canonical table, in the contract's order."""

LONGEST_ID = 200  # characters

EXTRAS: dict[str, DType] = {
    "scope": pl.String(),
    "part": pl.String(),
    "place": pl.String(),
    "row": pl.String(),
    "stated_id": pl.String(),
}
"""What stands beside a table's own columns, raw and canonical: where a row comes from, and for
sources without ids its name within the delivery and the id that the sheet states."""

ALWAYS = ("scope", "part", "place")
"""The extras that every frame of rows has."""

QUARANTINE: dict[str, DType] = {
    "source": pl.String(),
    "scope": pl.String(),
    "table": pl.String(),
    "record_id": pl.String(),
    "row_unit": pl.String(),
    "parent_id": pl.String(),
    "place": pl.String(),
    "field": pl.String(),
    "value": pl.String(),
    "code": pl.String(),
    "values": pl.String(),
    "whole": pl.Boolean(),
}
"""A refused value or, with `whole`, a reason for which a row was refused; `values` is JSON."""
