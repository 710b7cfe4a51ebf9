"""Which row of today is which row of before: matching on plain rows, whatever they are rows of.

Rows are compared within their group alone (one source's rows of a unit and period). Each step takes what the steps
before it left over, and every pair is one to one, so that no thing is ever two rows and no row two things:

- `equal`: the same words. Of several rows with the same words those with the same neighbours are the same, then the
  first is the first, the second the second.
- `alike`: nearly the same words, the best pairs first, so that no row takes a thing for which there is a better row.
- `placed`: the same place, which is a place beside a neighbour and no number: a row put in above or taken away
  below moves none. Within one place the more alike go together, then the first with the first.

All of it depends on the order of the rows and nothing else.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from okr.reconcile.relations.words import words as said_words

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

NEAR = 80.0
"""So alike, of 100, are nearly the same words within one O, or a unit's Os: one wrong character of five (80), two of
ten, a phrase of half the length put in. Two goals of eight characters that differ in one word of two have 75."""

NEAR_ELSEWHERE = 85.0
"""So alike are those of a KR that also stands under another O: what moved and was rewritten is rather a new one."""

NEAR_IN_PLACE = 50.0
"""So alike go together within one place before the first goes with the first; below it titles share no more than
the words that all goals are made of."""

MOST_PAIRS = 250_000
"""So many pairs of one group are all compared; of more only neighbours in the order of beginnings and of ends."""

AROUND = 20
"""So many of them on each side."""


Side = Callable[[Sequence[int]], Iterable[int]]


class Row(NamedTuple):
    """A row, as far as it matters for which thing it is.

    Attributes:
        group: what it is compared within: source, unit and period; of a handshake its KR.
        home: what is nearer within the group: whose Os they are; the O of a KR.
        scope: the workbook.
        words: what has to be equal. Empty words equal nothing.
        text: what has to be alike.
        otherwise: other words that stand for it as well.
    """

    group: Hashable
    home: Hashable
    scope: str
    words: str
    text: str
    otherwise: str = ""


def of_home(row: Row) -> Hashable:
    """Rows of one home."""
    return row.group, row.home


def of_group(row: Row) -> Hashable:
    """Rows of one group."""
    return row.group


class Matching:
    """Pairs rows of today with rows of before, step by step.

    Attributes:
        of: by row of today, the number of the row of before, None while there is none.
        how: by row of today, by what it was found: `words`, `likeness`, `place`.
    """

    def __init__(self, before: Sequence[Row], now: Sequence[Row]) -> None:
        self.before, self.now = before, now
        self.of: list[int | None] = [None] * len(now)
        self.how: list[str | None] = [None] * len(now)
        self._to: list[int | None] = [None] * len(before)
        self._aside: frozenset[int] = frozenset()
        self._aside_before: frozenset[int] = frozenset()
        self._said: dict[str, str] = {}

    def put_aside(self, rows: Iterable[int], before: Iterable[int]) -> None:
        """Take these rows out of the steps that follow, and let those that were put aside in again."""
        self._aside, self._aside_before = frozenset(rows), frozenset(before)

    def pair(self, number: int, earlier: int, how: str) -> None:
        """Say that a row of today is a row of before; both must be left."""
        self.of[number], self._to[earlier], self.how[number] = earlier, number, how

    def left(self) -> list[int]:
        """Return the rows of today that are no row of before yet."""
        aside = self._aside
        return [number for number, earlier in enumerate(self.of) if earlier is None and number not in aside]

    def left_before(self) -> list[int]:
        """Return the rows of before that are no row of today yet."""
        aside = self._aside_before
        return [earlier for earlier, number in enumerate(self._to) if number is None and earlier not in aside]

    # -- the steps ------------------------------------------------------------------------------------

    def equal(self, *steps: Callable[[Row], Hashable]) -> None:
        """Pair rows that are equal by what the first step makes of them, then the second, and so on.

        A step returns None for a row that equals nothing.
        """
        for step in steps:
            uneven = []
            for mine, theirs in self._both(step):
                if len(mine) == len(theirs):
                    for number, earlier in zip(mine, theirs, strict=True):
                        self.pair(number, earlier, "words")
                else:
                    uneven.append((mine, theirs))
            if uneven:
                self._uneven(uneven)

    def alike(self, key: Callable[[Row], Hashable], least: float) -> None:
        """Pair rows with one key whose texts are nearly the same, the most alike first."""
        for mine, theirs in self._both(key):
            self._most_alike(mine, theirs, least, "likeness")

    def placed(self) -> None:
        """Pair rows of one home that stand behind the same neighbour, else before the same one."""
        for side in (_behind, _before):
            if not self._stand(side):
                return

    def said(self, row: Row) -> str:
        """Return a row's text without what makes no difference: a label, white space, punctuation."""
        found = self._said.get(row.text)
        if found is None:
            found = self._said[row.text] = said_words(row.text) or row.text
        return found

    # -- how they are done ----------------------------------------------------------------------------

    def _both(self, key: Callable[[Row], Hashable]) -> list[tuple[list[int], list[int]]]:
        """Return the rows that are left on both sides, together by their key."""
        left_before = self.left_before()
        mine: dict[Hashable, list[int]] = {}
        for number in self.left() if left_before else ():
            found = key(self.now[number])
            if found is not None:
                mine.setdefault(found, []).append(number)
        theirs: dict[Hashable, list[int]] = {}
        for earlier in left_before if mine else ():
            found = key(self.before[earlier])
            if found in mine:
                theirs.setdefault(found, []).append(earlier)
        return [(numbers, theirs[found]) for found, numbers in mine.items() if found in theirs]

    def _uneven(self, found: Iterable[tuple[list[int], list[int]]]) -> None:
        """Pair equal rows of which there are more on one side: by their neighbours, then in order."""
        found = list(found)
        homes = {of_home(self.now[number]) for numbers, _ in found for number in numbers}
        for side in (_behind, _before):
            ours, theirs = self._neighbours(homes, side, mine=True), self._neighbours(homes, side, mine=False)
            for numbers, rows in found:
                waiting: dict[Hashable, list[int]] = {}
                for earlier in rows:
                    if self._to[earlier] is None and earlier in theirs:
                        waiting.setdefault(theirs[earlier], []).append(earlier)
                for number in numbers:
                    if self.of[number] is None and waiting.get(ours[number]):
                        self.pair(number, waiting[ours[number]].pop(0), "words")
        for numbers, rows in found:
            free = [earlier for earlier in rows if self._to[earlier] is None]
            for number, earlier in zip([n for n in numbers if self.of[n] is None], free, strict=False):
                self.pair(number, earlier, "words")

    def _stand(self, side: Side) -> bool:
        """Pair rows of one place; return whether rows may be left on both sides."""
        left, left_before = self.left(), self.left_before()
        homes = {of_home(self.now[number]) for number in left}
        homes &= {of_home(self.before[earlier]) for earlier in left_before}
        if not homes:
            return False
        ours, theirs = self._neighbours(homes, side, mine=True), self._neighbours(homes, side, mine=False)
        mine: dict[Hashable, list[int]] = {}
        for number in left:
            if number in ours:
                mine.setdefault(ours[number], []).append(number)
        rows: dict[Hashable, list[int]] = {}
        for earlier in left_before:
            if theirs.get(earlier) in mine:
                rows.setdefault(theirs[earlier], []).append(earlier)
        for place, numbers in mine.items():
            if place not in rows:
                continue
            self._most_alike(numbers, rows[place], NEAR_IN_PLACE, "place")
            here = [number for number in numbers if self.of[number] is None]
            there = [earlier for earlier in rows[place] if self._to[earlier] is None]
            if side is _before:  # counted from the neighbour that is the same
                here, there = here[::-1], there[::-1]
            for number, earlier in zip(here, there, strict=False):
                self.pair(number, earlier, "place")
        return True

    def _neighbours(self, homes: set[Hashable], side: Side, *, mine: bool) -> dict[int, Hashable]:
        """Return by row of these homes on which neighbour it borders: the nearest row that is known on both sides.

        A neighbour is told by the number of its row of before, so that both sides speak of the same; one that came
        from another home, or went there, is no neighbour.
        """
        rows, partners, others = (self.now, self.of, self.before) if mine else (self.before, self._to, self.now)
        last: dict[Hashable, int | None] = {}
        found: dict[int, Hashable] = {}
        for number in side(range(len(rows))):
            home = of_home(rows[number])
            if home not in homes:
                continue
            found[number] = (home, last.get(home))
            partner = partners[number]
            if partner is not None and of_home(others[partner]) == home:
                last[home] = partner if mine else number
        return found

    def _most_alike(self, mine: Sequence[int], theirs: Sequence[int], least: float, how: str) -> None:
        new = [self.said(self.now[number]) for number in mine]
        old = [self.said(self.before[earlier]) for earlier in theirs]
        found = sorted(
            (-score, abs(i - j), i, j) for i, j, score in _scores(new, old, least) if new[i] and old[j]
        )  # of equally alike ones those nearest to each other
        taken_new: set[int] = set()
        taken_old: set[int] = set()
        for _, _, i, j in found:
            if i not in taken_new and j not in taken_old:
                taken_new.add(i)
                taken_old.add(j)
                self.pair(mine[i], theirs[j], how)


def _behind(rows: Sequence[int]) -> Iterable[int]:
    """Go through rows so that each borders on the one it stands behind."""
    return rows


def _before(rows: Sequence[int]) -> Iterable[int]:
    """Go through rows so that each borders on the one it stands before."""
    return reversed(rows)


def _scores(new: Sequence[str], old: Sequence[str], least: float) -> Iterator[tuple[int, int, float]]:
    """Return the pairs of texts that are at least so alike, by their numbers."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 (only edits pay for it)

    if len(new) * len(old) <= MOST_PAIRS:
        for i, text in enumerate(new):
            for _, score, j in process.extract(text, old, scorer=fuzz.ratio, score_cutoff=least, limit=None):
                yield i, j, score
        return
    forwards = sorted((text, j) for j, text in enumerate(old))
    backwards = sorted((text[::-1], j) for j, text in enumerate(old))
    for i, text in enumerate(new):
        near = {*_around(forwards, text), *_around(backwards, text[::-1])}
        for j in sorted(near):
            score = fuzz.ratio(text, old[j], score_cutoff=least)
            if score >= least:
                yield i, j, score


def _around(ordered: Sequence[tuple[str, int]], text: str) -> Iterator[int]:
    place = bisect_left(ordered, (text, -1))
    return (j for _, j in ordered[max(0, place - AROUND) : place + AROUND])
