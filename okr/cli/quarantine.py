"""`okr quarantine`: what was refused, where it stands, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.cli import columns, rooms, tables
from okr.cli.listing import put, wanted
from okr.cli.options import Common, Listed
from okr.cli.speech import say
from okr.cli.tables import Field, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    Row = Mapping[str, object]


def quarantine(
    *,
    listed: Listed = Listed(),  # noqa: B008 - frozen
    common: Common = Common(),  # noqa: B008
) -> int:
    """List refused values and rows with their place and the reason."""
    want = wanted(listed)
    known = rooms.settings(common.config)
    with rooms.reader(known) as reader:
        rows = [_reasoned(row) for row in reader.quarantine()]
    if want.table or want.file is not None:
        rows = [_for_everybody(row) for row in rows]

    def table() -> None:
        if rows:
            tables.show(rows, FIELDS)
            whole = sum(1 for row in rows if row["whole"])
            tables.remark(say("cli.quarantine.count", rows=whole, values=len(rows) - whole))
        else:
            tables.line(say("cli.quarantine.none"))

    put(rows, columns.QUARANTINE, want, table)
    return 0


def _reasoned(row: Row) -> Row:
    values: Mapping[str, object] = row["values"] or {}  # type: ignore[assignment]
    return {**row, "reason": say(f"quarantine.{row['code']}", **values)}


def _for_everybody(row: Row) -> Row:
    """A refusal as anybody may read it: the place says where the value stands, its id of what it is."""
    if not row["hidden"] or row["value"] is None:
        return row
    return {**row, "value": say("cli.quarantine.hidden")}


def _what(row: Row) -> str:
    """The table, and the row's id where the place does not say as much."""
    told, known, place = str(row["table"]), str(row["record_id"] or ""), str(row["place"] or "")
    same_file = "!" in known and known.partition("!")[0] == place.partition("!")[0]
    return told if not known or same_file else f"{told} {known}"


def _field(row: Row) -> str:
    if row["whole"]:
        told = say("cli.quarantine.whole")
        return f"{told} ({row['field']})" if row["field"] else told
    return str(row["field"] or "")


FIELDS = (
    Field("source", plain("source"), ratio=2),
    Field("place", plain("place"), ratio=4),
    Field("what", _what, ratio=4),
    Field("field", _field, ratio=3),
    Field("value", plain("value"), ratio=3),
    Field("reason", plain("reason"), ratio=6),
)
