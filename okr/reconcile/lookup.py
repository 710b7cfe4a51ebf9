"""Who and what a text means: units, people and periods by id, name, alias or address."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from schemas.normal import fold_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from okr.reconcile.warehouse import Warehouse


class Unresolved(Exception):  # noqa: N818 (it is an answer, not a failure)
    """A text means nothing that is known, or may mean several things.

    `code` is a text `quarantine.<code>`; `said` are the candidates as written; `candidates` what they may mean.
    """

    def __init__(self, code: str, said: Sequence[str], known: Sequence[str], candidates: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.said = list(said)
        self.known = known
        self.candidates = list(candidates)


@dataclass
class Directory:
    """Units, people and periods under every text that may mean them.

    `below` tells for each unit the units above it and itself, so that somebody is found in a unit or below it.
    """

    units: dict[str, set[str]] = field(default_factory=dict)
    people: dict[str, set[str]] = field(default_factory=dict)
    periods: dict[str, set[str]] = field(default_factory=dict)
    bounds: dict[str, tuple[date, date]] = field(default_factory=dict)
    parent: dict[str, str | None] = field(default_factory=dict)
    period_parent: dict[str, str | None] = field(default_factory=dict)
    home: dict[str, str | None] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, house: Warehouse) -> Self:
        """Read the merged units, people and periods; what is not active is not meant by a name."""
        found = cls()
        for unit_id, name, aliases, parent_id, active in house.rows(
            "select unit_id, name, aliases, parent_id, active from merged.org_units"
        ):
            found.parent[unit_id] = parent_id
            _enter(found.units, unit_id, (name, *(aliases or ())) if active else ())
        for person_id, name, aliases, email, unit_id, active in house.rows(
            "select person_id, name, aliases, email, unit_id, active from merged.people"
        ):
            found.home[person_id] = unit_id
            found.names[person_id] = name or person_id
            _enter(found.people, person_id, (name, email, *(aliases or ())) if active else ())
        for period_id, name, starts_on, ends_on, parent_id in house.rows(
            "select period_id, name, starts_on, ends_on, parent_period_id from merged.periods"
        ):
            found.bounds[period_id] = (starts_on, ends_on)
            found.period_parent[period_id] = parent_id
            _enter(found.periods, period_id, (name,))
        books = {"unit": found.units, "person": found.people, "period": found.periods}
        for kind, own_id, known in house.rows(
            "select distinct kind, own_id, id from history.known_as where list_contains($kinds, kind)",
            kinds=list(books),
        ):
            # What another source calls it: an id too, where nobody else bears it.
            if "=" + known in books[kind]:
                books[kind].setdefault("=" + own_id, set()).add(known)
        return found

    def find(self, kind: str, candidates: Sequence[str], unit_id: str | None) -> str:
        """Return the id that the first known candidate means.

        Raises:
            Unresolved: `unknown_<kind>` or `ambiguous_<kind>`.
        """
        if kind == "unit":
            return self.unit(candidates)
        if kind == "period":
            return self.period(candidates)
        return self.person(candidates, unit_id)

    def unit(self, candidates: Sequence[str]) -> str:
        """Return the unit that the first known candidate means."""
        return _first(self.units, candidates, "unit")

    def period(self, candidates: Sequence[str]) -> str:
        """Return the period that the first known candidate means."""
        return _first(self.periods, candidates, "period")

    def person(self, candidates: Sequence[str], unit_id: str | None) -> str:
        """Return the person that a candidate means; of several with one name the one in the unit or below it."""
        namesakes: set[str] = set()
        for number, text in enumerate(candidates):
            found = _meant(self.people, text)
            if len(found) > 1 and unit_id is not None:
                near = {person for person in found if unit_id in self.above(self.home.get(person))}
                found = near if len(near) == 1 else found
            if len(found) == 1:
                (person,) = found
                namesakes = self._others(person, candidates[number + 1 :])
                if not namesakes:
                    return person
                namesakes.add(person)
                break
            namesakes |= found
        if namesakes:
            told = sorted(f"{self.names[person]} ({person})" for person in namesakes)
            raise Unresolved("ambiguous_person", candidates, [], told)
        raise Unresolved("unknown_person", candidates, list(self.people))

    def _others(self, person: str, texts: Sequence[str]) -> set[str]:
        """Return whom else the further texts mean: a number of one person with the name of another."""
        called = fold_text(self.names[person])
        others: set[str] = set()
        for text in texts:
            found = _meant(self.people, text)
            if person not in found and fold_text(text) != called:
                others |= found
        return others

    def above(self, unit_id: str | None) -> list[str]:
        """Return a unit and those above it, nearest first."""
        found: list[str] = []
        while unit_id is not None and unit_id in self.parent and unit_id not in found:
            found.append(unit_id)
            unit_id = self.parent[unit_id]
        return found

    def reach(self, period_id: str) -> list[str]:
        """Return a period and those above it, nearest first."""
        found: list[str] = []
        above: str | None = period_id
        while above is not None and above in self.period_parent and above not in found:
            found.append(above)
            above = self.period_parent[above]
        return found


def _enter(book: dict[str, set[str]], found: str, texts: Iterable[str | None]) -> None:
    # An id is exact; the mark keeps it apart from names that fold to the same text.
    book.setdefault("=" + found, set()).add(found)
    for text in texts:
        if text:
            book.setdefault(fold_text(text), set()).add(found)


def _meant(book: dict[str, set[str]], text: str) -> set[str]:
    return book.get("=" + text) or book.get(fold_text(text)) or set()


def _first(book: dict[str, set[str]], candidates: Sequence[str], what: str) -> str:
    several: set[str] = set()
    for text in candidates:
        found = _meant(book, text)
        if len(found) == 1:
            return next(iter(found))
        several = several or found
    if several:
        raise Unresolved(f"ambiguous_{what}", candidates, [], sorted(several))
    raise Unresolved(f"unknown_{what}", candidates, [text.lstrip("=") for text in book])
