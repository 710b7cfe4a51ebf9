"""The sheet on which a unit answers what others ask of it, or a leader decides what was refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.workbook import marks
from okr.publish.sheets.sheet import (
    FIRST,
    HEAD,
    Choice,
    Column,
    begin,
    both,
    choose,
    head,
    lists,
    put,
    stand_tall,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from xlsxwriter import Workbook

    from okr.publish.sheets.sheet import About, Drawn
    from okr.texts import Language

RESPONSES = ("accepted", "clarify", "rejected")
DECISIONS = ("invest", "drop")


@dataclass(frozen=True)
class RequestRow:
    """One request. Texts are as the reader of the sheet may see them.

    Attributes:
        handshake_id: by which the answer comes back.
        asking: the name of the unit that asks.
        kr: the KR that needs something: its number and title, or its number alone.
        owner: who owns that KR, by name.
        party: whom it asks, by the unit's name.
        point: what it needs.
        needed_by: by when.
        response: `accepted`, `clarify`, `rejected` or None, as things stand.
        response_reason: why.
        supporting_kr_id: the KR of the receiving unit that carries the request.
        supporting: that KR in words, where it is not among the unit's own.
        decision: `invest`, `drop` or None.
    """

    handshake_id: str
    asking: str
    kr: str
    owner: str | None = None
    party: str | None = None
    point: str | None = None
    needed_by: date | None = None
    response: str | None = None
    response_reason: str | None = None
    supporting_kr_id: str | None = None
    supporting: str | None = None
    decision: str | None = None


def write_requests(
    book: Workbook,
    rows: Sequence[RequestRow],
    *,
    about: About,
    languages: Sequence[Language] = ("zh", "en"),
    krs: Sequence[Choice] = (),
    decide: bool = False,
    name: str | None = None,
) -> None:
    """Add a sheet of requests with cells for answers.

    Args:
        book: being written; made with `strings_to_formulas` and `strings_to_urls` off.
        rows: the requests, in their order.
        about: unit and meeting.
        languages: those in which labels and instructions stand, in their order.
        krs: the receiving unit's own KRs (`O2-KR1 …`), of which one may be named as supporting.
        decide: the sheet is for the leader: responses are shown, and decisions are asked for.
        name: of the sheet; else a usual one.
    """
    columns = _columns(languages, decide=decide)
    kind = "decisions" if decide else "requests"
    drawn = begin(book, name or both(f"{kind}.name", languages), marks.REQUESTS, about, columns, languages)
    sheet = drawn.sheet
    title = both(f"{kind}.title", languages, "  /  ", unit=about.unit, meeting=about.meeting or about.period)
    head(book, drawn, title, [both(f"{kind}.how", [language]) for language in languages][:2])
    sheet.write_string(HEAD, 0, marks.HEAD)
    _who(book, drawn)
    krs = [*krs, *_elsewhere(rows, krs)]
    shown = {choice.id: choice.shown for choice in krs}
    for line, row in enumerate(rows, start=HEAD + 1):
        sheet.write_string(line, 0, row.handshake_id)
        sheet.write_string(line, 1, json.dumps(saved(row), ensure_ascii=False))
        told = _values(row, shown, drawn.languages)
        stand_tall(drawn, line, [told[column.key] for column in columns])
        for at, column in enumerate(columns):
            put(drawn, line, at, told[column.key])
    lists(drawn, {"krs": krs})
    if rows:
        choose(drawn, HEAD + 1, HEAD + len(rows))
    _protect(drawn)


def saved(row: RequestRow) -> dict[str, str | None]:
    """Return what was answered to a request when its sheet was written, by the keys of the answers."""
    return {
        "response": row.response,
        "response_reason": marks.short(row.response_reason),
        "supporting_kr_id": row.supporting_kr_id,
        "decision": row.decision,
    }


def _elsewhere(rows: Sequence[RequestRow], krs: Sequence[Choice]) -> list[Choice]:
    """Return the supporting KRs that are not the unit's own, so that they are known when the sheet comes back."""
    own = {choice.id for choice in krs}
    found = {
        row.supporting_kr_id: row.supporting or row.supporting_kr_id
        for row in rows
        if row.supporting_kr_id and row.supporting_kr_id not in own
    }
    return [Choice(shown, thing) for thing, shown in found.items()]


def _columns(languages: Sequence[Language], *, decide: bool) -> list[Column]:
    """Return the columns: what is asked, then the answers; only those that are asked for here are read back."""
    columns = [Column("asking", 16, read=False, filled=False)]
    columns += [Column("party", 16, read=False, filled=False)] if decide else []
    columns += [
        Column("their_kr", 36, read=False, filled=False),
        Column("their_owner", 14, read=False, filled=False),
        Column("point", 40, read=False, filled=False),
        Column("needed_by", 13, read=False, filled=False, kind="date"),
        Column("response", 26, read=not decide, filled=not decide, choices=words("response", RESPONSES, languages)),
        Column("response_reason", 30, read=not decide, filled=not decide),
        Column("supporting_kr_id", 34, read=not decide, filled=not decide, listed="krs"),
        Column("decision", 16, read=decide, filled=decide, choices=words("decision", DECISIONS, languages)),
    ]
    return columns


def _values(row: RequestRow, shown: dict[str, str], languages: Sequence[Language]) -> dict[str, object]:
    """Return what stands in the cells of a row by key."""
    supporting = row.supporting_kr_id
    return {
        "asking": row.asking,
        "party": row.party,
        "their_kr": row.kr,
        "their_owner": row.owner,
        "point": row.point,
        "needed_by": row.needed_by,
        "response": both(f"response.{row.response}", languages, " · ") if row.response else None,
        "response_reason": row.response_reason,
        "supporting_kr_id": shown[supporting] if supporting else None,
        "decision": both(f"decision.{row.decision}", languages, " · ") if row.decision else None,
    }


def _who(book: Workbook, drawn: Drawn) -> None:
    """Write the cell in which whoever answers gives their name."""
    sheet = drawn.sheet
    sheet.write_string(HEAD - 1, 0, marks.WHO)
    label = book.add_format({"bold": True, "bg_color": "#F2DC8C", "border": 1})
    sheet.write_string(HEAD - 1, FIRST, both("column.who", drawn.languages), label)
    sheet.write_blank(HEAD - 1, FIRST + 1, None, drawn.formats["text", True])


def _protect(drawn: Drawn) -> None:
    """Keep what is asked from being overwritten by mistake; there is no password, and layout stays free."""
    free = ("format_cells", "format_columns", "format_rows", "sort", "autofilter", "insert_rows", "delete_rows")
    drawn.sheet.protect("", dict.fromkeys(free, True))
