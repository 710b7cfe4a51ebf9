"""The packs of a meeting: which there are, and which of their files are for whom.

What a browser asks for is never made into a path: it is looked up among the names that lie there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from okr.publish.door.register import HRBP, LEADER, OPS

if TYPE_CHECKING:
    from collections.abc import Collection

    from okr.publish.door import Meeting
    from okr.settings import Settings

LATEST = "latest"


@dataclass(frozen=True)
class PackFile:
    """One file of a pack. `kind`: `page`, `workbook`, `leader` or `participant`."""

    name: str
    kind: str
    size: int
    path: Path


@dataclass(frozen=True)
class Pack:
    """What one run made for a meeting."""

    name: str
    made_at: datetime
    files: list[PackFile]


KINDS = {
    "readiness": ("page", "html"),
    "meeting": ("workbook", "xlsx"),
    "unit": ("participant", "xlsx"),
    "leader": ("leader", "xlsx"),
}
"""What the files of a pack are, by how their names begin and end (`okr.publish.pack.files`)."""

FOR = {
    "page": {OPS, HRBP, LEADER},
    "workbook": {OPS, HRBP, LEADER},
    "participant": {OPS, HRBP},
    "leader": {LEADER},
}
"""Who may have which kind of file; what is of no kind is for nobody: mails to single people, say."""


def packs(settings: Settings, meeting: Meeting, roles: Collection[str]) -> list[Pack]:
    """Return the packs of a meeting with the files that somebody in these roles may have, newest first."""
    found = []
    for folder in _folders(settings.packs.path / meeting.key):
        files = [file for file in _files(folder) if FOR[file.kind] & set(roles)]
        if files:
            made_at = datetime.fromtimestamp(max(file.path.stat().st_mtime for file in files), UTC)
            found.append(Pack(folder.name, made_at, files))
    return sorted(found, key=lambda pack: pack.made_at, reverse=True)


def _folders(place: Path) -> list[Path]:
    """The folders of runs. `latest` is one of them once more."""
    try:
        with os.scandir(place) as entries:
            return [Path(e.path) for e in entries if e.is_dir(follow_symlinks=False) and e.name != LATEST]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _files(folder: Path) -> list[PackFile]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(e.name for e in entries if e.is_file(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = []
    for name in names:
        kind = kind_of(name)
        if kind is not None:
            path = folder / name
            found.append(PackFile(name, kind, path.stat().st_size, path))
    order = list(FOR)
    return sorted(found, key=lambda file: (order.index(file.kind), file.name))


def kind_of(name: str) -> str | None:
    """What a file of a pack is, by its name; None: nothing that pages hand out."""
    stem, dot, ending = name.rpartition(".")
    kind, known = KINDS.get(stem.partition("-")[0], (None, ""))
    return kind if dot and ending == known else None
