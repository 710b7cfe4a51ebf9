"""Says which rows and values of a delivery are legal, and brings them into their normal form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from schemas import characters, duplicates, forms, normal, sorting
from schemas.moments import offset_text
from schemas.sorting import REFUSED, Validated
from schemas.tables import EXTRAS, LONGEST_ID, QUARANTINE, TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from zoneinfo import ZoneInfo


def validate(
    table: str,
    frame: pl.DataFrame,
    *,
    source: str,
    zone: ZoneInfo,
    spoken: Collection[str] = (),
) -> Validated:
    """Judge a table of a delivery.

    A value that is not legal is refused by itself and becomes null (a state a draft); a row
    goes whole where its key, or what makes it what it is, is empty or unreadable, or where another
    row has its key and differs as written.

    Args:
        table: the table's name.
        frame: raw columns of the table (any subset), and `place`, `scope`, `part`, perhaps `row`,
            `cells` (a struct: by column, the exact place of its value) and `stated_id`.
        source: the source's name.
        zone: the company's, for times that name no zone.
        spoken: columns that are said in words elsewhere, and therefore may be empty here.

    Raises:
        TableRefused: a column is unknown, a needed one is missing or of an unreadable type.
    """
    of = TABLES[table]
    forms.examine(of, frame, spoken)
    readings = forms.read(of, frame, zone)
    typed = _typed(of, frame, readings, source=source)
    found = [*_unread(of, readings), *_stated(typed)]
    del readings
    found += _illegal(of, typed, spoken, found)
    if found:
        typed = _without(of, typed, pl.concat(found))
    alike = duplicates.NONE
    if key := _key(of, frame, spoken):
        alike = duplicates.find(of, typed, frame, key)
    if not found and alike is duplicates.NONE:
        nobody = pl.lit(None, dtype=REFUSED).alias("refused")
        return Validated(typed.with_columns(nobody), pl.DataFrame(schema=QUARANTINE))
    return sorting.sort_out(of, typed, frame, found, alike)


def _typed(
    table: Table,
    frame: pl.DataFrame,
    readings: Mapping[str, forms.Reading],
    *,
    source: str,
) -> pl.DataFrame:
    """Put all columns of the table together; where nothing stood is null, but in a key."""
    columns: dict[str, pl.Series | pl.Expr] = {}
    for name, dtype in table.dtypes.items():
        default = pl.lit(_default(table, name), dtype=dtype)
        reading = readings.get(name)
        columns[name] = default if reading is None else _filled(reading, default)
    for name in table.extra:  # `<column>_offset`
        ahead = readings[of].ahead if (of := name.removesuffix("_offset")) in readings else None
        if ahead is not None:
            columns[name] = offset_text(ahead)
    columns["source"] = pl.lit(source)
    for name in EXTRAS:
        if name in frame.columns:
            columns[name] = frame.get_column(name).cast(pl.String)
    if "stated_id" in columns:
        columns["stated_id"] = normal.ids(frame.get_column("stated_id").cast(pl.String))
    return frame.select(**columns)


def _default(table: Table, name: str) -> str | bool | None:
    """Return what stands for null: of what has to be there its default. What else null means the merge says.

    So it is seen that a source says nothing, beside another one that does.
    """
    return table.column[name].default if name in table.column and table.column[name].needed else None


def _filled(reading: forms.Reading, default: pl.Expr) -> pl.Series:
    """Put the default where nothing stood, not where something stood that could not be read."""
    absent = reading.values.is_null()
    if reading.unread is not None:
        absent &= ~reading.unread
    if not absent.any():
        return reading.values
    return pl.select(pl.when(absent).then(default).otherwise(reading.values)).to_series()


def _unread(table: Table, readings: Mapping[str, forms.Reading]) -> list[pl.DataFrame]:
    """Find what could not be brought into its type."""
    found = []
    for name, reading in readings.items():
        if reading.unread is not None and reading.unread.any():
            found.append(_findings(reading.unread, name, forms.UNREAD[table.column[name].form]))
    return found


def _stated(typed: pl.DataFrame) -> list[pl.DataFrame]:
    """Find ids stated on a sheet that are none."""
    if "stated_id" not in typed.columns:
        return []
    said = typed.get_column("stated_id")
    forbidden = said.str.contains(characters.ILLEGAL_IN_ID)
    long = (said.str.len_chars() > LONGEST_ID) & ~forbidden
    return [
        _findings(wrong, "stated_id", code)
        for wrong, code in ((forbidden, "forbidden_character"), (long, "too_long"))
        if wrong.any()
    ]


def _findings(where: pl.Series, field: str, code: str) -> pl.DataFrame:
    rows = where.fill_null(value=False).arg_true().alias("index")
    return rows.to_frame().with_columns(field=pl.lit(field), code=pl.lit(code))


def _illegal(
    table: Table, typed: pl.DataFrame, spoken: Collection[str], unread: list[pl.DataFrame]
) -> list[pl.DataFrame]:
    """Find what pandera refuses; what could not be read is not said to be empty too."""
    from schemas import models  # noqa: PLC0415 - pandera takes long to import, and not all need it

    found = models.failures(table, typed.select(list(table.dtypes)), spoken)
    if unread and found.height:
        found = found.join(pl.concat(unread), on=["index", "field"], how="anti", maintain_order="left")
    return [found] if found.height else []


def _without(table: Table, typed: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """Put null, or what a refused value means, where a value was refused."""
    changed: dict[str, pl.Series] = {}
    for (name,), some in findings.group_by("field"):
        rows = some.get_column("index")
        column = table.column.get(str(name))
        means = None
        if column is not None and not column.needed:
            means = column.after_refusal
        # A target may have lost values to its comparator before its own are refused.
        before = changed.get(str(name), typed.get_column(str(name)))
        changed[str(name)] = _replaced(before, rows, means)
        if column is not None and column.takes is not None:
            before = changed.get(column.takes, typed.get_column(column.takes))
            changed[column.takes] = _replaced(before, rows, None)
    return typed.with_columns(**changed)


def _replaced(series: pl.Series, rows: pl.Series, value: object) -> pl.Series:
    where = _at(rows, series.len())
    kept = pl.when(~where).then(series).otherwise(pl.lit(value, dtype=series.dtype))
    return pl.select(kept).to_series()


def _at(rows: pl.Series, height: int) -> pl.Series:
    """True at these rows."""
    return pl.Series([False]).new_from_index(0, height).scatter(rows, True)  # noqa: FBT003


def _key(table: Table, frame: pl.DataFrame, spoken: Collection[str]) -> tuple[str, ...]:
    """What tells rows apart: their key, or where that is said in words, their name in the sheet."""
    if not set(table.key) & set(spoken):
        return table.key
    return ("row",) if "row" in frame.columns else ()
