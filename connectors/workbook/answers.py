"""Reads a sheet of requests that comes back: what was answered since it was written, and by whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connectors.workbook import marks
from connectors.workbook.grid import Fault, shown
from connectors.workbook.records import Records, Seen
from connectors.workbook.values import decision, is_nothing, response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.workbook.grid import Grid
    from connectors.workbook.marks import Mark

RESPONSES = ("accepted", "clarify", "rejected")
RESPONSE, DECISION = "response", "decision"
"""The two kinds of answer: of the unit that is asked, with reason and supporting KR; and of the leader."""

_OF_KIND = {RESPONSE: ("response", "response_reason", "supporting_kr_id"), DECISION: ("decision",)}
_NAMED = re.compile(r"^[^:：]{1,40}[:：]\s*(\S.*)$", re.DOTALL)
_LONGEST_NAME = 200


class Requests:
    """Reads one sheet of requests."""

    def __init__(self, grid: Grid, mark: Mark, records: Records) -> None:
        self._grid = grid
        self._mark = mark
        self._out = records
        self._columns = {key: at for at, key in mark.keys.items() if key in marks.ANSWERS}
        self._head = self._row_of(marks.HEAD)
        self._krs = mark.lists.get("krs", {})

    def read(self) -> list[dict[str, Any]]:
        """Return the answers, in the order of their rows.

        Each is the request's id, the kind of answer, its values, who is named on the sheet, and the cell with its
        label. Cells that stand as they were when the sheet was written are no answers.
        """
        who = self._who()
        found = []
        first = self._mark.row + 1 if self._head is None else self._head + 1
        for row in range(first, self._grid.height):
            request = marks.told(self._grid.rows[row][self._mark.column])
            if request.startswith("#"):
                continue
            if not request:
                self._stray(row)
                continue
            before = marks.saved(self._grid, row, self._mark.column + 1)
            for kind, keys in _OF_KIND.items():
                told = self._answer(row, request, kind, keys, before) if keys[0] in self._columns else None
                if told is not None:
                    found.append(
                        {"request": request, "kind": kind, "values": told, "who": who, "at": self._at(row, keys[0])}
                    )
        return found

    def _answer(
        self, row: int, request: str, kind: str, keys: tuple[str, ...], before: Mapping[str, object]
    ) -> dict[str, str | None] | None:
        """Return an answer as it stands in a row; None where nothing was changed, or where it cannot be read."""
        values: dict[str, str | None] = {}
        for key in keys:
            if key not in self._columns:
                values[key] = None
                continue
            value = self._grid.at(row, self._columns[key])
            if isinstance(value, Fault):
                self._refuse(row, key, request, value.code, value.shown)
                return None
            values[key] = self._value(key, shown(value))
        changed = [key for key in keys if key in self._columns and marks.short(values[key]) != before.get(key)]
        if not changed:
            return None
        word = values[kind]
        if word is not None and word not in (RESPONSES if kind == RESPONSE else ("invest", "drop")):
            self._refuse(row, kind, request, f"not_a_{kind}", word)
            return None
        if kind == RESPONSE and word is None and (values["response_reason"] or values["supporting_kr_id"]):
            self._refuse(row, kind, request, "reason_without_response", values["response_reason"])
            return None
        return values

    def _value(self, key: str, text: str | None) -> str | None:
        if text is None or is_nothing(text):
            return None
        if key == "response":
            return response(text)
        if key == "decision":
            return decision(text) or text
        if key == "supporting_kr_id":
            return marks.meant(self._krs, text) or text
        return text

    def _who(self) -> str | None:
        """Return the name beside the label for it, or behind its colon; None where there is none."""
        row = self._row_of(marks.WHO)
        if row is None:
            return None
        cells = (shown(self._grid.at(row, at)) for at in range(self._mark.column + 2, self._grid.width))
        label, *rest = [text for text in cells if text] or [""]
        if rest:
            return rest[0][:_LONGEST_NAME]
        found = _NAMED.match(label)
        return found[1].strip()[:_LONGEST_NAME] if found else None

    def _row_of(self, key: str) -> int | None:
        column = self._mark.column
        rows = range(self._mark.row, self._grid.height)
        return next((row for row in rows if self._grid.rows[row][column] == key), None)

    def _stray(self, row: int) -> None:
        """Say of an answer that it belongs to no request: its row was added, or its id taken away."""
        for key, at in self._columns.items():
            text = shown(self._grid.at(row, at))
            if text is not None and not is_nothing(text):
                self._refuse(row, key, None, "answer_without_request", text)
                return

    def _refuse(self, row: int, key: str, request: str | None, code: str, text: str | None) -> None:
        column, label = self._columns[key], ""
        if self._head is not None:
            label = (shown(self._grid.at(self._head, column)) or "").replace("\n", " ")
        seen = Seen(text, self._grid.cell(row, column), label)
        self._out.refuse("handshakes", key, seen, code)
        self._out.refusals[-1]["record"] = request

    def _at(self, row: int, key: str) -> str:
        return self._grid.cell(row, self._columns[key])
