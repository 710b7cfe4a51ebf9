"""KR rows under the header of a block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.workbook.grid import Fault, shown
from connectors.workbook.labels import DIRECT, KR
from connectors.workbook.lists import persons
from connectors.workbook.records import TABLE_OF, Seen
from connectors.workbook.values import fraction, label_number, percent, title

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.workbook.grid import Grid, Value
    from connectors.workbook.header import Header
    from connectors.workbook.records import Records

_VALUES = ("due_on", "confidence", "progress", "stated_id", *(n for n in DIRECT if n != "needed_by"))
_REST = ("point", "response", "response_reason", "needed_by")


class Cells:
    """A grid whose cells merged over several rows say in each of them what the first says."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.tall = {
            (row, column): m.top
            for m in grid.within()
            if m.bottom > m.top
            for row in range(m.top + 1, min(m.bottom, grid.height - 1) + 1)
            for column in range(m.left, min(m.right, grid.width - 1) + 1)
        }

    def at(self, row: int, column: int, below: int | None = None) -> Value:
        """Return a cell's value; what is merged from above counts where it begins at row `below`."""
        top = self.tall.get((row, column))
        if top is not None and below is not None and top >= below:
            row = top
        value = self.grid.at(row, column)
        return None if isinstance(value, str) and not value.strip() else value

    def share(self, value: Value, row: int, column: int) -> str | None:
        """Write a confidence or progress, as per cent where its cell is formatted so."""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            top = self.tall.get((row, column), row)
            if top in self.grid.percents(column):
                return percent(float(value))
        text = shown(value)
        return None if text is None else fraction(text)

    def covered(self, row: int, column: int, below: int) -> bool:
        """Say whether a cell is merged into one above it that begins at row `below` or later."""
        return self.tall.get((row, column), -1) >= below


@dataclass
class Kr:
    """A KR that further rows may go on with."""

    row: str
    handshakes: int = 0


@dataclass
class Block:
    """An O that is being read; `row` is its id, None as long as nothing says that there is one."""

    make: Callable[[], tuple[str, int]]
    row: str | None = None
    krs: int = 0
    alignments: int = 0
    kr: Kr | None = None

    def make_now(self) -> str:
        """Add the O, if it is not there yet; return its id."""
        if self.row is None:
            self.row, self.alignments = self.make()
        return self.row


class KrTable:
    """Reads the rows under one header."""

    def __init__(self, cells: Cells, header: Header, columns: range, out: Records) -> None:
        self._cells = cells
        self._grid = cells.grid
        self._header = header
        self._columns = columns
        self._out = out

    @property
    def header(self) -> Header:
        """The header whose rows are read."""
        return self._header

    def read(self, row: int, block: Block | None) -> bool:
        """Read a row; return False where it means nothing to us."""
        value, column, number = self._kr_cell(row)
        if self._cells.covered(row, self._header.columns[KR], self._header.below):
            return self._continue(row, block)
        if value is None:
            told = [role for role in self._header.columns if role != KR and self._told(row, role)[0] is not None]
            if not told:
                return True
            if number is None and not any(role.startswith("kr.") for role in told):
                return self._continue(row, block)
        seen = Seen(shown(value), self._grid.cell(row, column), self._header.labels[KR])
        if block is None:
            self._out.refuse("key_results", "objective_id", seen, "kr_without_objective", whole=True)
            return True
        if isinstance(value, Fault):
            self._out.fault("key_results", "title", value, seen.at, seen.label)
        block.make_now()
        block.krs += 1
        block.kr = Kr(self._key_result(row, block, seen, number))
        self._people(row, block.kr.row)
        self._handshake(row, block.kr, goes_on=False)
        return True

    def _key_result(self, row: int, block: Block, seen: Seen, number: int | None) -> str:
        bare, stated = title(seen.text) if seen.text else (None, None)
        number = number if number is not None else stated
        values: dict[str, Any] = {"objective_id": block.row, "title": bare or None, "@title": seen.place}
        due = self._values(row, values)
        told = values.get("stated_id")
        if told is not None and (counted := label_number(told)) is not None:
            number, values["stated_id"] = number if number is not None else counted, None
        values["ordinal"] = block.krs if number is None else number
        return self._out.key_result(seen.at, values, due)

    def _kr_cell(self, row: int) -> tuple[Value, int, int | None]:
        """Return a KR's title, its column, and the number of a label that has a cell of its own."""
        first = self._header.columns[KR]
        left = first - 1
        labelled = left in self._columns and left not in self._header.columns.values()
        number: int | None = None
        for column in [*([left] if labelled else []), *self._header.span(KR)]:
            value = self._cells.at(row, column)
            text = shown(value)
            if text is not None and (alone := label_number(text)) is not None:
                number = alone
            elif value is not None and column >= first:
                return value, column, number
        return None, first, number

    def _told(self, row: int, role: str) -> tuple[Value, int]:
        for column in self._header.span(role):
            value = self._cells.at(row, column, self._header.below)
            if value is not None:
                return value, column
        return None, self._header.columns[role]

    def _seen(self, row: int, role: str, table: str, field: str) -> tuple[Seen | None, Value]:
        """Return what a column says in a row; a cell without a value to read is put on record."""
        value, column = self._told(row, role)
        seen = Seen(shown(value), self._grid.cell(row, column), self._header.labels[role])
        if isinstance(value, Fault):
            self._out.fault(table, field, value, seen.at, seen.label)
            return None, None
        return seen, value

    def _values(self, row: int, values: dict[str, Any]) -> Seen | None:
        due: Seen | None = None
        for role, column in self._header.columns.items():
            name = role.removeprefix("kr.")
            if name not in _VALUES:
                continue
            seen, value = self._seen(row, role, *TABLE_OF.get(role, ("key_results", name)))
            if name == "due_on":
                due = seen
            elif seen is not None and seen.text is not None:
                share = name in ("confidence", "progress")
                values[name] = self._cells.share(value, row, column) if share else seen.text
                values[f"@{name}"] = seen.place
        return due

    def _people(self, row: int, kr: str) -> None:
        for role, field in (("kr.owner", "owner_ids"), ("kr.members", "member_ids")):
            if role not in self._header.columns:
                continue
            seen, _ = self._seen(row, role, "key_results", field)
            if seen is None or not seen.text:
                continue
            known = persons(seen.text)
            if role in self._header.members:
                self._out.persons("key_results", kr, "member_ids", known[1:], seen.place)
                known = known[:1]
            self._out.persons("key_results", kr, field, known, seen.place)

    def _continue(self, row: int, block: Block | None) -> bool:
        """Read a further row of a KR: another party with its point."""
        if block is not None and block.kr is not None:
            self._handshake(row, block.kr, goes_on=True)
            return True
        return False

    def _handshake(self, row: int, kr: Kr, *, goes_on: bool) -> None:
        said: dict[str, Seen] = {}
        for role in ("party", *_REST):
            if role not in self._header.columns:
                continue
            if goes_on and self._cells.covered(row, self._told(row, role)[1], self._header.below):
                continue
            seen, _ = self._seen(row, role, "handshakes", role)
            if seen is not None and (seen.text is not None or role == "party"):
                said[role] = seen
        party = said.pop("party", None)
        if party is not None or said:
            party = party or Seen(None, *_place(next(iter(said.values()))))
            kr.handshakes = self._out.handshakes(kr.row, kr.handshakes, party, said)


def _place(seen: Seen) -> tuple[str, str]:
    return seen.at, seen.label
