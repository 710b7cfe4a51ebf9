"""What lies in the landing: one folder for each delivery, and what its manifest says."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from connectors.protocol import REFERENCES, Delivery, Failure, Refusal, join
from okr.errors import RunError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MANIFEST = "manifest.json"
REFERENCES_FILE = "references"
_FORMAT = 1


@dataclass(frozen=True)
class TableFile:
    """A table's Parquet file: its rows, its bytes and their SHA-256."""

    file: str
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a delivery says of itself, except its rows; fields as in `Delivery`.

    Attributes:
        content_hash: equal for deliveries that say the same, whenever they were made.
        tables: by table, its file.
        references: the file of the references, or None.
    """

    source: str
    kind: str
    delivery_id: str
    delivered_at: datetime
    content_hash: str
    whole: bool
    scopes: tuple[str, ...]
    failures: tuple[Failure, ...]
    refusals: tuple[Refusal, ...]
    notices: tuple[tuple[str, Mapping[str, object]], ...]
    holds: Mapping[str, Mapping[str, tuple[str, ...]]]
    finer_links: bool
    tables: Mapping[str, TableFile]
    references: TableFile | None
    memo: Mapping[str, object]


@dataclass(frozen=True)
class LandedRef:
    """One delivery in the landing; made by `Landing`, read by `read` and `read_table`."""

    source: str
    delivery_id: str
    folder: Path
    manifest: Manifest

    @property
    def delivered_at(self) -> datetime:
        """When it was pulled."""
        return self.manifest.delivered_at

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that are there."""
        return tuple(self.manifest.tables)


class _Frames(Mapping[str, pl.DataFrame]):
    """The tables of a delivery, each read when it is asked for and not kept."""

    def __init__(self, ref: LandedRef) -> None:
        self._ref = ref

    def __getitem__(self, table: str) -> pl.DataFrame:
        return read_table(self._ref, table)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ref.manifest.tables)

    def __len__(self) -> int:
        return len(self._ref.manifest.tables)


def read(ref: LandedRef) -> Delivery:
    """Make the delivery again as it was pulled; its frames are read one by one, when asked for."""
    manifest = ref.manifest
    references = None if manifest.references is None else _parquet(ref, manifest.references)
    return Delivery(
        source=ref.source,
        frames=_Frames(ref),
        holds=manifest.holds,
        whole=manifest.whole,
        scopes=manifest.scopes,
        failures=manifest.failures,
        refusals=manifest.refusals,
        notices=manifest.notices,
        references=references,
        finer_links=manifest.finer_links,
        memo=manifest.memo,
    )


def read_table(ref: LandedRef, table: str) -> pl.DataFrame:
    """Read one table of a delivery.

    Raises:
        KeyError: the delivery has no such table.
        SourceError: `delivery_damaged`, where its file cannot be read any more.
    """
    return _parquet(ref, ref.manifest.tables[table])


def _parquet(ref: LandedRef, file: TableFile) -> pl.DataFrame:
    path = ref.folder / file.file
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError):
        raise SourceError("delivery_damaged", source=ref.source, file=str(path)) from None


def write(folder: Path, source: str, pieces: Iterable[Delivery], before: LandedRef | None) -> dict[str, Any]:
    """Write a delivery into an empty folder, piece by piece, and return what its manifest says.

    Files that are as they were in the delivery before are linked instead of kept twice.

    Raises:
        SourceError: what the connector raises.
        RunError: `landing_unwritable`.
    """
    tables: dict[str, TableFile] = {}
    told = Delivery(source, {}, {}, whole=True, scopes=())
    for piece in pieces:
        for table in piece.frames:
            known = None if before is None else before.manifest.tables.get(table)
            tables[table] = _write(folder, table, piece.frames[table], before, known)
        join(told, piece)
        del piece  # and its frames, before the next piece is read
    references = None
    if told.references is not None:
        frame = told.references.select(pl.col(name).cast(kind) for name, kind in REFERENCES.items())
        known = None if before is None else before.manifest.references
        references = _write(folder, REFERENCES_FILE, frame, before, known)
    return {
        "format": _FORMAT,
        "whole": told.whole and not told.failures,
        "scopes": sorted(set(told.scopes)),
        "failures": [asdict(failure) for failure in told.failures],
        "refusals": [asdict(refusal) for refusal in told.refusals],
        "notices": [[code, dict(values)] for code, values in told.notices],
        "holds": {table: dict(parts) for table, parts in told.holds.items()},
        "finer_links": told.finer_links,
        "tables": {table: asdict(file) for table, file in tables.items()},
        "references": None if references is None else asdict(references),
        "memo": dict(told.memo),
    }


def content_hash(said: Mapping[str, Any]) -> str:
    """Hash what a delivery says, but not when or how it was made: 64 hex digits."""
    content = {name: value for name, value in said.items() if name not in {"memo", "notices"}}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _write(
    folder: Path, name: str, frame: pl.DataFrame, before: LandedRef | None, known: TableFile | None
) -> TableFile:
    path = folder / f"{name}.parquet"
    try:
        path.touch(mode=0o600)
        # Row groups of one size, so that equal frames make equal files.
        frame.write_parquet(path, compression="zstd", compression_level=1, statistics=False, row_group_size=250_000)
        with path.open("rb") as file:
            os.fsync(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if before is not None and known is not None and known.sha256 == digest:
            _link(before.folder / known.file, path)
        size = path.stat().st_size
    except (OSError, pl.exceptions.PolarsError) as error:
        raise unwritable(folder, error) from None
    return TableFile(path.name, frame.height, size, digest)


def _link(old: Path, new: Path) -> None:
    spare = new.with_suffix(".link")
    try:
        spare.hardlink_to(old)
    except OSError:
        return  # other file systems, or pruned meanwhile: then it is kept twice
    spare.replace(new)


def unwritable(folder: Path, error: Exception) -> RunError:
    """Say that the landing could not be written, and why."""
    reason = getattr(error, "strerror", None) or str(error).splitlines()[0][:200]
    return RunError("landing_unwritable", folder=str(folder.parent), reason=reason)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file for the owner alone, and make sure that it is on the disk."""
    text = json.dumps(content, ensure_ascii=False, default=str, indent=1)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def load(folder: Path) -> LandedRef | None:
    """Read a delivery's manifest; None where it is not whole, whatever happened to it."""
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8", errors="surrogatepass")
        manifest = _manifest(json.loads(text))
        for file in (*manifest.tables.values(), manifest.references):
            if file is not None and (folder / file.file).stat().st_size != file.size:
                return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return LandedRef(manifest.source, manifest.delivery_id, folder, manifest)


def _manifest(told: dict[str, Any]) -> Manifest:
    if told.pop("format") != _FORMAT:
        raise ValueError("of another version")
    told["delivered_at"] = datetime.fromisoformat(told["delivered_at"]).astimezone(UTC)
    told["scopes"] = tuple(told["scopes"])
    told["failures"] = tuple(Failure(**failure) for failure in told["failures"])
    told["refusals"] = tuple(Refusal(**refusal) for refusal in told["refusals"])
    told["notices"] = tuple((code, values) for code, values in told["notices"])
    told["holds"] = {
        table: {part: tuple(columns) for part, columns in parts.items()} for table, parts in told["holds"].items()
    }
    told["tables"] = {table: TableFile(**file) for table, file in told["tables"].items()}
    if told["references"] is not None:
        told["references"] = TableFile(**told["references"])
    return Manifest(**told)
