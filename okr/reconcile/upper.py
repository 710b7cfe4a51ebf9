"""Which upper KR or O somebody means who writes `KR2`, `O1-KR2`, `市场部 O1：KR2`, an id, or its own words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from okr.reconcile.lookup import Unresolved
from okr.reconcile.relations.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from okr.reconcile.lookup import Directory
    from okr.reconcile.warehouse import Warehouse

_O = r"(?:o(?:bjective)?|目标)\s*(?P<o>\d{1,4})"
_KR = r"(?:kr|key\s?result|关键结果)\s*(?P<kr>\d{1,4})"
_APART = r"[\s\-—–_:/\\|>.、·的]"
_NUMBERED = re.compile(rf"(?P<unit>.*?){_APART}*(?:{_O})?{_APART}*(?:{_KR})?\s*", re.IGNORECASE | re.DOTALL)
_LABELLED = re.compile(
    rf"(?P<number>.*?(?:{_KR}|{_O}))\s*(?:[:.、)|\-—–]|(?<=\d)\s)\s*(?P<words>\S.*)", re.IGNORECASE | re.DOTALL
)
_BRACKETS = "【】[]()《》<> \t"

_LONGEST = 200
"""No number of a KR with its unit's name is longer."""


@dataclass
class UpperKrs:
    """What may be carried, by id, by number within its unit, and by its words."""

    directory: Directory
    ids: dict[str, str] = field(default_factory=dict)
    numbered: dict[tuple[str, str, int | None, int | None], set[str]] = field(default_factory=dict)
    by_words: dict[tuple[str, str, str], set[tuple[str, str]]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, house: Warehouse, directory: Directory) -> Self:
        """Read the merged Os and KRs of units."""
        found = cls(directory)
        for objective_id, unit_id, period_id, number, title in house.rows(
            "select objective_id, unit_id, period_id, coalesce(ordinal, row_number() over (partition by unit_id, "
            "period_id order by ordinal nulls last, objective_id)), title from merged.objectives "
            "where person_id is null"
        ):
            found.ids[objective_id] = "objective"
            found.numbered.setdefault((unit_id, period_id, number, None), set()).add(objective_id)
            found.labels[objective_id] = f"O{number}"
            found._enter(unit_id, period_id, title, ("objective", objective_id))
        for kr_id, unit_id, period_id, o_number, number, title in house.rows(
            "with o as (select objective_id, unit_id, period_id, coalesce(ordinal, row_number() over ("
            "partition by unit_id, period_id order by ordinal nulls last, objective_id)) as number "
            "from merged.objectives where person_id is null) "
            "select k.kr_id, o.unit_id, o.period_id, o.number, coalesce(k.ordinal, row_number() over ("
            "partition by k.objective_id order by k.ordinal nulls last, k.kr_id)), k.title "
            "from merged.key_results k join o on o.objective_id = k.objective_id"
        ):
            found.ids.setdefault(kr_id, "kr")
            found.numbered.setdefault((unit_id, period_id, o_number, number), set()).add(kr_id)
            found.labels[kr_id] = f"O{o_number}-KR{number}"
            found.numbered.setdefault((unit_id, period_id, None, number), set()).add(kr_id)
            found._enter(unit_id, period_id, title, ("kr", kr_id))
        return found

    def _enter(self, unit_id: str, period_id: str, title: str | None, thing: tuple[str, str]) -> None:
        said = words(title) if title else None
        if said:
            self.said[thing[1]] = said
            self.by_words.setdefault((unit_id, period_id, said), set()).add(thing)

    def find(self, candidates: Sequence[str], objective: str, unit_id: str, period_id: str) -> tuple[str, str]:
        """Return `kr` or `objective` and the id of what is meant.

        Looked for are an id, a number (in the nearest unit above that has it, in the O's own period first, then
        in those above it), and the very words of something above.

        Raises:
            Unresolved: `unknown_upper` or `ambiguous_upper`, with what may be meant.
        """
        above = self.directory.above(unit_id)[1:]
        for text in candidates:
            if text in self.ids and text != objective:
                return self.ids[text], text
            found = (
                self._by_number(text, above, period_id)
                or self._by_words(text, above, period_id)
                or self._by_both(text, above, period_id)
            )
            if len(found) == 1:
                return next(iter(found))
            if found:
                told = sorted(f"{self.labels[thing]} ({thing})" for _, thing in found)
                raise Unresolved("ambiguous_upper", candidates, [], told)
        raise Unresolved("unknown_upper", candidates, self._known(above, period_id))

    def krs_of(self, text: str, unit_id: str, period_id: str) -> set[str]:
        """Return the unit's own KRs that a text may mean, by number, by words or by both."""
        found = (
            self._by_number(text, [unit_id], period_id)
            or self._by_words(text, [unit_id], period_id)
            or self._by_both(text, [unit_id], period_id)
        )
        return {thing for kind, thing in found if kind == "kr"}

    def _by_number(self, text: str, above: Sequence[str], period_id: str) -> set[tuple[str, str]]:
        if len(text) > _LONGEST:
            return set()
        matched = _NUMBERED.fullmatch(unicodedata.normalize("NFKC", text).strip())
        if matched is None or not (matched["o"] or matched["kr"]):
            return set()
        units: Sequence[str] = above
        if unit := matched["unit"].strip(_BRACKETS):
            try:
                units = [self.directory.unit([unit])]
            except Unresolved:
                return set()
        o_number = int(matched["o"]) if matched["o"] else None
        number = int(matched["kr"]) if matched["kr"] else None
        kind = "kr" if number is not None else "objective"
        for unit_id in units:
            for period in self.directory.reach(period_id):
                if found := self.numbered.get((unit_id, period, o_number, number)):
                    return {(kind, thing) for thing in found}
        return set()

    def _by_words(self, text: str, above: Sequence[str], period_id: str) -> set[tuple[str, str]]:
        said = words(text)
        if said is None:
            return set()
        for unit_id in above:
            for period in self.directory.reach(period_id):
                if found := self.by_words.get((unit_id, period, said)):
                    return found
        return set()

    def _by_both(self, text: str, above: Sequence[str], period_id: str) -> set[tuple[str, str]]:
        """Return what is written with its number and its words, `O1-KR2：…`, where the two are of one thing."""
        said = unicodedata.normalize("NFKC", text[: _LONGEST * 5]).strip()
        matched = _LABELLED.fullmatch(said)
        rest = words(matched["words"]) if matched else None
        if matched is None or rest is None:
            return set()
        numbered = self._by_number(matched["number"], above, period_id)
        same = {thing for thing in numbered if rest in (told := self.said.get(thing[1], "")) or (told and told in rest)}
        return same or (set() if numbered else self._by_words(matched["words"], above, period_id))

    def _known(self, above: Sequence[str], period_id: str) -> list[str]:
        """Return how the things of the nearest unit above that has any may be written."""
        periods = self.directory.reach(period_id)
        for nearest in above:
            told = [
                f"O{o_number}" + (f"-KR{number}" if number is not None else "")
                for unit_id, period, o_number, number in self.numbered
                if unit_id == nearest and period in periods and o_number is not None
            ]
            if told:
                return told
        return []
