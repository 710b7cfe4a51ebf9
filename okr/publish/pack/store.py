"""Where packs lie: a folder for each meeting, in it one for each preparation, and `latest`, which points to one.

```
<packs>/lock                                one preparation at a time
<packs>/<meeting>/<time>-<run>/             pack.json and the files
<packs>/<meeting>/latest                    a link to the last of them
<packs>/<meeting>/.tmp-…                    being written, or left by a killed run
```

A pack is written beside the others and comes to be by one rename; `latest` moves by one more. Whoever
looks sees the last pack or the new one, also while the disk is full. All of it is for the owner alone.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from connectors.naming import safe_name
from okr.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from okr.publish.pack.files import PackFile
    from okr.report import Report

LATEST, MANIFEST = "latest", "pack.json"
_RUN = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-zA-Z_-]+(-\d+)?")
_TEMPORARY = ".tmp-"


@dataclass(frozen=True)
class Pack:
    """A pack that lies there.

    Attributes:
        folder: where, absolute.
        made_at: the time of its run.
        about: what its manifest says: `meeting_id`, `run_id`, `made_at`, `readiness`, and `files`, each with `name`,
            `kind` and `unit_id` as in `PackFile`.
    """

    folder: Path
    made_at: datetime
    about: dict[str, Any]


class Packs:
    """The folder of all packs of an enterprise."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def folder(self, meeting_id: str) -> Path:
        """Where the packs of a meeting lie."""
        return self.path / safe_name(meeting_id)

    def latest(self, meeting_id: str) -> Path:
        """The link to the last pack of a meeting."""
        return self.folder(meeting_id) / LATEST

    def all(self, meeting_id: str) -> list[Pack]:
        """The packs of a meeting that are kept: the one that `latest` points to, then the others, newest first."""
        home = self.folder(meeting_id)
        last = _last(home)
        found = []
        for name in _names(home):
            manifest = home / name / MANIFEST
            try:
                about, written = json.loads(manifest.read_text(encoding="utf-8")), manifest.stat().st_mtime_ns
            except (OSError, ValueError):
                continue  # removed meanwhile, or no pack of ours
            made_at = _made_at(name)
            # Where the time of day is set by hand, all packs may bear the same one.
            found.append(((name == last, made_at, written), Pack(home / name, made_at, about)))
        return [pack for _, pack in sorted(found, key=lambda one: one[0], reverse=True)]

    @contextmanager
    def alone(self, report: Report) -> Iterator[None]:
        """Hold the right to prepare; say so where another has it, and wait for its end.

        The lock belongs to the process: whoever is killed lets go of it.

        Raises:
            RunError: `pack_unwritable`.
        """
        with self._told():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = FileLock(self.path / "lock", mode=0o600)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                report.note("waiting_for_preparation")
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def writing(self, meeting_id: str, run_id: str, at: datetime) -> Iterator[Writing]:
        """A folder to write a pack into. At the end of the block it takes its name, and `latest` points to it.

        Only the holder of `alone` may. Where anything goes wrong the last pack stands.

        Raises:
            RunError: `pack_disk_full`, `pack_unwritable`.
        """
        home = self.folder(meeting_id)
        with self._told():
            home.mkdir(mode=0o700, exist_ok=True)
            for left in home.glob(f"{_TEMPORARY}*"):
                shutil.rmtree(left, ignore_errors=True)
            work = home / f"{_TEMPORARY}{secrets.token_hex(4)}"
            try:
                work.mkdir(mode=0o700)
                writing = Writing(work, home / _name(home, run_id, at))
                yield writing
                writing.manifest({"meeting_id": meeting_id, "run_id": run_id, "made_at": at.isoformat()})
                _sync(work)
                work.replace(writing.folder)
                _point(home / LATEST, writing.folder.name)
                _sync(home)
            finally:
                shutil.rmtree(work, ignore_errors=True)

    def prune(self, before: datetime) -> int:
        """Remove packs that were made before a time, but of each meeting not the last; returns how many."""
        removed = 0
        for home in sorted(self.path.iterdir()) if self.path.is_dir() else ():
            if not home.is_dir() or home.is_symlink():
                continue
            kept = _last(home)
            for name in _names(home):
                if name != kept and _made_at(name) < before:
                    doomed = home / f"{_TEMPORARY}{secrets.token_hex(4)}"
                    (home / name).replace(doomed)
                    shutil.rmtree(doomed, ignore_errors=True)
                    removed += 1
        return removed

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as failure:
            raise unwritable(self.path, failure) from failure


@dataclass
class Writing:
    """A pack that is being written into `work`, and the folder that it will be."""

    work: Path
    folder: Path
    files: Sequence[PackFile] = ()
    readiness: float | None = None

    def manifest(self, about: dict[str, Any]) -> None:
        """Write which files there are, and for whom."""
        told = {**about, "readiness": self.readiness, "files": [asdict(file) for file in self.files]}
        descriptor = os.open(self.work / MANIFEST, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            json.dump(told, out, ensure_ascii=False, indent=1)


def unwritable(folder: Path, failure: OSError) -> RunError:
    """Say that a pack could not be written, and why."""
    full = failure.errno in {errno.ENOSPC, errno.EDQUOT}
    reason = failure.strerror or str(failure)
    return RunError("pack_disk_full" if full else "pack_unwritable", folder=str(folder), reason=reason)


def _name(home: Path, run_id: str, at: datetime) -> str:
    """A name that no pack of the meeting has yet: when, and of which run."""
    first = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{safe_name(run_id)[:8]}"
    name, number = first, 1
    while (home / name).exists():
        number += 1
        name = f"{first}-{number}"
    return name


def _names(home: Path) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(home) if _RUN.fullmatch(entry.name) and entry.is_dir()]
    except OSError:
        return []


def _last(home: Path) -> str:
    """The name of the pack that `latest` points to; empty where there is none."""
    try:
        return (home / LATEST).readlink().name
    except OSError:
        return ""


def _made_at(name: str) -> datetime:
    return datetime.strptime(name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _point(link: Path, name: str) -> None:
    """Let a link point to another folder by one rename."""
    spare = link.with_name(f"{_TEMPORARY}{secrets.token_hex(4)}")
    spare.symlink_to(name)
    spare.replace(link)


def _sync(folder: Path) -> None:
    """Make sure that what is in a folder is on the disk."""
    for path in (*folder.iterdir(), folder):
        if path.is_symlink() or (path.is_dir() and path != folder):
            continue
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
