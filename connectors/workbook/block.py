"""The block shape: per O a block, below or beside one another; a header row over its KR rows."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from connectors.workbook.grid import Fault, shown
from connectors.workbook.header import IN_TABLE, Header, bare_labels, read_header
from connectors.workbook.krtable import Block, Cells, Kr, KrTable
from connectors.workbook.labels import DIRECT, KR, OBJECTIVE
from connectors.workbook.lists import persons, targets_are_numbers
from connectors.workbook.pairs import Pair, pairs_of
from connectors.workbook.records import About, Seen, about_words
from connectors.workbook.values import label_number, title

if TYPE_CHECKING:
    from connectors.workbook.grid import Grid
    from connectors.workbook.labels import Labels
    from connectors.workbook.records import Records

_BEGINS = ("objective", "carries")
_OF_THE_O = ("owner", "confidence", "carries")
_IN_WORDS = ("party", "point", "response", "response_reason")
_CONTEXT = ("unit", "period", "person")
_NEAR = 4


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
            if own or (len(starts) == 1 and _alone_below_an_o(grid, labels, row, range(start, stop))):
                found.append((row, start, max(own, default=start)))
    return found


def _alone_below_an_o(grid: Grid, labels: Labels, row: int, columns: range) -> bool:
    """Say whether a label for KRs with nothing beside it is a header: an O stands right above."""
    if any(shown(grid.at(row, column)) is not None for column in columns[1:]):
        return False
    for above in range(row - 1, max(row - _NEAR, 0) - 1, -1):
        found = (labels.of(grid.rows[above][column]) for column in range(columns.stop))
        if any(label is not None and label.role == OBJECTIVE for label in found):
            return True
    return False


def _together(own: list[int], bare: dict[int, Any], start: int) -> list[int]:
    """Keep the labels of one header: another block's O, which may stand beside it, ends it."""
    ends = [c for c, label in bare.items() if c > start and label.role in _BEGINS]
    return [c for c in own if not ends or c < min(ends)]


def bands(grid: Grid, labels: Labels, headers: list[tuple[int, int, int]]) -> list[range]:
    """Return the columns that belong together: blocks beside one another share no column.

    The row of an O may be longer than the header over its KRs; the next block begins where the first
    label of an O or of what it carries stands behind that header, else with its own header.
    """
    spans: list[list[int]] = []
    for _, first, last in sorted(headers, key=lambda h: h[1]):
        if spans and first <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], last)
        else:
            spans.append([first, last])
    starts = [0]
    for before, (first, _) in pairwise(spans):
        between = range(before[1] + 1, first)
        starts.append(next((c for c in between if _begins_somewhere(grid, labels, c)), first))
    return [range(start, starts[i + 1] if i + 1 < len(starts) else grid.width) for i, start in enumerate(starts)]


def _begins_somewhere(grid: Grid, labels: Labels, column: int) -> bool:
    found = (labels.of(cells[column]) for cells in grid.rows)
    return any(label is not None and label.role in _BEGINS for label in found)


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
        self._early: list[Pair] = []
        self._header: Header | None = None
        self._count = 0
        self._left: list[str] = []
        self._cells = Cells(grid)
        self._table: KrTable | None = None
        self._borrowed = False

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
            self._borrowed = False
            return self._header.below
        if self._is_empty(row):
            self._header = None
            return row + 1
        if self._header is not None and not self._begins(row) and not (self._borrowed and self._is_about(row)):
            if self._table is not None and not self._table.read(row, self._block):
                self._passed_over(row)
            return row + 1
        if not self._borrowed:
            self._header = None
        pairs, below = pairs_of(self._grid, self._labels, row, self._columns)
        if self._resumes(row, pairs):
            return row
        if not pairs:
            self._passed_over(row)
        self._take_pairs(row, pairs)
        after = row + 2 if below else row + 1
        if any(pair.label.role == OBJECTIVE for pair in pairs):
            self._borrow(after)
        return after

    def _borrow(self, row: int) -> None:
        """Let an O without a header of its own have the last one: it stands once, over all blocks."""
        self._borrowed = self._table is not None and not self._own_header(row)
        self._header = self._table.header if self._borrowed and self._table else None

    def _own_header(self, row: int) -> bool:
        for below in range(row, self._grid.height):
            if below in self._headers:
                return True
            for column in self._columns:
                label = self._labels.of(self._grid.rows[below][column])
                if label is not None and label.role == OBJECTIVE and (label.value or label.number is not None):
                    return False
        return False

    def _is_about(self, row: int) -> bool:
        """Say whether a row says something of the O rather than being one more KR."""
        pairs, _ = pairs_of(self._grid, self._labels, row, self._columns)
        return bool(pairs) and all(pair.label.role in _OF_THE_O for pair in pairs)

    def _resumes(self, row: int, pairs: list[Pair]) -> bool:
        """Go on with the KR rows where a KR stands with its label after an empty row or a remark."""
        if self._table is None or self._block is None or self._block.row is None or not pairs:
            return False
        first = pairs[0]
        stands = first.column in self._table.header.span(KR) and first.row == row
        if first.label.role != KR or first.label.value is None or not stands:
            return False
        self._header = self._table.header
        return True

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
            if label.role == "carries" and targets_are_numbers(label.value):
                return True
            if self._stands_with_labels(row, column) or self._stands_over_a_block(row, label.role):
                return True
        return False

    def _stands_with_labels(self, row: int, column: int) -> bool:
        """Say whether labels stand behind one in the KR column: `目标：增长 | 责任人：张三`."""
        assert self._header is not None  # noqa: S101 - see `_begins`
        said = {c for role in _IN_WORDS if role in self._header.columns for c in self._header.span(role)}
        for other in self._columns:
            label = self._labels.of(self._grid.rows[row][other]) if other > column and other not in said else None
            if label is not None and label.role in (*_OF_THE_O, *_CONTEXT):
                return True
        return False

    def _stands_over_a_block(self, row: int, role: str) -> bool:
        """Say whether the next row is the header of a block, or the O that belongs to a link."""
        below = next((r for r in range(row + 1, self._grid.height) if not self._is_empty(r)), None)
        if below is None:
            return False
        if below in self._headers:
            return role == OBJECTIVE
        found = (self._labels.of(self._grid.rows[below][column]) for column in self._columns)
        first = next((label for label in found if label is not None), None)
        return role != OBJECTIVE and first is not None and first.role in _BEGINS

    # -- the rows above the KRs -----------------------------------------------------------------

    def _take_pairs(self, row: int, pairs: list[Pair]) -> None:
        roles = {pair.label.role for pair in pairs}
        if "objective" in roles:
            self._take_objective(pairs)
            return
        # Whose O is still to come may stand beside what it carries.
        for pair in sorted(pairs, key=lambda pair: pair.label.role != "carries"):
            if "carries" in roles and self._block is None and pair.label.role in ("owner", "confidence"):
                self._early.append(pair)
            else:
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
        self._carried, self._early = [], []

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
        for pair in self._early:
            if not any(shown(one.value) for one in by_role.get(pair.label.role, [])):
                by_role[pair.label.role] = [pair]
        self._early = []
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
