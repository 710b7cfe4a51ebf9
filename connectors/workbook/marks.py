"""The mark of a sheet that we wrote, by which it is known again and read as what it is.

The mark is plain cells, because those survive every program, every format and the saving of a single sheet: a
hidden first row and hidden first columns. In the first cell stands TOKEN with the kind of the sheet, beside it
what it is about as JSON, and over each column that is read the key of what stands in it. Beside each row stand its
ids, and beside a request what was answered when the sheet was written: only what differs from that is an answer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connectors.workbook.grid import Grid

TOKEN = "okr-handshake:"  # noqa: S105 - no secret
REQUESTS, OKRS, VIEW = "requests", "okrs", "view"
"""What a marked sheet is: requests with cells for answers, the unit's OKRs, or something only to be read."""

HEAD = "#head"
"""Stands in the first column of the row of labels of a sheet of requests."""
WHO = "#who"
"""Stands in the first column of the row in which whoever answers writes their name, in the column with that key."""
SAVED = "#saved"
"""Key of the column in which each request says what was answered when the sheet was written."""
O_ID, KR_ID = "O编号", "KR编号"
"""Labels over the hidden ids of a sheet of OKRs, so that they are known also where the mark is gone."""

SHOWN, IDS = "#list:", "#ids:"
"""Keys of the two hidden columns of a drop-down: what is shown, and the id that it stands for."""
LISTED = "@"
"""Behind a column's key: the drop-down whose texts stand for ids in it (`carries@upper`)."""

MOST_ROWS = 20
MOST_COLUMNS = 64
"""So far from the first cell a mark is looked for."""

LONGEST = 500
"""A longer text is kept beside a request by its hash."""

ANSWERS = ("response", "response_reason", "supporting_kr_id", "decision")
"""Keys of the columns for answers."""

_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*[%％]")
_SPACE = re.compile(r"\s+")


def token(kind: str) -> str:
    """Return what stands in the first cell of a sheet of a kind."""
    return f"{TOKEN}{kind}:1"


def kind_of(cell: object) -> str | None:
    """Return the kind of sheet whose mark a cell is; None where it is none.

    >>> kind_of("okr-handshake:requests:1"), kind_of("okr")
    ('requests', None)
    """
    if not isinstance(cell, str) or not cell.strip().startswith(TOKEN):
        return None
    return cell.strip().removeprefix(TOKEN).partition(":")[0]


def digest(rows: Iterable[Mapping[str, object]]) -> str:
    """Return a digest of what stands on a sheet of OKRs, by key, however a program saved it again."""
    told = [sorted((key, text) for key, value in row.items() if (text := normal(value))) for row in rows]
    text = json.dumps([row for row in told if row], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def normal(value: object) -> str:
    """Write a cell's value in one way, whatever program and format it went through.

    >>> normal(0.7), normal("70%"), normal(dt.datetime(2026, 11, 30)), normal(" a  b")
    ('0.7', '0.7', '2026-11-30', 'a b')
    """
    if value is None or value == "":
        return ""
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()[:10]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:.10g}"
    text = _SPACE.sub(" ", str(value)).strip()
    if found := _PERCENT.fullmatch(text):
        return f"{float(found[1]) / 100:.10g}"
    try:
        return f"{float(text):.10g}" if len(text) < 20 and text[0].isdigit() else text
    except ValueError:
        return text


@dataclass(frozen=True)
class Mark:
    """The mark of a sheet.

    Attributes:
        kind: what the sheet is.
        row: where the mark stands, counted within the grid.
        column: likewise.
        about: what the sheet says of itself.
        keys: by column what stands in it.
        lists: by name of a drop-down, by what it shows the id that it stands for.
        listed: by column the name of the drop-down whose texts stand for ids there.
    """

    kind: str
    row: int
    column: int
    about: Mapping[str, object]
    keys: Mapping[int, str]
    lists: Mapping[str, Mapping[str, str]]
    listed: Mapping[int, str]


def find(grid: Grid) -> Mark | None:
    """Find the mark of a sheet, also where rows or columns were put before it."""
    for row in range(min(grid.height, MOST_ROWS)):
        for column in range(min(grid.width, MOST_COLUMNS)):
            if (kind := kind_of(grid.rows[row][column])) is not None:
                return _read(grid, kind, row, column)
    return None


def _read(grid: Grid, kind: str, row: int, column: int) -> Mark:
    said: dict[int, str] = {
        at: told
        for at in range(column + 2, grid.width)
        if isinstance(cell := grid.rows[row][at], str) and (told := cell.strip())
    }
    at_of = {told: at for at, told in said.items()}
    lists = {
        told.removeprefix(SHOWN): _pairs(grid, row, at, at_of[IDS + told.removeprefix(SHOWN)])
        for told, at in at_of.items()
        if told.startswith(SHOWN) and IDS + told.removeprefix(SHOWN) in at_of
    }
    keys, listed = {}, {}
    for at, told in said.items():
        if not told.startswith("#"):
            keys[at], _, name = told.partition(LISTED)
            if name:
                listed[at] = name
    return Mark(kind, row, column, saved(grid, row, column + 1), keys, lists, listed)


def _pairs(grid: Grid, row: int, shown: int, ids: int) -> dict[str, str]:
    """Return by what a drop-down shows its ids."""
    found: dict[str, str] = {}
    for line in range(row + 1, grid.height):
        text, thing = told(grid.rows[line][shown]), told(grid.rows[line][ids])
        if text and thing:
            found.setdefault(_SPACE.sub(" ", text), thing)
    return found


def meant(pairs: Mapping[str, str], text: str) -> str | None:
    """Return the id that a line of a drop-down stands for; None where it is none of its lines."""
    return pairs.get(_SPACE.sub(" ", text).strip())


def saved(grid: Grid, row: int, column: int) -> dict[str, object]:
    """Return what a hidden cell says as JSON; nothing where it does not."""
    try:
        found = json.loads(str(grid.rows[row][column])) if column < grid.width else None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def told(value: object) -> str:
    """Return an id as a program may have kept it: `1` also where it was made into a number."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.strip() if isinstance(value, str) else "" if value is None else str(value)


def short(text: str | None) -> str | None:
    """Return a text, of a long one its hash, as it is kept beside a request to know later whether it was changed."""
    if text is None:
        return None
    plain = _SPACE.sub(" ", text).strip()
    if len(plain) <= LONGEST:
        return plain or None
    return "#" + hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
