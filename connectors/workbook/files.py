"""Finds the workbooks of a source."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

EXTENSIONS = (".xlsx", ".xlsm", ".xls", ".ods", ".csv")
"""What a workbook's name ends in."""

TEMPORARY = ("~$", ".~lock.", "~")
"""What the name of a file begins with that a program keeps beside an open workbook."""


@dataclass
class Found:
    """The files that a source's paths name.

    Attributes:
        files: by scope (the path within the source's folder, with `/`) each workbook, in order.
        temporary: files that a program keeps beside an open workbook.
        others: files of other kinds.
    """

    files: dict[str, Path] = field(default_factory=dict)
    temporary: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def find(patterns: Sequence[str]) -> Found:
    """Find all workbooks in folders, by globs, or by their own names.

    Args:
        patterns: absolute paths of folders (searched with all below them) and files, and globs.
    """
    base = _base(patterns)
    found = Found()
    seen: set[Path] = set()
    for path in sorted(path for pattern in patterns for path in _matching(pattern)):
        real = path.resolve()
        if real in seen or not path.is_file():
            continue
        seen.add(real)
        scope = Path(os.path.relpath(path, base)).as_posix()
        if path.name.startswith(TEMPORARY):
            found.temporary.append(scope)
        elif path.suffix.lower() not in EXTENSIONS:
            found.others.append(scope)
        elif not path.name.startswith("."):
            found.files[scope] = path
    return found


def _matching(pattern: str) -> Iterator[Path]:
    plain = Path(_unescaped(pattern))
    if plain.is_dir():
        yield from (path for path in plain.rglob("*") if not _hidden(path.relative_to(plain).parts[:-1]))
    elif plain.is_file():
        yield plain
    else:
        yield from (Path(path) for path in glob.iglob(pattern, recursive=True))  # noqa: PTH207 - the pattern is absolute


def _hidden(folders: Iterable[str]) -> bool:
    return any(name.startswith(".") for name in folders)


def _base(patterns: Sequence[str]) -> Path:
    """Return the innermost folder that all that may be found lies in."""
    bases: list[str] = []
    for pattern in patterns:
        plain = Path(_unescaped(pattern))
        if plain.is_dir():
            bases.append(str(plain))
        else:
            parts = plain.parts if plain.is_file() else Path(pattern).parts
            fixed = []
            for part in parts[:-1]:
                if glob.has_magic(_unescaped(part)) and part == _unescaped(part):
                    break
                fixed.append(_unescaped(part))
            bases.append(str(Path(*fixed)))
    return Path(os.path.commonpath(bases))


def _unescaped(pattern: str) -> str:
    """Undo what `glob.escape` did."""
    return re.sub(r"\[([*?\[])\]", r"\1", pattern)
