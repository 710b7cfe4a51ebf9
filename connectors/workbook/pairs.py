"""Labels that stand with their value: in one cell, to its left, or above it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.workbook.grid import Grid, Value
    from connectors.workbook.labels import Label, Labels

_REFERRED = re.compile(r"\s*[KkＫｋ][RrＲｒ]\s*[0-9０-９]")


@dataclass(frozen=True)
class Pair:
    """A label and its value, with the cell of the value (`row`, `column` within the grid).

    `value` is None where nothing is filled in; then the cell is the label's.
    """

    label: Label
    value: Value
    row: int
    column: int


def pairs_of(grid: Grid, labels: Labels, row: int, columns: range) -> tuple[list[Pair], bool]:
    """Read the labels of a row with their values.

    Args:
        grid: the sheet.
        labels: knows labels.
        row: the row.
        columns: where to look; a block beside this one is none of our business.

    Returns:
        The pairs, and whether the values stand in the row below, which is then read with it.
    """
    found = _labels_of(grid, labels, row, columns)
    below = _below(grid, labels, row, columns, found)
    pairs = []
    for index, (at, label) in enumerate(found):
        until = found[index + 1][0] if index + 1 < len(found) else columns.stop
        pairs.append(_pair(grid, row + 1 if below else row, at, label, range(at + (not below), until)))
    return pairs, below


def _labels_of(grid: Grid, labels: Labels, row: int, columns: range) -> list[tuple[int, Label]]:
    """Return the labels of a row; what looks like one, and is the value of the one before, is none."""
    found: list[tuple[int, Label]] = []
    waiting: Label | None = None
    for column in columns:
        if not _filled(grid, row, column):
            continue
        label = labels.of(grid.rows[row][column])
        if label is None or (waiting is not None and is_value_of(waiting, label)):
            waiting = None
            continue
        found.append((column, label))
        waiting = label if label.value is None else None
    return found


def is_value_of(label: Label, after: Label) -> bool:
    """Say whether what looks like a label is the value of one: `KR2` behind 承接, `目标：…` behind O."""
    if label.role == "carries":
        return after.role in ("objective", "kr") and (after.number is not None or after.value is not None)
    return label.role == "objective" and after.role in ("objective", "kr", "carries") and after.value is not None


def _is_value_below(label: Label, after: Label) -> bool:
    """Likewise of the row below, where an O of its own is likelier than one that is carried."""
    if label.role == "carries" and after.role == "objective" and after.value is not None:
        return _REFERRED.match(after.value) is not None
    return is_value_of(label, after)


def _pair(grid: Grid, row: int, at: int, label: Label, columns: range) -> Pair:
    if label.value is not None:
        return Pair(label, label.value, row, at)
    for column in columns:
        if _filled(grid, row, column):
            return Pair(label, grid.at(row, column), row, column)
    return Pair(label, None, row, at)


def _below(grid: Grid, labels: Labels, row: int, columns: range, found: list[tuple[int, Label]]) -> bool:
    """Say whether a row holds nothing but labels, and the row below nothing but values."""
    if not found or row + 1 >= grid.height or any(label.value is not None for _, label in found):
        return False
    at = dict(found)
    if any(_filled(grid, row, column) and column not in at for column in columns):
        return False
    values = [column for column in columns if _filled(grid, row + 1, column)]
    for column in values:
        label = labels.of(grid.rows[row + 1][column])
        if label is not None and not (column in at and _is_value_below(at[column], label)):
            return False
    # A value stands below a label, not below nothing.
    return any(column in at for column in values)


def _filled(grid: Grid, row: int, column: int) -> bool:
    value = grid.rows[row][column]
    return not (value is None or (isinstance(value, str) and not value.strip()))
