"""Random edits of a unit's OKRs against a model that knows what was edited: a list of things with their titles."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.reconcile.memory import Memory, said

OBJECTIVES, KRS = 4, 5


@dataclass
class Thing:
    """An O or a KR as people see it: it stays itself whatever becomes of its title and its place."""

    number: int
    title: str
    krs: list[Thing] = field(default_factory=list)


class Sheet:
    """A unit's OKRs, and those who edit them."""

    def __init__(self, dice: st.DataObject) -> None:
        self._dice, self._numbers, self._letters = dice, count(), count(0x4E00)
        self.gone: list[Thing] = []
        self.objectives = [self._block() for _ in range(self.roll(1, OBJECTIVES))]

    def roll(self, least: int, most: int) -> int:
        return self._dice.draw(st.integers(least, most))

    def _thing(self) -> Thing:
        # Titles begin alike, as titles do, and share nothing else.
        return Thing(next(self._numbers), "完成" + "".join(self._letter() for _ in range(8)))

    def _letter(self) -> str:
        return chr(next(self._letters))

    def _block(self) -> Thing:
        block = self._thing()
        block.krs = [self._thing() for _ in range(self.roll(0, KRS))]
        return block

    def _some(self, things: list[Thing]) -> int:
        return self.roll(0, len(things) - 1)

    def _list(self) -> list[Thing]:
        """The list of Os, or the list of an O's KRs."""
        return ([self.objectives] + [block.krs for block in self.objectives])[self.roll(0, len(self.objectives))]

    def edit(self) -> None:
        things = self._list()
        edits = [self._insert] if not things else [self._insert, self._delete, self._mistype, self._swap, self._move]
        edits[self.roll(0, len(edits) - 1)](things)

    def _insert(self, things: list[Thing]) -> None:
        thing = self._block() if things is self.objectives else self._thing()
        things.insert(self.roll(0, len(things)), thing)

    def _delete(self, things: list[Thing]) -> None:
        thing = things.pop(self._some(things))
        self.gone += [thing, *thing.krs]

    def _mistype(self, things: list[Thing]) -> None:
        thing = things[self._some(things)]
        if thing.number in self.edited:
            return  # one wrong character of ten in a run, not three
        self.edited.add(thing.number)
        place = self.roll(2, len(thing.title) - 1)
        letter = self._letter()
        kinds = (letter, "", letter + thing.title[place])
        thing.title = thing.title[:place] + kinds[self.roll(0, 2)] + thing.title[place + 1 :]

    def _swap(self, things: list[Thing]) -> None:
        one, other = self._some(things), self._some(things)
        things[one], things[other] = things[other], things[one]

    def _move(self, things: list[Thing]) -> None:
        thing = things.pop(self._some(things))
        to = things if things is self.objectives else self.objectives[self._some(self.objectives)].krs
        to.insert(self.roll(0, len(to)), thing)

    def rewrite(self) -> None:
        """Give things wholly other titles where they stand."""
        for thing in [*self.objectives, *(kr for block in self.objectives for kr in block.krs)]:
            if self.roll(0, 1):
                thing.title = self._thing().title

    def round(self) -> None:
        self.edited: set[int] = set()
        self.gone = []
        for _ in range(self.roll(0, 5)):
            self.edit()


class Names:
    """What the program calls the things of a sheet."""

    def __init__(self) -> None:
        self.objectives, self.krs = Memory("objective"), Memory("kr")

    def run(self, sheet: Sheet) -> dict[int, str]:
        found: dict[int, str] = {}
        named = self.objectives.run([said(block.title) for block in sheet.objectives])
        rows, numbers = [], []
        for block, name in zip(sheet.objectives, named, strict=True):
            found[block.number] = name.id
            rows += [said(kr.title, name.id) for kr in block.krs]
            numbers += [kr.number for kr in block.krs]
        return found | dict(zip(numbers, [name.id for name in self.krs.run(rows)], strict=True))


@given(st.data())
@settings(max_examples=150)
def test_edits_change_no_identity(data: st.DataObject) -> None:
    sheet, names = Sheet(data), Names()
    before = names.run(sheet)
    ever = set(before.values())
    for _ in range(3):
        sheet.round()
        now = names.run(sheet)
        deleted = {before[thing.number] for thing in sheet.gone if thing.number in before}
        for number, name in now.items():
            if number in before:
                assert name == before[number]
            else:  # where another one was taken away, the new one may stand in its place
                assert name not in ever or name in deleted
        ever |= set(now.values())
        before = now


@given(st.data())
@settings(max_examples=50)
def test_what_is_rewritten_where_it_stands_stays_itself(data: st.DataObject) -> None:
    sheet, names = Sheet(data), Names()
    before = names.run(sheet)
    for _ in range(2):
        sheet.rewrite()
        assert names.run(sheet) == before


@given(st.data())
@settings(max_examples=50)
def test_an_edit_that_is_taken_back_brings_every_id_back(data: st.DataObject) -> None:
    sheet, names = Sheet(data), Names()
    before = names.run(sheet)
    was = [(block, block.title, list(block.krs), [kr.title for kr in block.krs]) for block in sheet.objectives]
    sheet.round()
    names.run(sheet)
    for block, title, krs, titles in was:
        block.title, block.krs = title, krs
        for kr, each in zip(krs, titles, strict=True):
            kr.title = each
    sheet.objectives = [block for block, *_ in was]

    assert names.run(sheet) == before


@given(st.lists(st.sampled_from(["甲", "乙", "甲乙", "完成甲乙丙丁", "完成甲乙丙戊", ""]), max_size=6), st.data())
@settings(max_examples=150)
def test_no_two_rows_share_an_id_whatever_they_say(titles: list[str], data: st.DataObject) -> None:
    memory = Memory("kr")  # which asserts it, and that a source id never changes its meaning
    homes = st.sampled_from(["O1", "O2"])
    for _ in range(4):
        rows = [said(title, data.draw(homes)) for title in data.draw(st.permutations(titles))]
        titles = titles[data.draw(st.integers(0, 2)) :] + data.draw(
            st.lists(st.sampled_from(["甲", "丙", ""]), max_size=2)
        )
        first = memory.run(rows)
        assert [name.id for name in memory.run(rows)] == [name.id for name in first]
