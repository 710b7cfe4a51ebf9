"""Which file of a folder is which table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rapidfuzz import process

from okr.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

FORMATS = (".csv", ".parquet")


@dataclass
class Found:
    """What a folder holds.

    Attributes:
        files: by table, its file.
        twice: by table, its files where it has more than one.
        missing: tables without a file.
        strangers: files of our formats that are no table's, with the nearest table's file or None.
    """

    files: dict[str, Path] = field(default_factory=dict)
    twice: dict[str, list[Path]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    strangers: list[tuple[str, str | None]] = field(default_factory=list)


def look(folder: Path, tables: Collection[str]) -> Found:
    """Find the tables' files; case in file names does not matter, hidden files are none.

    Raises:
        SourceError: `folder_missing`, `folder_is_none`, `folder_unreadable`, `no_table_files`.
    """
    by_table: dict[str, list[Path]] = {}
    found = Found()
    others: list[str] = []
    for path in _files(folder):
        table, suffix = path.stem.lower(), path.suffix.lower()
        if suffix not in FORMATS:
            others.append(path.name)
        elif table in tables:
            by_table.setdefault(table, []).append(path)
        else:
            found.strangers.append((path.name, _nearest(table, suffix, tables)))
    if not by_table:
        names = sorted([*others, *(name for name, _ in found.strangers)])[:10]
        raise SourceError("no_table_files", folder=str(folder), found=names)
    for table in tables:
        paths = by_table.get(table, [])
        if not paths:
            found.missing.append(table)
        elif len(paths) == 1:
            found.files[table] = paths[0]
        else:
            found.twice[table] = paths
    return found


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_dir())
    except FileNotFoundError:
        raise SourceError("folder_missing", folder=str(folder)) from None
    except NotADirectoryError:
        raise SourceError("folder_is_none", folder=str(folder)) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SourceError("folder_unreadable", folder=str(folder), reason=reason) from None


def _nearest(table: str, suffix: str, tables: Collection[str]) -> str | None:
    best = process.extractOne(table, list(tables), score_cutoff=70)
    return None if best is None else f"{best[0]}{suffix}"
