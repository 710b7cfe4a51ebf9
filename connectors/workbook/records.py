"""What was read from one sheet, table by table and column by column, as plain values.

It crosses from the child process to ours as JSON, so there is nothing here but texts, numbers,
lists and dictionaries.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.naming import safe_name
from connectors.workbook.labels import DIRECT
from connectors.workbook.lists import persons, requests, targets
from connectors.workbook.runs import brief, counted
from connectors.workbook.values import date, response
from connectors.workbook.words import periods, units

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from connectors.workbook.grid import Fault

COLUMNS: dict[str, tuple[str, ...]] = {
    "objectives": ("row", "at", "ordinal", "title", "confidence", "origin", "state", "visibility", "stated_id"),
    "key_results": (
        "row", "at", "objective_id", "ordinal", "title", "due_on", "confidence", "progress", "metric", "comparator",
        "baseline", "target", "measure_unit", "rollup", "weight", "url", "stated_id",
    ),
    "alignments": ("row", "at", "objective_id", "parent_kind", "share"),
    "handshakes": ("row", "at", "kr_id", "party", "point", "needed_by", "response", "response_reason"),
}  # fmt: skip
"""What is read of each table. `row` is its id within the delivery, `at` the cell that stands for it."""

REFERENCE = ("table", "row", "field", "ordinal", "kind", "candidates", "at", "share")

_FORBIDDEN = re.compile(r"[;|\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|->")


@dataclass(frozen=True)
class Seen:
    """A text with the cell it stands in (`D17`) and its label as written."""

    text: str | None
    at: str
    label: str

    @property
    def place(self) -> str:
        """The cell with its label: what a person looks for on the sheet."""
        return f"{self.at} {self.label}" if self.label else self.at


class Table:
    """Rows of one table as columns. `@title` says where the title stands."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns: dict[str, list[Any]] = {name: [] for name in columns}
        self._items = list(self.columns.items())

    def add(self, values: Mapping[str, Any]) -> None:
        """Add a row; what is not given is null."""
        get = values.get
        for name, column in self._items:
            column.append(get(name))

    def __len__(self) -> int:
        return len(self._items[0][1])


@dataclass
class About:
    """Whose Os follow: texts in order for the unit, the period and perhaps the person, with places.

    `fixed`: which of `unit` and `period` the settings say where to find, so that no label does.
    """

    unit: list[str] = field(default_factory=list)
    period: list[str] = field(default_factory=list)
    person: Seen | None = None
    unit_at: str = ""
    period_at: str = ""
    fixed: frozenset[str] = frozenset()


class Records:
    """Collects what one sheet says."""

    def __init__(self, key: str) -> None:
        self.key = legal_key(key)
        self.tables = {
            name: Table([*columns, *(f"@{c}" for c in columns if c not in ("row", "at"))])
            for name, columns in COLUMNS.items()
        }
        self.references = Table(REFERENCE)
        self._words = [self.references.columns[name] for name in REFERENCE]
        self.runs: list[dict[str, Any]] = []
        self.refusals: list[dict[str, Any]] = []
        self.notices: list[tuple[str, dict[str, Any]]] = []
        self.held: set[str] = set()

    def objective(self, at: str, values: dict[str, Any], about: About) -> str:
        """Add an O that stands in cell `at`; return its id within the delivery."""
        row = f"{self.key}!{at}"
        values.update(row=row, at=at)
        self.tables["objectives"].add(values)
        self._refer("objectives", row, "unit_id", 0, "unit", about.unit, about.unit_at or at, None)
        self._refer("objectives", row, "period_id", 0, "period", about.period, about.period_at or at, None)
        if about.person and about.person.text:
            known = persons(about.person.text)
            if known:
                self._refer("objectives", row, "person_id", 0, "person", known[0], about.person.place, None)
        return row

    def key_result(self, at: str, values: dict[str, Any], due: Seen | None) -> str:
        """Add a KR that stands in cell `at`; return its id within the delivery."""
        row = f"{self.key}!{at}"
        values.update(row=row, at=at)
        if due is not None and due.text:
            told, in_period = date(due.text)
            if in_period:
                self._refer("key_results", row, "due_on", 0, "date_in_period", (told, due.text), due.place, None)
            else:
                values["due_on"] = told
            values["@due_on"] = due.place
        self.tables["key_results"].add(values)
        return row

    def persons(self, table: str, row: str, column: str, people: Sequence[Sequence[str]], place: str) -> None:
        """Say who owns, or works on, an O or KR."""
        for ordinal, candidates in enumerate(people):
            self._refer(table, row, column, ordinal, "person", candidates, place, None)

    def carries(self, objective: str, seen: Seen, number: int) -> int:
        """Say what an O carries; returns how many alignments it has by now."""
        for count, (target, share) in enumerate(targets(seen.text or ""), 1):
            number += 1
            row = f"{objective}^{number}"
            self.tables["alignments"].add(
                {
                    "row": row,
                    "at": nth(seen.at, count),
                    "objective_id": objective,
                    "share": share,
                    "@share": seen.place,
                }
            )
            candidates = (target,) if share is None else (target, f"{target}（{share}）")
            self._refer("alignments", row, "parent_id", 0, "carried", candidates, seen.place, _share(share))
        return number

    def handshakes(self, kr: str, number: int, party: Seen, rest: Mapping[str, Seen]) -> int:
        """Say whom a KR needs, and for what; returns how many handshakes it has by now."""
        said = {name: rest[name].text if name in rest else None for name in ("point", "response", "response_reason")}
        found = requests(party.text, said["point"], said["response"], said["response_reason"])
        for count, request in enumerate(found, 1):
            number += 1
            row = {
                "row": f"{kr}~{number}", "at": nth(party.at, count), "kr_id": kr,
                "party": request.party, "@party": party.place,
                "point": request.point, "response": response(request.response) if request.response else None,
                "response_reason": request.reason,
            }  # fmt: skip
            for name, seen in rest.items():
                row[f"@{name}"] = seen.place
                if name == "needed_by":
                    row[name] = seen.text
            self.tables["handshakes"].add(row)
        point = rest.get("point")
        if not found and point and requests("?", point.text, None, None)[0].point:
            self.refuse("handshakes", "party", point, "point_without_party")
        return number

    def refuse(
        self,
        table: str,
        column: str | None,
        seen: Seen,
        code: str,
        *,
        whole: bool = False,
        **values: object,
    ) -> None:
        """Put what cannot be read on record, with its cell and label."""
        self.refusals.append(
            {
                "table": table, "field": column, "at": seen.place, "code": code, "whole": whole,
                "value": seen.text[:200] if seen.text else None, "values": {"label": seen.label, **values},
            }
        )  # fmt: skip

    def fault(self, table: str, column: str | None, fault: Fault, at: str, label: str) -> None:
        """Put a cell without a value on record."""
        self.refuse(table, column, Seen(fault.shown, at, label), fault.code)

    def run(self, table: str, height: int, columns: dict[str, Any]) -> None:
        """Add many rows of a table, or of the references, at once; see `runs`."""
        if height:
            self.runs.append({"table": table, "height": height, **brief(columns)})

    def notice(self, code: str, **values: Any) -> None:  # noqa: ANN401 - whatever the sentence needs
        """Say something that a person should know."""
        self.notices.append((code, values))

    def holds(self) -> dict[str, list[str]]:
        """Return by table the columns that the sheet can hold: those whose label is on it."""
        held: dict[str, list[str]] = {
            "objectives": ["objective_id", "unit_id", "period_id", "ordinal", "title"],
            "key_results": ["kr_id", "objective_id", "ordinal", "title"],
        }
        for role, places in HELD.items():
            if role in self.held:
                for table, columns in places.items():
                    held.setdefault(table, []).extend(columns)
        return held

    def plain(self) -> dict[str, Any]:
        """Return everything as plain values; columns without any value are left out."""
        return {
            "runs": [*self.runs, *self._rest()],
            "key": self.key,
            "refusals": self.refusals,
            "notices": self.notices,
            "holds": self.holds(),
        }

    def _rest(self) -> Iterator[dict[str, Any]]:
        """Return as runs what was added row by row."""
        for name, table in {**self.tables, "references": self.references}.items():
            if not len(table):
                continue
            columns = {n: c for n, c in table.columns.items() if name == "references" or any(v is not None for v in c)}
            if name == "references":
                columns = {**columns, "candidates": counted([tuple(words) for words in columns["candidates"]])}
            yield {"table": name, "height": len(table), **brief(columns)}

    def _refer(self, *told: object) -> None:
        """Add a reference, its values in the order of REFERENCE."""
        # By hand rather than by `add`: there are several of these a row.
        for column, value in zip(self._words, told, strict=True):
            column.append(value)


HELD: dict[str, dict[str, tuple[str, ...]]] = {
    "person": {"objectives": ("person_id",)},
    "objective.owner": {"objectives": ("owner_ids",)},
    "objective.confidence": {"objectives": ("confidence",)},
    "kr.owner": {"key_results": ("owner_ids",)},
    "kr.members": {"key_results": ("member_ids",)},
    "kr.confidence": {"key_results": ("confidence",)},
    "kr.progress": {"key_results": ("progress",)},
    "kr.due_on": {"key_results": ("due_on",)},
    "carries": {"alignments": ("objective_id", "parent_kind", "parent_id", "share")},
    "party": {"handshakes": ("handshake_id", "kr_id", "party")},
    "point": {"handshakes": ("point",)},
    "response": {"handshakes": ("response",)},
    "response_reason": {"handshakes": ("response_reason",)},
    "needed_by": {"handshakes": ("needed_by",)},
    **{
        name: {"objectives" if name in ("origin", "state", "visibility") else "key_results": (name,)}
        for name in DIRECT
        if name != "needed_by"
    },
}
"""By role, the columns that a sheet with its label can hold."""


def nth(at: str, count: int) -> str:
    """Return the place of one of several things in a cell: `D17`, `D17 (2)`, `D17 (3)`."""
    return at if count == 1 else f"{at} ({count})"


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


def legal_key(key: str) -> str:
    """Make a name that may begin an id: without what no id may hold, and short.

    A name that has to be changed, or is long, gets a hash behind it, so that no two become one.
    """
    normal = unicodedata.normalize("NFC", key)
    return (
        key
        if normal == key and len(key) <= 120 and not _FORBIDDEN.search(key) and key == key.strip()
        else safe_name(key)
    )


def about_words(texts: Iterable[str], kind: str) -> list[str]:
    """Return all candidates of several texts for a `unit` or a `period`, in order, each once."""
    split = units if kind == "unit" else periods
    return list(dict.fromkeys(word for text in texts for word in split(text)))


def _share(text: str | None) -> float | None:
    """Return a share as a fraction, None where it is none; `schemas` judges it as written."""
    if text is None:
        return None
    try:
        value = float(text.rstrip("%"))
    except ValueError:
        return None
    value = value / 100 if text.endswith("%") or value > 1 else value
    return value if 0 <= value <= 1 else None
