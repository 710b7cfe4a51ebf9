"""A unit's OKRs as a sheet that people edit and send back: it counts as the unit's copy, with ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.workbook import marks
from okr.publish.sheets.requests import RESPONSES
from okr.publish.sheets.sheet import (
    FIRST,
    HEAD,
    Choices,
    Column,
    begin,
    both,
    choose,
    clipped,
    head,
    lists,
    put,
    stand_tall,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from xlsxwriter import Workbook

    from okr.publish.sheets.sheet import About, Drawn
    from okr.texts import Language

SPARE = 200
"""Rows below the last one that have drop-downs too."""

OF_KR = ("metric", "comparator", "baseline", "target", "measure_unit", "rollup", "weight", "url")
OF_OBJECTIVE = ("origin", "state", "visibility")
FURTHER = (*OF_KR, *OF_OBJECTIVE)
"""Columns that a sheet has only where something stands in them."""


@dataclass(frozen=True)
class OkrRow:
    """One KR with its O and one of its handshakes; as many rows as a KR has handshakes, one where it has none.

    An O without a KR is a row without `kr_id`. Lists are ids; where a name is shown for them is in `choices`.

    Attributes:
        objective_id: the O.
        objective: its title.
        number: its ordinal.
        person_id: whose it is, where it is not the unit's own.
        carries: ids of the upper KRs and Os that it carries, each with its share or None.
        owner_ids: who owns it.
        confidence: a fraction.
        kr_id: the KR.
        kr: its title.
        kr_number: its ordinal.
        kr_owner_ids: who owns the KR.
        member_ids: who works on it.
        due_on: by when.
        kr_confidence: a fraction.
        progress: a fraction.
        party: of a handshake, as written.
        point: what is needed.
        needed_by: by when, where that is not the KR's own date.
        response: `accepted`, `clarify` or `rejected`.
        response_reason: why.
        further: values of FURTHER, by column.
    """

    objective_id: str
    objective: str | None
    number: int
    person_id: str | None = None
    carries: Sequence[tuple[str, float | None]] = ()
    owner_ids: Sequence[str] = ()
    confidence: float | None = None
    kr_id: str | None = None
    kr: str | None = None
    kr_number: int | None = None
    kr_owner_ids: Sequence[str] = ()
    member_ids: Sequence[str] = ()
    due_on: date | None = None
    kr_confidence: float | None = None
    progress: float | None = None
    party: str | None = None
    point: str | None = None
    needed_by: date | None = None
    response: str | None = None
    response_reason: str | None = None
    further: Mapping[str, Any] = field(default_factory=dict)


def write_okrs(
    book: Workbook,
    rows: Sequence[OkrRow],
    *,
    about: About,
    languages: Sequence[Language] = ("zh", "en"),
    choices: Choices | None = None,
    name: str | None = None,
    empty: int = 0,
) -> None:
    """Add the sheet of a unit's OKRs. Sent back, it is the unit's copy, and rows keep their ids.

    Args:
        book: being written; made with `strings_to_formulas` and `strings_to_urls` off.
        rows: by O and KR, in their order. All of the unit's: what is missing here is gone when it comes back.
        about: unit, period, and when this was so.
        languages: those in which labels and instructions stand, in their order.
        choices: the drop-downs; what is not among them is shown by its id.
        name: of the sheet; else a usual one.
        empty: rows to be filled in below, with frames.
    """
    choices = choices or Choices()
    columns = _columns(rows, languages)
    cells_of = _Cells(columns, choices, languages)
    texts = [cells_of.of(row, rows[at - 1] if at else None) for at, row in enumerate(rows)]
    told = {"state": marks.digest(_by_key(columns, cells) for cells in texts)}
    drawn = begin(book, name or both("okrs.name", languages), marks.OKRS, about, columns, languages, told)
    title = both("okrs.title", languages, "  /  ", unit=about.unit, period=about.period)
    head(book, drawn, title, [both("okrs.how", [language]) for language in languages][:2])
    _about(book, drawn, about)
    drawn.sheet.write_string(HEAD, 0, marks.O_ID)
    drawn.sheet.write_string(HEAD, 1, marks.KR_ID)
    for at, (row, cells) in enumerate(zip(rows, texts, strict=True)):
        line, before = HEAD + 1 + at, rows[at - 1] if at else None
        if before is None or before.objective_id != row.objective_id:
            drawn.sheet.write_string(line, 0, row.objective_id)
        if row.kr_id and (before is None or before.kr_id != row.kr_id):
            drawn.sheet.write_string(line, 1, row.kr_id)
        stand_tall(drawn, line, cells)
        for number, value in enumerate(cells):
            put(drawn, line, number, value)
    for line in range(HEAD + 1 + len(rows), HEAD + 1 + len(rows) + empty):
        for number in range(len(columns)):
            put(drawn, line, number, None)
    lists(drawn, {"upper": choices.upper, "people": choices.people, "teams": choices.teams})
    choose(drawn, HEAD + 1, HEAD + len(rows) + max(empty, SPARE))


def _columns(rows: Sequence[OkrRow], languages: Sequence[Language]) -> list[Column]:
    columns = [Column("person", 12, listed="people")] if any(row.person_id for row in rows) else []
    columns += [
        Column("carries", 30, listed="upper"),
        Column("objective", 32),
        Column("objective.owner", 14, listed="people"),
        Column("objective.confidence", 12, kind="share"),
        Column("kr", 40),
        Column("kr.owner", 14, listed="people"),
        Column("kr.members", 16, listed="people"),
        Column("kr.due_on", 13, kind="date"),
        Column("kr.confidence", 12, kind="share"),
        Column("kr.progress", 10, kind="share"),
        Column("party", 18, listed="teams"),
        Column("point", 36),
    ]
    if any(row.needed_by for row in rows):
        columns.append(Column("needed_by", 13, kind="date"))
    columns += [
        Column("response", 20, choices=words("response", RESPONSES, languages)),
        Column("response_reason", 24),
    ]
    return [*columns, *(Column(name, 14) for name in FURTHER if any(row.further.get(name) is not None for row in rows))]


class _Cells:
    """Knows what stands in the cells of a row; an O and a KR are written once, over what belongs to them."""

    def __init__(self, columns: Sequence[Column], choices: Choices, languages: Sequence[Language]) -> None:
        self._columns, self._languages = columns, languages
        self._people = {choice.id: choice.shown for choice in choices.people}
        self._upper = {choice.id: choice.shown for choice in choices.upper}

    def of(self, row: OkrRow, before: OkrRow | None) -> list[object]:
        """Return the cells of a row, by column."""
        values: dict[str, object] = {
            "party": row.party,
            "point": row.point,
            "needed_by": row.needed_by,
            "response": both(f"response.{row.response}", self._languages, " · ") if row.response else None,
            "response_reason": row.response_reason,
        }
        if before is None or before.objective_id != row.objective_id:
            values |= self._objective(row)
        if row.kr_id and (before is None or before.kr_id != row.kr_id):
            values |= self._key_result(row)
        return [values.get(column.key) for column in self._columns]

    def _objective(self, row: OkrRow) -> dict[str, object]:
        person = row.person_id
        return {
            "person": self._people.get(person, person) if person else None,
            "carries": "\n".join(_carried(self._upper.get(thing, thing), share) for thing, share in row.carries),
            "objective": f"O{row.number}：{row.objective or ''}",
            "objective.owner": _listed(row.owner_ids, self._people),
            "objective.confidence": row.confidence,
            **{name: row.further.get(name) for name in OF_OBJECTIVE},
        }

    def _key_result(self, row: OkrRow) -> dict[str, object]:
        return {
            "kr": f"KR{row.kr_number}：{row.kr or ''}",
            "kr.owner": _listed(row.kr_owner_ids, self._people),
            "kr.members": _listed(row.member_ids, self._people),
            "kr.due_on": row.due_on,
            "kr.confidence": row.kr_confidence,
            "kr.progress": row.progress,
            **{name: row.further.get(name) for name in OF_KR},
        }


def _by_key(columns: Sequence[Column], cells: Sequence[object]) -> dict[str, object]:
    named = zip(columns, cells, strict=True)
    return {column.key: clipped(value) if isinstance(value, str) else value for column, value in named}


def _listed(ids: Sequence[str], named: Mapping[str, str]) -> str:
    return "、".join(named.get(one, one) for one in ids)


def _carried(shown: str, share: float | None) -> str:
    return shown if share is None else f"{shown}（{share * 100:.12g}%）"


def _about(book: Workbook, drawn: Drawn, about: About) -> None:
    """Write whose OKRs these are, and of which period, where people see it."""
    label = book.add_format({"bold": True, "bg_color": "#DDE8F0", "border": 1})
    value = book.add_format({"border": 1, "num_format": "@"})
    for at, (code, told) in enumerate((("unit", about.unit), ("period", about.period))):
        drawn.sheet.write_string(HEAD - 1, FIRST + 2 * at, both(f"column.{code}", drawn.languages), label)
        drawn.sheet.write_string(HEAD - 1, FIRST + 2 * at + 1, told, value)
