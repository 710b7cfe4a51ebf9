"""Which thing a row is after people's edits, case by case."""

from __future__ import annotations

import pytest

from tests.unit.reconcile.memory import Memory, asked, said

A, B, C, D = "提升华东大客户续约率到九成", "上线新会员体系并稳定运行", "完成三家标杆门店改造", "降低退货处理的平均时长"
NEW = "搭建数据看板供各部门使用"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ([A, B, C], "abc"),
        ([C, A, B], "cab"),  # rows moved
        ([B, A, C], "bac"),  # two rows swapped
        ([NEW, A, B, C], "+abc"),  # put in above
        ([A, NEW, B, C], "a+bc"),
        ([A, C], "ac"),  # taken away
        ([B, C, NEW], "bc+"),  # taken away above and put in below is another thing
        ([NEW, A, B], "+ab"),  # and the other way round
        ([A, B.replace("稳定", "穏定"), C], "abc"),  # a typing mistake, or its correction
        ([A, " " + B.replace("并", "，并") + "。", C], "abc"),  # punctuation and white space
        ([A, NEW, C], "abc"),  # rewritten where it stands
        ([NEW, A[:-2], B, C], "+abc"),  # put in above a row that is corrected
        ([NEW, "提升华东客户的续约到95%", B, C], "+abc"),  # or that is rather rewritten
        ([NEW, D, A + "以上"], "++a"),  # what stood behind the first one is not what stands before it
        ([C, B + "（含海外）", A], "cba"),
        ([D, NEW], "ab"),  # everything rewritten, one gone
        ([A.replace("华东", "华北"), A, B, C], "+abc"),  # alike, but there is a better match
        ([A, A, B, C], "a+bc"),  # copied
        ([C, NEW, B], "cab"),  # rewritten, and still before the same one
        ([A, NEW, D], "abc"),
        ([NEW, D, C], "abc"),
    ],
)
def test_edits_of_a_list(now: list[str], expected: str) -> None:
    memory = Memory("objective")
    ids = dict(zip("abc", memory.names(A, B, C), strict=True))

    found = memory.names(*now)

    letters = {thing: letter for letter, thing in ids.items()}
    assert "".join(letters.get(thing, "+") for thing in found) == expected
    assert memory.names(*now) == found, "a run that finds the same changes nothing"


def test_by_what_a_row_is_known_is_told() -> None:
    memory = Memory("objective")
    memory.run([said(A), said(B), said(C)])
    found = memory.run([said(A), said(B[:-1]), said(NEW), said(D, stated="OKR-9")], {})

    assert [name.how for name in found] == ["words", "likeness", "place", "id"]
    assert found[3].id == found[3].source_id == "OKR-9"


def test_every_wording_of_a_thing_has_a_source_id_of_its_own() -> None:
    memory = Memory("objective")
    (first,) = memory.run([said(A)])
    (second,) = memory.run([said(A[:-1])])
    (third,) = memory.run([said(A)])

    assert first.id == second.id == third.id == first.source_id == third.source_id
    assert second.source_id != first.source_id


def test_a_new_thing_never_gets_the_id_of_one_that_once_said_the_same() -> None:
    memory = Memory("objective")
    (first,) = memory.names(A)
    (renamed,) = memory.names(A[:-1])
    again, new = memory.names(A[:-1], A)

    assert first == renamed == again
    assert new != first
    assert memory.names(A, A[:-1]) == [new, first]


def test_what_was_deleted_and_is_written_again_gets_its_old_id_back() -> None:
    memory = Memory("objective")
    a, b = memory.names(A, B)
    assert memory.names(B) == [b]
    assert memory.names(B) == [b]
    assert memory.names(B, D, A)[::2] == [b, a]


def test_of_things_gone_with_the_same_words_the_one_of_that_place_comes_back() -> None:
    memory = Memory("kr")
    first, second, other = [name.id for name in memory.run([said(A, "O1"), said(A, "O2"), said(B, "O2")])]
    memory.run([said(B, "O2")])
    found = memory.run([said(A, "O2"), said(B, "O2")])

    assert [name.id for name in found] == [second, other]
    assert first != second


def test_equal_rows_are_told_apart_by_their_neighbours() -> None:
    memory = Memory("kr")
    first, a, second, b = memory.names("待定", A, "待定", B)

    assert memory.names(A, "待定", B) == [a, second, b]
    assert first not in memory.names(A, "待定", B)


def test_equal_rows_of_two_workbooks_stay_with_theirs() -> None:
    memory = Memory("objective")
    rows = [said(A, scope="a.xlsx"), said(A, scope="b.xlsx")]
    first, second = [name.id for name in memory.run(rows)]

    assert [name.id for name in memory.run(rows[::-1])] == [second, first]
    assert [name.id for name in memory.run([said(A, scope="b.xlsx")])] == [second]


def test_the_same_words_of_two_people_stay_with_them() -> None:
    memory = Memory("objective")
    zhang, li = [name.id for name in memory.run([said(A, person="zhang"), said(A, person="li")])]

    assert [name.id for name in memory.run([said(A, person="li"), said(A, person="zhang")])] == [li, zhang]
    assert [name.id for name in memory.run([said(B, person="zhang"), said(A, person="wang")])] == [zhang, li]


def test_a_row_without_words_is_known_by_its_place() -> None:
    memory = Memory("kr")
    ids = memory.names(A, "", B)

    assert memory.names(A, "", B) == ids
    assert memory.names(A, C, B) == ids


def test_a_kr_under_another_o_of_the_unit_stays_itself() -> None:
    memory = Memory("kr")
    a, b, c = [name.id for name in memory.run([said(A, "O1"), said(B, "O1"), said(C, "O2")])]

    moved = memory.run([said(B, "O1"), said(C, "O2"), said(A, "O2")])
    assert [name.id for name in moved] == [b, c, a]

    mistyped = memory.run([said(B, "O1"), said(A[:-1], "O1"), said(C, "O2")])
    assert [name.id for name in mistyped] == [b, a, c]


def test_a_kr_is_sought_within_its_o_first() -> None:
    memory = Memory("kr")
    first, second = [name.id for name in memory.run([said(A, "O1"), said(A, "O2")])]

    found = memory.run([said(B, "O1"), said(A, "O2")])
    assert [name.id for name in found] == [first, second]


def test_another_units_rows_are_other_things() -> None:
    memory = Memory("objective")
    (a,) = memory.names(A)
    elsewhere = said(A)._replace(holder=said(A).holder._replace(unit_id="销售部"))
    later = said(A)._replace(holder=said(A).holder._replace(period_id="2027Q1"))

    assert a not in [name.id for name in memory.run([elsewhere, later])]
    assert memory.names(A) == [a]


# -- ids that stand in a column -----------------------------------------------------------------------


def test_a_known_id_holds_against_all_words() -> None:
    memory = Memory("objective")
    a, b = memory.names(A, B)
    found = memory.run([said(B, stated=a), said(A, stated=b)], {0: a, 1: b})

    assert [name.id for name in found] == [a, b]
    assert {name.how for name in found} == {"id"}


def test_an_id_column_put_in_later_gives_its_ids_to_what_is_known() -> None:
    memory = Memory("objective")
    ids = memory.names(A, B, C)
    found = memory.run([said(NEW, stated="1"), said(A[:-1], stated="2"), said(B, stated="3"), said(C, stated="4")])

    assert [name.id for name in found] == ["1", *ids]
    assert [name.source_id for name in found] == ["1", "2", "3", "4"]

    without = memory.run([said(NEW), said(A), said(B), said(C)])
    assert [name.id for name in without] == ["1", *ids]


def test_another_id_is_another_thing() -> None:
    memory = Memory("objective")
    memory.run([said(A, stated="OKR-1")])
    (found,) = memory.run([said(A, stated="OKR-2")])

    assert found.id == "OKR-2"


# -- handshakes ---------------------------------------------------------------------------------------


def test_a_handshake_is_the_same_by_its_kr_its_party_and_its_point() -> None:
    memory = Memory("handshake")
    rows = [asked("技术部", "开放接口"), asked("技术部", "联合压测"), asked("法务部", "审合同")]
    api, load, law = [name.id for name in memory.run(rows)]

    assert [name.id for name in memory.run(rows[::-1])] == [law, load, api]
    found = memory.run([asked("法务部", "审完合同范本"), asked("技术部", "联合压测"), asked("技术部", "单点登录")])
    assert [name.id for name in found] == [law, load, api]
    assert [name.id for name in memory.run([asked("技术部", "联合压测")])] == [load]


def test_a_party_is_the_unit_that_it_means_else_its_words() -> None:
    memory = Memory("handshake")
    (first,) = [name.id for name in memory.run([asked("技术部")])]

    assert [name.id for name in memory.run([asked("技术部", meant="tech")])] == [first], "somebody made the unit known"
    assert [name.id for name in memory.run([asked("Tech", meant="tech")])] == [first], "another name of the same unit"
    assert [name.id for name in memory.run([asked("Tech")])] == [first], "the unit is gone"
    assert [name.id for name in memory.run([asked("法务部")])] != [first]


def test_another_krs_handshake_is_another_one() -> None:
    memory = Memory("handshake")
    (first,) = memory.run([asked("技术部", "开放接口")])
    (other,) = memory.run([asked("技术部", "开放接口", kr="K2")])

    assert first.id != other.id
