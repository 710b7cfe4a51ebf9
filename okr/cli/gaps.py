"""`okr gaps`: the open gaps of a view."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from okr.cli import columns, rooms, tables
from okr.cli.listing import csv_pieces, print_pieces, wanted
from okr.cli.options import Common, Listed, moment
from okr.cli.speech import say, tell
from okr.cli.tables import Field
from okr.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from okr.cli.listing import Wanted
    from okr.reconcile.reading import Reader

SHOWN = 200
"""Gaps that a table shows."""


def gaps(
    *,
    code: Annotated[tuple[str, ...], Parameter(consume_multiple=False)] = (),
    unit: str | None = None,
    meeting: str | None = None,
    period: str | None = None,
    as_of: str | None = None,
    listed: Listed = Listed(),  # noqa: B008 - frozen
    common: Common = Common(),  # noqa: B008
) -> int:
    """List the open gaps of the current view, of a meeting's, or of a period's."""
    if meeting is not None and period is not None:
        raise CallError("options_exclude", one="--meeting", other="--period")
    want = wanted(listed)
    known = rooms.settings(common.config)
    asked = {
        "codes": tuple(name.strip().upper() for name in code),
        "unit": unit,
        "meeting": meeting,
        "period": period,
        "as_of": None if as_of is None else moment(as_of, known.zone),
        "now": rooms.now(known),
    }
    with rooms.reader(known) as reader:
        if want.table:
            _show(reader, asked)
        elif want.file is not None:
            _write(reader, asked, want)
        elif want.form == "json":
            print_pieces(reader.gaps_json(**asked))
        else:
            print_pieces(csv_pieces(reader.gaps(**asked), columns.GAPS))
    return 0


def _show(reader: Reader, asked: Mapping[str, object]) -> None:
    count = reader.gap_count(**asked)
    if not count:
        tables.line(say("cli.gaps.none"))
        return
    rows = list(itertools.islice(reader.gaps(**asked), SHOWN))
    tables.show(rows, FIELDS)
    if count > len(rows):
        tables.remark(say("cli.gaps.more", shown=len(rows), more=count - len(rows), count=count))
    else:
        tables.remark(say("cli.gaps.count", count=count))


def _write(reader: Reader, asked: Mapping[str, object], want: Wanted) -> None:
    from okr.cli import files  # noqa: PLC0415

    file = want.file
    assert file is not None  # noqa: S101 - for the type checker
    if want.form == "json":
        count = reader.gap_count(**asked)
        files.write_pieces(reader.gaps_json(**asked), file)
    else:
        rows = list(reader.gaps(**asked))
        count = len(rows)
        files.write(rows, columns.GAPS, want.form, file)
    tell(say("cli.written", count=count, file=str(file)))


def _units(row: Mapping[str, object]) -> str:
    other = row["counterparty_unit_id"]
    unit = str(row["unit_id"] or "–")
    return unit if other in {None, row["unit_id"]} else f"{unit} ↔ {other}"


def _message(row: Mapping[str, object]) -> str:
    told = tables.message(row)
    return f"{told} {say('cli.gaps.provisional')}" if row["provisional"] else told


FIELDS = (
    Field(
        "severity",
        lambda row: say(f"severity.{row['severity']}"),
        style=tables.severity_style,
    ),
    Field("code", tables.plain("code")),
    Field("unit", _units, ratio=2),
    Field("message", _message, ratio=7),
)
