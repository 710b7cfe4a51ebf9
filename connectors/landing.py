"""The landing folder: what every source said, and when, so that a run needs no outside world.

```
<landing>/<source>/lock                      one pull of a source at a time
<landing>/<source>/<delivery id>/            manifest.json and a Parquet file for each table
<landing>/<source>/failed/<id>.json          a pull that brought nothing
<landing>/<source>/.tmp-…                    being written, or left by a killed run
```

A delivery is written beside the others and comes to be by one rename: a process killed at any
moment leaves nothing that a reader could take for a delivery. Ids sort by the order of pulls, also
where the clock was set back.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from connectors import landed
from connectors.landed import LandedRef, content_hash, load, read_table, unwritable, write_json
from connectors.naming import safe_name
from connectors.protocol import InPieces
from okr.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import polars as pl

    from connectors.protocol import Connector, Delivery
    from okr.report import Report

_ID = re.compile(r"(\d{8}T\d{12}Z)-(\d{6})-([0-9a-f]{8}|failed\.json)")
_FAILED = "failed"
_TEMPORARY = ".tmp-"


@dataclass(frozen=True)
class FailedPull:
    """A pull that brought nothing: when, and why (text `error.<code>`)."""

    source: str
    failed_at: datetime
    code: str
    values: Mapping[str, object]


class Landing:
    """The landing folder of one enterprise. `settings` names the sources that there are."""

    def __init__(self, path: Path, settings: Any = None) -> None:  # noqa: ANN401 - okr.settings.Settings, whose sources alone are asked for
        self.path = path
        self._sources = None if settings is None else set(settings.sources)

    def pull(self, connector: Connector, report: Report, at: datetime) -> LandedRef:
        """Pull a source, and keep what it delivers.

        Where another run is pulling this source, wait for it and take what it got: its delivery,
        or its failure.

        Args:
            connector: the source's connector.
            report: told of a wait (`waiting_for_pull`).
            at: the time of the pull, aware.

        Raises:
            SourceError: nothing could be read; the record of it stands in the landing.
            RunError: `landing_unwritable`.
        """
        source = connector.name
        folder = self._make(source)
        before = _newest(folder)
        with _locked(folder, lambda: report.note("waiting_for_pull", source=source)) as waited:
            if waited and _newest(folder) > before:
                return self._taken(source)
            return self._pull(connector, report, at, folder)

    def latest(self, source: str) -> LandedRef | None:
        """The last delivery of a source, whole or not; None where it never delivered."""
        return next(self._deliveries(self._folder(source)), None)

    def deliveries(self, source: str) -> Iterator[LandedRef]:
        """All deliveries of a source that are kept, newest first."""
        return self._deliveries(self._folder(source))

    def find(self, source: str, delivery_id: str) -> LandedRef | None:
        """One delivery by its id."""
        if not _ID.fullmatch(delivery_id):
            return None
        return load(self._folder(source) / delivery_id)

    def read(self, ref: LandedRef) -> Delivery:
        """Make the delivery again; its frames are read one by one, when asked for."""
        return landed.read(ref)

    def read_table(self, ref: LandedRef, table: str) -> pl.DataFrame:
        """Read one table; see `connectors.landed.read_table`."""
        return read_table(ref, table)

    def failures(self, source: str) -> list[FailedPull]:
        """The pulls that failed since the last delivery, oldest first."""
        folder = self._folder(source)
        last = next(self._deliveries(folder), None)
        since = "" if last is None else last.delivery_id
        names = sorted(name for name in _names(folder / _FAILED) if name > since)
        failed = (_failed(source, folder / _FAILED / name) for name in names)
        return [one for one in failed if one is not None]

    def prune(self, before: datetime) -> int:
        """Remove what was delivered before a time, except what still stands in.

        Of a source in the settings stay the newest deliveries that are needed to cover each of
        its scopes; of a source that is not in them any more, nothing stays.

        Returns:
            How many deliveries were removed.
        """
        removed = 0
        for folder in sorted(self.path.iterdir()) if self.path.is_dir() else ():
            if folder.is_dir():
                removed += self._prune(folder, before)
        return removed

    def _folder(self, source: str) -> Path:
        return self.path / safe_name(source)

    def _make(self, source: str) -> Path:
        folder = self._folder(source)
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in (folder, folder / _FAILED):
                path.mkdir(mode=0o700, exist_ok=True)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise unwritable(folder, error) from None
        return folder

    def _taken(self, source: str) -> LandedRef:
        failures = self.failures(source)
        if failures:
            raise SourceError(failures[-1].code, **failures[-1].values)
        ref = self.latest(source)
        if ref is None:
            raise SourceError("delivery_damaged", source=source, file=str(self._folder(source)))
        return ref

    def _pull(self, connector: Connector, report: Report, at: datetime, folder: Path) -> LandedRef:
        _clean(folder)
        before = next(self._deliveries(folder), None)
        work = folder / f"{_TEMPORARY}{os.getpid()}-{secrets.token_hex(4)}"
        try:
            work.mkdir(mode=0o700)
            try:
                pieces = _pieces(connector, report, before)
                said = landed.write(work, connector.name, pieces, before)
            except SourceError as error:
                _record_failure(folder, work, at, error)
                raise
            return _settle(folder, work, connector, at, said)
        except OSError as error:
            raise unwritable(folder, error) from None
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _deliveries(self, folder: Path) -> Iterator[LandedRef]:
        for name in sorted(_names(folder), reverse=True):
            ref = load(folder / name)
            if ref is not None:
                yield ref

    def _prune(self, folder: Path, before: datetime) -> int:
        removed = 0
        try:
            with FileLock(folder / "lock", timeout=0, mode=0o600):
                _clean(folder)
                for ref in _spare(list(self._deliveries(folder)), self._sources):
                    if ref.delivered_at < before:
                        _remove(ref.folder)
                        removed += 1
                for name in list(_names(folder / _FAILED)):
                    failed = _failed("", folder / _FAILED / name)
                    if failed is None or failed.failed_at < before:
                        (folder / _FAILED / name).unlink(missing_ok=True)
        except Timeout:
            return 0  # it is being pulled; the next run prunes it
        return removed


def _pieces(connector: Connector, report: Report, before: LandedRef | None) -> Iterable[Delivery]:
    if isinstance(connector, InPieces):
        return connector.pieces(report, None if before is None else landed.read(before))
    return (connector.pull(report),)


def _record_failure(folder: Path, work: Path, at: datetime, error: SourceError) -> None:
    name = f"{_next(folder, at)}-failed.json"
    told = {"failed_at": at.astimezone(UTC).isoformat(), "code": error.code, "values": error.values}
    write_json(work / name, told)
    (work / name).replace(folder / _FAILED / name)


def _settle(folder: Path, work: Path, connector: Connector, at: datetime, said: dict[str, Any]) -> LandedRef:
    """Write the manifest, and let the delivery come to be."""
    digest = content_hash(said)
    delivery_id = f"{_next(folder, at)}-{digest[:8]}"
    manifest = {
        **said,
        "source": connector.name,
        "kind": connector.kind,
        "delivery_id": delivery_id,
        "delivered_at": at.astimezone(UTC).isoformat(),
        "content_hash": digest,
    }
    write_json(work / landed.MANIFEST, manifest)
    _sync(work)
    target = work.replace(folder / delivery_id)
    _sync(folder)
    ref = load(target)
    if ref is None:
        raise OSError("not as it was written")
    return ref


@contextmanager
def _locked(folder: Path, on_wait: Any) -> Iterator[bool]:  # noqa: ANN401 - a callable without arguments
    """Hold the source's lock; yields whether another held it before."""
    lock = FileLock(folder / "lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
        waited = False
    except Timeout:
        on_wait()
        lock.acquire()
        waited = True
    except OSError as error:
        raise unwritable(folder, error) from None
    try:
        yield waited
    finally:
        lock.release()


def _names(folder: Path) -> Iterator[str]:
    try:
        yield from (entry.name for entry in os.scandir(folder) if _ID.fullmatch(entry.name))
    except OSError:
        return


def _newest(folder: Path) -> str:
    return max((*_names(folder), *_names(folder / _FAILED)), default="")


def _next(folder: Path, at: datetime) -> str:
    """Time and number of the next id: behind every other one, whatever the clock says."""
    stamp, number = f"{at.astimezone(UTC):%Y%m%dT%H%M%S%f}Z", 0
    newest = _ID.fullmatch(_newest(folder))
    if newest and newest[1] >= stamp:
        stamp, number = newest[1], int(newest[2]) + 1
    return f"{stamp}-{number:06d}"


def _failed(source: str, path: Path) -> FailedPull | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return FailedPull(source, datetime.fromisoformat(told["failed_at"]), told["code"], told["values"])
    except (OSError, ValueError, KeyError):
        return None


def _spare(refs: list[LandedRef], sources: set[str] | None) -> Iterator[LandedRef]:
    """Yield the deliveries that nothing depends on; `refs` are of one source, newest first."""
    if refs and sources is not None and refs[0].source not in sources:
        yield from refs
        return
    covered: set[str] = set()
    whole = False
    for ref in refs:
        if whole or (covered and covered.issuperset(ref.manifest.scopes)):
            yield ref
        covered.update(ref.manifest.scopes)
        whole = whole or ref.manifest.whole


def _clean(folder: Path) -> None:
    """Remove what killed runs left half-written; only the holder of the lock may."""
    for path in folder.glob(f"{_TEMPORARY}*"):
        shutil.rmtree(path, ignore_errors=True)


def _remove(folder: Path) -> None:
    """Remove a delivery so that nobody ever sees half of it."""
    doomed = folder.parent / f"{_TEMPORARY}{secrets.token_hex(4)}"
    folder.replace(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
