"""What a delivery that was held back would change: the rows that would go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from okr.errors import CallError

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from connectors.protocol import Delivery
    from okr.reconcile.reading import Reader
    from okr.settings import Settings
    from schemas import Table

Row = dict[str, Any]


@dataclass(frozen=True)
class Held:
    """A delivery that waits for a decision.

    `rows` are those of the last good delivery that it no longer has: `table`, `record_id` (null for rows of
    workbooks), `title`, `unit_id`, `place`, and `hidden`: its title is not for everybody. `before` is how many rows
    each table has now.
    """

    source: str
    delivery_id: str
    delivered_at: datetime
    code: str | None
    values: dict[str, object]
    before: dict[str, int]
    rows: list[Row]

    @property
    def gone(self) -> dict[str, int]:
        """How many rows each table would lose."""
        return {name: count for name in self.before if (count := sum(row["table"] == name for row in self.rows))}


def held(settings: Settings, reader: Reader, source: str) -> Held:
    """Look into the delivery of a source that was held back.

    Args:
        settings: of the enterprise.
        reader: opened on its warehouse.
        source: its name.

    Raises:
        CallError: `nothing_held`; `delivery_gone` where the landing no longer has it.
        SourceError: it cannot be read.
    """
    from connectors.landing import Landing  # noqa: PLC0415 (polars)
    from okr.reconcile.source_rows import rows_of_source  # noqa: PLC0415
    from schemas import TABLES  # noqa: PLC0415

    states = {row["source"]: row for row in reader.sources()}
    waiting = [name for name, row in states.items() if row["held_delivery"]]
    if source not in waiting:
        raise CallError("nothing_held", source=source, waiting=waiting)
    state = states[source]
    landing = Landing(settings.landing.path, settings)
    ref = landing.find(source, state["held_delivery"])
    if ref is None:
        raise CallError("delivery_gone", source=source)
    delivery = landing.read(ref)
    before: dict[str, int] = {}
    rows: list[Row] = []
    for table in TABLES.values():
        stored = rows_of_source(reader.house, table, source)
        before[table.name] = stored.height
        gone = _gone_workbooks(stored, delivery) if delivery.references is not None else _gone(table, stored, delivery)
        rows += [_told(table, row, named=delivery.references is None) for row in gone.iter_rows(named=True)]
    return Held(source, ref.delivery_id, ref.delivered_at, state["code"], state["values"], before, rows)


def _gone(table: Table, stored: pl.DataFrame, delivery: Delivery) -> pl.DataFrame:
    """Return the rows whose keys the delivery does not have, of the parts that it covers."""
    import polars as pl  # noqa: PLC0415

    from schemas import normal  # noqa: PLC0415

    if not delivery.whole:
        stored = stored.filter(pl.col("scope").is_in(delivery.scopes))
    new = delivery.frames.get(table.name)
    if new is None or any(name not in new.columns for name in table.needed_columns):
        return stored
    keys = {name: pl.lit(table.column[name].default, dtype=pl.String) for name in table.key}
    said = {name: normal.ids(normal.as_text(new.get_column(name))) for name in table.key if name in new.columns}
    present = new.select(**(keys | said)).with_columns(
        pl.col(name).fill_null(table.column[name].default) for name in table.key if table.column[name].default
    )
    return stored.join(present, on=list(table.key), how="anti", maintain_order="left")


def _gone_workbooks(stored: pl.DataFrame, delivery: Delivery) -> pl.DataFrame:
    """Return the rows of workbooks that are no longer there."""
    import polars as pl  # noqa: PLC0415

    words = delivery.references
    there = [] if words is None else words.filter(pl.col("table") == "workbooks").get_column("scope").to_list()
    kept = [*there, *(failure.scope for failure in delivery.failures)]
    return stored.filter(~pl.col("scope").is_in(kept))


def _told(table: Table, row: Row, *, named: bool) -> Row:
    from okr.reconcile.conflicts import thing_id  # noqa: PLC0415

    return {
        "table": table.name,
        "record_id": thing_id(table, [str(row[name]) for name in table.key]) if named else None,
        "title": row["title"],
        "unit_id": row["unit_id"],
        "place": row["place"],
        "hidden": row["hidden"],
    }
