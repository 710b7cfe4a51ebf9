"""By what things of each kind are compared: what their rows say, as pairs that may be the same."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from okr.reconcile.identity import forms
from okr.reconcile.identity.clusters import Pair
from okr.reconcile.relations.trees import plant
from schemas.normal import fold_text

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

MOST = 50
"""What so many things share tells none of them apart: of more only the first are compared."""

FIELDS: dict[str, tuple[tuple[str, str | None], ...]] = {
    "unit": (("name", None), ("aliases", None), ("parent_id", "unit"), ("active", None)),
    "person": (("name", None), ("aliases", None), ("email", None), ("unit_id", "unit"), ("active", None)),
    "period": (("name", None), ("starts_on", None), ("ends_on", None)),
    "objective": (
        ("unit_id", "unit"), ("period_id", "period"), ("person_id", "person"), ("title", None), ("ordinal", None),
    ),
    "kr": (("objective_id", "objective"), ("title", None), ("ordinal", None)),
    "handshake": (("kr_id", "kr"), ("party", "party"), ("point", None)),
    "meeting": (("unit_id", "unit"), ("period_id", "period"), ("starts_at", None)),
}  # fmt: skip
"""By kind the columns that are read, and of which kind an id in them is. A party may be a unit or a person."""


@dataclass
class Said:
    """All that is said of one thing: a list of values by column, and the source of each row (None: an earlier run)."""

    id: str
    rows: list[tuple[str | None, dict[str, Any]]] = field(default_factory=list)

    def values(self, column: str) -> list[Any]:
        """Return what rows say in a column, each once."""
        found = [row[column] for _, row in self.rows if row[column] is not None]
        return list(dict.fromkeys(found)) if column != "aliases" else sorted({one for many in found for one in many})

    @property
    def names(self) -> list[str]:
        """Names and other names."""
        return [*self.values("name"), *self.values("aliases")]


Things = dict[str, Said]

_ROOT = "\x1e"
"""Stands for the parent of a root; no id has such a character."""


def grouped(said: Iterable[tuple[str, Hashable]]) -> Iterator[tuple[str, str]]:
    """Return the pairs of things that share a token."""
    by_token: dict[Hashable, list[str]] = defaultdict(list)
    for thing, token in said:
        by_token[token].append(thing)
    for things in by_token.values():
        few = sorted(set(things))
        for number, a in enumerate(few):
            for b in few[number + 1 : MOST]:
                yield a, b


# -- units ---------------------------------------------------------------------------------------------


def units_by_id(things: Things) -> Iterator[Pair]:
    """A unit's id is another one's alias."""
    yield from _id_and_alias(things)


def units_by_name(
    things: Things, find: Callable[[str], str], without_parents: set[str | None], *, anywhere: bool
) -> Iterator[Pair]:
    """Units of one name under one parent; `anywhere`: one of them from a source that tells no parents at all."""
    told: list[tuple[str, Hashable]] = []
    flat: set[str] = set()
    circular = _in_circles(things)
    for thing in things.values():
        parents = {find(parent) for parent in thing.values("parent_id")}
        if thing.id in circular:  # each of them is a root
            parents = {_ROOT}
        if not parents:
            sources = {source for source, _ in thing.rows}
            if sources <= without_parents:
                flat.add(thing.id)
            else:
                parents = {_ROOT}
        names = {said for one in thing.names if len(said := forms.folded(one)) > 1}
        if anywhere:
            told += [(thing.id, said) for said in names]
        else:
            told += [(thing.id, (parent, said)) for said in names for parent in parents]
    for a, b in grouped(told):
        if not anywhere or a in flat or b in flat:
            yield Pair(a, b, "name", contrary=_one_left(things[a], things[b]))


def _in_circles(things: Things) -> set[str]:
    stated: dict[str, str | None] = {}
    for thing in things.values():
        parents = thing.values("parent_id")
        stated[thing.id] = parents[0] if parents else None
    known = {parent for parent in stated.values() if parent is not None and parent not in stated}
    planted = plant({**dict.fromkeys(known), **stated})
    return {unit for unit, why in planted.misplaced.items() if why == "parent_circle"}


def _one_left(a: Said, b: Said) -> bool:
    """One of both is closed, or has left, and the other is not."""
    mine, theirs = a.values("active"), b.values("active")
    return (False in mine and False not in theirs) or (False in theirs and False not in mine)


# -- people --------------------------------------------------------------------------------------------


def people_by_key(things: Things) -> Iterator[Pair]:
    """People with one e-mail address or employee number, or of whom one's id is the other's alias.

    Other names in Chinese, or that one of both has left, speak against it: an address may be given out again.
    """
    pairs = dict.fromkeys(
        (*pair, "email")
        for pair in grouped((one.id, fold_text(said)) for one in things.values() for said in one.values("email"))
    )
    pairs |= dict.fromkeys((pair.a, pair.b, "number") for pair in _id_and_alias(things))
    numbers = (
        (one.id, number)
        for one in things.values()
        for number in forms.numbers([one.id, *one.values("aliases")], one.values("name"))
    )
    pairs |= dict.fromkeys((*pair, "number") for pair in grouped(numbers))
    for a, b, how in pairs:
        one, other = things[a], things[b]
        same_name = forms.same_name(one.names, other.names)
        yield Pair(a, b, how, contrary=same_name is False or (same_name is None and _one_left(one, other)))


def people_by_name(things: Things, units: dict[str, set[str]] | None) -> Iterator[Pair]:
    """People of one name in one unit; `units` None: wherever."""
    han: list[tuple[str, Hashable]] = []
    latin: list[tuple[str, Hashable]] = []
    chinese: dict[str, set[str]] = {}
    numbers: dict[str, set[str]] = {}

    def homes(thing: str) -> Iterable[str]:
        return ("",) if units is None else units.get(thing, ())

    for thing in things.values():
        names = [forms.name(one) for one in thing.names]
        chinese[thing.id] = {said.han for said in names if len(said.han) > 1}
        numbers[thing.id] = {said for one in thing.values("name") if (said := forms.name(one).number)}
        written = {way for said in names for way in forms.latin_forms(said.latin)}
        han += [(thing.id, (where, said)) for where in homes(thing.id) for said in chinese[thing.id]]
        latin += [(thing.id, (where, way)) for where in homes(thing.id) for way in written]
    # How characters are read matters only where somebody is written in Latin letters.
    lettered = {token[0] for _, token in latin}  # type: ignore[index]
    read: list[tuple[str, Hashable]] = [
        (thing, (where, way))
        for thing, said in chinese.items()
        if said and not lettered.isdisjoint(homes(thing))
        for way in set().union(*map(forms.pinyin_forms, said))
        for where in homes(thing)
    ]
    pairs = dict.fromkeys(grouped(han))
    # Latin letters with Latin letters, or with how characters are read; never two readings.
    letters = {thing for thing, _ in latin}
    for a, b in dict.fromkeys(grouped([*latin, *read])):
        if (a in letters or b in letters) and not (chinese[a] and chinese[b]):
            pairs[a, b] = None
    for a, b in pairs:
        if numbers[a] and numbers[b] and numbers[a].isdisjoint(numbers[b]):
            continue  # 王磊1 and 王磊2 are told apart by just that
        yield Pair(a, b, "name", contrary=_one_left(one := things[a], other := things[b]) or _two_addresses(one, other))


def _two_addresses(a: Said, b: Said) -> bool:
    """Both have e-mail addresses, and none in common."""
    mine, theirs = ({fold_text(said) for said in one.values("email")} for one in (a, b))
    return bool(mine and theirs) and mine.isdisjoint(theirs)


def _id_and_alias(things: Things) -> Iterator[Pair]:
    by_id = {fold_text(one.id): one.id for one in things.values()}
    for one in things.values():
        for alias in one.values("aliases"):
            other = by_id.get(fold_text(alias))
            if other is not None and other != one.id:
                yield Pair(min(one.id, other), max(one.id, other), "number")


# -- periods, meetings ---------------------------------------------------------------------------------


def periods(things: Things, *, named: bool) -> Iterator[Pair]:
    """Periods with the same first and last day; `named`: and the same name or id."""
    told: list[tuple[str, Hashable]] = []
    for one in things.values():
        days = [(row["starts_on"], row["ends_on"]) for _, row in one.rows]
        names = {forms.folded(said) for said in (one.id, *one.values("name"))} if named else {""}
        told += [(one.id, (*day, said)) for day in days if None not in day for said in names]
    for a, b in grouped(told):
        yield Pair(a, b, "days")


def meetings(things: Things) -> Iterator[Pair]:
    """Meetings of one unit and period that begin at the same moment."""
    told = [
        (one.id, (row["unit_id"], row["period_id"], row["starts_at"]))
        for one in things.values()
        for _, row in one.rows
        if row["starts_at"] is not None
    ]
    for a, b in grouped(told):
        yield Pair(a, b, "time")


# -- Os, KRs, handshakes -------------------------------------------------------------------------------


def home(kind: str, row: dict[str, Any]) -> Hashable:
    """Return within what a thing is compared: whose O it is and of which period, a KR's O, a handshake's KR."""
    if kind == "objective":
        return row["unit_id"], row["period_id"], row["person_id"] or ""
    return row["objective_id"] if kind == "kr" else row["kr_id"]


def by_words(kind: str, things: Things, party: Callable[[str], str]) -> Iterator[Pair]:
    """Things that say the same words in the same place: the title; of a handshake whom it asks, and for what.

    Requests without a point say no words: two may be meant.
    """
    told: list[tuple[str, Hashable]] = []
    for one in things.values():
        for _, row in one.rows:
            if kind == "handshake":
                if said := forms.titled(row["point"] or ""):
                    asked = party(row["party"]) if row["party"] else ""
                    told.append((one.id, (home(kind, row), asked, said)))
            elif row["title"] and (said := forms.titled(row["title"])):
                told.append((one.id, (home(kind, row), said)))
    for a, b in grouped(told):
        yield Pair(a, b, "words")
