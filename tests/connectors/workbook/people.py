"""People who get a workbook of ours, fill it in and save it with a program that is not ours."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import python_calamine as calamine
import xlsxwriter

from connectors.workbook import marks
from connectors.workbook.grid import Grid

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Sheet:
    """A sheet as a person has it open: its cells, and where the mark says that things stand."""

    name: str
    rows: list[list[Any]]

    @property
    def mark(self) -> marks.Mark:
        found = marks.find(Grid(self.name, self.rows))
        assert found is not None
        return found

    def row(self, thing: str, column: int = 0) -> list[Any]:
        """The row of a request, an O (column 0) or a KR (column 1), by its hidden id."""
        return next(cells for cells in self.rows if cells[column] == thing)

    def put(self, row: list[Any], **values: Any) -> None:
        """Fill in cells of a row by their keys."""
        at = {key: column for column, key in self.mark.keys.items()}
        for key, value in values.items():
            row[at[key.replace("__", ".")]] = value

    def get(self, row: list[Any], key: str) -> Any:
        return row[{key: column for column, key in self.mark.keys.items()}[key]]

    def who(self, name: str) -> None:
        """Write a name beside `Answered by`."""
        self.row(marks.WHO)[3] = name

    def column(self, key: str) -> list[Any]:
        """What stands in a column, row by row."""
        at = {key: column for column, key in self.mark.keys.items()}[key]
        return [cells[at] for cells in self.rows]


@dataclass
class Opened:
    """A workbook in a program of its own: only values and sheets survive, as in the poorest of programs."""

    sheets: list[Sheet] = field(default_factory=list)

    @classmethod
    def of(cls, path: Path) -> Opened:
        with calamine.load_workbook(str(path)) as book:
            names = book.sheet_names
            found = [(name, book.get_sheet_by_name(name)) for name in names]
            return cls([Sheet(name, _from_a1(sheet)) for name, sheet in found])

    def kind(self, kind: str) -> list[Sheet]:
        """The sheets of ours of a kind."""
        found = [(sheet, marks.find(Grid(sheet.name, sheet.rows))) for sheet in self.sheets if sheet.rows]
        return [sheet for sheet, mark in found if mark is not None and mark.kind == kind]

    @property
    def requests(self) -> Sheet:
        """The one sheet of requests."""
        (sheet,) = self.kind(marks.REQUESTS)
        return sheet

    @property
    def okrs(self) -> Sheet:
        """The one sheet of OKRs."""
        (sheet,) = self.kind(marks.OKRS)
        return sheet

    def save(self, path: Path, at: dt.datetime, by: str = "", only: list[Sheet] | None = None) -> Path:
        """Save it at a time, whole or as single sheets."""
        path.parent.mkdir(parents=True, exist_ok=True)
        options = {"strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(path), options) as book:
            book.set_properties({"author": by, "created": at.astimezone(dt.UTC).replace(tzinfo=None)})
            day = book.add_format({"num_format": "yyyy-mm-dd"})
            for sheet in only or self.sheets:
                page = book.add_worksheet(sheet.name)
                for row, cells in enumerate(sheet.rows):
                    for column, value in enumerate(cells):
                        if isinstance(value, dt.datetime | dt.date):
                            page.write_datetime(row, column, value, day)
                        elif isinstance(value, str):
                            page.write_string(row, column, value) if value else None
                        elif value is not None:
                            page.write(row, column, value)
        return path


def _from_a1(sheet: Any) -> list[list[Any]]:
    top, left = sheet.start or (0, 0)
    rows = [[""] * left + list(cells) for cells in sheet.to_python()]
    width = len(rows[0]) if rows else 0
    return [[""] * width for _ in range(top)] + rows
