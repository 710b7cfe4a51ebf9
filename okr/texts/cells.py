"""A value in a CSV file: for programs, and for spreadsheets."""

from __future__ import annotations

import json
from datetime import date, datetime

DANGEROUS = ("=", "+", "-", "@")
"""What a spreadsheet takes for the start of a formula."""


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
            return json.dumps(value, ensure_ascii=False, default=plain)
        case date():
            return plain(value)
        case _:
            return str(value)


def guarded(value: object) -> str:
    """A value in a CSV file that a spreadsheet will open: text never becomes a formula."""
    told = cell(value)
    if isinstance(value, bool | int | float) or not told.startswith(DANGEROUS):
        return told
    return f"'{told}"


def plain(value: object) -> str:
    """A value that JSON does not know, as text."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
