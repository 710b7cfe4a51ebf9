"""Whatever stands on a sheet, reading it never falls, and no KR's words are lost."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.workbook.frames import Frames
from connectors.workbook.grid import Fault, Grid, Merge
from connectors.workbook.labels import WORDS, Labels
from connectors.workbook.reading import Options, read_sheet
from connectors.workbook.records import COLUMNS

LABELS = [label for words in WORDS.values() for label in words]
CELLS = st.one_of(
    st.just(""),
    st.just(""),
    st.none(),
    st.sampled_from(LABELS),
    st.sampled_from(
        [
            "O1",
            "KR1",
            "KR2：",
            "O2：目标",
            "KR1：结果",
            "责任人：张三",
            "承接：KR2",
            "目标：x",
            "O1-KR2、KR3",
            "无",
            "市场部：a\n研发部：b",
            "1、",
            "Q4末",
        ]
    ),
    st.sampled_from(["O", "KR", "承接", "责任人", "握手方", "握手点"]),
    st.text(max_size=12),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-5, 200),
    st.booleans(),
    st.dates(dt.date(1900, 1, 1)),
    st.datetimes(),
    st.timedeltas(),
    st.times(),
    st.sampled_from([Fault("error_cell", "#REF!"), Fault("formula_without_value")]),
)


MORE = [
    "O责任人",
    "责任人",
    "KR责任人（责任人，成员）",
    "成员",
    "信心",
    "进度",
    "完成日期",
    "握手方",
    "握手点",
    "回应",
    "理由",
    "编号",
    "姓名",
    "部门",
    "周期",
]
HEADERS = st.lists(st.sampled_from(MORE), min_size=1, max_size=7).flatmap(
    lambda more: st.sampled_from([["O", "KR"], ["KR"], ["承接", "O", "KR"]]).flatmap(
        lambda main: st.permutations([*main, *more])
    )
)


@st.composite
def grids(draw):
    width, height = draw(st.integers(1, 8)), draw(st.integers(1, 10))
    rows = [[draw(CELLS) for _ in range(width)] for _ in range(height)]
    for header in draw(st.lists(HEADERS, max_size=2)):
        head = [["承接", "KR1"], ["O1", "增长", "责任人", "张三"]][: draw(st.integers(0, 2))]
        at = draw(st.integers(0, len(rows)))
        rows[at:at] = [*head, header]
    width = max(len(row) for row in rows)
    rows = [[*row, *[draw(CELLS) for _ in range(width - len(row))]] for row in rows]
    merges = draw(
        st.lists(
            st.builds(
                lambda t, left, h, w: Merge(t, left, t + h, left + w),
                st.integers(0, 12), st.integers(0, 10), st.integers(0, 4), st.integers(0, 4),
            ),
            max_size=3,
        )
    )  # fmt: skip
    return Grid("S", rows, draw(st.integers(0, 3)), draw(st.integers(0, 3)), merges, lambda _: {2, 3})


@pytest.mark.parametrize("column", ["部门", "周期", "姓名"])
def test_a_column_that_only_an_earlier_header_of_the_sheet_has_goes_on(column):
    rows = [
        ["承接", "O", "O责任人", "KR", "O责任人", column],
        ["", "", "张三", "", "", "研发部"],
        ["承接", "O责任人", "O责任人", "KR", "O", ""],
        ["", "", "", "", Fault("error_cell", "#REF!"), ""],
    ]
    told = read_sheet(Grid("S", rows, 0, 0, [], lambda _: set()), "市场部.xlsx", Options(), Labels())
    assert told is not None
    frames = Frames()
    frames.add("市场部.xlsx", told)
    assert frames.frames()["objectives"]["place"].to_list() == ["市场部.xlsx!S!E4"]


@given(grids(), st.sampled_from([None, "sheet", "title", "file", "cell:B2"]))
@settings(max_examples=400)
def test_no_sheet_makes_the_reader_fall(grid, where):
    told = read_sheet(grid, "市场部.xlsx", Options(unit=where, period=where), Labels())
    if told is None:
        return
    frames = Frames()
    frames.add("市场部.xlsx", told)
    found = frames.frames()
    for table, frame in found.items():
        assert frame["place"].n_unique() == frame.height
        assert frame["row"].n_unique() == frame.height
        held = {*frames.holds[table]["市场部.xlsx!S"], "stated_id", "place", "scope", "part", "row", "cells"}
        assert set(frame.columns) <= held
        assert set(COLUMNS[table]) >= set(frame.columns) - {
            "place",
            "scope",
            "part",
            "cells",
            "objective_id",
            "kr_id",
            "handshake_id",
        }
    known = {row for frame in found.values() for row in frame["row"]}
    assert set(frames.references()["row"]) <= known
    os = set(found["objectives"]["row"]) if "objectives" in found else set()
    if "key_results" in found:
        assert set(found["key_results"]["objective_id"]) <= os
    if "handshakes" in found:
        assert set(found["handshakes"]["kr_id"]) <= set(found["key_results"]["row"])


TITLES = st.text(alphabet="甲乙丙丁戊己庚辛壬癸", min_size=2, max_size=6)
OKRS = st.lists(
    st.tuples(TITLES, st.lists(TITLES, min_size=1, max_size=4, unique=True)),
    min_size=1,
    max_size=4,
    unique_by=lambda o: o[0],
)


def read_of(rows):
    width = max(len(row) for row in rows)
    grid = Grid("S", [[*row, *[""] * (width - len(row))] for row in rows])
    frames = Frames()
    frames.add("a.xlsx", read_sheet(grid, "a.xlsx", Options(), Labels()))
    found = frames.frames()
    titles = dict(found["objectives"].select("objective_id", "title").iter_rows())
    return [(titles[o], k) for o, k in found["key_results"].select("objective_id", "title").iter_rows()]


@given(OKRS, st.integers(0, 2), st.booleans(), st.booleans())
def test_both_shapes_say_the_same(okrs, between, numbered, repeated):
    expected = [(o, kr) for o, krs in okrs for kr in krs]
    flat = [["承接", "O", "KR", "责任人"]]
    blocks = []
    for n, (o, krs) in enumerate(okrs, 1):
        named = f"O{n}：{o}" if numbered else o
        for k, kr in enumerate(krs, 1):
            told = f"KR{k}：{kr}" if numbered else kr
            flat.append(["KR1", named if repeated or k == 1 else "", told, "张三"])
        blocks += [["承接", "KR1"], [f"O{n}" if numbered else "O", o, "责任人", "张三"], ["KR", "KR 责任人"]]
        blocks += [[f"KR{k}：{kr}" if numbered else kr, "李四"] for k, kr in enumerate(krs, 1)]
        blocks += [[]] * between
    assert read_of(flat) == expected
    assert read_of(blocks) == expected
