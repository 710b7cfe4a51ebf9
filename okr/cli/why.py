"""`okr why`: where a value comes from, and why it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from okr.cli import columns, rooms, tables
from okr.cli.listing import put, wanted
from okr.cli.options import Common, Listed
from okr.cli.speech import say
from okr.cli.tables import Field, clock, plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    Row = Mapping[str, object]


def why(
    thing: str,
    field: str | None = None,
    /,
    *,
    kind: str | None = None,
    listed: Listed = Listed(),  # noqa: B008 - frozen
    common: Common = Common(),  # noqa: B008
) -> int:
    """Show who says what of a thing, whose word stands, and why."""
    want = wanted(listed)
    known = rooms.settings(common.config)
    with rooms.reader(known) as reader, rooms.ledger(known) as ledger:
        from okr.reconcile import why  # noqa: PLC0415

        found = why.find(reader.house, thing, kind)
        column = None if field is None else field_named(found.table, field)
        rows = why.why(reader.house, found, column, ledger.decisions("conflict"))
    if want.table or want.file is not None:
        rows = [_for_everybody(row) for row in rows]

    def table() -> None:
        tables.line(say("cli.why.heading", kind=say(f"cli.thing.{found.table.kind}"), id=found.id))
        if rows:
            tables.show(rows, _fields(known.zone))
        else:
            tables.line(say("cli.why.nothing"))

    put(rows, columns.WHY, want, table)
    return 0


def field_named(table: object, said: str) -> str:
    """The column that a person means: by its name, or by what it is called in their language.

    Raises:
        CallError: `field_unknown`.
    """
    from okr.reconcile.why import field_of  # noqa: PLC0415
    from okr.texts import text  # noqa: PLC0415
    from schemas import Table  # noqa: PLC0415

    assert isinstance(table, Table)  # noqa: S101 - for the type checker
    wish = said.strip().lower()
    for name in table.columns:
        if name not in table.key and wish in {text(f"field.{name}", "zh"), text(f"field.{name}", "en")}:
            return name
    return field_of(table, said.strip())


def _for_everybody(row: Row) -> Row:
    if not row["hidden"]:
        return row
    return {**row, "value": say("cli.quarantine.hidden"), "decided_why": None}


def _reason(row: Row, zone: ZoneInfo) -> str:
    """Why a value stands; nothing beside one that does not."""
    if not row["stands"]:
        return ""
    told = say(f"cli.why.reason_{row['reason']}")
    if row["reason"] == "decided" and row["entry_id"] is not None:
        by = say("cli.why.decided", entry=row["entry_id"], who=row["decided_by"], at=clock(row["decided_at"], zone))
        told = f"{told}: {by}" if not row["decided_why"] else f"{told}: {by} {row['decided_why']}"
    return told


def _when(row: Row, zone: ZoneInfo) -> str:
    if row["delivered_at"] is None and row["stale_since"] is None:
        return ""
    if row["stale_since"] is not None:
        return say("cli.why.stale", since=clock(row["stale_since"], zone))
    return clock(row["delivered_at"], zone)


def _fields(zone: ZoneInfo) -> tuple[Field, ...]:
    return (
        Field("stands", lambda row: "✓" if row["stands"] else ""),
        Field("field", lambda row: say(f"field.{row['field']}"), ratio=3),
        Field("value", plain("value"), ratio=4),
        Field("source", lambda row: str(row["source"] or "–"), ratio=2),
        Field("delivered", lambda row: _when(row, zone), ratio=3),
        Field("place", plain("place"), ratio=3),
        Field("stands_why", lambda row: _reason(row, zone), ratio=4),
    )
