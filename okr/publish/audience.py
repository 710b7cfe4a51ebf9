"""Who may see what of one view (RULES, Visibility).

An O is `public`, or of its `unit`, or `private`; its KRs, their points and their reasons are as it is.
Whoever could see it if it were private can also see what is for the whole unit: the circles lie in one
another. Who has left the company sees what everybody sees, and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from okr.publish.withheld import withheld_values
from okr.reconcile.rulebook import rules

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from okr.reconcile.reading import Reader
    from okr.reconcile.rulebook import Language

Row = dict[str, Any]


@dataclass(frozen=True)
class View:
    """The rows of one judged view that tell who may see what, and what is hidden from the others."""

    units: Sequence[Row]
    people: Sequence[Row]
    things: Sequence[Row]
    carries: Sequence[Row]
    requests: Sequence[Row]
    zone: ZoneInfo
    conflicts: Sequence[Row] = ()

    @classmethod
    def of(cls, reader: Reader, period_id: str) -> View:
        """Read the view of a period."""
        return cls(
            units=reader.units(),
            people=reader.people(),
            things=reader.things(period_id),
            carries=reader.carries(period_id),
            requests=reader.requests(period_id),
            zone=reader.zone,
            conflicts=reader.conflicts(),
        )

    @cached_property
    def unit(self) -> dict[str, Row]:
        """The units by id."""
        return {row["unit_id"]: row for row in self.units}

    @cached_property
    def person(self) -> dict[str, Row]:
        """The people by id."""
        return {row["person_id"]: row for row in self.people}

    @cached_property
    def thing(self) -> dict[tuple[str, str], Row]:
        """The Os and KRs by kind and id."""
        return {(row["kind"], row["id"]): row for row in self.things}

    @cached_property
    def request(self) -> dict[str, Row]:
        """The handshakes by id."""
        return {row["handshake_id"]: row for row in self.requests}

    @cached_property
    def said(self) -> dict[tuple[str, str, str], list[Row]]:
        """What sources say differently, by kind and id of the thing, and field."""
        return {(row["kind"], row["id"], row["field"]): row["said"] for row in self.conflicts}

    @cached_property
    def labelled(self) -> dict[str, list[Row]]:
        """The Os and KRs by what they are called."""
        found: dict[str, list[Row]] = {}
        for row in self.things:
            found.setdefault(row["label"], []).append(row)
        return found

    def unit_name(self, unit_id: str | None) -> str | None:
        """The name of a unit; its id where nobody knows it."""
        return None if unit_id is None else self.unit.get(unit_id, {}).get("name") or unit_id

    def above(self, unit_id: str | None) -> Iterator[str]:
        """The units above a unit, nearest first."""
        row = self.unit.get(unit_id or "")
        while row is not None and row["parent_id"] is not None:
            yield row["parent_id"]
            row = self.unit.get(row["parent_id"])

    def in_line(self, one: str | None, other: str | None) -> bool:
        """Whether two units are the same, or one of them is above the other."""
        if one is None or other is None:
            return False
        return one == other or one in self.above(other) or other in self.above(one)

    def leads(self, person_id: str, unit_id: str) -> bool:
        """Whether a person leads a unit or one above it."""
        line = (unit_id, *self.above(unit_id))
        return any(self.unit.get(unit, {}).get("leader_id") == person_id for unit in line)


@dataclass(frozen=True)
class Viewer:
    """Somebody who reads one view: a person, the people of a unit, the HRBPs of a meeting, or nobody in particular."""

    view: View
    may_see_hidden: Callable[[Row], bool]

    def may_see(self, objective_id: str) -> bool:
        """Whether the content of an O, of its KRs and of their handshakes may be shown."""
        row = self.view.thing.get(("objective", objective_id))
        return row is not None and (row["visibility"] == "public" or self.may_see_hidden(row))

    def message(self, gap: Mapping[str, Any], language: Language) -> str:
        """Return the message of a gap, with what is hidden filled in where it may be seen."""
        detail = {
            **gap["detail"],
            **withheld_values(self.view, gap, self.may_see),
            "unit": self.view.unit_name(gap["unit_id"]),
            "other": self.view.unit_name(gap["counterparty_unit_id"]),
            "subject_id": gap["subject_id"],
        }
        return rules()[gap["code"]].message(language, detail)


class Audience:
    """Who may see what in one view (RULES, Visibility)."""

    def __init__(self, view: View, *, hrbps: Collection[str] = (), units: Collection[str] | None = None) -> None:
        self.view = view
        self._hrbps = frozenset(hrbps)
        self._units = None if units is None else frozenset(units)
        self._viewers: dict[str | None, Viewer] = {}

    @classmethod
    def of(
        cls,
        reader: Reader,
        period_id: str,
        *,
        hrbps: Collection[str] = (),
        units: Collection[str] | None = None,
    ) -> Audience:
        """Read who may see what.

        Args:
            reader: of the warehouse.
            period_id: whose view.
            hrbps: the ids of the meeting's HRBPs.
            units: the units of that meeting, whose Os they may see; None: of all units.
        """
        return cls(View.of(reader, period_id), hrbps=hrbps, units=units)

    def may_see(self, person_id: str | None, objective_id: str) -> bool:
        """Whether a person may see the content of an O; None: nobody in particular."""
        return self.person(person_id).may_see(objective_id)

    def message(self, gap: Mapping[str, Any], language: Language, person_id: str | None) -> str:
        """Return the message of a gap as a person may read it.

        Args:
            gap: as `Reader.gaps` gives it.
            language: in which it is read.
            person_id: by whom; None: by nobody in particular.
        """
        return self.person(person_id).message(gap, language)

    def person(self, person_id: str | None) -> Viewer:
        """One person as a viewer."""
        if person_id not in self._viewers:
            self._viewers[person_id] = Viewer(self.view, lambda row: self._person_sees(person_id, row))
        return self._viewers[person_id]

    def unit(self, unit_id: str) -> Viewer:
        """The people of a unit as a viewer: what each of them may see, whoever they are."""
        return Viewer(self.view, lambda row: row["visibility"] == "unit" and self.view.in_line(unit_id, row["unit_id"]))

    def hrbp(self) -> Viewer:
        """The meeting's HRBPs as a viewer, known or not."""
        return Viewer(self.view, self._hrbp_sees)

    def _hrbp_sees(self, row: Row) -> bool:
        return row["visibility"] == "unit" and (self._units is None or row["unit_id"] in self._units)

    def _person_sees(self, person_id: str | None, row: Row) -> bool:
        if person_id is None:
            return False
        person = self.view.person.get(person_id)
        if person is not None and not person["active"]:
            return False
        if person_id in (row["owner_ids"] or ()) or self.view.leads(person_id, row["unit_id"]):
            return True
        if row["visibility"] != "unit":
            return False
        own_unit = None if person is None else person["unit_id"]
        return self.view.in_line(own_unit, row["unit_id"]) or (person_id in self._hrbps and self._hrbp_sees(row))
