"""Puts what the sheets say together into frames, one for each table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from connectors.protocol import REFERENCES, Refusal
from connectors.workbook.records import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

IDS = {"objectives": "objective_id", "key_results": "kr_id", "handshakes": "handshake_id"}
"""By table the column that bears a row's id within the delivery."""

_WHERE = ("scope", "part", "before")


class Frames:
    """Collects sheets; hands out frames, references and refusals."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, list[Any]]] = {}
        self._references: dict[str, list[Any]] = {}
        self.refusals: list[Refusal] = []
        self.holds: dict[str, dict[str, tuple[str, ...]]] = {}

    def add(self, scope: str, sheet: Mapping[str, Any]) -> None:
        """Add what one sheet of a workbook says."""
        part = f"{scope}!{sheet['sheet']}"
        for table, columns in sheet["tables"].items():
            height = len(columns["row"])
            into = self._tables.setdefault(table, _empty(table))
            _extend(into, columns, height, part=part, scope=scope)
        words = sheet["references"]
        if not self._references:
            self._references = {name: [] for name in (*words, *_WHERE)}
        _extend(self._references, words, len(words["row"]), part=part, scope=scope)
        for table, names in sheet["holds"].items():
            self.holds.setdefault(table, {})[part] = tuple(dict.fromkeys(names))
        self.refusals += [_refusal(told, scope, part) for told in sheet["refusals"]]

    def frames(self) -> dict[str, pl.DataFrame]:
        """Return by table all its rows: values as they stand, with `place`, `scope`, `part`, `cells`."""
        return {table: _frame(table, columns) for table, columns in self._tables.items()}

    def references(self) -> pl.DataFrame:
        """Return what means something in another source, in words."""
        if not self._references:
            return pl.DataFrame(schema=REFERENCES)
        kinds = {"ordinal": pl.Int64, "candidates": pl.List(pl.String), "share": pl.Float64}
        schema = {name: kinds.get(name, pl.String) for name in self._references}
        frame = pl.DataFrame(self._references, schema=schema)
        return frame.with_columns(pl.concat_str("before", "at").alias("place")).select(list(REFERENCES))


def _empty(table: str) -> dict[str, list[Any]]:
    columns = [name for name in COLUMNS[table] if name not in ("row", "at")]
    return {name: [] for name in ("row", "at", *columns, *(f"@{name}" for name in columns), *_WHERE)}


def _extend(into: dict[str, list[Any]], columns: Mapping[str, list[Any]], height: int, *, part: str, scope: str) -> None:
    where = {"scope": scope, "part": part, "before": f"{part}!"}
    for name, told in into.items():
        if name in columns:
            told.extend(columns[name])
        else:
            told.extend([where.get(name)] * height)


def _frame(table: str, columns: Mapping[str, list[Any]]) -> pl.DataFrame:
    schema = {name: pl.Int64 if name == "ordinal" else pl.String for name in columns}
    frame = pl.DataFrame(columns, schema=schema)
    cells = [name for name in columns if name.startswith("@") and frame.get_column(name).null_count() < frame.height]
    places = [pl.concat_str("before", name).alias(name[1:]) for name in cells]
    frame = frame.with_columns(
        pl.concat_str("before", "at").alias("place"),
        *([pl.struct(places).alias("cells")] if places else []),
        *([pl.col("row").alias(IDS[table])] if table in IDS else []),
    )
    spare = [name for name in columns if name.startswith("@") or name in ("before", "at")]
    empty = [n for n in COLUMNS[table] if n not in ("row", "at", "title") and frame.get_column(n).null_count() == frame.height]
    return frame.drop([*spare, *empty])


def _refusal(told: Mapping[str, Any], scope: str, part: str) -> Refusal:
    return Refusal(
        table=told["table"],
        place=f"{part}!{told['at']}",
        code=told["code"],
        field=told["field"],
        value=told["value"],
        values=told["values"],
        whole=told["whole"],
        scope=scope,
    )


def notices(scope: str, sheets: Iterable[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, object]]]:
    """Return the sheets' notices with the names of file and sheet."""
    return [
        (code, {"file": scope, "sheet": sheet["sheet"], **values}) for sheet in sheets for code, values in sheet["notices"]
    ]
