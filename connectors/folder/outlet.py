"""Writes views into a folder, so that a reader sees the old state or the new one.

Each state is a folder of its own under `versions`, finished before it gets its name; `latest` is a link that is
moved to it by one rename. So all tables that are read through one `latest` are of one run, which renaming file by
file could not promise; and who has opened an earlier state can read it to its end, as two of them are kept.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from filelock import FileLock, Timeout

from connectors.folder.csvfile import write_csv
from connectors.outgoing import MARK, Outgoing, Stamp, TableChange, compared, flat, shape
from connectors.protocol import CheckLine
from okr.errors import OkrError, RunError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

PATIENCE = 30
"""Seconds to wait for somebody else who writes."""

KEPT = 2
"""Earlier states that stay for those who are reading them."""

LATEST, VERSIONS, MANIFEST, LOCK = "latest", "versions", "manifest.json", ".okr.lock"
_FORMAT = 1
_VERSION = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{12}")
_BEGUN = re.compile(r"\.begun-[0-9a-f]{32}")


class FolderOutlet:
    """A folder that views are written to; see `Outlet`."""

    local = True

    def __init__(self, name: str, settings: Any) -> None:  # noqa: ANN401 - told apart by `kind`
        self.name = name
        self._path: Path = settings.path

    def compare(self, views: Sequence[Outgoing]) -> list[TableChange]:
        """Read what stands there and compare."""
        with self._told():
            return _Session(self.name, self._path).compare(views)

    @contextmanager
    def writing(self) -> Iterator[_Session]:
        """Take the folder; it is made where it is not there yet."""
        with self._told():
            _Session(self.name, self._path).present()  # refused before anything is made
            (self._path / VERSIONS).mkdir(parents=True, exist_ok=True)
            try:
                with FileLock(self._path / LOCK, timeout=PATIENCE):
                    yield _Session(self.name, self._path)
            except Timeout:
                raise RunError("target_busy", target=self.name) from None

    def check(self, names: Collection[str]) -> Iterator[CheckLine]:  # noqa: ARG002 - the folder is ours as a whole
        """Look whether the folder, or where it is not there yet the nearest above, can be written."""
        try:
            with self._told():
                _Session(self.name, self._path).present()
        except OkrError as error:
            yield CheckLine(ok=False, code=error.code, values=error.values)
            return
        there = next((path for path in (self._path, *self._path.parents) if path.exists()), self._path)
        places = [there, *(path for path in (self._path / VERSIONS,) if path.exists())]
        for place in places:
            if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
                values = {"target": self.name, "reason": f"{place}: {os.strerror(errno.EACCES)}"}
                yield CheckLine(ok=False, code="target_no_right", values=values)
                return
        yield CheckLine(ok=True, code="check_target_writable")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, pl.exceptions.PolarsError) as error:
            raise _understood(error, self.name) from None


class _Session:
    """The folder as one state of it."""

    def __init__(self, name: str, path: Path) -> None:
        self._name = name
        self._path = path

    def present(self) -> dict[str, Any]:
        """The manifest of the present state; empty: there is none yet.

        Raises:
            RunError: `target_folder_not_ours`: `latest` or `versions` is somebody else's.
        """
        link, versions = self._path / LATEST, self._path / VERSIONS
        if link.is_symlink():
            told = link.readlink()
            if told.parent != Path(VERSIONS) or not _VERSION.fullmatch(told.name):
                raise RunError("target_folder_not_ours", target=self._name, path=str(link))
            return _manifest(versions / told.name) or {}
        if link.exists():
            raise RunError("target_folder_not_ours", target=self._name, path=str(link))
        if versions.is_symlink() or (versions.exists() and not versions.is_dir()):
            raise RunError("target_folder_not_ours", target=self._name, path=str(versions))
        return {}

    def compare(self, views: Sequence[Outgoing]) -> list[TableChange]:
        """See `Session.compare`."""
        tables = self.present().get("tables", {})
        there = (self._path / LATEST).resolve()
        found = []
        for view in views:
            known = tables.get(view.name, {})

            def present(columns: Mapping[str, str], file: Path = there / f"{view.name}.parquet") -> pl.DataFrame:
                return flat(pl.read_parquet(file, columns=list(columns)))

            before = known.get("columns") if (there / f"{view.name}.parquet").exists() else None
            change = compared(view, known.get("digest"), before, present)
            if change is not None:
                found.append(change)
        return found

    def write(self, views: Sequence[Outgoing], changes: Sequence[TableChange], stamp: Stamp) -> None:
        """See `Session.write`. What an attempt that was killed has left is removed first."""
        if not changes:
            return
        versions = self._path / VERSIONS
        for begun in versions.iterdir():
            if _BEGUN.fullmatch(begun.name):
                shutil.rmtree(begun)
        tables = self.present().get("tables", {})
        fresh = {change.view.name: change.digest for change in changes}
        manifest = {
            "made_by": MARK,
            "format": _FORMAT,
            "run_id": stamp.run_id,
            "run_at": _iso(stamp.run_at),
            "written_at": _iso(stamp.written_at),
            "tables": {
                view.name: {
                    "rows": view.frame.height,
                    "columns": shape(view),
                    "digest": fresh.get(view.name) or tables[view.name]["digest"],
                }
                for view in views
            },
        }
        link = self._path / LATEST
        earlier = link.readlink().name if link.is_symlink() else None
        version = f"{stamp.written_at:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:12]}"
        _make(versions, version, views, manifest)
        self._swap(version)
        self._clear(version, earlier)

    def _swap(self, version: str) -> None:
        link = self._path / f".begun-{uuid.uuid4().hex}"
        try:
            link.symlink_to(Path(VERSIONS) / version)
        except OSError as error:
            shutil.rmtree(self._path / VERSIONS / version)
            if error.errno in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}:
                raise RunError("target_no_links", target=self._name, path=str(self._path)) from None
            raise
        link.replace(self._path / LATEST)
        _synced(self._path)

    def _clear(self, version: str, earlier: str | None) -> None:
        """Remove what nobody needs any more; only what we made."""
        for link in self._path.iterdir():
            if _BEGUN.fullmatch(link.name) and link.is_symlink():
                link.unlink()
        versions = self._path / VERSIONS
        ours = [path for path in versions.iterdir() if _VERSION.fullmatch(path.name) and _manifest(path)]
        ours.sort(key=lambda path: (path.name == earlier, path.stat().st_mtime_ns), reverse=True)
        for path in [path for path in ours if path.name != version][KEPT:]:
            shutil.rmtree(path)


def _make(versions: Path, version: str, views: Sequence[Outgoing], manifest: Mapping[str, Any]) -> None:
    """Write a state beside the others; it gets its name when it is whole."""
    begun = versions / f".begun-{uuid.uuid4().hex}"
    begun.mkdir()
    try:
        for view in views:
            frame = view.frame.sort(view.key)
            frame.write_parquet(begun / f"{view.name}.parquet")
            write_csv(frame, begun / f"{view.name}.csv")
        told = json.dumps(manifest, ensure_ascii=False, indent=1)
        (begun / MANIFEST).write_text(f"{told}\n", encoding="utf-8")
        for file in begun.iterdir():
            _synced(file)
        _synced(begun)
        begun.rename(versions / version)
        _synced(versions)
    finally:
        with suppress(OSError):
            shutil.rmtree(begun, ignore_errors=True)


def _manifest(folder: Path) -> dict[str, Any] | None:
    """What stands in a state of ours; None: it is none."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    ours = isinstance(told, dict) and told.get("made_by") == MARK and told.get("format") == _FORMAT
    return told if ours else None


def _synced(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _iso(moment: Any) -> str:  # noqa: ANN401 - a datetime
    return moment.isoformat().replace("+00:00", "Z")


def _understood(error: Exception, target: str) -> RunError:
    number = getattr(error, "errno", None)
    reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
    if place := getattr(error, "filename", None):
        reason = f"{place}: {reason}"
    if number in {errno.ENOSPC, errno.EDQUOT} or "No space left" in reason:
        return RunError("target_disk_full", target=target, reason=reason)
    if number in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return RunError("target_no_right", target=target, reason=reason)
    return RunError("target_failed", target=target, reason=reason)
