"""Puts what the sheets say together into frames, one for each table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from connectors.protocol import ANSWERS, REFERENCES, Refusal
from connectors.workbook.records import COLUMNS, REFERENCE
from connectors.workbook.runs import full, series, spread, values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connectors.workbook.copies import Read

IDS = {"objectives": "objective_id", "key_results": "kr_id", "handshakes": "handshake_id"}
"""By table the column that bears a row's id within the delivery."""

_WHERE = ("scope", "part", "before")


_LONG = 5000
"""Rows from which on a run is made into columns at once rather than row by row."""

_KINDS: dict[str, Any] = {
    "ordinal": pl.Int64,
    "candidates": pl.List(pl.String),
    "share": pl.Float64,
}


class Frames:
    """Collects sheets; hands out frames, references and refusals."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, list[Any]]] = {}
        self._long: dict[str, list[pl.DataFrame]] = {}
        self.refusals: list[Refusal] = []
        self.holds: dict[str, dict[str, tuple[str, ...]]] = {}

    def add(self, scope: str, sheet: Mapping[str, Any]) -> None:
        """Add what one sheet of a workbook says."""
        part = f"{scope}!{sheet['sheet']}"
        where = {"scope": scope, "part": part, "before": f"{part}!"}
        for run in sheet["runs"]:
            self._add_run(run, sheet["key"], where)
        for table, names in sheet["holds"].items():
            self.holds.setdefault(table, {})[part] = tuple(dict.fromkeys(names))
        self.refusals += [_refusal(told, scope, part) for told in sheet["refusals"]]

    def _add_run(self, run: Mapping[str, Any], key: str, where: Mapping[str, str]) -> None:
        table, height, columns = run["table"], run["height"], full(run)
        if height < _LONG:
            self._extend(table, {name: spread(c, height, key) for name, c in columns.items()}, height, where)
            return
        told = [series(name, c, height, key, _kind(table, name)) for name, c in columns.items()]
        frame = pl.DataFrame(told).with_columns(pl.lit(value).alias(name) for name, value in where.items())
        self._long.setdefault(table, []).append(frame)

    def _extend(self, table: str, columns: Mapping[str, list[Any]], height: int, where: Mapping[str, str]) -> None:
        for name, told in self._tables.setdefault(table, _empty(table)).items():
            if name in columns:
                told.extend(columns[name])
            else:
                told.extend([where.get(name)] * height)

    def frames(self) -> dict[str, pl.DataFrame]:
        """Return by table all its rows: values as they stand, with `place`, `scope`, `part`, `cells`."""
        tables = [table for table in COLUMNS if table in self._tables or table in self._long]
        return {table: _frame(table, self._together(table)) for table in tables}

    def references(self) -> pl.DataFrame:
        """Return what means something in another source, in words."""
        if "references" not in self._tables and "references" not in self._long:
            return pl.DataFrame(schema=REFERENCES)
        frame = self._together("references")
        return frame.with_columns(pl.concat_str("before", "at").alias("place")).select(list(REFERENCES))

    def _together(self, table: str) -> pl.DataFrame:
        columns = self._tables.get(table, _empty(table))
        short = pl.DataFrame([values(name, told, _kind(table, name)) for name, told in columns.items()])
        return pl.concat([short, *self._long.get(table, [])], how="diagonal")


def _kind(table: str, name: str) -> Any:  # noqa: ANN401 - a type of polars
    return pl.String if name == "share" and table != "references" else _KINDS.get(name, pl.String)


def _empty(table: str) -> dict[str, list[Any]]:
    if table == "references":
        return {name: [] for name in (*REFERENCE, *_WHERE)}
    columns = [name for name in COLUMNS[table] if name not in ("row", "at")]
    return {name: [] for name in ("row", "at", *columns, *(f"@{name}" for name in columns), *_WHERE)}


def _frame(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    counts = frame.null_count().row(0, named=True)
    cells = [name for name in frame.columns if name.startswith("@") and counts[name] < frame.height]
    places = [pl.concat_str("before", name).alias(name[1:]) for name in cells]
    spare = [name for name in frame.columns if name.startswith("@") or name in ("before", "at")]
    empty = [n for n in COLUMNS[table] if n not in ("row", "at", "title") and counts[n] == frame.height]
    return frame.with_columns(
        pl.concat_str("before", "at").alias("place"),
        *([pl.struct(places).alias("cells")] if places else []),
        *([pl.col("row").alias(IDS[table])] if table in IDS else []),
    ).drop([*spare, *empty])


def _refusal(told: Mapping[str, Any], scope: str, part: str) -> Refusal:
    return Refusal(
        table=told["table"],
        place=f"{part}!{told['at']}",
        code=told["code"],
        record_id=told.get("record"),
        field=told["field"],
        value=told["value"],
        values=told["values"],
        whole=told["whole"],
        scope=scope,
    )


def notices(scope: str, sheets: Iterable[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, object]]]:
    """Return the sheets' notices with the names of file and sheet."""
    return [
        (code, {"file": scope, "sheet": sheet["sheet"], **values})
        for sheet in sheets
        for code, values in sheet["notices"]
    ]


def answers(read: Iterable[Read]) -> pl.DataFrame:
    """Return what was answered, as references: a row a request and kind, the answer as JSON.

    Who answered is whoever is named on the sheet, else whose program saved it; both are claims.
    """
    rows = []
    for book in read:
        for sheet in book.returned:
            for told in sheet["answers"]:
                who = told["who"] or book.saved_by
                content = {
                    "values": told["values"],
                    "who": who,
                    "how": "named" if told["who"] else "saved_by" if who else "unknown",
                    "said_at": book.saved_at.isoformat(),
                }
                part = f"{book.scope}!{sheet['sheet']}"
                rows.append(
                    {
                        "scope": book.scope,
                        "part": part,
                        "table": ANSWERS,
                        "row": told["request"],
                        "field": told["kind"],
                        "ordinal": 0,
                        "kind": "answer",
                        "candidates": [json.dumps(content, ensure_ascii=False)],
                        "place": f"{part}!{told['at']}",
                    }
                )
    return pl.DataFrame(rows, schema=REFERENCES)
