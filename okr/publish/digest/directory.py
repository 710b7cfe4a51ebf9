"""Who is written to: a person or their deputy, at an address that is one, within the pilot where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from connectors.smtp.addresses import usable
from okr.reconcile.view import named_people

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from okr.reconcile.reading import Reader
    from okr.reconcile.rulebook import Language
    from okr.settings import Settings

BOTH: tuple[Language, ...] = ("zh", "en")
"""For readers whose language nobody knows: Chinese, then English."""


@dataclass(frozen=True)
class Addressee:
    """Whom a mail is for. `person_id` is null for somebody whom no source knows."""

    address: str
    name: str | None
    person_id: str | None
    languages: tuple[Language, ...]


@dataclass(frozen=True)
class Way:
    """How somebody who is to be told can be reached.

    Attributes:
        to: who is written to; None: nobody can be, `why` says the reason (text `mail.why.<why>`).
        name: of the person who is to be told.
        instead: whether `to` is their deputy.
        outside: they are outside the pilot, and not written to.
    """

    to: Addressee | None
    name: str | None = None
    instead: bool = False
    why: str | None = None
    outside: bool = False


class Directory:
    """Everybody, with their deputies of this day and the units of the pilot.

    Raises:
        CallError: `unknown_unit`, `ambiguous_name`: `mail.only_units` names a unit that there is not.
    """

    def __init__(self, settings: Settings, reader: Reader, at: datetime) -> None:
        self._settings = settings
        self._people = {row["person_id"]: row for row in reader.people()}
        self._active_at: dict[str, bool] = {}
        for row in self._people.values():
            address = (row["email"] or "").strip().lower()
            self._active_at[address] = self._active_at.get(address, False) or row["active"]
        self._ways: dict[str | None, Way] = {}
        self.unknown_deputies: list[str] = []
        self.pilot: frozenset[str] | None = None
        if settings.mail.only_units:
            self.pilot = frozenset(unit for name in settings.mail.only_units for unit in reader.unit_and_below(name))
        self._leaders = {
            row["leader_id"] for row in reader.units() if self.pilot is not None and row["unit_id"] in self.pilot
        }
        self._deputies = self._read_deputies(at)

    def way(self, person_id: str | None) -> Way:
        """How a person who is to be told can be reached; None: nobody is to be told."""
        if person_id not in self._ways:
            self._ways[person_id] = self._way(person_id)
        return self._ways[person_id]

    def named(self, said: Iterable[Mapping[str, Any]]) -> list[Addressee]:
        """Those of a meeting's HRBPs (`Reader.meeting`) who can be written to, each address once.

        Whoever has left the company is not: the pack holds more than everybody may see.
        """
        found = [self._addressee(row) for row in said if not self._has_left(row)]
        return list({one.address.lower(): one for one in found if one is not None}.values())

    def person(self, person_id: str) -> Addressee | None:
        """A person, without their deputy; None: unknown, or without an address."""
        row = self._people.get(person_id)
        return None if row is None else self._addressee(row)

    def ops(self) -> list[Addressee]:
        """Those who run this."""
        language = self._settings.language
        languages = (language,) if language else BOTH
        return [Addressee(one, None, None, languages) for one in self._settings.ops.emails if usable(one)]

    def in_pilot(self, unit_ids: Iterable[str | None]) -> bool:
        """Whether one of these units is in the pilot; without one every unit is."""
        return self.pilot is None or any(unit in self.pilot for unit in unit_ids)

    def _way(self, person_id: str | None) -> Way:
        if person_id is None:
            return Way(None, why="nobody")
        row = self._people.get(person_id)
        name = person_id if row is None else row["name"] or person_id
        if not self._member(person_id):
            return Way(None, name, outside=True)
        deputy = self._deputy(person_id)
        if deputy is not None:
            return Way(deputy, name, instead=True)
        to = None if row is None or not row["active"] else self._addressee(row)
        return Way(to, name, why=None if to else "no_address")

    def _member(self, person_id: str) -> bool:
        if self.pilot is None or person_id in self._leaders:
            return True
        return self._people.get(person_id, {}).get("unit_id") in self.pilot

    def _deputy(self, person_id: str) -> Addressee | None:
        """The deputy, or the deputy's own, as far as the chain goes; one who leads back is none."""
        seen, found = {person_id}, self._deputies.get(person_id)
        while found is not None and found["person_id"] in self._deputies:
            if found["person_id"] in seen:
                return None
            seen.add(found["person_id"])
            found = self._deputies[found["person_id"]]
        return None if found is None or found["person_id"] in seen else self._addressee(found)

    def _read_deputies(self, at: datetime) -> dict[str, Mapping[str, Any]]:
        today = at.astimezone(self._settings.zone).date()
        standing = {
            said: one.to for said, one in self._settings.deputies.items() if one.until is None or today <= one.until
        }
        people = list(self._people.values())
        absent = named_people(standing, people)
        present = named_people(standing.values(), people)
        found = {}
        for one, other in zip(absent, present, strict=True):
            if one["person_id"] is None or self._has_left(other) or self._addressee(other) is None:
                self.unknown_deputies.append(f"{one['said']} → {other['said']}")
            else:
                found[one["person_id"]] = other
        return found

    def _has_left(self, row: Mapping[str, Any]) -> bool:
        """Whether somebody is known to have left, also where only an address names them."""
        if row["person_id"] is not None:
            return not self._people.get(row["person_id"], {"active": True})["active"]
        here = self._active_at.get((row["email"] or "").strip().lower())
        return here is False

    def _addressee(self, row: Mapping[str, Any]) -> Addressee | None:
        address = (row["email"] or "").strip()
        if not usable(address):
            return None
        if row["person_id"] is None:
            return Addressee(address, None, None, BOTH)
        language = row["locale"] if row["locale"] in BOTH else self._settings.language or "zh"
        return Addressee(address, row["name"], row["person_id"], (cast("Language", language),))
