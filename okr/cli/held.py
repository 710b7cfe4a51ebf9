"""`okr decide show`: the rows that would go with a delivery that was held back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.cli import columns, rooms, tables
from okr.cli.listing import put, wanted
from okr.cli.options import Common, Listed
from okr.cli.speech import say
from okr.cli.tables import Field, clock, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    Row = Mapping[str, object]

SHOWN = 200
"""Rows that a table shows."""


def show(
    source: str,
    /,
    *,
    listed: Listed = Listed(),  # noqa: B008 - frozen
    common: Common = Common(),  # noqa: B008
) -> int:
    """Show what a delivery that was held back has no longer."""
    want = wanted(listed)
    known = rooms.settings(common.config)
    rooms.known_source(known, source)
    with rooms.reader(known) as reader:
        from okr.pipeline.held import held  # noqa: PLC0415

        found = held(known, reader, source)
    rows = found.rows
    if want.table or want.file is not None:
        rows = [
            {**row, "title": say("cli.quarantine.hidden")} if row["hidden"] and row["title"] else row for row in rows
        ]

    def table() -> None:
        tables.line(say("cli.held.heading", source=source, at=clock(found.delivered_at, known.zone)))
        if found.code:
            tables.line(say("cli.held.because", reason=say(f"error.{found.code}", **found.values)))
        for name, gone in found.gone.items():
            tables.line(say("cli.held.count", table=name, gone=gone, before=found.before[name]))
        if not rows:
            tables.line(say("cli.held.none"))
            return
        tables.line()
        tables.show(rows[:SHOWN], FIELDS)
        if len(rows) > SHOWN:
            tables.remark(say("cli.held.more", shown=SHOWN, count=len(rows)))

    put(rows, columns.HELD, want, table)
    return 0


FIELDS = (
    Field("table", plain("table")),
    Field("id", lambda row: str(row["record_id"] or ""), ratio=2),
    Field("title_of_row", lambda row: str(row["title"] or ""), ratio=4),
    Field("unit", lambda row: str(row["unit_id"] or ""), ratio=2),
    Field("place", lambda row: str(row["place"] or ""), ratio=3),
)
