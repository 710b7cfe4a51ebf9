"""The block shape: per O a block, below or beside one another; a header row over its KR rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connectors.workbook.flat import TABLE_OF
from connectors.workbook.grid import Fault, shown
from connectors.workbook.header import IN_TABLE, Header, bare_labels, read_header
from connectors.workbook.labels import DIRECT, KR, OBJECTIVE
from connectors.workbook.lists import persons
from connectors.workbook.pairs import Pair, pairs_of
from connectors.workbook.records import About, Seen, about_words
from connectors.workbook.values import fraction, label_number, percent, title

if TYPE_CHECKING:
    from connectors.workbook.grid import Grid, Value
    from connectors.workbook.labels import Labels
    from connectors.workbook.records import Records

_BEGINS = ("objective", "carries")
_CONTEXT = ("unit", "period", "person")
_REST = ("point", "response", "response_reason", "needed_by")


@dataclass
class _Kr:
    row: str
    handshakes: int = 0


@dataclass
class _Block:
    """An O that is being read."""

    row: str | None = None
    krs: int = 0
    alignments: int = 0
    said: tuple[str, ...] = ()
    kr: _Kr | None = None


def header_rows(grid: Grid, labels: Labels) -> list[tuple[int, int, int]]:
    """Return row, first and last column of every header over KR rows."""
    found: list[tuple[int, int, int]] = []
    for row in range(grid.height):
        bare = bare_labels(grid, labels, row, range(grid.width))
        starts = [c for c, label in bare.items() if label.role == KR and label.number is None]
        for index, start in enumerate(starts):
            stop = starts[index + 1] if index + 1 < len(starts) else grid.width
            own = [c for c, label in bare.items() if start < c < stop and label.role in IN_TABLE]
            own = _together(own, bare, start)
            if own:
                found.append((row, start, max(own)))
    return found


def _together(own: list[int], bare: dict[int, Any], start: int) -> list[int]:
    """Keep the labels of one header: another block's O, which may stand beside it, ends it."""
    ends = [c for c, label in bare.items() if c > start and label.role in _BEGINS]
    return [c for c in own if not ends or c < min(ends)]


def bands(headers: list[tuple[int, int, int]], width: int) -> list[range]:
    """Return the columns that belong together: blocks beside one another share no column."""
    spans: list[list[int]] = []
    for _, first, last in sorted(headers, key=lambda h: h[1]):
        if spans and first <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], last)
        else:
            spans.append([first, last])
    starts = [0, *(spans[i - 1][1] + 1 for i in range(1, len(spans)))]
    return [
        range(start, starts[i + 1] if i + 1 < len(starts) else width)
        for i, start in enumerate(starts)
    ]


class Blocks:
    """Reads the blocks of one band of columns from top to bottom."""

    def __init__(
        self,
        grid: Grid,
        labels: Labels,
        columns: range,
        headers: set[int],
        about: About,
        records: Records,
    ) -> None:
        self._grid = grid
        self._labels = labels
        self._columns = columns
        self._headers = headers
        self._about = about
        self._out = records
        self._block: _Block | None = None
        self._carried: list[Seen] = []
        self._header: Header | None = None
        self._count = 0
        self._left: list[str] = []
        self._tall = {
            (row, column): m.top
            for m in grid.within()
            if m.bottom > m.top
            for row in range(m.top + 1, min(m.bottom, grid.height - 1) + 1)
            for column in range(m.left, min(m.right, grid.width - 1) + 1)
        }

    def read(self) -> None:
        """Read all blocks into the records."""
        row = 0
        while row < self._grid.height:
            row = self._read_row(row)
        self._orphaned_links()
        if self._left:
            self._out.notice("workbook_rows_passed_over", cell=self._left[0], text=self._left[1])

    def _read_row(self, row: int) -> int:
        if row in self._headers:
            self._header = read_header(self._grid, self._labels, row, self._columns)
            self._remember(self._header)
            return self._header.below
        if self._is_empty(row):
            self._header = None
            return row + 1
        if self._header is not None and not self._begins(row):
            self._kr_row(row, self._header)
            return row + 1
        self._header = None
        pairs, below = pairs_of(self._grid, self._labels, row, self._columns)
        if not pairs:
            self._passed_over(row)
        self._take_pairs(row, pairs)
        return row + 2 if below else row + 1

    def _remember(self, header: Header) -> None:
        self._out.held.update(role for role in header.columns if role != KR)
        if "kr.owner" in header.members:
            self._out.held.add("kr.members")
        for text, column in header.unknown:
            self._out.notice(
                "workbook_unknown_label", label=text, cell=self._grid.cell(header.row, column)
            )

    def _is_empty(self, row: int) -> bool:
        return not any(self._value(row, column) not in (None, "") for column in self._columns)

    def _begins(self, row: int) -> bool:
        """Say whether the next block begins in a row, rather than one more KR."""
        assert self._header is not None  # noqa: S101 - asked only below a header
        kr_columns = self._header.span(KR)
        for column in self._columns:
            if column >= kr_columns.stop:
                # A point or a party may begin with O2 as well.
                return False
            label = self._labels.of(self._grid.rows[row][column])
            if label is None or label.role not in (*_BEGINS, *_CONTEXT):
                continue
            # A KR may be called 目标：…; where O2：… stands, an O begins.
            if column not in kr_columns or label.value is None or label.number is not None:
                return True
        return False

    # -- the rows above the KRs -----------------------------------------------------------------

    def _take_pairs(self, row: int, pairs: list[Pair]) -> None:
        roles = {pair.label.role for pair in pairs}
        if "objective" in roles:
            self._take_objective(row, pairs)
            return
        for pair in pairs:
            self._take_alone(row, pair)

    def _take_alone(self, row: int, pair: Pair) -> None:
        role = pair.label.role
        if role == "carries":
            self._take_link(row, pair)
        elif role in _CONTEXT:
            self._take_context(pair)
        elif role == KR and self._block is not None and self._block.row is not None:
            self._take_single_kr(pair)
        elif (
            role in ("owner", "confidence")
            and self._block is not None
            and self._block.row is not None
        ):
            self._take_late(pair)
        elif role not in ("response", "response_reason"):
            self._passed_over(row)

    def _take_link(self, row: int, pair: Pair) -> None:
        self._out.held.add("carries")
        block = self._block
        fault = self._faulty(pair, "alignments", "parent_id")
        seen = self._seen(pair)
        if fault or seen.text is None:
            if (
                block is not None
                and (block.krs or block.row is not None)
                and not self._own_link(row)
            ):
                self._block = None
            return
        if block is not None and block.row is not None and not block.krs and self._own_link(row):
            block.alignments = self._out.carries(block.row, seen, block.alignments)
            return
        self._orphaned_links(keep=self._block is None)
        self._block = None
        self._carried.append(seen)

    def _own_link(self, row: int) -> bool:
        """Say whether a link below an O is that O's: a header, and no other O, comes next."""
        block = self._block
        if block is None or block.krs:
            return False
        for below in range(row + 1, self._grid.height):
            if below in self._headers:
                return True
            pairs, _ = pairs_of(self._grid, self._labels, below, self._columns)
            if any(pair.label.role == OBJECTIVE for pair in pairs):
                return False
        return True

    def _orphaned_links(self, *, keep: bool = False) -> None:
        """Put links on record whose O never came."""
        if keep:
            return
        for seen in self._carried:
            self._out.refuse(
                "alignments", "objective_id", seen, "link_without_objective", whole=True
            )
        self._carried = []

    def _take_context(self, pair: Pair) -> None:
        text = shown(pair.value)
        if text is None:
            return
        seen = self._seen(pair)
        role = pair.label.role
        if role == "person":
            self._out.held.add("person")
            self._about = replace(self._about, person=seen)
        elif role == "unit":
            words = list(dict.fromkeys([*about_words([text], "unit"), *self._about.unit]))
            self._about = replace(self._about, unit=words, unit_at=seen.place)
        else:
            words = list(dict.fromkeys([*about_words([text], "period"), *self._about.period]))
            self._about = replace(self._about, period=words, period_at=seen.place)

    def _take_objective(self, row: int, pairs: list[Pair]) -> None:
        for pair in pairs:
            if pair.label.role in _CONTEXT:
                self._take_context(pair)
        links = [pair for pair in pairs if pair.label.role == "carries"]
        if self._block is not None and self._block.row is not None:
            self._block = None
        main = next(pair for pair in pairs if pair.label.role == OBJECTIVE)
        values: dict[str, Any] = {}
        owners: list[Pair] = []
        for pair in pairs:
            if pair.label.role == "owner":
                owners.append(pair)
            elif pair.label.role in ("confidence", "stated_id", *DIRECT):
                self._take_value(values, pair, "objectives")
        self._begin(main, values)
        block = self._block
        if block is None or block.row is None:
            return
        for pair in owners:
            self._owner(block.row, "objectives", pair)
        for pair in links:
            self._out.held.add("carries")
            if not self._faulty(pair, "alignments", "parent_id"):
                block.alignments = self._out.carries(block.row, self._seen(pair), block.alignments)

    def _begin(self, main: Pair, values: dict[str, Any]) -> None:
        seen = self._seen(main)
        fault = self._faulty(main, "objectives", "title")
        bare, number = title(seen.text) if seen.text else (None, None)
        if not bare and not fault and not values.get("confidence") and not self._carried:
            # An empty block of the template.
            self._block = _Block()
            return
        self._count += 1
        ordinal = main.label.number if main.label.number is not None else number
        stated = values.pop("stated_id", None)
        if stated is not None and (counted := label_number(stated)) is not None:
            ordinal, stated = ordinal if ordinal is not None else counted, None
        values.update(
            {"title": bare or None, "@title": seen.place, "stated_id": stated},
            ordinal=self._count if ordinal is None else ordinal,
        )
        self._block = _Block(self._out.objective(seen.at, values, self._about))
        for link in self._carried:
            self._block.alignments = self._out.carries(
                self._block.row or "", link, self._block.alignments
            )
        self._carried = []

    def _take_value(self, values: dict[str, Any], pair: Pair, table: str) -> None:
        role = pair.label.role
        self._out.held.add(f"objective.{role}" if table == "objectives" else f"kr.{role}")
        if self._faulty(pair, table, role):
            return
        seen = self._seen(pair)
        if seen.text is not None:
            share = role in ("confidence", "progress")
            values[role] = self._share(pair.value, pair.row, pair.column) if share else seen.text
            values[f"@{role}"] = seen.place

    def _take_late(self, pair: Pair) -> None:
        """Take an owner or a confidence that stands in a row of its own below the O."""
        assert self._block is not None  # noqa: S101 - see `_take_alone`
        assert self._block.row is not None  # noqa: S101 - see `_take_alone`
        if pair.label.role == "owner":
            self._owner(self._block.row, "objectives", pair)
            return
        values: dict[str, Any] = {}
        self._take_value(values, pair, "objectives")
        columns = self._out.tables["objectives"].columns
        for name, value in values.items():
            columns[name][-1] = value

    def _owner(self, row: str, table: str, pair: Pair) -> None:
        self._out.held.add("objective.owner" if table == "objectives" else "kr.owner")
        if self._faulty(pair, table, "owner_ids"):
            return
        seen = self._seen(pair)
        if seen.text:
            self._out.persons(table, row, "owner_ids", persons(seen.text), seen.place)

    def _take_single_kr(self, pair: Pair) -> None:
        """Take a KR that stands with its label, outside a table: `KR3：…`."""
        assert self._block is not None  # noqa: S101 - see `_take_alone`
        text = shown(pair.value)
        if text is None or self._block.row is None:
            return
        bare, number = title(text)
        self._block.krs += 1
        ordinal = pair.label.number if pair.label.number is not None else number
        seen = self._seen(pair)
        values = {
            "objective_id": self._block.row, "title": bare or None, "@title": seen.place,
            "ordinal": self._block.krs if ordinal is None else ordinal,
        }  # fmt: skip
        self._block.kr = _Kr(self._out.key_result(seen.at, values, None))

    # -- the KR rows ----------------------------------------------------------------------------

    def _kr_row(self, row: int, header: Header) -> None:
        block = self._block
        cells = {role: self._in_span(row, header, role) for role in header.columns}
        kr_value, kr_column, number = self._kr_cell(row, header)
        continued = (row, header.columns[KR]) in self._tall and self._tall[
            row, header.columns[KR]
        ] >= header.below
        if continued or (kr_value is None and not self._own_kr_cells(cells)):
            self._continue(row, header)
            return
        if kr_value is None and not any(
            cell is not None for role, (cell, _) in cells.items() if role != KR
        ):
            return
        seen = Seen(shown(kr_value), self._grid.cell(row, kr_column), header.labels[KR])
        if block is None or block.row is None:
            self._out.refuse(
                "key_results", "objective_id", seen, "kr_without_objective", whole=True
            )
            return
        block.krs += 1
        if isinstance(kr_value, Fault):
            self._out.fault("key_results", "title", kr_value, seen.at, seen.label)
        bare, stated = title(seen.text) if seen.text else (None, None)
        ordinal = number if number is not None else stated
        values: dict[str, Any] = {
            "objective_id": block.row,
            "title": bare or None,
            "@title": seen.place,
        }
        due = self._kr_values(row, header, values)
        if (told := values.get("stated_id")) is not None and (
            counted := label_number(told)
        ) is not None:
            ordinal, values["stated_id"] = ordinal if ordinal is not None else counted, None
        values["ordinal"] = block.krs if ordinal is None else ordinal
        block.kr = _Kr(self._out.key_result(seen.at, values, due))
        self._people(row, header, block.kr.row)
        self._handshake(row, header, block.kr, raw=False)

    def _own_kr_cells(self, cells: dict[str, tuple[Value, int]]) -> bool:
        return any(cells[role][0] is not None for role in cells if role.startswith("kr."))

    def _kr_cell(self, row: int, header: Header) -> tuple[Value, int, int | None]:
        """Return a KR's title, its column, and the number of a label that has a cell of its own."""
        number: int | None = None
        for column in self._span_with_left(header):
            value = self._grid.at(row, column)
            text = shown(value)
            if isinstance(value, Fault):
                return value, column, number
            if text is None:
                continue
            if (alone := label_number(text)) is not None:
                number = alone
                continue
            if column < header.columns[KR]:
                continue
            return value, column, number
        return None, header.columns[KR], number

    def _span_with_left(self, header: Header) -> list[int]:
        left = header.columns[KR] - 1
        before = [left] if left in self._columns and left not in header.columns.values() else []
        return [*before, *header.span(KR)]

    def _in_span(self, row: int, header: Header, role: str) -> tuple[Value, int]:
        for column in header.span(role):
            value = self._value(row, column)
            if value not in (None, ""):
                return value, column
        return None, header.columns[role]

    def _value(self, row: int, column: int) -> Value:
        """Return a cell's value; of a cell merged over several rows that of its first."""
        top = self._tall.get((row, column))
        if top is not None and self._header is not None and top >= self._header.below:
            row = top
        value = self._grid.at(row, column)
        return None if isinstance(value, str) and not value.strip() else value

    def _kr_values(self, row: int, header: Header, values: dict[str, Any]) -> Seen | None:
        due: Seen | None = None
        for role in header.columns:
            name = role.removeprefix("kr.")
            if (
                name not in ("due_on", "confidence", "progress", "stated_id", *DIRECT)
                or name == "needed_by"
            ):
                continue
            value, column = self._in_span(row, header, role)
            seen = Seen(shown(value), self._grid.cell(row, column), header.labels[role])
            if isinstance(value, Fault):
                table, field = TABLE_OF.get(role, ("key_results", name))
                self._out.fault(table, field, value, seen.at, seen.label)
            elif name == "due_on":
                due = seen
            elif seen.text is not None:
                share = name in ("confidence", "progress")
                values[name] = self._share(value, row, column) if share else seen.text
                values[f"@{name}"] = seen.place
        return due

    def _people(self, row: int, header: Header, kr: str) -> None:
        for role, field in (("kr.owner", "owner_ids"), ("kr.members", "member_ids")):
            if role not in header.columns:
                continue
            value, column = self._in_span(row, header, role)
            seen = Seen(shown(value), self._grid.cell(row, column), header.labels[role])
            if isinstance(value, Fault):
                self._out.fault("key_results", field, value, seen.at, seen.label)
            elif seen.text:
                known = persons(seen.text)
                if role in header.members:
                    self._out.persons("key_results", kr, "member_ids", known[1:], seen.place)
                    known = known[:1]
                self._out.persons("key_results", kr, field, known, seen.place)

    def _continue(self, row: int, header: Header) -> None:
        """Read a further row of a KR: another party with its point."""
        if self._block is not None and self._block.kr is not None:
            self._handshake(row, header, self._block.kr, raw=True)
        elif any(
            self._grid.at(row, header.columns[role]) is not None
            for role in ("party", "point")
            if role in header.columns
        ):
            self._passed_over(row)

    def _handshake(self, row: int, header: Header, kr: _Kr, *, raw: bool) -> None:
        said: dict[str, Seen] = {}
        for role in ("party", *_REST):
            if role not in header.columns:
                continue
            value, column = self._in_span(row, header, role)
            if raw and (row, column) in self._tall:
                value = None
            seen = Seen(shown(value), self._grid.cell(row, column), header.labels[role])
            if isinstance(value, Fault):
                self._out.fault("handshakes", role, value, seen.at, seen.label)
            elif seen.text is not None or role == "party":
                said[role] = seen
        party = said.pop("party", None)
        if party is None and not said:
            return
        kr.handshakes = self._out.handshakes(
            kr.row, kr.handshakes, party or next(iter(said.values())), said
        )

    # -- small things ---------------------------------------------------------------------------

    def _share(self, value: Value, row: int, column: int) -> str | None:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            top = self._tall.get((row, column), row)
            if top in self._grid.percents(column):
                return percent(float(value))
        text = shown(value)
        return None if text is None else fraction(text)

    def _seen(self, pair: Pair) -> Seen:
        return Seen(
            shown(pair.value),
            self._grid.cell(pair.row, pair.column),
            pair.label.text.strip().rstrip(":：*＊ "),
        )

    def _faulty(self, pair: Pair, table: str, column: str) -> bool:
        if not isinstance(pair.value, Fault):
            return False
        seen = self._seen(pair)
        self._out.fault(table, column, pair.value, seen.at, seen.label)
        return True

    def _passed_over(self, row: int) -> None:
        """Remember the first row that means nothing to us; what stands above the first O is no part."""
        if self._count and not self._left:
            column = next(c for c in self._columns if self._value(row, c) not in (None, ""))
            self._left = [
                self._grid.cell(row, column),
                (shown(self._grid.at(row, column)) or "")[:60],
            ]
