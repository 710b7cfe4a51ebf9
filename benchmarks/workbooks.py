"""How long workbooks take: `python -m benchmarks.workbooks [FILES] [ROWS]`.

Many small workbooks in both shapes, from folder to delivery; opening them and reading their cells,
side by side with openpyxl in the same process; and one long flat sheet.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import xlsxwriter

from benchmarks.lines import Line
from connectors.workbook import WorkbookConnector
from connectors.workbook.opening import open_workbook
from okr.report import Listing
from okr.settings import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xlsxwriter.worksheet import Worksheet

OBJECTIVES, KRS = 5, 4
"""In each workbook, and in each O."""

PULL = 6.0
"""Seconds in which 500 workbooks are pulled."""

LONG = 5.0
"""Seconds in which a flat sheet of 100,000 rows is pulled."""

SHARE = 1 / 3
"""Of openpyxl's time, for opening workbooks and reading their cells."""

_FLAT = (
    "承接", "O", "O责任人", "信心指数", "KR", "KR责任人", "完成日期", "握手方", "详细握手点说明", "进度",
)  # fmt: skip
_BLOCK = ("KR", "KR责任人", "成员", "完成日期", "握手方", "详细握手点说明")
_SETTINGS = """
timezone = "Asia/Shanghai"
[sources.units]
kind = "workbook"
path = "inbox"
"""


def _kr(number: int) -> tuple[object, ...]:
    """A KR's cells, from its title on, as a person fills them in."""
    return (
        f"KR{number % KRS + 1}：把第 {number} 家门店的准时交付率做到 {70 + number % 30}%",
        f"员工{number % 997}",
        ("2026-12-31", "2026/12/15", "12月底", "Q4末")[number % 4],
        ("供应部、平台部", "无", "", "客服部")[number % 4],
        ("供应部：每周三前给出缺料清单\n平台部：开放接口", "", "", "夜间值班两人")[number % 4],
    )


def flat(sheet: Worksheet, objectives: int) -> None:
    """One header row and a row per KR, the O's cells on each of them."""
    sheet.write_row(0, 0, _FLAT)
    for row in range(objectives * KRS):
        number = row // KRS
        of = (f"KR{number % 3 + 1}", f"O{number + 1}：让第 {number} 条产线不再等料", f"员工{number % 97}", 0.7)
        sheet.write_row(row + 1, 0, (*of, *_kr(row), f"{row % 100}%"))


def block(sheet: Worksheet, objectives: int) -> None:
    """The handshake template: a block for each O."""
    for number in range(objectives):
        row = number * (KRS + 4)
        sheet.write_row(row, 0, ("承接", f"KR{number % 3 + 1}"))
        title = f"O{number + 1}：让第 {number} 条产线不再等料"
        sheet.write_row(row + 1, 0, ("O", title, "责任人", f"员工{number % 97}", "信心指数", 0.7))
        sheet.write_row(row + 2, 0, _BLOCK)
        for step in range(KRS):
            title, owner, *rest = _kr(number * KRS + step)
            sheet.write_row(row + 3 + step, 0, (title, owner, "", *rest))


def write(file: Path, shape: Callable[[Worksheet, int], None], unit: str, objectives: int) -> None:
    """Write one workbook, its unit's name on the sheet."""
    with xlsxwriter.Workbook(str(file), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        shape(book.add_worksheet(unit), objectives)


def _busy() -> float:
    """Seconds that processors have spent on us and on child processes that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds and processors' seconds of some work, and what came of it."""
    begun, busy = time.perf_counter(), _busy()
    result = work()
    return time.perf_counter() - begun, _busy() - busy, result


def pull(home: Path) -> tuple[float, float, int]:
    """Seconds of a whole pull, child processes and all, and the rows that it brought."""
    settings = parse(_SETTINGS, home / "okr.toml")
    connector = WorkbookConnector("units", settings.sources["units"], zone=settings.zone)
    took, busy, delivery = _timed(lambda: connector.pull(Listing()))
    assert delivery.whole, delivery.failures
    return took, busy, delivery.frames["key_results"].height


def _cells_openpyxl(file: Path) -> int:
    """All cells of a workbook, with merged ranges known, as this program needs them."""
    book = openpyxl.load_workbook(file, data_only=True)
    return sum(len(row) for sheet in book for row in sheet.iter_rows(values_only=True))


def _cells(file: Path) -> int:
    return sum(len(row) for grid in open_workbook(file).sheets for row in grid.rows)


def small(home: Path, count: int) -> Iterator[Line]:
    """Many small workbooks: the whole pull, and opening alone beside openpyxl."""
    inbox = home / "inbox"
    inbox.mkdir(parents=True)
    for number in range(count):
        unit = f"第{number}事业部"
        write(inbox / f"{unit}OKR.xlsx", block if number % 2 else flat, unit, OBJECTIVES)
    took, busy, krs = min(pull(home) for _ in range(2))
    assert krs == count * OBJECTIVES * KRS
    what = f"workbooks: pull {count:,} of {OBJECTIVES} Os"
    yield Line(what, rows=krs, seconds=took, processor=busy, limit=PULL * count / 500)
    files = sorted(inbox.iterdir())
    theirs, busy, cells = min(_timed(lambda: sum(map(_cells_openpyxl, files))) for _ in range(2))
    ours, busy, read = min(_timed(lambda: sum(map(_cells, files))) for _ in range(2))
    assert read == cells, (read, cells)
    yield Line("  open and read cells, openpyxl", rows=cells, seconds=theirs, processor=busy)
    most, share = round(theirs * SHARE, 2), ours / theirs
    yield Line("  open and read cells, ours", rows=cells, seconds=ours, processor=busy, share=share, limit=most)


def long(home: Path, rows: int) -> Iterator[Line]:
    """One flat sheet with very many rows."""
    inbox = home / "inbox"
    inbox.mkdir(parents=True)
    write(inbox / "集团OKR.xlsx", flat, "集团", rows // KRS)
    took, busy, krs = min(pull(home) for _ in range(2))
    assert krs == rows
    what = f"workbooks: pull a flat sheet of {rows:,} rows"
    yield Line(what, rows=krs, seconds=took, processor=busy, limit=LONG * rows / 100_000)


def main(count: int, rows: int) -> None:
    """Print the lines as they come."""
    with tempfile.TemporaryDirectory(prefix="okr-bench-") as folder:
        for line in (*small(Path(folder) / "small", count), *long(Path(folder) / "long", rows)):
            print(line, flush=True)


if __name__ == "__main__":
    asked = [int(number) for number in sys.argv[1:]]
    main(*(asked + [500, 100_000][len(asked) :]))
