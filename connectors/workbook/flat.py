"""The flat shape: one header row, one row a KR. Read column by column, so that long sheets are quick."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, Any

from connectors.workbook.grid import ODD, Fault, letters, shown
from connectors.workbook.krrows import Column, KrRows, Krs
from connectors.workbook.lists import persons
from connectors.workbook.records import TABLE_OF, About, Seen, about_words
from connectors.workbook.values import fraction, label_number, percent, title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.workbook.grid import Grid
    from connectors.workbook.header import Header
    from connectors.workbook.records import Records

_SHARES = ("objective.confidence", "kr.confidence", "kr.progress")
_OF_OBJECTIVE = (
    "objective.owner", "objective.confidence", "objective.stated_id", "carries", "state", "origin", "visibility",
)  # fmt: skip
_SAID = ("unit", "period", "person", *_OF_OBJECTIVE)
_LABEL_LENGTH = 8
_LONG_LABEL_LENGTH = 18
_REMARKS = ("注:", "注：", "备注", "说明", "填写说明", "note:", "notes:", "note：")


@dataclass
class _Objective:
    """An O; `row` is empty as long as nothing but its number stands on the sheet. `first`: its line there."""

    row: str
    first: int
    said: tuple[str | None, ...]
    krs: int = 0
    alignments: int = 0
    links: list[str] = field(default_factory=list)
    context: tuple[str | None, ...] = ()
    ordinal: int | None = None


@dataclass
class Known:
    """What a header that is repeated further down goes on with: the Os so far, and the present one."""

    objectives: dict[tuple[str | None, ...], _Objective] = field(default_factory=dict)
    abouts: dict[tuple[str | None, ...], About] = field(default_factory=dict)
    positions: dict[tuple[str | None, ...], int] = field(default_factory=dict)
    context: list[str | None] = field(default_factory=lambda: [None, None, None])
    objective: _Objective | None = None


class Flat:
    """Reads the rows under one header of a flat sheet."""

    def __init__(
        self, grid: Grid, header: Header, until: int, about: About, records: Records, known: Known | None = None
    ) -> None:
        self._grid = grid
        self._header = header
        self._top = header.below
        self._until = until
        self._about = about
        self._out = records
        self._first_line = header.below + grid.top + 1
        self._faults: dict[str, dict[int, Fault]] = {}
        self._tall = [m for m in grid.within() if m.bottom > m.top and self._top <= m.top < until]
        self._raw = {role: self._column(role) for role in header.columns}
        self._filled = {role: self._fill(role) for role in self._raw}
        self._told = {role: self._fractions(role) for role in _SHARES if role in self._raw}
        self._names = {role: letters(c + grid.left) for role, c in header.columns.items()}
        self._known = known or Known()
        self._objectives = self._known.objectives
        self._abouts = self._known.abouts
        self._positions = self._known.positions
        self._context = self._known.context
        self._krs = Krs()

    def read(self) -> None:
        """Read all rows into the records."""
        self._out.held.update(self._header.columns)
        if "kr.owner" in self._header.members:
            self._out.held.add("kr.members")
        special = self._special()
        rows, owners, positions = self._krs.rows, self._krs.objectives, self._krs.positions
        objective = self._known.objective
        last: tuple[object, object] = (None, None)
        for i, (text, named, said, asks) in enumerate(self._plain_rows()):
            if i in special:
                objective, last = self._special_row(i, objective), (None, None)
                continue
            if named is None:
                if any(said):
                    objective, last = self._untitled(i, objective), (None, None)
            elif (named, said) != last:
                objective, last = self._objective_of(i, objective), (named, said)
            if text is None or objective is None or not objective.row or _may_be_a_label(text):
                self._odd_row(i, objective)
                continue
            objective.krs += 1
            rows.append(i)
            owners.append(objective.row)
            positions.append(objective.krs)
            if asks:
                self._krs.asks.append((i, i, False))
        self._known.objective = objective
        KrRows(
            self._out,
            self._header,
            self._names,
            self._first_line,
            self._filled,
            self._told,
            self._raw,
        ).emit(self._krs)
        self._refuse_faults()

    def _plain_rows(self) -> Iterator[tuple[str | None, str | None, tuple[str | None, ...], bool]]:
        """Yield of each row the KR, the O, what is said of the O, and whether it asks for anything."""
        height = self._until - self._top
        of_objective = [self._filled[role] for role in _SAID if role in self._filled]
        said = zip(*of_objective, strict=True) if of_objective else repeat((), height)
        asked = [self._raw[role] for role in ("party", "point") if role in self._raw]
        asks = map(any, zip(*asked, strict=True)) if asked else repeat(object=False, times=height)
        return zip(self._filled["kr"], self._filled["objective"], said, asks, strict=True)

    def _special(self) -> set[int]:
        """Return the rows that are no plain row: empty ones, continued ones, those with a fault."""
        columns = list(self._raw.values())
        empty = {i for i, cells in enumerate(zip(*columns, strict=True)) if not any(cells)}
        faulty = {i for faults in self._faults.values() for i in faults}
        self._continued = self._covered("kr")
        return empty | faulty | self._continued

    def _special_row(self, i: int, objective: _Objective | None) -> _Objective | None:
        faulty = any(i in faults for faults in self._faults.values())
        if i in self._continued:
            if self._asks(i) and self._krs.rows:
                self._krs.asks.append((self._krs.rows[-1], i, True))
            return objective
        if not faulty:
            return objective
        if self._filled["objective"][i] is not None or i in self._faults.get("objective", {}):
            objective = self._objective_of(i, objective)
        self._odd_row(i, objective)
        return objective

    def _objective_of(self, i: int, before: _Objective | None) -> _Objective | None:
        """Return the O of a row that names it."""
        self._take_context(i)
        if self._is_remark(i):
            text = (self._filled["objective"][i] or "")[:60]
            self._out.notice("workbook_rows_passed_over", cell=self._at("objective", i), text=text)
            return before
        return self._objective(i, self._context)

    def _untitled(self, i: int, objective: _Objective | None) -> _Objective | None:
        """Return the O of a row that does not name it: the one before, unless the holder is another."""
        if self._take_context(i):
            return None
        if objective is not None:
            said = self._said(i)
            if any(said) and said != objective.said:
                self._compare(i, objective, said)
        return objective

    def _said(self, i: int) -> tuple[str | None, ...]:
        return tuple(self._filled[role][i] if role in self._filled else None for role in _OF_OBJECTIVE)

    def _odd_row(self, i: int, objective: _Objective | None) -> None:
        """Read a row whose KR cell is empty, a mere label, or without an O."""
        text = self._filled["kr"][i]
        broken = i in self._faults.get("kr", {})
        mere = text is None or label_number(text) is not None or not title(text)[0]
        if mere and not broken:
            if (
                text is None
                and self._asks(i)
                and self._krs.rows
                and self._krs.objectives[-1] == (objective.row if objective else None)
            ):
                self._krs.asks.append((self._krs.rows[-1], i, True))
                return
            if not self._says_kr(i):
                return
        if objective is None:
            seen = Seen(text, self._at("kr", i), self._header.labels["kr"])
            self._out.refuse("key_results", "objective_id", seen, "kr_without_objective", whole=True)
            return
        if not objective.row:
            self._write(objective, None, f"{self._names['objective']}{objective.first}")
        objective.krs += 1
        self._krs.add(i, objective.row, objective.krs)
        if self._asks(i):
            self._krs.asks.append((i, i, False))

    def _asks(self, i: int) -> bool:
        return any(role in self._raw and self._raw[role][i] is not None for role in ("party", "point"))

    # -- Os -------------------------------------------------------------------------------------

    def _take_context(self, i: int) -> bool:
        """Take over the unit, period and person of a row; say whether they are others than before."""
        changed = False
        for index, role in enumerate(("unit", "period", "person")):
            if role in self._filled and (text := self._filled[role][i]) is not None:
                before = self._context[index]
                changed = changed or (before is not None and before != text)
                self._context[index] = text
        return changed

    def _objective(self, i: int, context: Sequence[str | None]) -> _Objective:
        text = self._filled["objective"][i]
        key = (*context, text if text is not None else f"\x00{i}")
        if self._header.literal and (stated := self._filled["objective.stated_id"][i]) is not None:
            key = (*key, stated)
        said = tuple(self._filled[role][i] if role in self._filled else None for role in _OF_OBJECTIVE)
        found = self._objectives.get(key)
        if found is None:
            found = self._new_objective(i, text, context, said)
            self._objectives[key] = found
        elif said != found.said:
            self._compare(i, found, said)
        return found

    def _new_objective(
        self, i: int, text: str | None, context: Sequence[str | None], said: tuple[str | None, ...]
    ) -> _Objective:
        bare, ordinal = title(text) if text else (None, None)
        if text is not None and (counted := label_number(text)) is not None:
            bare, ordinal = None, counted
        found = _Objective("", i + self._first_line, said, context=tuple(context), ordinal=ordinal)
        # A template's `O2：` with nothing behind it is an O only where something is said of it.
        if bare or any(said) or i in self._faults.get("objective", {}):
            self._write(found, bare, self._at("objective", i))
        return found

    def _write(self, found: _Objective, bare: str | None, at: str) -> None:
        """Add an O to the records, with what its first row says of it."""
        i = found.first - self._first_line
        here = i >= 0  # else its first row stands under an earlier header, and said nothing but its number
        ordinal, position = found.ordinal, self._position(found.context)
        values: dict[str, Any] = {"title": bare or None, "@title": f"{at} {self._header.labels['objective']}"}
        stated = self._filled["objective.stated_id"][i] if here and "objective.stated_id" in self._filled else None
        if not self._header.literal and stated is not None and (counted := label_number(stated)) is not None:
            ordinal, stated = ordinal if ordinal is not None else counted, None
        values["stated_id"] = stated
        values["ordinal"] = ordinal if ordinal is not None else position
        if here and "objective.confidence" in self._told:
            values["confidence"] = self._told["objective.confidence"][i]
            values["@confidence"] = self._place("objective.confidence", i)
        for role in ("state", "origin", "visibility"):
            if here and role in self._filled:
                values[role], values[f"@{role}"] = self._filled[role][i], self._place(role, i)
        found.row = self._out.objective(at, values, self._about_of(i, found.context))
        if here:
            self._owners_and_links(i, found)

    def _position(self, context: Sequence[str | None]) -> int:
        """Return the how manyth O of its holder the next one is."""
        key = tuple(context)
        self._positions[key] = self._positions.get(key, 0) + 1
        return self._positions[key]

    def _compare(self, i: int, found: _Objective, said: tuple[str | None, ...]) -> None:
        """Another row of an O that says something else about it: links are added, the rest refused."""
        if not found.row:
            self._write(found, None, f"{self._names['objective']}{found.first}")
        merged = list(found.said)
        for index, role in enumerate(_OF_OBJECTIVE):
            text, before = said[index], found.said[index]
            if text is None or text == before:
                continue
            if role == "carries":
                self._link(i, text, found)
            elif before is None and role == "objective.owner":
                self._out.persons("objectives", found.row, "owner_ids", persons(text), self._place(role, i))
            else:
                table, column = TABLE_OF[role]
                seen = Seen(text, self._at(role, i), self._header.labels[role])
                self._out.refuse(
                    table,
                    column,
                    seen,
                    "differs_within_objective",
                    first=before,
                    cell=f"{self._names[role]}{found.first}",
                )
                continue
            merged[index] = text
        found.said = tuple(merged)

    def _owners_and_links(self, i: int, found: _Objective) -> None:
        if "objective.owner" in self._filled and (text := self._filled["objective.owner"][i]):
            self._out.persons(
                "objectives",
                found.row,
                "owner_ids",
                persons(text),
                self._place("objective.owner", i),
            )
        if "carries" in self._filled and (text := self._filled["carries"][i]):
            self._link(i, text, found)

    def _link(self, i: int, text: str, found: _Objective) -> None:
        if text not in found.links:
            found.links.append(text)
            seen = Seen(text, self._at("carries", i), self._header.labels["carries"])
            found.alignments = self._out.carries(found.row, seen, found.alignments)

    def _about_of(self, i: int, context: Sequence[str | None]) -> About:
        key = tuple(context)
        if key not in self._abouts:
            above = self._about
            unit, period, person = (
                None if role in above.fixed else text
                for role, text in zip(("unit", "period", "person"), context, strict=True)
            )
            # A column that only an earlier header of the sheet had goes on; its place is then the O's.
            spot = {role: role if role in self._names else "objective" for role in ("unit", "period", "person")}
            by = spot["person"]
            self._abouts[key] = About(
                unit=about_words([unit], "unit") + above.unit if unit else above.unit,
                period=about_words([period], "period") + above.period if period else above.period,
                person=Seen(person, self._at(by, i), self._header.labels[by]) if person else above.person,
                unit_at=self._place(spot["unit"], i) if unit else above.unit_at,
                period_at=self._place(spot["period"], i) if period else above.period_at,
                fixed=above.fixed,
            )
        return self._abouts[key]

    def _says_kr(self, i: int) -> bool:
        return any(
            self._raw[role][i] is not None for role in self._raw if role.startswith("kr.") and role != "kr.stated_id"
        )

    # -- columns --------------------------------------------------------------------------------

    def _column(self, role: str) -> Column:
        """Return a column's texts; cells without a value to read are kept aside."""
        at = self._header.columns[role]
        values = [cells[at] for cells in self._grid.rows[self._top : self._until]]
        kinds = set(map(type, values))
        if Fault in kinds:
            self._faults[role] = {i: value for i, value in enumerate(values) if isinstance(value, Fault)}
        if kinds <= {str, type(None)} and not ODD.search("".join(value for value in values if value)):  # type: ignore[arg-type]
            return [value.strip() or None if value else None for value in values]  # type: ignore[union-attr]
        if bool not in kinds:
            # A number or a date stands in many rows of a long sheet.
            known = {value: shown(value) for value in set(values)}
            return [known[value] for value in values]
        return [shown(value) for value in values]

    def _fill(self, role: str) -> Column:
        """Return a column with merged cells filled: what is merged over several rows is said of each."""
        column = self._raw[role]
        ranges = [(m.top, m.bottom) for m in self._tall if m.left == self._header.columns[role]]
        if not ranges:
            return column
        column = list(column)
        for top, bottom in ranges:
            first = top - self._top
            if first >= 0:
                last = min(bottom - self._top, len(column) - 1)
                column[first : last + 1] = [column[first]] * (last + 1 - first)
        return column

    def _covered(self, role: str) -> set[int]:
        """Return the rows whose cell in a column is merged into one above."""
        at = self._header.columns[role]
        return {
            row - self._top
            for m in self._tall
            if m.left <= at <= m.right
            for row in range(max(m.top, self._top) + 1, min(m.bottom, self._until - 1) + 1)
        }

    def _fractions(self, role: str) -> Column:
        """Return a column of shares; those formatted as per cent are written so."""
        texts = self._filled[role]
        known = {text: None if text is None else fraction(text) for text in set(texts)}
        column = [known[text] for text in texts]
        at = self._header.columns[role]
        rows = self._grid.rows
        written: dict[Any, str] = {}
        for line in self._grid.percents(at):
            i = line - self._top
            if 0 <= i < len(column):
                value = rows[line][at]
                if type(value) is float or type(value) is int:
                    told = written.get(value)
                    column[i] = told if told is not None else written.setdefault(value, percent(value))
        self._spread(role, column)
        return column

    def _spread(self, role: str, column: Column) -> None:
        """Say of merged cells what their first says, also where it is written as per cent."""
        for m in self._tall:
            if m.left == self._header.columns[role]:
                first, last = m.top - self._top, min(m.bottom - self._top, len(column) - 1)
                column[first : last + 1] = [column[first]] * (last + 1 - first)

    def _at(self, role: str, i: int) -> str:
        return f"{self._names[role]}{i + self._first_line}"

    def _place(self, role: str, i: int) -> str:
        return f"{self._names[role]}{i + self._first_line} {self._header.labels[role]}"

    def _is_remark(self, i: int) -> bool:
        """Say whether a row is a remark under the table rather than an O."""
        text = self._filled["objective"][i] or ""
        alone = sum(1 for column in self._raw.values() if column[i] is not None) == 1
        return alone and text.casefold().startswith(_REMARKS)

    def _refuse_faults(self) -> None:
        for role, faults in self._faults.items():
            table, column = TABLE_OF.get(role, ("key_results", role))
            for i, fault in faults.items():
                self._out.fault(table, column, fault, self._at(role, i), self._header.labels[role])


def _may_be_a_label(text: str) -> bool:
    """Say whether a KR's cell is so short that it may hold nothing but its number."""
    return len(text) < _LABEL_LENGTH or (len(text) < _LONG_LABEL_LENGTH and text[0] in "KkＫｋ关")
