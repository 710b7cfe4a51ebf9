"""One value of a list as text: for programs, and for Excel."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from okr.cli.columns import Column

DANGEROUS = ("=", "+", "-", "@")
"""What a spreadsheet takes for the start of a formula."""


def json_row(row: Mapping[str, object], columns: Iterable[Column]) -> str:
    """A row as a JSON object with the list's columns in their order."""
    chosen = {column.name: row.get(column.name) for column in columns}
    return json.dumps(chosen, ensure_ascii=False, default=_plain)


def cell(value: object) -> str:
    """A value in a CSV file: null is empty, lists are separated by `;`, objects are JSON."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return ";".join(cell(item) for item in value)
        case dict():
            return json.dumps(value, ensure_ascii=False, default=_plain)
        case date():
            return _plain(value)
        case _:
            return str(value)


def guarded(value: object) -> str:
    """A value in a CSV file that a spreadsheet will open: text never becomes a formula."""
    told = cell(value)
    if isinstance(value, bool | int | float) or not told.startswith(DANGEROUS):
        return told
    return f"'{told}"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
