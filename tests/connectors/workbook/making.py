"""Makes real workbooks for tests, and reads them."""

from __future__ import annotations

import datetime as dt
import zipfile
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import xlsxwriter

from connectors.workbook import WorkbookConnector
from okr.report import Listing

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.protocol import Delivery

FLAT = [
    "承接",
    "O",
    "O责任人",
    "信心指数",
    "KR",
    "KR责任人",
    "完成日期",
    "握手方",
    "详细握手点说明",
]


class Percent(float):
    """A number in a cell that is formatted as per cent."""


class Formula(str):
    """A formula; `Formula("=1+1").stored` is its value, None where none is stored."""

    __slots__ = ("stored",)

    def __init__(self, _: str) -> None:
        self.stored: Any = None

    def with_value(self, value: Any) -> Formula:
        self.stored = value
        return self


def book(
    path: Path,
    sheets: dict[str, list[list[Any]]],
    *,
    merges: dict[str, list[str]] | None = None,
    hidden: tuple[str, ...] = (),
    hidden_rows: tuple[int, ...] = (),
    saved: dt.datetime | None = None,
) -> Path:
    """Write an .xlsx file: sheets as rows of cells; merges as ranges such as `A2:A4`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    out = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    if saved:
        out.set_properties({"created": saved.replace(tzinfo=None)})  # which is written as UTC
    percent = out.add_format({"num_format": "0%"})
    day = out.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = out.add_worksheet(name)
        if name in hidden:
            sheet.hide()
        for row in hidden_rows:
            sheet.set_row(row, None, None, {"hidden": True})
        for r, cells in enumerate(rows):
            for c, value in enumerate(cells):
                put(sheet, r, c, value, percent, day)
        for cells in (merges or {}).get(name, []):
            sheet.merge_range(cells, "")
            first = cells.split(":")[0]
            row, column = xlsxwriter.utility.xl_cell_to_rowcol(first)
            put(sheet, row, column, rows[row][column], percent, day)
    out.close()
    if any(isinstance(v, Formula) and v.stored is None for rows in sheets.values() for r in rows for v in r):
        without_stored_values(path)
    return path


def put(sheet: Any, row: int, column: int, value: Any, percent: Any, day: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, Formula):
        sheet.write_formula(row, column, str(value), None, "@none" if value.stored is None else value.stored)
    elif isinstance(value, Percent):
        sheet.write_number(row, column, float(value), percent)
    elif isinstance(value, (dt.date, dt.datetime)):
        sheet.write_datetime(row, column, value, day)
    elif isinstance(value, str):
        sheet.write_string(row, column, value)
    else:
        sheet.write_number(row, column, value)


def without_stored_values(path: Path) -> None:
    """Take the stored values marked `@none` out, as a program that never calculates leaves them."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(
                name,
                content.replace(b' t="str"><f>', b"><f>").replace(b"<v>@none</v>", b"")
                if b"@none" in content
                else content,
            )


def connector(*paths: Path, **more: Any) -> WorkbookConnector:
    settings = SimpleNamespace(
        kind="workbook",
        path=[str(p) for p in paths],
        **{"unit": None, "period": None, "columns": {}, **more},
    )
    return WorkbookConnector("units", settings)


def read(*paths: Path, **more: Any) -> Delivery:
    return connector(*paths, **more).pull(Listing())


def values(delivery: Delivery, table: str, *columns: str) -> list[Any]:
    """Return rows of a table as tuples (one column: as values); a column without values is None."""
    frame = delivery.frames.get(table)
    if frame is None:
        return []
    rows = [tuple(row.get(name) for name in columns) for row in frame.iter_rows(named=True)]
    return [row[0] for row in rows] if len(columns) == 1 else rows


def said(delivery: Delivery, field: str, table: str | None = None) -> list[list[str]]:
    """Return the candidates of all references of a field, in order."""
    return [
        row["candidates"]
        for row in delivery.references.iter_rows(named=True)
        if row["field"] == field and table in (None, row["table"])
    ]


def linked(delivery: Delivery) -> list[tuple[str, str]]:
    """Return each alignment as the O's title and what it carries as written."""
    titles = dict(values(delivery, "objectives", "objective_id", "title"))
    words = {
        row["row"]: row["candidates"][0]
        for row in delivery.references.iter_rows(named=True)
        if row["field"] == "parent_id"
    }
    return [(titles[o], words[row]) for o, row in values(delivery, "alignments", "objective_id", "row")]


def of(delivery: Delivery) -> list[tuple[str, str]]:
    """Return each KR's title with its O's."""
    titles = dict(values(delivery, "objectives", "objective_id", "title"))
    return [(titles[o], kr) for o, kr in values(delivery, "key_results", "objective_id", "title")]


def asked(delivery: Delivery) -> list[tuple[str, str, str | None]]:
    """Return each handshake as its KR's title, party and point."""
    titles = dict(values(delivery, "key_results", "kr_id", "title"))
    return [(titles[k], party, point) for k, party, point in values(delivery, "handshakes", "kr_id", "party", "point")]


def owners(delivery: Delivery, table: str, field: str = "owner_ids") -> dict[str, list[str]]:
    """Return by title who is named, each by the first candidate."""
    key = "objective_id" if table == "objectives" else "kr_id"
    titles = dict(values(delivery, table, key, "title"))
    found: dict[str, list[str]] = {}
    for row in delivery.references.iter_rows(named=True):
        if row["table"] == table and row["field"] == field:
            found.setdefault(titles[row["row"]], []).append(row["candidates"][0])
    return found


def codes(delivery: Delivery) -> list[str]:
    return [code for code, _ in delivery.notices]
