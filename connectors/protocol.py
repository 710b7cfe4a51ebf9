"""What a connector delivers, and how: the seam between outside systems and everything else.

A connector turns what its system says into canonical tables, as raw polars frames: it neither
judges values (that is `schemas`) nor looks into the warehouse. A **delivery** is a set of frames
and what it covers.

Words:
    scope: what is read, and replaced, as one: a table, a workbook, a unit.
    part: where rows that their system can say equally much about stand together: a sheet, a table.
    place: where a person finds a row: `objectives.csv:12`, `people:P1`, a file, sheet and cell.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import polars as pl

from okr.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from okr.report import Report

EXTRAS = ("place", "scope", "part", "row", "cells", "stated_id")
"""Columns of a frame beside its table's own; no system's column may bear these names."""

REFERENCES: dict[str, pl.DataType | type[pl.DataType]] = {
    "scope": pl.String,
    "part": pl.String,
    "table": pl.String,
    "row": pl.String,  # as in the frame's column `row`
    "field": pl.String,
    "ordinal": pl.Int64,  # the place in a list, from 0
    "kind": pl.String,  # unit, person, period, carried, unit_or_person, date_in_period; time
    "candidates": pl.List(pl.String),  # in order: the first that is known is meant
    "place": pl.String,
    "share": pl.Float64,  # of an alignment, where it is said with it
}
"""What means something in another source, in words; it is resolved after the merge.

A row whose table is `workbooks` says of a scope, in `candidates`, when it was saved, and then a digest of
what it says: of several that speak of one unit the one saved last counts, and only whoever knows the units
can tell.

A row whose table is ANSWERS says what somebody answered to a request: `row` is the request's id, `field` the kind of
answer (`response`, `decision`), and in `candidates` stands JSON: `values` by column, `who` (a claim), `how` that is
known (`named` on the sheet, `saved_by` a program, `unknown`), and `said_at`.
"""

ANSWERS = "answers"


@dataclass(frozen=True)
class Refusal:
    """A value, or with `whole` a row, that the connector itself could not read.

    `code` is a text `quarantine.<code>`, filled by `values`; `value` is at most 200 characters.
    """

    table: str
    place: str
    code: str
    record_id: str | None = None
    field: str | None = None
    value: str | None = None
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)
    whole: bool = False
    scope: str = ""


@dataclass(frozen=True)
class Failure:
    """A scope that was tried and not read to the end; its last good rows stand in.

    `code` is a text `error.<code>`, filled by `values`.
    """

    scope: str
    code: str
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class CheckLine:
    """One line of `okr check`: text `note.<code>` where `ok`, else `error.<code>`."""

    ok: bool
    code: str
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)


@dataclass
class Delivery:
    """What a source said at one moment.

    Attributes:
        source: the source's name in the settings.
        frames: by table, only for tables that are there: raw columns of the table (any subset),
            and `place`, `scope`, `part` (String), perhaps `row`, `cells` and `stated_id`. The
            mapping may read a frame at each access: take each once, and let it go.
        holds: by table and part, the columns that the system can hold there. A covered table
            that is not there holds nothing and has no entry.
        whole: everything that the source has was read; else only `scopes` were.
        scopes: what was read to the end, in any order.
        failures: scopes tried and not read to the end.
        refusals: what the connector itself could not read.
        notices: codes (text `note.<code>`) and values of what a person should know.
        references: rows as in REFERENCES, or None.
        finer_links: False where the system knows only links to a whole O.
        memo: what the connector wants to find again in its next pull (JSON).
    """

    source: str
    frames: Mapping[str, pl.DataFrame]
    holds: Mapping[str, Mapping[str, tuple[str, ...]]]
    whole: bool
    scopes: tuple[str, ...]
    failures: tuple[Failure, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notices: tuple[tuple[str, Mapping[str, object]], ...] = ()
    references: pl.DataFrame | None = None
    finer_links: bool = True
    memo: Mapping[str, object] = dataclasses.field(default_factory=dict)


class Connector(Protocol):
    """Reads one source. It holds no connection between calls and may be made again at any time."""

    name: str
    kind: str

    def pull(self, report: Report) -> Delivery:
        """Read everything.

        Raises:
            SourceError: nothing at all could be read.
        """
        ...

    def check(self) -> Iterable[CheckLine]:
        """Say line by line whether, and how fast, the source can be read. Changes nothing."""
        ...


@runtime_checkable
class InPieces(Protocol):
    """A connector that can let go of one table before it reads the next.

    The pieces together are one delivery: `combined` says what they come to.
    """

    def pieces(self, report: Report, previous: Delivery | None) -> Iterator[Delivery]:
        """Read everything, piece by piece; no two pieces hold the same table.

        Args:
            report: as in `pull`.
            previous: this source's last delivery, for connectors that read only what changed.

        Raises:
            SourceError: nothing at all could be read (also after the last piece).
        """
        ...


def combined(source: str, pieces: Iterable[Delivery]) -> Delivery:
    """Put the pieces of one delivery together; it is whole where each of them is."""
    frames: dict[str, pl.DataFrame] = {}
    holds: dict[str, Mapping[str, tuple[str, ...]]] = {}
    whole = Delivery(source, frames, holds, whole=True, scopes=())
    for piece in pieces:
        frames.update(piece.frames)
        join(whole, piece)
    return whole


def join(whole: Delivery, piece: Delivery) -> None:
    """Add to `whole` all that `piece` says, except its frames."""
    whole.holds = {**whole.holds, **piece.holds}
    whole.whole = whole.whole and piece.whole
    whole.scopes += piece.scopes
    whole.failures += piece.failures
    whole.refusals += piece.refusals
    whole.notices += piece.notices
    whole.finer_links = whole.finer_links and piece.finer_links
    whole.memo = {**whole.memo, **piece.memo}
    if piece.references is not None:
        known = [] if whole.references is None else [whole.references]
        whole.references = pl.concat([*known, piece.references])


def nothing_read(failures: Sequence[Failure], report: Report) -> SourceError:
    """Make one error of all scopes' failures; where their causes are several, each is told as a note."""
    first, *others = failures
    values = dict(first.values)
    if all((one.code, {**one.values, "table": 0}) == (first.code, {**values, "table": 0}) for one in others):
        together = {"table": [one.scope for one in failures]} if others else {}
        return SourceError(first.code, **{**values, **together})
    for failure in failures:
        reason = SourceError(failure.code, **failure.values)
        report.note("table_not_read", table=failure.scope, reason=reason)
    return SourceError("no_table_read", tables=[failure.scope for failure in failures])
