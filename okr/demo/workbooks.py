"""The workbooks that the made-up units fill in, each in its own way.

What stands in them is in `enterprise/workbooks/*.toml`, cell by cell as a person typed it; how it
is laid out is here. `flat`: one header row and a row per KR, the O's cells on each row, merged over
its KRs, or only on the first. `block`: the handshake template, a block for each O.
"""

from __future__ import annotations

import tomllib
from datetime import date, datetime, time
from itertools import chain
from typing import TYPE_CHECKING, Any

import xlsxwriter

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from xlsxwriter.worksheet import Worksheet

OF_AN_OBJECTIVE = ("person", "carries", "objective", "owner", "confidence")
OF_A_KR = ("kr", "kr_owner", "members", "due", "partner", "need", "response", "reason", "progress")

_SAVED = datetime(2026, 12, 4, 10, 0)  # noqa: DTZ001 - a document's own time has no zone
_WIDE = {"carries": 18, "objective": 26, "kr": 34, "partner": 18, "need": 34, "reason": 20}

_WEB_PAGE = """\
<html><head><title>登录</title></head>
<body><p>请先登录后再下载附件。</p></body></html>
"""


def write(enterprise: Traversable, inbox: Path) -> None:
    """Fill `inbox` with all workbooks; one is a login page that somebody saved as a workbook."""
    inbox.mkdir(parents=True, exist_ok=True)
    sheets = enterprise / "workbooks"
    for source in sorted(sheets.iterdir(), key=lambda file: file.name):
        if source.name.endswith(".toml"):
            content = tomllib.loads(source.read_text(encoding="utf-8"))
            _Workbook(content).write(inbox / content["file"])
    (inbox / "客户成功部OKR-2026Q4.xlsx").write_text(_WEB_PAGE, encoding="utf-8")


class _Workbook:
    """One unit's workbook, on its way to disk."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._content = content
        self._labels: dict[str, str] = content["labels"]

    def write(self, file: Path) -> None:
        """Write the file anew; the same content gives the same bytes."""
        options = {"strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(file), options) as book:
            book.set_properties({"created": _SAVED})
            self._head = book.add_format({"bold": True, "bg_color": "#DDE8F0", "border": 1})
            self._cell = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
            self._date = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top", "border": 1})
            sheet = book.add_worksheet(self._content["sheet"])
            for number, line in enumerate(self._content["title"]):
                sheet.write_string(number, 0, line)
            first = len(self._content["title"]) + 1
            if self._content["shape"] == "flat":
                self._flat(sheet, first)
            else:
                self._blocks(sheet, first)

    def _put(self, sheet: Worksheet, row: int, column: int, value: object) -> None:
        if isinstance(value, date):
            day = datetime.combine(value, time())
            sheet.write_datetime(row, column, day, self._date)
        elif isinstance(value, int | float):
            sheet.write_number(row, column, value, self._cell)
        elif value:
            sheet.write_string(row, column, str(value), self._cell)
        else:
            sheet.write_blank(row, column, None, self._cell)

    def _flat(self, sheet: Worksheet, row: int) -> None:
        columns = [name for name in chain(OF_AN_OBJECTIVE, OF_A_KR) if name in self._labels]
        for number, name in enumerate(columns):
            sheet.write_string(row, number, self._labels[name], self._head)
            sheet.set_column(number, number, _WIDE.get(name, 12))
        row += 1
        for objective in self._content["objectives"]:
            krs = objective["krs"]
            for number, name in enumerate(columns):
                if name in OF_AN_OBJECTIVE:
                    self._over(sheet, row, number, objective.get(name), len(krs))
                else:
                    for step, kr in enumerate(krs):
                        self._put(sheet, row + step, number, kr.get(name))
            row += len(krs)

    def _over(self, sheet: Worksheet, row: int, column: int, value: object, rows: int) -> None:
        """Put an O's value beside its KRs, in the way this unit does it."""
        how = self._content["objective_cells"]
        if how == "merged" and rows > 1:
            sheet.merge_range(row, column, row + rows - 1, column, "", self._cell)
        for step in range(rows if how == "each" else 1):
            self._put(sheet, row + step, column, value)

    def _blocks(self, sheet: Worksheet, row: int) -> None:
        columns = [name for name in OF_A_KR if name in self._labels]
        for number, name in enumerate(columns):
            sheet.set_column(number, number, _WIDE.get(name, 14))
        for objective in self._content["objectives"]:
            self._pair(sheet, row, 0, "carries", objective)
            for number, name in enumerate(("objective", "owner", "confidence")):
                self._pair(sheet, row + 1, 2 * number, name, objective)
            for number, name in enumerate(columns):
                sheet.write_string(row + 2, number, self._labels[name], self._head)
            for step, kr in enumerate(objective["krs"]):
                for number, name in enumerate(columns):
                    self._put(sheet, row + 3 + step, number, kr.get(name))
            row += 4 + len(objective["krs"])

    def _pair(self, sheet: Worksheet, row: int, column: int, name: str, of: dict[str, Any]) -> None:
        """Put a label, and its value to the right of it."""
        sheet.write_string(row, column, self._labels[name], self._head)
        self._put(sheet, row, column + 1, of.get(name))
