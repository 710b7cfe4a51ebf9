"""Who may come in, and to what: only those whom the settings or a coming meeting name.

Ops see every meeting. An HRBP sees the meetings that name them; the leader of a meeting's upper unit sees that
meeting, and alone may have the leader's own copy. Who has left the company is let in by nothing but `[ops] emails`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from connectors.naming import safe_name
from okr.publish.door.keys import CONSOLE
from okr.reconcile.invited import invited
from okr.reconcile.reading import Reader
from schemas.normal import fold_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from okr.settings import Settings

OPS, HRBP, LEADER = "ops", "hrbp", "leader"


@dataclass(frozen=True)
class Meeting:
    """A coming meeting, and in which roles it names whom: addresses and ids, folded, by role."""

    row: Mapping[str, Any]
    named: Mapping[str, frozenset[str]]

    @property
    def meeting_id(self) -> str:
        """Its id."""
        return self.row["meeting_id"]

    @property
    def key(self) -> str:
        """Its id as addresses of pages and folders of packs have it."""
        return safe_name(self.meeting_id)

    @property
    def starts_at(self) -> datetime:
        """When it begins, in the zone in which it was stated."""
        return datetime.fromisoformat(self.row["starts_at"])


@dataclass(frozen=True)
class Visitor:
    """Somebody who came in: by which address, as whom, and in which roles at which meeting."""

    address: str
    name: str | None
    locale: str | None
    ops: bool
    roles: Mapping[str, frozenset[str]]

    def at(self, meeting: Meeting) -> frozenset[str]:
        """The roles in which somebody may see a meeting; none: they may not know of it."""
        found = self.roles.get(meeting.meeting_id, frozenset())
        return found | {OPS} if self.ops else found

    def sees(self, meetings: Iterable[Meeting]) -> list[Meeting]:
        """Those of the meetings that somebody may see."""
        return [meeting for meeting in meetings if self.at(meeting)]


@dataclass(frozen=True)
class Register:
    """The door's list: built from the settings and the last run."""

    ops: Sequence[str]
    people: Sequence[Mapping[str, Any]] = ()
    meetings: Sequence[Meeting] = field(default_factory=list)

    @classmethod
    def of(cls, settings: Settings, *, now: datetime) -> Register:
        """Read whom settings and coming meetings name.

        Raises:
            CallError: there is no warehouse yet.
            RunError: it cannot be opened.
        """
        with Reader(settings) as reader:
            people = reader.people()
            active = {row["person_id"] for row in people if row["active"]}
            rows = invited(reader, now=now)
        return cls(settings.ops.emails, people, [_meeting(row, active) for row in rows])

    def visitor(self, said: str) -> Visitor | None:
        """Return who comes with an address (`CONSOLE`: ops); None where neither settings nor meetings name them."""
        if said == CONSOLE:
            return Visitor(CONSOLE, None, None, ops=True, roles={})
        wanted = fold_text(said)
        persons = self._by_address.get(wanted, [])
        address = self._stated.get(wanted)
        if address is None and not persons:
            return None
        return self._visitor(persons, address or persons[0]["email"], known=not self._has_left(wanted))

    def login(self, said: str) -> Visitor | None:
        """Return whom a proxy has let in: by address, or by the id or alias of exactly one active person."""
        if said == CONSOLE:
            return None
        persons = [row for row in self.people if row["active"] and row["person_id"] == said]
        persons = persons or self._by_alias.get(fold_text(said), [])
        if len(persons) != 1:
            return self.visitor(said)
        return self._visitor(persons, persons[0]["email"] or said, known=persons[0]["email"] is not None)

    def _visitor(self, persons: Sequence[Mapping[str, Any]], address: str, *, known: bool) -> Visitor | None:
        """Return who these people are at the door; `known`: the address itself may be named, too."""
        own = {f"id:{person['person_id']}" for person in persons}
        own |= {fold_text(address)} if known else set()
        roles = {
            meeting.meeting_id: frozenset(role for role, named in meeting.named.items() if named & own)
            for meeting in self.meetings
        }
        roles = {meeting_id: found for meeting_id, found in roles.items() if found}
        ops = fold_text(address) in {fold_text(one) for one in self.ops}
        if not ops and not roles:
            return None
        person = persons[0] if len(persons) == 1 else {}
        return Visitor(address, person.get("name"), person.get("locale"), ops=ops, roles=roles)

    def addresses(self) -> list[str]:
        """Return every address that may come in."""
        named = frozenset[str]().union(*(who for meeting in self.meetings for who in meeting.named.values()))
        known = {row["email"] for row in self.people if row["email"] and f"id:{row['person_id']}" in named}
        return sorted(known | set(self._stated.values()))

    def by_key(self, key: str) -> Meeting | None:
        """Return the meeting that an address of a page means."""
        return next((meeting for meeting in self.meetings if meeting.key == key), None)

    @cached_property
    def _by_address(self) -> dict[str, list[Mapping[str, Any]]]:
        """Active people by their addresses."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for person in self.people:
            if person["active"] and person["email"]:
                found.setdefault(fold_text(person["email"]), []).append(person)
        return found

    @cached_property
    def _by_alias(self) -> dict[str, list[Mapping[str, Any]]]:
        """Active people by their employee numbers, logins and other names."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for person in self.people:
            if person["active"]:
                for alias in {fold_text(alias) for alias in person["aliases"] or ()}:
                    found.setdefault(alias, []).append(person)
        return found

    @cached_property
    def _stated(self) -> dict[str, str]:
        """Addresses as the settings and meetings state them: where mail goes, however somebody types them."""
        found = {fold_text(address): address for address in self.ops}
        for meeting in self.meetings:
            for one in meeting.row["hrbps"]:
                if one["email"]:
                    found.setdefault(fold_text(one["email"]), one["email"])
        return found

    def _has_left(self, address: str) -> bool:
        """Whether an address is that of people who are all gone."""
        mine = [row["active"] for row in self.people if row["email"] and fold_text(row["email"]) == address]
        return bool(mine) and not any(mine)


def _meeting(row: Mapping[str, Any], active: set[str]) -> Meeting:
    hrbps = set()
    for one in row["hrbps"]:
        if one["person_id"] is None and one["email"]:
            hrbps.add(fold_text(one["email"]))
        elif one["person_id"] in active:
            hrbps.add(f"id:{one['person_id']}")
    leader = {f"id:{row['leader_id']}"} if row["leader_id"] in active else set()
    return Meeting(row, {HRBP: frozenset(hrbps), LEADER: frozenset(leader)})
