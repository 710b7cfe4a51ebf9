"""Several workbooks of one unit and period: which one is the unit's word."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.workbook.runs import full, spread
from connectors.workbook.values import plain
from connectors.workbook.words import core_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_USUAL = re.compile(r"20\d{2}(?:Q[1-4]|H[12])?")
_MINUTE = dt.timedelta(minutes=1)


@dataclass
class Read:
    """A workbook that was read: its scope, when it was saved and by whom, and what its sheets say.

    `returned`: sheets of requests with their answers, which are taken from every copy.
    """

    scope: str
    saved_at: dt.datetime
    sheets: list[dict[str, Any]] = field(default_factory=list)
    returned: list[dict[str, Any]] = field(default_factory=list)
    saved_by: str | None = None

    @property
    def true_at(self) -> dt.datetime:
        """When what it says of OKRs was true.

        That is when it was saved; where it holds nothing but a sheet that we wrote and nobody has changed since, it
        is when we wrote it: whoever only answers does not say the OKRs again that stand beside the answers.
        """
        told = [sheet.get("as_of") for sheet in self.sheets]
        try:
            times = [dt.datetime.fromisoformat(text) for text in told if isinstance(text, str)]
        except ValueError:
            return self.saved_at
        if not times or len(times) < len(told) or any(time.tzinfo is None for time in times):
            return self.saved_at
        return min(self.saved_at, max(times))


@dataclass(frozen=True)
class Choice:
    """What becomes of the copies of one unit's OKRs.

    Attributes:
        kept: the scope of the one that was saved last; None where two were, and differ.
        passed: the scopes of the others.
    """

    kept: str | None
    passed: tuple[str, ...]


def choose(read: Sequence[Read]) -> list[Choice]:
    """Find copies and choose among them.

    Only what is certain is decided here: workbooks whose label says one unit, or whose names in one
    folder are one but for version, number and period; and that say one period, and are all the
    unit's or one person's. Whether two differently named workbooks without a label speak of one
    unit, only who knows the units can tell.
    """
    groups: dict[tuple[str, ...], list[Read]] = {}
    for book in read:
        key = _key(book)
        if key is not None:
            groups.setdefault(key, []).append(book)
    return [_choice(books) for books in groups.values() if len(books) > 1]


def _key(book: Read) -> tuple[str, ...] | None:
    """Return what only copies have in common, None where nothing certain is known."""
    if not book.sheets:
        return None
    path = Path(book.scope)
    said = {(plain(sheet["said"]["unit"] or ""), plain(sheet["said"]["person"] or "")) for sheet in book.sheets}
    unit, person = said.pop() if len(said) == 1 else ("", "")
    many = any(sheet["said"]["people"] for sheet in book.sheets)
    if not unit or many:
        unit = plain(core_of(path.stem))
        if not unit:
            return None
        unit = f"{path.parent.as_posix()}/{unit}"
    return (
        unit,
        person,
        "people" if many else "",
        *sorted({_period(sheet) for sheet in book.sheets}),
    )


def _period(sheet: dict[str, Any]) -> str:
    """Return the period that a sheet says in the usual way, empty where it does not."""
    return next((text for text in sheet["period"] if _USUAL.fullmatch(text)), "")


def _choice(books: list[Read]) -> Choice:
    books = sorted(books, key=lambda book: (book.true_at, book.scope))
    last = books[-1]
    rivals = [b for b in books[:-1] if last.true_at - b.true_at < _MINUTE and digests(b) != digests(last)]
    if rivals:
        return Choice(None, tuple(book.scope for book in books))
    return Choice(last.scope, tuple(book.scope for book in books[:-1]))


def digests(book: Read) -> list[str]:
    """Return a digest of what each sheet of a workbook says, wherever on the sheet it says so."""
    return sorted(_digest(sheet) for sheet in book.sheets)


def _digest(sheet: dict[str, Any]) -> str:
    told: list[Any] = []
    for run in sheet["runs"]:
        table, columns = run["table"], full(run)
        if table == "references":
            told += _words(columns, run["height"])
            continue
        for name, column in columns.items():
            if name in _OWNERS:
                told.append((table, name, _numbered(column)))
            elif not (name.startswith("@") or name in ("row", "at")):
                told.append((table, name, column))
    return hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()


def _words(columns: dict[str, Any], height: int) -> list[Any]:
    """Return the words of a run of references, but those for units and periods, which files' names give."""
    kinds, words = (spread(columns[name], height, "") for name in ("kind", "candidates"))
    return [list(told) for kind, told in zip(kinds, words, strict=True) if kind not in ("unit", "period")]


_OWNERS = ("objective_id", "kr_id")


def _numbered(column: list[Any] | dict[str, Any]) -> list[int]:
    """Return which rows belong together, whatever the place that they are named after."""
    places = column if isinstance(column, list) else column.get("which") or column.get("lines") or []
    numbers: dict[Any, int] = {}
    return [numbers.setdefault(place, len(numbers)) for place in places]
