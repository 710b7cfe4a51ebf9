"""Reads sheets that we wrote, each as what its mark says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.workbook import marks
from connectors.workbook.answers import Requests
from connectors.workbook.flat import Flat
from connectors.workbook.grid import Grid, shown
from connectors.workbook.header import Header
from connectors.workbook.labels import NAMES
from connectors.workbook.pairs import pairs_of
from connectors.workbook.records import About, Records, about_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.workbook.labels import Labels
    from connectors.workbook.marks import Mark

_SAFE_ID = re.compile(r"[\w.:@#+-]{1,200}")
"""An id that may stand among others in a cell; what else is not put there, and its name is looked up."""

_SHARED = re.compile(r"^(.*\S)\s*([(（][^()（）]*[)）])\s*$", re.DOTALL)
_APART = re.compile(r"([、，,;；\n])")


def read_marked(grid: Grid, scope: str, mark: Mark, labels: Labels) -> dict[str, Any] | None:
    """Read a sheet that we wrote.

    Returns:
        What `Records.plain` gives, with `sheet`, `answers`, and for a sheet of OKRs what `read_sheet` adds, and
        `as_of`: since when it has stood as it is, where nobody changed it. None where nothing is to be read.
    """
    records = Records(f"{scope}!{grid.name}")
    if mark.kind == marks.REQUESTS:
        answers = Requests(grid, mark, records).read()
        return {**records.plain(), "holds": {}, "sheet": grid.name, "answers": answers}
    if mark.kind == marks.OKRS:
        return _okrs(grid, mark, records, _about(grid, scope, mark, labels))
    return None


def looks_like_ours(grid: Grid) -> bool:
    """Say whether a sheet without a mark asks for answers like those that we write: somebody took its ids away."""
    for cells in grid.rows[: marks.MOST_ROWS]:
        texts = [text.casefold() for cell in cells if isinstance(cell, str) and (text := cell.strip())]
        if any(cell == marks.HEAD for cell in cells) or all(
            any(w in t for t in texts) for w in ("支持的 kr", "对方的关键结果")
        ):
            return True
        if all(any(word in text for text in texts) for word in ("supporting kr", "their key result")):
            return True
    return False


def _about(grid: Grid, scope: str, mark: Mark, labels: Labels) -> About:
    """Return whose OKRs the sheet holds: as its mark says; of a template for anybody what was written into it."""
    unit, period = (str(mark.about.get(name) or "") for name in ("unit", "period"))
    if unit:
        return About([unit], [period], fixed=frozenset(("unit", "period")))
    words: list[str] = []
    for row in range(mark.row + 1, _head(grid, mark)):
        pairs, _ = pairs_of(grid, labels, row, range(mark.column + 2, grid.width))
        words += [text for pair in pairs if pair.label.role == "unit" and (text := shown(pair.value))]
    path = Path(scope)
    units = about_words([*words, path.stem, *reversed(path.parts[:-1])], "unit")
    return About(units, [period] if period else [], fixed=frozenset(("unit", "period")))


def _okrs(grid: Grid, mark: Mark, records: Records, about: About) -> dict[str, Any]:
    head = _head(grid, mark)
    unit, period = (str(mark.about.get(name) or "") for name in ("unit", "period"))
    columns = {key: at for at, key in mark.keys.items() if key in _ROLES}
    columns |= {"objective.stated_id": mark.column, "kr.stated_id": mark.column + 1}
    labels = {key: (shown(grid.at(head, at)) or key).replace("\n", " ") for key, at in columns.items()}
    header = Header(head, head + 1, columns, labels, last=dict(columns), literal=True)
    unchanged = mark.about.get("state") == _state(grid, mark, head)
    _strange(grid, mark, head, records)
    if {"objective", "kr"} <= columns.keys():
        Flat(_with_ids(grid, mark, head), header, grid.height, about, records).read()
    records.held.difference_update(("objective.stated_id", "kr.stated_id"))
    people = "person" in columns
    return {
        **records.plain(),
        "sheet": grid.name,
        "answers": [],
        "period": [period],
        "said": {"unit": unit or next(iter(about.unit), ""), "person": None, "people": people},
        "as_of": mark.about.get("written") if unchanged else None,
    }


def _head(grid: Grid, mark: Mark) -> int:
    """Return the row of the labels; where it is gone, the row of the mark."""
    rows = range(mark.row + 1, grid.height)
    return next((row for row in rows if grid.rows[row][mark.column] == marks.O_ID), mark.row)


def _state(grid: Grid, mark: Mark, head: int) -> str:
    rows = grid.rows[head + 1 :]
    return marks.digest({key: cells[at] for at, key in mark.keys.items()} for cells in rows)


def _strange(grid: Grid, mark: Mark, head: int, records: Records) -> None:
    """Tell of columns that somebody put in: nothing says what stands in them."""
    last = max(mark.keys, default=mark.column)
    for at in range(mark.column + 2, last + 1):
        label = shown(grid.at(head, at)) if at not in mark.keys else None
        if label and len(label) <= 100:
            records.notice("workbook_unknown_label", label=label, cell=grid.cell(head, at))


def _with_ids(grid: Grid, mark: Mark, head: int) -> Grid:
    """Return the sheet with ids where a line of a drop-down stands for one, and without the drop-downs' own cells."""
    rows = [list(cells) for cells in grid.rows]
    listed = {at: mark.lists.get(name, {}) for at, name in mark.listed.items() if name != "teams"}
    for cells in rows[head + 1 :]:
        for at, pairs in listed.items():
            if isinstance(text := cells[at], str) and text and pairs:
                carried = mark.keys[at] == "carries"
                cells[at] = _targets(text, pairs) if carried else _people(text, pairs)
    return Grid(grid.name, rows, grid.top, grid.left, grid.merges, grid.percent_rows)


def _targets(text: str, pairs: Mapping[str, str]) -> str:
    """Put ids for the lines of a cell, each of which may have a share behind it."""
    found = []
    for line in text.split("\n"):
        thing, share = marks.meant(pairs, line), ""
        if thing is None and (matched := _SHARED.match(line)):
            thing, share = marks.meant(pairs, matched[1]), matched[2]
        found.append(f"{thing}{share}" if thing is not None else line)
    return "\n".join(found)


def _people(text: str, pairs: Mapping[str, str]) -> str:
    """Put ids for the names in a cell, where they may stand among others."""
    whole = marks.meant(pairs, text)
    if whole is not None and _SAFE_ID.fullmatch(whole):
        return whole
    pieces = _APART.split(text)
    told = [marks.meant(pairs, piece) for piece in pieces]
    return "".join(
        thing if thing is not None and _SAFE_ID.fullmatch(thing) else piece
        for piece, thing in zip(pieces, told, strict=True)
    )


_ROLES = {name for name in NAMES.values() if name != "stated_id"} | {
    f"{level}.{role}"
    for level, roles in {
        "objective": ("owner", "confidence"),
        "kr": ("owner", "members", "due_on", "confidence", "progress"),
    }.items()
    for role in roles
}
"""Keys that stand for a column of an O, a KR or a handshake."""
