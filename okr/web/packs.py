"""The packs of a meeting: which there are, and which of their files are for whom.

What a browser asks for is never made into a path: it is looked up among what a pack says that it holds.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from okr.publish.door.register import HRBP, LEADER, OPS
from okr.publish.pack.store import Packs

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from pathlib import Path

    from okr.publish.door import Meeting
    from okr.publish.pack.store import Pack
    from okr.settings import Settings

FOR = {
    "page": {OPS, HRBP, LEADER},
    "meeting": {OPS, HRBP, LEADER},
    "leader": {LEADER},
    "unit": {OPS, HRBP},
}
"""Who may have which kind of file, in the order of a page. What else lies there, mails to people, is for none."""


@dataclass(frozen=True)
class Shown:
    """One file of a pack; `kind` as `okr.publish.pack.files` has it."""

    name: str
    kind: str
    unit_id: str
    size: int
    path: Path


@dataclass(frozen=True)
class Made:
    """What one run made for a meeting, as far as somebody may have it."""

    name: str
    made_at: datetime
    files: list[Shown]


def packs(settings: Settings, meeting: Meeting, roles: Collection[str]) -> list[Made]:
    """Return the packs of a meeting with the files that somebody in these roles may have, newest first."""
    found = []
    for pack in Packs(settings.packs.path).all(meeting.meeting_id):
        # Folders are named by a short hash: what is in one says itself of which meeting it is.
        if pack.about.get("meeting_id") != meeting.meeting_id:
            continue
        files = [file for file in _files(pack) if FOR[file.kind] & set(roles)]
        if files:
            found.append(Made(pack.folder.name, pack.made_at, files))
    return found


def _files(pack: Pack) -> list[Shown]:
    """The files that a pack says it holds and that are there, as files of its own folder."""
    try:
        with os.scandir(pack.folder) as entries:
            there = {e.name: e.stat().st_size for e in entries if e.is_file(follow_symlinks=False)}
    except OSError:
        return []  # removed meanwhile
    said = [file for file in pack.about.get("files", ()) if file["kind"] in FOR and file["name"] in there]
    order = list(FOR)
    said.sort(key=lambda file: order.index(file["kind"]))  # of one kind as they were made: in the order of units
    return [
        Shown(one["name"], one["kind"], one["unit_id"], there[one["name"]], pack.folder / one["name"]) for one in said
    ]
