"""A row of a list as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from okr.texts.cells import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from okr.cli.columns import Column


def json_row(row: Mapping[str, object], columns: Iterable[Column]) -> str:
    """A row as a JSON object with the list's columns in their order."""
    chosen = {column.name: row.get(column.name) for column in columns}
    return json.dumps(chosen, ensure_ascii=False, default=plain)
