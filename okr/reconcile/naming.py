"""The ids of rows that have none: which thing of earlier runs each of them is, or that it is a new one.

The id of a new thing is the hash of what it says when first seen. The same hash of what it says now is its
`source_id`, so the identities of a source hold everything under which a thing was ever said, and one that was deleted
and is written again gets its old id back. A number among equals keeps either from standing for two things.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

from okr.reconcile.matching import NEAR, NEAR_ELSEWHERE, Matching, Row, of_group, of_home

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence


class Holder(NamedTuple):
    """Whose rows come and go together; `person_id` is empty where they are the unit's own."""

    source: str
    unit_id: str
    period_id: str
    person_id: str


class Saying(NamedTuple):
    """A row that asks for an id, as far as it says which thing it is.

    Attributes:
        holder: whose it is.
        home: the id of a KR's O, or of a handshake's KR; empty for an O.
        scope: the workbook.
        words: what makes it the same: its title, folded; of a handshake the unit that its party means, else the
            party's words.
        text: what may be nearly the same: the title; of a handshake the point.
        otherwise: of a handshake the party as written.
        stated: what stands in its id column.
    """

    holder: Holder
    home: str
    scope: str
    words: str
    text: str = ""
    otherwise: str = ""
    stated: str | None = None


class Earlier(NamedTuple):
    """A thing as it was said last; `stated`: under an id of its own."""

    id: str
    source_id: str
    stated: bool
    saying: Saying


class Named(NamedTuple):
    """What a row is called: its thing's id, its source's own id for it, and by what it is known."""

    id: str
    source_id: str
    how: str


class Known(NamedTuple):
    """What is known of the ids of a source that has none.

    Attributes:
        ids: by source id the id that it stands for.
        homes: returns for ids where their things were last: under which O or KR, an O's person.
    """

    ids: Mapping[str, str]
    homes: Callable[[Sequence[str]], Mapping[str, str]]


def name_rows(
    kind: str,
    rows: Sequence[Saying],
    before: Sequence[Earlier],
    known: Callable[[], Known],
    stated: Mapping[int, str] | None = None,
    used: Iterable[str] = (),
) -> list[Named]:
    """Return what each row is called. No two rows get one id.

    Args:
        kind: `objective`, `kr` or `handshake`.
        rows: of one kind and one source, in the order of their sheets.
        before: things of earlier runs, as said last, in that order.
        known: called where that is not enough.
        stated: the ids of rows whose id column names a known thing, by the row's number; no id twice.
        used: ids that the source's other rows have, in other units and periods.
    """
    naming = _Naming(kind, rows, before, known, used)
    naming.match(stated or {})
    return naming.names()


def hashed(kind: str, saying: Saying, number: int) -> str:
    """Return the id under which a row stands that is first seen as it is, as the one of that number among equals."""
    source, unit_id, period_id, _ = saying.holder
    told: tuple[str, ...] = (unit_id, period_id)
    if kind == "kr":
        told = (unit_id, period_id, "kr")
    elif kind == "handshake":
        told = (saying.home,)
    text = json.dumps([*told, saying.words, number], ensure_ascii=False)
    return f"{source}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


class _Naming:
    """The rows of one kind on their way to their ids."""

    def __init__(
        self,
        kind: str,
        rows: Sequence[Saying],
        before: Sequence[Earlier],
        known: Callable[[], Known],
        used: Iterable[str],
    ) -> None:
        self._kind, self._rows, self._before = kind, rows, before
        self._read, self._elsewhere = known, used
        self._known: Known | None = None
        self._ids: dict[int, str] = {}
        self._how: dict[int, str] = {}
        self._new: dict[str, str] = {}
        self._counted: dict[Hashable, int] = {}
        self._matching = Matching([_row(kind, one.saying) for one in before], [_row(kind, one) for one in rows])

    # -- which thing each row is ----------------------------------------------------------------------

    def match(self, stated: Mapping[int, str]) -> None:
        """Find the things that rows are: by their id column, else by words, likeness and place."""
        self._by_id(stated)
        own = {number for number, row in enumerate(self._rows) if row.stated}
        self._matching.put_aside(own, ())
        self._matching.equal(*_EQUAL[self._kind])
        self._take_over()
        self._by_earlier_words()
        self._matching.put_aside(own | self._ids.keys(), ())
        self._by_likeness_and_place()
        # An id column that is new on its sheet: its ids are those of things that had none.
        strange = own - self._ids.keys()
        if strange:
            rest = (number for number in range(len(self._rows)) if number not in strange)
            self._matching.put_aside(rest, (number for number, one in enumerate(self._before) if one.stated))
            self._matching.equal(*_EQUAL[self._kind])
            self._by_likeness_and_place()
        self._take_over()
        used = {*self._ids.values(), *self._elsewhere}
        for number in sorted(strange - self._ids.keys()):
            said = self._rows[number].stated
            if said and said not in used:
                used.add(said)
                self._ids[number], self._how[number] = said, "id"

    def _by_id(self, stated: Mapping[int, str]) -> None:
        earlier = {one.id: number for number, one in enumerate(self._before)} if stated else {}
        for number, found in stated.items():
            self._ids[number], self._how[number] = found, "id"
            self._new[self._rows[number].stated or ""] = found
            if found in earlier:
                self._matching.pair(number, earlier[found], "id")

    def _by_earlier_words(self) -> None:
        """Give back their ids to things that are gone, or say otherwise by now, where a row says what they said."""
        asking: dict[tuple[Hashable, str], list[int]] = {}
        for number in self._matching.left():
            row = self._rows[number]
            if row.words:
                asking.setdefault((_row(self._kind, row).group, row.words), []).append(number)
        if not asking or not self._ids_known():
            return
        free = {self._before[number].id: number for number in self._matching.left_before()}
        used = {*self._ids.values(), *self._elsewhere}
        for (group, _), numbers in asking.items():
            # What another unit or period has left over is found there, if anywhere.
            things = [
                thing
                for thing in self._once(self._rows[numbers[0]])
                if thing not in used and (thing not in free or self._matching.before[free[thing]].group == group)
            ]
            for number, thing in self._at_home(numbers, things):
                used.add(thing)
                self._ids[number], self._how[number] = thing, "words"
                if thing in free:
                    self._matching.pair(number, free[thing], "words")

    def _once(self, row: Saying) -> Iterator[str]:
        """Return the things that once said what a row says, in the order in which they were first seen."""
        number = 1
        while (thing := self._ids_known().get(hashed(self._kind, row, number))) is not None:
            yield thing
            number += 1

    def _at_home(self, numbers: Sequence[int], things: Sequence[str]) -> Iterator[tuple[int, str]]:
        """Pair rows with things that once said the same: those that were there where the row is, then in order."""
        left, rows = list(dict.fromkeys(things)), list(numbers)
        if len(left) > 1 or len(rows) > 1:
            homes = self._all_known().homes(left) if left else {}
            for number in numbers:
                home = _home(self._kind, self._rows[number])
                thing = next((thing for thing in left if homes.get(thing, "") == home), None)
                if thing is not None:
                    left.remove(thing)
                    rows.remove(number)
                    yield number, thing
        yield from zip(rows, left, strict=False)

    def _by_likeness_and_place(self) -> None:
        matching = self._matching
        if self._kind == "handshake":
            matching.alike(of_party, NEAR)
            matching.equal(of_party, of_party_as_written)
            return
        matching.equal(lambda row: (of_home(row), matching.said(row)), lambda row: (of_group(row), matching.said(row)))
        matching.alike(of_home, NEAR)
        if self._kind == "kr":
            matching.alike(of_group, NEAR_ELSEWHERE)
        matching.placed()

    def _take_over(self) -> None:
        """Give rows the ids of the things that they were found to be."""
        for number, earlier in enumerate(self._matching.of):
            if earlier is not None and number not in self._ids:
                self._ids[number] = self._before[earlier].id
                self._how[number] = self._matching.how[number] or "words"

    # -- what each is called --------------------------------------------------------------------------

    def names(self) -> list[Named]:
        """Return what each row is called; a row that is no known thing is a new one."""
        used = {*self._ids.values(), *self._elsewhere}
        found: list[Named] = []
        for number, row in enumerate(self._rows):
            thing, how = self._ids.get(number), self._how.get(number, "words")
            if row.stated and thing is not None:
                source_id = row.stated
                self._new[source_id] = thing
            elif (same := self._unchanged(number)) is not None:
                source_id = same
            else:
                source_id = self._source_id(row, thing, used)
            thing = thing or source_id
            used.add(thing)
            found.append(Named(thing, source_id, how))
        return found

    def _unchanged(self, number: int) -> str | None:
        """Return a row's source id where it says what it said."""
        earlier = self._matching.of[number]
        if earlier is None:
            return None
        before = self._before[earlier]
        row, was = self._rows[number], before.saying
        same = (row.words, row.holder[:3]) == (was.words, was.holder[:3]) and not before.stated
        if self._kind == "handshake":
            same = same and row.home == was.home
        return before.source_id if same else None

    def _source_id(self, row: Saying, thing: str | None, used: set[str]) -> str:
        """Return the hash of what a row says, with the least number under which no other thing stands."""
        known = self._ids_known()
        equals = (_row(self._kind, row).group, row.words)
        number = 1 if thing else 1 + self._counted.get(equals, 0)
        while True:
            source_id = hashed(self._kind, row, number)
            meant = self._new.get(source_id) or known.get(source_id)
            if (meant is not None and meant == thing) or (meant is None and source_id not in used):
                break
            number += 1
        if thing is None:
            self._counted[equals] = number
        self._new[source_id] = thing or source_id
        return source_id

    def _all_known(self) -> Known:
        if self._known is None:
            self._known = self._read()
        return self._known

    def _ids_known(self) -> Mapping[str, str]:
        return self._all_known().ids


def _row(kind: str, saying: Saying) -> Row:
    source, unit_id, period_id, _ = saying.holder
    group: Hashable = (source, saying.home) if kind == "handshake" else (source, unit_id, period_id)
    return Row(group, _home(kind, saying), saying.scope, saying.words, saying.text, saying.otherwise)


def _home(kind: str, saying: Saying) -> str:
    """Return what is nearer to a row than its group: its O or KR, an O's person."""
    return saying.holder.person_id if kind == "objective" else saying.home


def _of_workbook(row: Row) -> Hashable:
    return (row.home, row.group, row.words, row.scope) if row.words else None


def _of_home(row: Row) -> Hashable:
    return (row.home, row.group, row.words) if row.words else None


def _of_group(row: Row) -> Hashable:
    return (row.group, row.words) if row.words else None


def _of_point(row: Row) -> Hashable:
    return (row.group, row.words, row.text)


def of_party(row: Row) -> Hashable:
    """Handshakes of one KR with one party."""
    return row.group, row.words


def of_party_as_written(row: Row) -> Hashable:
    """Handshakes of one KR whose parties are written alike, whatever unit the words meant or mean."""
    return row.group, row.otherwise


_EQUAL: dict[str, tuple[Callable[[Row], Hashable], ...]] = {
    "objective": (_of_workbook, _of_home, _of_group),
    "kr": (_of_workbook, _of_home, _of_group),
    "handshake": (_of_point,),
}
"""By kind what is the same, the nearest first: in the workbook, at home, in the unit and period."""
