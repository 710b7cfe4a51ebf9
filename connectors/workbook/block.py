"""The block shape: per O a block, below or beside one another; a header row over its KR rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connectors.workbook.grid import Fault, shown
from connectors.workbook.header import IN_TABLE, Header, bare_labels, read_header
from connectors.workbook.krtable import Block, Cells, Kr, KrTable
from connectors.workbook.labels import DIRECT, KR, OBJECTIVE
from connectors.workbook.lists import persons
from connectors.workbook.pairs import Pair, pairs_of
from connectors.workbook.records import About, Seen, about_words
from connectors.workbook.values import label_number, title

if TYPE_CHECKING:
    from connectors.workbook.grid import Grid
    from connectors.workbook.labels import Labels
    from connectors.workbook.records import Records

_BEGINS = ("objective", "carries")
_CONTEXT = ("unit", "period", "person")


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
    return [range(start, starts[i + 1] if i + 1 < len(starts) else width) for i, start in enumerate(starts)]


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
        self._block: Block | None = None
        self._carried: list[Seen] = []
        self._header: Header | None = None
        self._count = 0
        self._left: list[str] = []
        self._cells = Cells(grid)
        self._table: KrTable | None = None

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
            self._table = KrTable(self._cells, self._header, self._columns, self._out)
            return self._header.below
        if self._is_empty(row):
            self._header = None
            return row + 1
        if self._header is not None and not self._begins(row):
            if self._table is not None and not self._table.read(row, self._block):
                self._passed_over(row)
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
            self._out.notice("workbook_unknown_label", label=text, cell=self._grid.cell(header.row, column))

    def _is_empty(self, row: int) -> bool:
        return not any(self._cells.at(row, column) is not None for column in self._columns)

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
            self._take_objective(pairs)
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
        elif role in ("owner", "confidence") and self._block is not None and self._block.row is not None:
            self._take_late(pair)
        elif role not in ("response", "response_reason"):
            self._passed_over(row)

    def _take_link(self, row: int, pair: Pair) -> None:
        self._out.held.add("carries")
        block = self._block
        fault = self._faulty(pair, "alignments", "parent_id")
        seen = self._seen(pair)
        if fault or seen.text is None:
            if block is not None and (block.krs or block.row is not None) and not self._own_link(row):
                self._block = None
            return
        if block is not None and not block.krs and self._own_link(row):
            if block.row is None:
                self._carried.append(seen)
            else:
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
            self._out.refuse("alignments", "objective_id", seen, "link_without_objective", whole=True)
        self._carried = []

    def _take_context(self, pair: Pair) -> None:
        text = shown(pair.value)
        role = pair.label.role
        if text is None or role in self._about.fixed:
            return
        seen = self._seen(pair)
        if role == "person":
            self._out.held.add("person")
            self._about = replace(self._about, person=seen)
        elif role == "unit":
            words = list(dict.fromkeys([*about_words([text], "unit"), *self._about.unit]))
            self._about = replace(self._about, unit=words, unit_at=seen.place)
        else:
            words = list(dict.fromkeys([*about_words([text], "period"), *self._about.period]))
            self._about = replace(self._about, period=words, period_at=seen.place)

    def _take_objective(self, pairs: list[Pair]) -> None:
        by_role: dict[str, list[Pair]] = {}
        for pair in pairs:
            by_role.setdefault(pair.label.role, []).append(pair)
        for pair in pairs:
            if pair.label.role in _CONTEXT:
                self._take_context(pair)
        self._remember_roles(by_role)
        main = by_role[OBJECTIVE][0]
        block = self._block = Block(make=lambda: self._make(main, by_role))
        if isinstance(main.value, Fault) or title(shown(main.value) or "")[0]:
            block.make_now()

    def _remember_roles(self, by_role: dict[str, list[Pair]]) -> None:
        for role in by_role:
            if role in ("owner", "confidence"):
                self._out.held.add(f"objective.{role}")
            elif role == "carries" or role in DIRECT:
                self._out.held.add(role)

    def _make(self, main: Pair, by_role: dict[str, list[Pair]]) -> tuple[str, int]:
        """Add the O: at once where it has a title, else when the first KR needs it.

        Returns:
            Its id, and how many alignments it has.
        """
        seen = self._seen(main)
        self._faulty(main, "objectives", "title")
        bare, number = title(seen.text) if seen.text else (None, None)
        values: dict[str, Any] = {}
        for role in ("confidence", "stated_id", *DIRECT):
            for pair in by_role.get(role, []):
                self._take_value(values, pair)
        self._count += 1
        ordinal = main.label.number if main.label.number is not None else number
        stated = values.pop("stated_id", None)
        if stated is not None and (counted := label_number(stated)) is not None:
            ordinal, stated = ordinal if ordinal is not None else counted, None
        values |= {"title": bare or None, "@title": seen.place, "stated_id": stated}
        values["ordinal"] = self._count if ordinal is None else ordinal
        row = self._out.objective(seen.at, values, self._about)
        for pair in by_role.get("owner", []):
            self._owner(row, pair)
        links = [pair for pair in by_role.get("carries", []) if not self._faulty(pair, "alignments", "parent_id")]
        alignments = 0
        for link in [*self._carried, *map(self._seen, links)]:
            alignments = self._out.carries(row, link, alignments)
        self._carried = []
        return row, alignments

    def _take_value(self, values: dict[str, Any], pair: Pair) -> None:
        role = pair.label.role
        self._out.held.add(role if role in DIRECT else f"objective.{role}")
        if self._faulty(pair, "objectives", role):
            return
        seen = self._seen(pair)
        if seen.text is not None:
            shared = role == "confidence"
            values[role] = self._cells.share(pair.value, pair.row, pair.column) if shared else seen.text
            values[f"@{role}"] = seen.place

    def _take_late(self, pair: Pair) -> None:
        """Take an owner or a confidence that stands in a row of its own below the O."""
        assert self._block is not None  # noqa: S101 - see `_take_alone`
        assert self._block.row is not None  # noqa: S101 - see `_take_alone`
        if pair.label.role == "owner":
            self._owner(self._block.row, pair)
            return
        values: dict[str, Any] = {}
        self._take_value(values, pair)
        columns = self._out.tables["objectives"].columns
        for name, value in values.items():
            columns[name][-1] = value

    def _owner(self, row: str, pair: Pair) -> None:
        self._out.held.add("objective.owner")
        if self._faulty(pair, "objectives", "owner_ids"):
            return
        seen = self._seen(pair)
        if seen.text:
            self._out.persons("objectives", row, "owner_ids", persons(seen.text), seen.place)

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
        self._block.kr = Kr(self._out.key_result(seen.at, values, None))

    # -- small things ---------------------------------------------------------------------------

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
            column = next(c for c in self._columns if self._cells.at(row, c) is not None)
            self._left = [
                self._grid.cell(row, column),
                (shown(self._grid.at(row, column)) or "")[:60],
            ]
