"""Reads one workbook, sheet by sheet, into plain values. Runs in a child process."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.workbook import marks
from connectors.workbook.block import Blocks, bands, header_rows
from connectors.workbook.flat import Flat, Known
from connectors.workbook.grid import address, shown
from connectors.workbook.header import bare_labels, is_flat, read_header
from connectors.workbook.labels import Labels
from connectors.workbook.opening import open_workbook
from connectors.workbook.ours import looks_like_ours, read_marked
from connectors.workbook.pairs import pairs_of
from connectors.workbook.records import About, Records, Seen, about_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.workbook.grid import Grid
    from connectors.workbook.header import Header
    from connectors.workbook.pairs import Pair

_TITLES = 3
_NAMED = 20
"""So many sheets that are passed over are named one by one."""

_WIDE = 2
_CONTEXT = ("unit", "period", "person")
_LONGEST_TITLE = 80


@dataclass
class Options:
    """What the settings say of a source's workbooks.

    `unit` and `period`: where its name stands (`sheet`, `title`, `file`, `cell:B2`; None: anywhere).
    `columns`: labels that we do not know, and what they mean.
    """

    unit: str | None = None
    period: str | None = None
    columns: dict[str, str] = field(default_factory=dict)


def read_workbook(path: str, scope: str, options: Options, labels: Labels | None = None) -> dict[str, Any]:
    """Read a workbook.

    Args:
        path: the file.
        scope: its path within the source's folder, by which people know it.
        options: what the settings say.
        labels: knows labels; made from `options` where it is not given.

    Returns:
        Plain values: `saved_at` (ISO 8601, UTC), `saved_by`, `sheets`, `returned` and `notices`. A sheet is its
        name, what `Records.plain` gives, the words for its period, and what its labels say of unit and person.
        What is `returned` are the sheets of requests, with their answers.

    Raises:
        SourceError: those of `open_workbook`.
    """
    labels = labels or Labels(options.columns)
    opened = open_workbook(Path(path))
    notices: list[tuple[str, dict[str, Any]]] = []
    notices += [("workbook_sheet_hidden", {"file": scope, "sheet": name}) for name in opened.hidden[:_NAMED]]
    if len(opened.hidden) > _NAMED:
        notices.append(("workbook_more_hidden", {"file": scope, "count": len(opened.hidden) - _NAMED}))
    sheets: list[dict[str, Any]] = []
    returned: list[dict[str, Any]] = []
    passed: list[str] = []
    for grid in opened.sheets:
        mark = marks.find(grid) if grid.rows else None
        if mark is not None:
            found = read_marked(grid, scope, mark, labels)
            if found is None and mark.kind != marks.VIEW:
                notices.append(("workbook_sheet_newer", {"file": scope, "sheet": grid.name}))
            elif found is not None and mark.kind == marks.OKRS and found["as_of"] and not _has_okrs(found):
                # Nobody has filled it in: it does not say that the unit has no OKRs.
                notices.append(("workbook_template_empty", {"file": scope, "sheet": grid.name}))
            elif found is not None:
                (returned if mark.kind == marks.REQUESTS else sheets).append(found)
            continue
        found = read_sheet(grid, scope, options, labels) if grid.rows else None
        if found is not None:
            sheets.append(found)
        elif looks_like_ours(grid):
            notices.append(("workbook_mark_gone", {"file": scope, "sheet": grid.name}))
        else:
            passed.append(grid.name)
    passed += opened.charts
    notices += [("workbook_sheet_without_okr", {"file": scope, "sheet": name}) for name in passed[:_NAMED]]
    if len(passed) > _NAMED:
        notices.append(("workbook_more_sheets", {"file": scope, "count": len(passed) - _NAMED}))
    saved = opened.saved_at.isoformat() if opened.saved_at else None
    told = {"saved_at": saved, "saved_by": opened.saved_by}
    return {**told, "sheets": sheets, "returned": returned, "notices": notices}


def _has_okrs(sheet: dict[str, Any]) -> bool:
    return any(run["table"] in ("objectives", "key_results") for run in sheet["runs"])


def read_sheet(grid: Grid, scope: str, options: Options, labels: Labels) -> dict[str, Any] | None:
    """Read a sheet; None where it has neither shape."""
    flat = _flat_headers(grid, labels)
    blocks = [] if flat else header_rows(grid, labels)
    if not flat and not blocks:
        return None
    records = Records(f"{scope}!{grid.name}")
    first = min(flat[0] if flat else blocks[0][0], grid.height)
    above = _above(grid, labels, first, flat=bool(flat))
    about = _about(grid, scope, options, above)
    if about.person:
        records.held.add("person")
    if flat:
        _read_flat(grid, labels, flat, about, records)
    else:
        for band in bands(grid, labels, blocks):
            rows = {row for row, start, _ in blocks if start in band}
            Blocks(grid, labels, band, rows, about, records).read()
    plain = records.plain()
    said = {role: above.labelled[role].text if role in above.labelled else None for role in ("unit", "person")}
    people = "person" in records.held and said["person"] is None
    plain.update(sheet=grid.name, period=about.period, said={**said, "people": people})
    return plain


def _flat_headers(grid: Grid, labels: Labels) -> list[int]:
    """Return the header rows of a flat sheet: the first, and where it is repeated further down."""
    columns = range(grid.width)
    for row in range(grid.height):
        bare = bare_labels(grid, labels, row, columns)
        if not bare:
            continue
        if is_flat(grid, row, bare):
            return [row, *_repeated(grid, labels, row, bare)]
    return []


def _repeated(grid: Grid, labels: Labels, first: int, bare: Mapping[int, Any]) -> list[int]:
    column = next(c for c, label in bare.items() if label.role == "kr")
    found = []
    for row in range(first + 1, grid.height):
        value = grid.rows[row][column]
        if type(value) is str and len(value) < 16:
            label = labels.of(value)
            if label is None or label.role != "kr" or label.value is not None:
                continue
            if is_flat(grid, row, bare_labels(grid, labels, row, range(grid.width))):
                found.append(row)
    return found


def _read_flat(grid: Grid, labels: Labels, rows: list[int], about: About, records: Records) -> None:
    known, until = Known(), 0
    for index, row in enumerate(rows):
        header: Header = read_header(grid, labels, row, range(grid.width))
        if index and (told := _between(grid, labels, until, row)):
            known, about = Known(), _told_by(about, told)
        following = rows[index + 1] if index + 1 < len(rows) else grid.height
        until = _end_of_rows(grid, labels, header.below, following) if following < grid.height else following
        if following > header.below:
            for text, column in header.unknown:
                records.notice("workbook_unknown_label", label=text, cell=grid.cell(row, column))
        Flat(grid, header, until, about, records, known).read()


def _end_of_rows(grid: Grid, labels: Labels, below: int, following: int) -> int:
    """Return where the rows under a header end: a title may stand over the next header."""
    end = following
    wide = {m.top for m in grid.within() if m.right - m.left >= _WIDE}
    for row in range(following - 1, max(below, following - _TITLES - 2) - 1, -1):
        filled = [column for column in range(grid.width) if shown(grid.at(row, column)) is not None]
        if not filled:
            return min(following, end)
        pairs, _ = pairs_of(grid, labels, row, range(grid.width))
        context = bool(pairs) and all(pair.label.role in _CONTEXT for pair in pairs)
        apart = row == below or all(grid.at(row - 1, column) is None for column in range(grid.width))
        if not context and not (len(filled) == 1 and (row in wide or apart)):
            return end
        end = row
    return end


def _between(grid: Grid, labels: Labels, first: int, row: int) -> _Above | None:
    """Return what the title over a header further down says, None where there is none."""
    found = _Above()
    for line in range(first, row):
        _look_above(grid, labels, line, found)
    return found if found.titles or found.labelled else None


def _told_by(about: About, above: _Above) -> About:
    """Return what is said of the rows below a title: first by it, then as before."""
    unit, period, person = (above.labelled.get(role) for role in _CONTEXT)
    units = about_words([*([unit.text] if unit and unit.text else []), *above.titles], "unit")
    periods = about_words([*([period.text] if period and period.text else []), *above.titles], "period")
    return replace(
        about,
        unit=about.unit if "unit" in about.fixed else list(dict.fromkeys([*units, *about.unit])),
        period=about.period if "period" in about.fixed else list(dict.fromkeys([*periods, *about.period])),
        person=person or about.person,
    )


@dataclass
class _Above:
    """What stands above the first O: texts, and labels for unit, period and person with their values."""

    titles: list[str] = field(default_factory=list)
    labelled: dict[str, Seen] = field(default_factory=dict)


def _above(grid: Grid, labels: Labels, until: int, *, flat: bool) -> _Above:
    found = _Above()
    row = 0
    while row < until:
        pairs, below = pairs_of(grid, labels, row, range(grid.width))
        if not flat and any(pair.label.role in ("objective", "carries") for pair in pairs):
            break
        _take_above(grid, row, pairs, found)
        row += 2 if below else 1
    del found.titles[_TITLES:]
    return found


def _look_above(grid: Grid, labels: Labels, row: int, found: _Above) -> None:
    _take_above(grid, row, pairs_of(grid, labels, row, range(grid.width))[0], found)


def _take_above(grid: Grid, row: int, pairs: list[Pair], found: _Above) -> None:
    for pair in pairs:
        text = shown(pair.value)
        if text and pair.label.role in _CONTEXT:
            found.labelled.setdefault(pair.label.role, Seen(text, grid.cell(pair.row, pair.column), pair.label.text))
    if not pairs:
        texts = (shown(grid.at(row, column)) for column in range(grid.width))
        found.titles += [text for text in texts if text and len(text) <= _LONGEST_TITLE]


def _about(grid: Grid, scope: str, options: Options, above: _Above) -> About:
    units, unit_at = _words(grid, scope, options.unit, above, "unit")
    periods, period_at = _words(grid, scope, options.period, above, "period")
    told = {"unit": options.unit, "period": options.period}
    fixed = frozenset(kind for kind, where in told.items() if where is not None)
    return About(units, periods, above.labelled.get("person"), unit_at, period_at, fixed)


def _words(grid: Grid, scope: str, where: str | None, above: _Above, kind: str) -> tuple[list[str], str]:
    """Return the words for a sheet's unit or period in order, and the cell of a label for it."""
    path = Path(scope)
    if where is not None and where.startswith("cell:"):
        cell = where.removeprefix("cell:")
        text = _cell(grid, cell)
        return about_words([text] if text else [], kind), cell
    label = above.labelled.get(kind)
    told = {
        "sheet": [grid.name],
        "title": above.titles,
        "file": [
            path.stem,
            *(part for part in reversed(path.parts[:-1]) if part not in ("..", "/")),
        ],
    }
    if where in told:
        return about_words(told[where], kind), ""
    first = [label.text] if label and label.text else []
    every = [*first, *told["sheet"], *told["title"], *told["file"]]
    return about_words(every, kind), label.place if label else ""


def _cell(grid: Grid, cell: str) -> str | None:
    place = address(cell)
    if place is None:
        return None
    row, column = place[0] - grid.top, place[1] - grid.left
    inside = 0 <= row < grid.height and 0 <= column < grid.width
    return shown(grid.at(row, column)) if inside else None
