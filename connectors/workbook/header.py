"""Which column of a header row means what."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from connectors.workbook.grid import shown
from connectors.workbook.labels import KR, OBJECTIVE
from connectors.workbook.values import label_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.workbook.grid import Grid
    from connectors.workbook.labels import Label, Labels

ONLY_KR = ("members", "due_on", "progress")
"""What only a KR has, whatever stands before it."""

EITHER = ("owner", "confidence", "stated_id")

_SHORT = 8
"""A label such as `内容` or `描述` under a merged one is no longer."""

IN_TABLE = (*ONLY_KR, *EITHER, "party", "point", "response", "response_reason")
"""What stands over the KR rows of a block."""


@dataclass
class Header:
    """A header row.

    Attributes:
        row: the header's row.
        below: the first row under it.
        columns: by role (`kr`, `objective`, `kr.owner`, `carries`, …) its column.
        labels: by role its label as written.
        members: roles whose label names owner and members in one cell.
        unknown: labels that mean nothing to us, with their columns.
        last: by role the last column that is meant by its label.
        literal: what stands in its columns for ids are ids, also what looks like the number of an O or a KR.
    """

    row: int
    below: int
    columns: dict[str, int] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    unknown: list[tuple[str, int]] = field(default_factory=list)
    last: dict[str, int] = field(default_factory=dict)
    literal: bool = False

    def span(self, role: str) -> range:
        """Return the columns in which a role's value may stand."""
        return range(self.columns[role], self.last[role] + 1)


def bare_labels(grid: Grid, labels: Labels, row: int, columns: range) -> dict[int, Label]:
    """Return by column the labels of a row that have no value in their cell."""
    found: dict[int, Label] = {}
    for column in columns:
        label = labels.of(grid.rows[row][column])
        if label is not None and label.value is None:
            found[column] = label
    return found


def is_flat(grid: Grid, row: int, found: Mapping[int, Label]) -> bool:
    """Say whether a row is the header of a flat sheet: an O and a KR side by side, and no values."""
    roles = {label.role: column for column, label in reversed(list(found.items())) if label.number is None}
    if "objective" not in roles or "kr" not in roles:
        return False
    filled = [c for c, value in enumerate(grid.rows[row]) if value not in (None, "")]
    behind = next((c for c in filled if c > roles["objective"]), None)
    if behind is not None and behind not in found and len(str(grid.rows[row][behind])) > 12:
        return False
    return len(found) * 2 >= len(filled)


def read_header(grid: Grid, labels: Labels, row: int, columns: range) -> Header:
    """Read the header of a flat sheet or over the KR rows of a block, with a second row of labels."""
    found = bare_labels(grid, labels, row, columns)
    below = row + 1
    second = _second_row(grid, labels, row, columns, found)
    if second:
        below += 1
        found = {**found, **second}
    found = {**found, **_numbers_apart(grid, found, below)}
    header = Header(row, below)
    _assign(header, dict(sorted(found.items())))
    for column in columns:
        text = shown(grid.at(row, column))
        if text and column not in found and len(text) <= 30:
            header.unknown.append((text, column))
    _extend(header, grid, columns)
    return header


def _numbers_apart(grid: Grid, found: Mapping[int, Label], below: int) -> dict[int, Label]:
    """Of two columns for one thing, tell the one with its numbers: `O | 目标` over `O1 | 提升复购`."""
    numbers: dict[int, Label] = {}
    for role in (OBJECTIVE, KR):
        columns = [column for column, label in sorted(found.items()) if label.role == role]
        for column in columns[:-1]:
            cells = (shown(grid.at(line, column)) for line in range(below, min(below + 50, grid.height)))
            texts = [text for text in cells if text]
            if texts and all(label_number(text) is not None for text in texts):
                numbers[column] = replace(found[column], role="stated_id", level=role)
    return numbers


def _second_row(grid: Grid, labels: Labels, row: int, columns: range, found: Mapping[int, Label]) -> dict[int, Label]:
    """Return the labels under merged cells of a header: `责任人 | 成员` under `KR 责任人`."""
    if row + 1 >= grid.height:
        return {}
    under = bare_labels(grid, labels, row + 1, columns)
    if not under or any(label.role not in IN_TABLE for label in under.values()):
        return {}
    wide = [m for m in grid.within() if m.top == row == m.bottom and m.right > m.left]
    # Under a merged `目标` may stand `内容`, which is the O's own text.
    bare = {m.left for m in wide if m.left in found and found[m.left].role in (OBJECTIVE, KR) and len(under) > 1}
    for column in columns:
        text = shown(grid.at(row + 1, column))
        if text is not None and column not in under and not (column in bare and len(text) <= _SHORT):
            return {}
    if not wide and len(under) < 2:
        return {}
    covered = {column for merge in wide for column in range(merge.left, merge.right + 1)}
    for column, label in under.items():
        over = found.get(column)
        if column not in covered and (over is not None or grid.at(row, column) is not None):
            return {}
        if over is None:
            over = next((found.get(m.left) for m in wide if m.left <= column <= m.right), None)
        if over is not None and over.level and label.level is None:
            under[column] = type(label)(label.role, label.text, over.level, None, None, label.members)
    return under


def _assign(header: Header, found: Mapping[int, Label]) -> None:
    """Give each label its role: bare ones belong to the O or KR that they stand behind."""
    anchors = {label.role: column for column, label in reversed(list(found.items())) if label.role in (OBJECTIVE, KR)}
    ids = [c for c, label in found.items() if label.role == "stated_id" and label.level != OBJECTIVE]
    # `目标进度` beside `进度` is the O's, which has none; alone it is how somebody calls a KR's.
    last = [c for c, label in found.items() if label.role in ONLY_KR and label.level == OBJECTIVE]
    for column in [*(c for c in found if c not in last), *last]:
        label = found[column]
        role = label.role
        if role in ONLY_KR:
            role = f"kr.{role}"
        elif role in EITHER:
            level = label.level or _level(role, column, anchors, alone=len(ids) == 1)
            role = f"{level}.{role}"
        if role in header.columns:
            header.unknown.append((label.text, column))
            continue
        header.columns[role] = column
        header.labels[role] = label.text.strip().rstrip(":：*＊ ")
        if label.members:
            header.members.add(role)


def _level(role: str, column: int, anchors: Mapping[str, int], *, alone: bool) -> str:
    if OBJECTIVE not in anchors or (role == "stated_id" and alone):
        return KR
    before = [(at, level) for level, at in anchors.items() if at < column]
    return max(before)[1] if before else OBJECTIVE


def _extend(header: Header, grid: Grid, columns: range) -> None:
    """Find how far each label reaches: to the column before the next one with anything in it."""
    taken = {*header.columns.values(), *(column for _, column in header.unknown)}
    for role, column in header.columns.items():
        last = column
        while last + 1 < columns.stop and last + 1 not in taken and grid.at(header.row, last + 1) is None:
            last += 1
        # The last label of a sheet does not reach into whatever stands right of it.
        reaches = last < columns.stop - 1 or role == "kr"
        header.last[role] = last if reaches else _merged_to(grid, header.row, column)


def _merged_to(grid: Grid, row: int, column: int) -> int:
    for merge in grid.within():
        if merge.top <= row <= merge.bottom and merge.left == column:
            return min(merge.right, grid.width - 1)
    return column
