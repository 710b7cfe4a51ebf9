"""The mapping table of `[identities] path`: what ops know to be the same in several sources."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from okr.errors import SettingsError
from okr.settings.names import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from okr.settings.model import Settings

KINDS = {
    "unit": ("unit", "单元", "组织", "部门"),
    "person": ("person", "人员", "人", "员工"),
    "period": ("period", "周期"),
    "objective": ("objective", "目标", "o"),
    "kr": ("kr", "关键结果"),
    "handshake": ("handshake", "握手"),
    "meeting": ("meeting", "会议"),
}
COLUMNS = ("kind", "id", "source", "source_id")
IGNORED = ("how", "since", "name", "note", "candidate", "score", "case", "place")
"""Columns that `okr identities` writes besides, so that its list can be edited and used."""

_BY_WORD = {word: kind for kind, words in KINDS.items() for word in words}
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Mapped:
    """One line: what `source` (None: any) calls `source_id` is the thing `id`."""

    kind: str
    id: str
    source: str | None
    source_id: str
    line: int


def read_mapping(settings: Settings) -> tuple[Mapped, ...]:
    """Read the mapping table that the settings name; none where they name none.

    Raises:
        SettingsError: `mapping_unreadable`; or `settings_wrong` with all `problems`, each naming file and line:
            columns, kinds or sources that are not known, empty cells, one id that means two things, a circle.
    """
    path = settings.identities.path
    if path is None:
        return ()
    problems: list[SettingsError] = []
    lines = list(_lines(path, _decoded(path), settings, problems))
    if not problems:
        problems += _contradictions(lines, path)
    if problems:
        raise SettingsError("settings_wrong", problems=tuple(problems), file=str(path), count=len(problems))
    return tuple(lines)


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as failure:
        raise SettingsError("mapping_unreadable", file=str(path), reason=failure.strerror or "") from None
    if len(content) > _MOST_BYTES:
        raise SettingsError("mapping_unreadable", file=str(path), reason="> 64 MB")
    for encoding in ("utf-8-sig", "gb18030"):  # as Excel writes it, and as a Chinese Excel does
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SettingsError("mapping_unreadable", file=str(path), reason="UTF-8, GB18030")


def _lines(path: Path, text: str, settings: Settings, problems: list[SettingsError]) -> Iterator[Mapped]:
    file = str(path)
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [name.strip().lower() for name in next(rows, [])]
    except csv.Error as failure:
        problems.append(SettingsError("mapping_unreadable", file=file, reason=str(failure)))
        return
    for name in header:
        if name not in (*COLUMNS, *IGNORED):
            near = nearest(name, COLUMNS)
            problems.append(SettingsError("mapping_column_unknown", file=file, column=name, nearest=near))
    missing = [name for name in COLUMNS if name not in header and name != "source"]
    if missing:
        problems.append(SettingsError("mapping_column_missing", file=file, columns=missing))
    if problems:
        return
    while True:
        try:
            row = next(rows, None)
        except csv.Error as failure:
            problems.append(SettingsError("mapping_unreadable", file=file, reason=str(failure)))
            return
        if row is None:
            return
        cells = dict(zip(header, (_cell(value) for value in row), strict=False))
        if any(cells.values()):
            yield from _mapped(cells, rows.line_num, file, settings, problems)


def _cell(value: str) -> str:
    said = value.strip()
    # Lists that we write for spreadsheets have a ' before what would be a formula there.
    return said[1:] if said[:1] == "'" and said[1:2] in {"=", "+", "-", "@"} else said


def _mapped(
    cells: dict[str, str], line: int, file: str, settings: Settings, problems: list[SettingsError]
) -> Iterator[Mapped]:
    kind = _BY_WORD.get(cells.get("kind", "").lower())
    source = cells.get("source") or None
    empty = [name for name in ("id", "source_id") if not cells.get(name)]
    if kind is None:
        said = cells.get("kind", "")
        problems.append(SettingsError("mapping_kind_unknown", file=file, line=line, kind=said, known=list(KINDS)))
    elif empty:
        problems.append(SettingsError("mapping_cell_empty", file=file, line=line, columns=empty))
    elif source is not None and source not in settings.sources:
        near = nearest(source, settings.sources)
        problems.append(SettingsError("mapping_source_unknown", file=file, line=line, source=source, nearest=near))
    else:
        yield Mapped(kind, cells["id"], source, cells["source_id"], line)


def _contradictions(lines: Sequence[Mapped], path: Path) -> Iterator[SettingsError]:
    """Find ids that are mapped to two things, and ids that are mapped round in a circle."""
    file = str(path)
    first: dict[tuple[str, str | None, str], Mapped] = {}
    onward: dict[tuple[str, str], dict[str, int]] = {}
    for one in lines:
        was = first.setdefault((one.kind, one.source, one.source_id), one)
        if was.id != one.id:
            yield SettingsError(
                "mapping_of_two", file=file, line=one.line, other=was.line, id=one.source_id, ids=[was.id, one.id]
            )
        elif one.id != one.source_id:
            onward.setdefault((one.kind, one.source_id), {}).setdefault(one.id, one.line)
    done: set[tuple[str, str]] = set()
    for start in onward:
        path_, on_path = [start], {start}
        while path_:
            here = path_[-1]
            there = next((n for n in ((here[0], to) for to in onward.get(here, {})) if n not in done), None)
            if there is None:
                done.add(path_.pop())
                on_path.discard(here)
            elif there in on_path:
                circle = path_[path_.index(there) :]
                ids = [*(said for _, said in circle), there[1]]
                line = max(onward[a][b[1]] for a, b in zip(circle, [*circle[1:], there], strict=True))
                yield SettingsError("mapping_circle", file=file, line=line, ids=ids)
                done |= on_path
                path_ = []
            else:
                path_.append(there)
                on_path.add(there)
