"""KR rows of a flat sheet, told column by column."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.workbook.labels import DIRECT
from connectors.workbook.lists import Request, parties, persons, requests
from connectors.workbook.records import Seen, nth
from connectors.workbook.runs import counted
from connectors.workbook.values import date, is_nothing, label_number, response, title

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.workbook.header import Header
    from connectors.workbook.records import Records

Column = list[str | None]

OF_KR = ("metric", "comparator", "baseline", "target", "measure_unit", "rollup", "weight", "url")
_REST = ("point", "response", "response_reason", "needed_by")
_SHORT = 18
"""No mere label is longer."""

assert set(OF_KR) < set(DIRECT)  # noqa: S101 - said when the module is loaded


@dataclass
class Krs:
    """Which rows are KRs, of which O, the how manyth of it; and which rows ask something for which KR.

    `asks` holds the KR's row, the row that asks, and whether it only goes on with that KR.
    """

    rows: list[int] = field(default_factory=list)
    objectives: list[str] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    asks: list[tuple[int, int, bool]] = field(default_factory=list)

    def add(self, row: int, objective: str, position: int) -> None:
        """Add a KR."""
        self.rows.append(row)
        self.objectives.append(objective)
        self.positions.append(position)


class KrRows:
    """Writes KRs, their people and their handshakes from the columns of a sheet."""

    def __init__(
        self,
        out: Records,
        header: Header,
        names: Mapping[str, str],
        first_line: int,
        filled: Mapping[str, Column],
        told: Mapping[str, Column],
        raw: Mapping[str, Column],
    ) -> None:  # fmt: skip
        self._out = out
        self._header = header
        self._names = names
        self._first = first_line
        self._filled = filled
        self._told = told
        self._raw = raw

    def emit(self, krs: Krs) -> None:
        """Write all KRs, owners, members and handshakes."""
        if not krs.rows:
            return
        lines = [i + self._first for i in krs.rows]
        self._key_results(krs, lines)
        self._people(krs, lines)
        if krs.asks:
            self._handshakes(krs)

    def _key_results(self, krs: Krs, lines: list[int]) -> None:
        texts = self._of("kr", krs)
        bare = [_bare(text) for text in texts]
        ordinals = [number for _, number in bare]
        stated = self._of("kr.stated_id", krs) if "kr.stated_id" in self._filled else None
        if stated is not None and not self._header.literal:
            numbers = [label_number(text) if text is not None and len(text) < _SHORT else None for text in stated]
            ordinals = [o if o is not None else c for o, c in zip(ordinals, numbers, strict=True)]
            stated = [None if c is not None else text for text, c in zip(stated, numbers, strict=True)]
        columns: dict[str, Any] = {
            "row": self._ids(lines), "at": {"letter": self._names["kr"], "lines": lines},
            "objective_id": counted(krs.objectives), "title": [text or None for text, _ in bare],
            "ordinal": [o if o is not None else p for o, p in zip(ordinals, krs.positions, strict=True)],
            "@title": self._places("kr", lines),
        }  # fmt: skip
        if stated is not None and any(stated):
            columns["stated_id"], columns["@stated_id"] = (
                stated,
                self._places("kr.stated_id", lines),
            )
        for role in ("kr.confidence", "kr.progress"):
            if role in self._told:
                told = self._told[role]
                columns[role[3:]], columns[f"@{role[3:]}"] = (
                    [told[i] for i in krs.rows],
                    self._places(role, lines),
                )
        for role in OF_KR:
            if role in self._filled:
                columns[role], columns[f"@{role}"] = self._of(role, krs), self._places(role, lines)
        if "kr.due_on" in self._filled:
            columns["due_on"] = self._dates(krs, lines)
            columns["@due_on"] = self._places("kr.due_on", lines)
        self._out.run("key_results", len(lines), columns)

    def _dates(self, krs: Krs, lines: list[int]) -> Column:
        """Return the due dates; those that only the period can finish are said in words."""
        texts = self._of("kr.due_on", krs)
        known: dict[str, tuple[str, bool]] = {text: date(text) for text in set(texts) if text is not None}
        open_ones = [i for i, text in enumerate(texts) if text is not None and known[text][1]]
        if open_ones:
            words = [[known[texts[i] or ""][0], texts[i]] for i in open_ones]
            self._refer("due_on", "date_in_period", "kr.due_on", [lines[i] for i in open_ones], words)
        return [None if text is None or known[text][1] else known[text][0] for text in texts]

    def _people(self, krs: Krs, lines: list[int]) -> None:
        both = "kr.owner" in self._header.members
        if "kr.owner" in self._filled:
            first = (lambda people: people[:1]) if both else None
            self._persons("owner_ids", "kr.owner", krs, lines, first)
            if both and "kr.members" not in self._filled:
                self._persons("member_ids", "kr.owner", krs, lines, lambda people: people[1:])
        if "kr.members" in self._filled:
            self._persons("member_ids", "kr.members", krs, lines, None)

    def _persons(
        self, field_: str, role: str, krs: Krs, lines: list[int], keep: Callable[[Any], Any] | None
    ) -> None:  # fmt: skip
        texts = self._of(role, krs)
        known: dict[str | None, list[int]] = {None: []}
        words: dict[tuple[str, ...], int] = {}
        for text in dict.fromkeys(text for text in texts if text):
            people = persons(text)
            known[text] = [words.setdefault(p, len(words)) for p in (keep(people) if keep else people)]
        rows: list[int] = []
        ordinals: list[int] = []
        which: list[int] = []
        for line, text in zip(lines, texts, strict=True):
            for ordinal, number in enumerate(known[text]):
                rows.append(line)
                ordinals.append(ordinal)
                which.append(number)
        told = {"words": [list(p) for p in words], "which": which}
        self._refer(field_, "person", role, rows, told, ordinals)

    def _refer(
        self,
        field_: str,
        kind: str,
        role: str,
        lines: list[int],
        candidates: Any,  # noqa: ANN401 - a column as `runs` knows it
        ordinals: list[int] | None = None,
    ) -> None:
        self._out.run(
            "references",
            len(lines),
            {
                "table": {"value": "key_results"}, "row": self._ids(lines), "field": {"value": field_},
                "ordinal": {"value": 0} if ordinals is None else ordinals, "kind": {"value": kind},
                "candidates": candidates, "at": self._places(role, lines), "share": {"value": None},
            },
        )  # fmt: skip

    def _handshakes(self, krs: Krs) -> None:
        number, before, several = 0, -1, False
        rows: list[tuple[Any, ...]] = []
        for kr, i, goes_on in krs.asks:
            number = number if kr == before else 0
            before = kr
            columns = self._raw if goes_on else self._filled
            party = columns["party"][i] if "party" in columns else None
            said = [columns[name][i] if name in columns else None for name in _REST]
            asked = _one_request(party, said) or requests(party, said[0], said[1], said[2])
            if not asked:
                self._pointless(i, said[0])
            for count, request in enumerate(asked, 1):
                number += 1
                several = several or count > 1
                answer = response(request.response) if request.response else None
                told = (request.party, request.point, answer, request.reason, said[3])
                rows.append((kr + self._first, number, i + self._first, count, *told))
        if rows:
            self._write_handshakes(rows, several=several)

    def _write_handshakes(self, rows: list[tuple[Any, ...]], *, several: bool) -> None:
        krs, numbers, lines, counts, *told = (list(column) for column in zip(*rows, strict=True))
        role = "party" if "party" in self._names else "point"
        columns: dict[str, Any] = {
            "row": {**self._ids(krs), "sign": "~", "numbers": numbers},
            "at": self._cells(role, lines, counts if several else []),
            "kr_id": self._ids(krs),
        }
        for name, column in zip(("party", *_REST), told, strict=True):
            if name in self._filled:
                columns[name], columns[f"@{name}"] = column, self._places(name, lines)
        self._out.run("handshakes", len(lines), columns)

    def _pointless(self, i: int, point: str | None) -> None:
        """Refuse a point without a party to make it; what says that there is nothing is none."""
        if point is not None and requests("?", point, None, None)[0].point:
            seen = Seen(point, f"{self._names['point']}{i + self._first}", self._header.labels["point"])
            self._out.refuse("handshakes", "party", seen, "point_without_party")

    def _of(self, role: str, krs: Krs) -> Column:
        column = self._filled[role]
        return [column[i] for i in krs.rows]

    def _cells(self, role: str, lines: list[int], counts: list[int]) -> Any:  # noqa: ANN401 - a column as `runs` knows it
        """Return the cells of handshakes; several out of one cell are counted."""
        letter = self._names[role]
        if not counts:
            return {"letter": letter, "lines": lines}
        return [nth(f"{letter}{line}", count) for line, count in zip(lines, counts, strict=True)]

    def _ids(self, lines: list[int]) -> dict[str, Any]:
        return {"letter": self._names["kr"], "lines": lines, "key": True}

    def _places(self, role: str, lines: list[int]) -> dict[str, Any]:
        return {"letter": self._names[role], "lines": lines, "label": self._header.labels[role]}


def _one_request(party: str | None, said: list[str | None]) -> list[Request] | None:
    """Return the request of a row with one party and plain texts, as nearly every row is."""
    names = parties(party) if party else ()
    if len(names) != 1:
        return None
    for text in said:
        if text is not None and (":" in text or "：" in text):
            return None
    point, answer, reason, _ = said
    return [
        Request(
            names[0],
            None if is_nothing(point) else point,
            None if is_nothing(answer) else answer,
            None if is_nothing(reason) else reason,
        )
    ]


def _bare(text: str | None) -> tuple[str | None, int | None]:
    if text is None:
        return None, None
    if len(text) < _SHORT and (number := label_number(text)) is not None:
        return None, number
    return title(text)
