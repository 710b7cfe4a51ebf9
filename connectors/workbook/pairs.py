"""Labels that stand with their value: in one cell, to its left, or above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.workbook.grid import Grid, Value
    from connectors.workbook.labels import Label, Labels


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
    found: list[tuple[int, Label]] = []
    for column in columns:
        label = labels.of(grid.rows[row][column])
        if label is not None:
            found.append((column, label))
    if _below(grid, labels, row, columns, found):
        return [
            _pair(grid, row + 1, at, label, _until(found, i, columns), at)
            for i, (at, label) in enumerate(found)
        ], True
    return [
        _pair(grid, row, at, label, _until(found, i, columns), at + 1)
        for i, (at, label) in enumerate(found)
    ], False


def _until(found: list[tuple[int, Label]], index: int, columns: range) -> int:
    return found[index + 1][0] if index + 1 < len(found) else columns.stop


def _pair(grid: Grid, row: int, at: int, label: Label, until: int, first: int) -> Pair:
    if label.value is not None:
        return Pair(label, label.value, row, at)
    for column in range(first, until):
        value = grid.at(row, column)
        if value is not None and not (isinstance(value, str) and not value.strip()):
            return Pair(label, value, row, column)
    return Pair(label, None, row, at)


def _below(
    grid: Grid, labels: Labels, row: int, columns: range, found: list[tuple[int, Label]]
) -> bool:
    """Say whether a row holds nothing but labels, and the row below nothing but values."""
    if not found or row + 1 >= grid.height or any(label.value is not None for _, label in found):
        return False
    at = {column for column, _ in found}
    if any(_filled(grid, row, column) and column not in at for column in columns):
        return False
    values = [column for column in columns if _filled(grid, row + 1, column)]
    if not values or any(labels.of(grid.rows[row + 1][column]) is not None for column in values):
        return False
    # A value stands below a label, not below nothing.
    return any(column in at for column in values)


def _filled(grid: Grid, row: int, column: int) -> bool:
    value = grid.rows[row][column]
    return not (value is None or (isinstance(value, str) and not value.strip()))
