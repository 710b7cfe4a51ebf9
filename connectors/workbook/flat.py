"""The flat shape: one header row, one row a KR. Read column by column, so that long sheets are quick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.workbook.grid import WIDEST, Fault, letters, shown
from connectors.workbook.labels import DIRECT
from connectors.workbook.lists import persons
from connectors.workbook.records import About, Seen, about_words
from connectors.workbook.values import fraction, label_number, percent, title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.workbook.grid import Grid
    from connectors.workbook.header import Header
    from connectors.workbook.records import Records

_SHARES = ("objective.confidence", "kr.confidence", "kr.progress")
_OF_OBJECTIVE = (
    "objective.owner", "objective.confidence", "objective.stated_id", "carries", "state", "origin", "visibility",
)  # fmt: skip
_REST = ("point", "response", "response_reason", "needed_by")
_REMARKS = ("注:", "注：", "备注", "说明", "填写说明", "note:", "notes:", "note：")

TABLE_OF = {
    "objective": ("objectives", "title"), "kr": ("key_results", "title"), "carries": ("alignments", "parent_id"),
    "objective.owner": ("objectives", "owner_ids"), "objective.confidence": ("objectives", "confidence"),
    "objective.stated_id": ("objectives", "objective_id"), "kr.stated_id": ("key_results", "kr_id"),
    "kr.owner": ("key_results", "owner_ids"), "kr.members": ("key_results", "member_ids"),
    "kr.confidence": ("key_results", "confidence"), "kr.progress": ("key_results", "progress"),
    "kr.due_on": ("key_results", "due_on"), "party": ("handshakes", "party"), "point": ("handshakes", "point"),
    "response": ("handshakes", "response"), "response_reason": ("handshakes", "response_reason"),
    "needed_by": ("handshakes", "needed_by"), "unit": ("objectives", "unit_id"),
    "period": ("objectives", "period_id"), "person": ("objectives", "person_id"),
    "state": ("objectives", "state"), "origin": ("objectives", "origin"), "visibility": ("objectives", "visibility"),
}  # fmt: skip
"""By role, which value of which table stands in its cells; other roles are columns of KRs."""

Column = list[str | None]


@dataclass
class _Objective:
    row: str
    first: int
    said: tuple[str | None, ...]
    krs: int = 0
    alignments: int = 0


class Flat:
    """Reads the rows under one header of a flat sheet."""

    def __init__(
        self, grid: Grid, header: Header, until: int, about: About, records: Records
    ) -> None:
        self._grid = grid
        self._header = header
        self._top = header.below
        self._until = until
        self._about = about
        self._out = records
        self._faults: dict[str, dict[int, Fault]] = {}
        self._raw = {role: self._column(role) for role in header.columns}
        self._names = {role: letters(c + grid.left) for role, c in header.columns.items()}
        self._tall = [m for m in grid.within() if m.bottom > m.top and self._top <= m.top < until]
        self._objectives: dict[tuple[str | None, ...], _Objective] = {}
        self._abouts: dict[tuple[str | None, ...], About] = {}

    def read(self) -> None:
        """Read all rows into the records."""
        self._out.held.update(self._header.columns)
        if "kr.owner" in self._header.members:
            self._out.held.add("kr.members")
        self._filled = {role: self._fill(role) for role in self._raw}
        self._told = {role: self._fractions(role) for role in _SHARES if role in self._raw}
        covered = self._covered("kr")
        objective: _Objective | None = None
        kr: tuple[str, int, int] | None = None  # its id, row and number of handshakes
        context: list[str | None] = [None, None, None]
        titles, krs = self._filled["objective"], self._filled["kr"]
        broken = self._faults.get("objective", {})
        any_column = list(self._raw.values())
        for i in range(self._until - self._top):
            if (
                krs[i] is None
                and not any(column[i] for column in any_column)
                and not self._faulty(i)
            ):
                continue
            if i in covered:
                kr = self._more_handshakes(i, kr)
                continue
            changed = self._context(i, context)
            if titles[i] is not None or i in broken:
                if self._is_remark(i):
                    self._out.notice(
                        "workbook_rows_passed_over",
                        cell=self._at("objective", i),
                        text=(titles[i] or "")[:60],
                    )
                    continue
                found = self._objective(i, context)
                kr = kr if found is objective else None
                objective = found
            elif changed:
                objective = None
            kr = self._row(i, objective, kr)
        self._refuse_faults()

    # -- Os -------------------------------------------------------------------------------------

    def _context(self, i: int, context: list[str | None]) -> bool:
        """Take over the unit, period and person of a row; say whether they are others than before."""
        changed = False
        for index, role in enumerate(("unit", "period", "person")):
            if role in self._filled and (text := self._filled[role][i]) is not None:
                changed = changed or (context[index] is not None and context[index] != text)
                context[index] = text
        return changed

    def _objective(self, i: int, context: Sequence[str | None]) -> _Objective:
        text = self._filled["objective"][i]
        key = (*context, text if text is not None else f"\x00{i}")
        said = tuple(
            self._filled[role][i] if role in self._filled else None for role in _OF_OBJECTIVE
        )
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
        at = self._at("objective", i)
        bare, ordinal = title(text) if text else (None, None)
        values: dict[str, Any] = {"title": bare or None, "@title": self._place("objective", i)}
        stated = (
            self._filled["objective.stated_id"][i]
            if "objective.stated_id" in self._filled
            else None
        )
        if stated is not None and (counted := label_number(stated)) is not None:
            ordinal, stated = ordinal if ordinal is not None else counted, None
        values["stated_id"] = stated
        values["ordinal"] = ordinal if ordinal is not None else len(self._objectives) + 1
        if "objective.confidence" in self._told:
            values["confidence"] = self._told["objective.confidence"][i]
            values["@confidence"] = self._place("objective.confidence", i)
        for role in ("state", "origin", "visibility"):
            if role in self._filled:
                values[role], values[f"@{role}"] = self._filled[role][i], self._place(role, i)
        found = _Objective(self._out.objective(at, values, self._about_of(i, context)), i, said)
        self._owners_and_links(i, found)
        return found

    def _compare(self, i: int, found: _Objective, said: tuple[str | None, ...]) -> None:
        """Another row of an O that says something else about it: links are added, the rest refused."""
        merged = list(found.said)
        for index, role in enumerate(_OF_OBJECTIVE):
            text, before = said[index], found.said[index]
            if text is None or text == before:
                continue
            if role == "carries":
                found.alignments = self._out.carries(
                    found.row,
                    Seen(text, self._at(role, i), self._header.labels[role]),
                    found.alignments,
                )
            elif before is None and role == "objective.owner":
                self._out.persons(
                    "objectives", found.row, "owner_ids", persons(text), self._place(role, i)
                )
            else:
                table, column = TABLE_OF[role]
                seen = Seen(text, self._at(role, i), self._header.labels[role])
                self._out.refuse(
                    table,
                    column,
                    seen,
                    "differs_within_objective",
                    first=before,
                    cell=self._at(role, found.first),
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
            seen = Seen(text, self._at("carries", i), self._header.labels["carries"])
            found.alignments = self._out.carries(found.row, seen, found.alignments)

    def _about_of(self, i: int, context: Sequence[str | None]) -> About:
        key = tuple(context)
        if key not in self._abouts:
            unit, period, person = context
            above = self._about
            self._abouts[key] = About(
                unit=about_words([unit], "unit") + above.unit if unit else above.unit,
                period=about_words([period], "period") + above.period if period else above.period,
                person=Seen(person, self._at("person", i), self._header.labels["person"])
                if person
                else above.person,
                unit_at=self._place("unit", i) if unit else above.unit_at,
                period_at=self._place("period", i) if period else above.period_at,
            )
        return self._abouts[key]

    # -- KRs ------------------------------------------------------------------------------------

    def _row(
        self, i: int, objective: _Objective | None, kr: tuple[str, int, int] | None
    ) -> tuple[str, int, int] | None:
        text = self._filled["kr"][i]
        bare, ordinal = title(text) if text else (None, None)
        if text and (alone := label_number(text)) is not None:
            bare, ordinal = None, alone
        if not bare and i not in self._faults.get("kr", {}):
            if not text and kr is not None and self._raw_party(i):
                return self._more_handshakes(i, kr)
            if not self._says_kr(i):
                return kr
        if objective is None:
            seen = Seen(text, self._at("kr", i), self._header.labels["kr"])
            self._out.refuse(
                "key_results", "objective_id", seen, "kr_without_objective", whole=True
            )
            return None
        objective.krs += 1
        row = self._key_result(i, objective, bare or None, ordinal)
        handshakes = 0
        if "party" in self._filled or "point" in self._filled:
            handshakes = self._handshakes(i, row, 0, self._filled)
        return row, i, handshakes

    def _key_result(
        self, i: int, objective: _Objective, bare: str | None, ordinal: int | None
    ) -> str:
        filled, told = self._filled, self._told
        values: dict[str, Any] = {
            "objective_id": objective.row,
            "title": bare,
            "@title": self._place("kr", i),
        }
        stated = filled["kr.stated_id"][i] if "kr.stated_id" in filled else None
        if stated is not None:
            if (counted := label_number(stated)) is not None:
                ordinal = ordinal if ordinal is not None else counted
            else:
                values["stated_id"], values["@stated_id"] = stated, self._place("kr.stated_id", i)
        values["ordinal"] = ordinal if ordinal is not None else objective.krs
        for role in ("kr.confidence", "kr.progress"):
            if role in told and told[role][i] is not None:
                values[role[3:]], values[f"@{role[3:]}"] = told[role][i], self._place(role, i)
        for role in DIRECT:
            if role in filled and role not in TABLE_OF and filled[role][i] is not None:
                values[role], values[f"@{role}"] = filled[role][i], self._place(role, i)
        due = None
        if "kr.due_on" in filled and filled["kr.due_on"][i] is not None:
            due = Seen(
                filled["kr.due_on"][i], self._at("kr.due_on", i), self._header.labels["kr.due_on"]
            )
        row = self._out.key_result(self._at("kr", i), values, due)
        self._people(i, row)
        return row

    def _people(self, i: int, row: str) -> None:
        filled = self._filled
        rest: tuple[tuple[str, ...], ...] = ()
        if "kr.owner" in filled and (text := filled["kr.owner"][i]):
            owners = persons(text)
            if "kr.owner" in self._header.members:
                owners, rest = owners[:1], owners[1:]
            self._out.persons("key_results", row, "owner_ids", owners, self._place("kr.owner", i))
        if "kr.members" in filled and (text := filled["kr.members"][i]):
            self._out.persons(
                "key_results", row, "member_ids", persons(text), self._place("kr.members", i)
            )
        elif rest:
            self._out.persons("key_results", row, "member_ids", rest, self._place("kr.owner", i))

    def _handshakes(self, i: int, row: str, made: int, columns: dict[str, Column]) -> int:
        party = columns["party"][i] if "party" in columns else None
        rest = {
            role: Seen(columns[role][i], self._at(role, i), self._header.labels[role])
            for role in _REST
            if role in columns and columns[role][i] is not None
        }
        if party is None and not rest:
            return made
        role = "party" if "party" in columns else "point"
        seen = Seen(party, self._at(role, i), self._header.labels[role])
        return self._out.handshakes(row, made, seen, rest)

    def _more_handshakes(
        self, i: int, kr: tuple[str, int, int] | None
    ) -> tuple[str, int, int] | None:
        """Read a further row of the same KR: another party with its point."""
        if kr is None or not self._raw_party(i):
            return kr
        row, first, made = kr
        return row, first, self._handshakes(i, row, made, self._raw)

    def _raw_party(self, i: int) -> bool:
        return any(
            role in self._raw and self._raw[role][i] is not None for role in ("party", "point")
        )

    def _says_kr(self, i: int) -> bool:
        return any(
            self._raw[role][i] is not None
            for role in self._raw
            if role.startswith("kr.") and role != "kr.stated_id"
        )

    # -- columns --------------------------------------------------------------------------------

    def _column(self, role: str) -> Column:
        """Return a column's texts; cells without a value to read are kept aside."""
        found: Column = []
        faults: dict[int, Fault] = {}
        at = self._header.columns[role]
        for i, cells in enumerate(self._grid.rows[self._top : self._until]):
            value = cells[at]
            if type(value) is Fault:
                faults[i] = value
                value = None
            found.append(shown(value))
        if faults:
            self._faults[role] = faults
        return found

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
        filled = self._filled[role]
        at = self._header.columns[role]
        column = [fraction(text) if text is not None else None for text in filled]
        percents = self._grid.percents
        if percents:
            rows = self._grid.rows
            base = self._grid.top * WIDEST + at + self._grid.left
            for i in range(len(column)):
                value = rows[self._top + i][at]
                if type(value) in (int, float) and (self._top + i) * WIDEST + base in percents:
                    column[i] = percent(float(value))  # type: ignore[arg-type]
            self._spread(role, column)
        return column

    def _spread(self, role: str, column: Column) -> None:
        """Say of merged cells what their first says, also where it is written as per cent."""
        for m in self._tall:
            if m.left == self._header.columns[role]:
                first, last = m.top - self._top, min(m.bottom - self._top, len(column) - 1)
                column[first : last + 1] = [column[first]] * (last + 1 - first)

    def _at(self, role: str, i: int) -> str:
        return f"{self._names[role]}{i + self._top + self._grid.top + 1}"

    def _place(self, role: str, i: int) -> str:
        return (
            f"{self._names[role]}{i + self._top + self._grid.top + 1} {self._header.labels[role]}"
        )

    def _faulty(self, i: int) -> bool:
        return any(i in faults for faults in self._faults.values())

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
