"""Flat sheets: one header row, one row a KR."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.connectors.workbook.making import (
    FLAT,
    Formula,
    Percent,
    asked,
    book,
    codes,
    linked,
    of,
    owners,
    read,
    said,
    values,
)  # fmt: skip

DAY = dt.date(2026, 11, 30)


def test_the_cells_of_the_o_on_each_row(tmp_path):
    rows = [
        FLAT,
        [
            "O1-KR2",
            "O1：提升复购",
            "张三",
            0.7,
            "KR1：复购率 30%",
            "李四",
            DAY,
            "研发部",
            "会员接口",
        ],
        ["O1-KR2", "O1：提升复购", "张三", 0.7, "KR2：会员 10 万", "王五", DAY, "", ""],
        ["", "O2：降低成本", "赵六", 0.5, "KR1：费用降 5%", "李四", DAY, "", ""],
    ]
    delivery = read(book(tmp_path / "市场部OKR.xlsx", {"OKR": rows}))
    assert values(delivery, "objectives", "title", "ordinal", "confidence") == [
        ("提升复购", 1, "0.7"),
        ("降低成本", 2, "0.5"),
    ]
    assert of(delivery) == [
        ("提升复购", "复购率 30%"),
        ("提升复购", "会员 10 万"),
        ("降低成本", "费用降 5%"),
    ]
    assert values(delivery, "key_results", "ordinal", "due_on") == [
        (1, "2026-11-30"),
        (2, "2026-11-30"),
        (1, "2026-11-30"),
    ]
    assert owners(delivery, "objectives") == {"提升复购": ["张三"], "降低成本": ["赵六"]}
    assert owners(delivery, "key_results") == {
        "复购率 30%": ["李四"],
        "会员 10 万": ["王五"],
        "费用降 5%": ["李四"],
    }
    assert linked(delivery) == [("提升复购", "O1-KR2")]
    assert asked(delivery) == [("复购率 30%", "研发部", "会员接口")]
    assert delivery.refusals == ()


@pytest.mark.parametrize("merged", [True, False])
def test_the_cells_of_the_o_merged_over_its_krs_or_only_on_the_first(tmp_path, merged):
    rows = [
        FLAT,
        ["KR1", "O1：提升复购", "张三", 0.7, "KR1", "李四", DAY, "", ""],
        ["", "", "", "", "会员 10 万", "王五", DAY, "", ""],
        ["", "", "", "", "复购率 30%", "王五", DAY, "", ""],
        ["KR2", "降低成本", "赵六", 0.5, "费用降 5%", "李四", DAY, "", ""],
    ]
    rows[1][4] = "KR1：上线积分"
    merges = {"OKR": ["A2:A4", "B2:B4", "C2:C4", "D2:D4"]} if merged else None
    delivery = read(book(tmp_path / "a.xlsx", {"OKR": rows}, merges=merges))
    assert of(delivery) == [
        ("提升复购", "上线积分"), ("提升复购", "会员 10 万"), ("提升复购", "复购率 30%"), ("降低成本", "费用降 5%"),
    ]  # fmt: skip
    assert values(delivery, "key_results", "ordinal") == [1, 2, 3, 1]
    assert linked(delivery) == [("提升复购", "KR1"), ("降低成本", "KR2")]
    assert owners(delivery, "objectives") == {"提升复购": ["张三"], "降低成本": ["赵六"]}


def test_english_labels(tmp_path):
    rows = [
        [
            "Aligns to",
            "Objective",
            "Owner",
            "Confidence",
            "Key Result",
            "Owner",
            "Members",
            "Due",
            "Progress",
            "Partner",
            "Need",
            "Response",
            "Reason",
        ],
        [
            "O1-KR2",
            "O1: Win the market",
            "Ann Lee",
            "70%",
            "KR1: 30% retention",
            "Bo Chen",
            "Cy, Di",
            "2026/11/30",
            "20 %",
            "R&D",
            "an interface",
            "Needs clarification",
            "why?",
        ],
    ]
    delivery = read(book(tmp_path / "Marketing OKRs.xlsx", {"Sheet1": rows}))
    assert values(delivery, "objectives", "title", "confidence") == [("Win the market", "70%")]
    assert values(delivery, "key_results", "title", "due_on", "progress") == [("30% retention", "2026-11-30", "20%")]
    assert owners(delivery, "objectives") == {"Win the market": ["Ann Lee"]}
    assert owners(delivery, "key_results") == {"30% retention": ["Bo Chen"]}
    assert owners(delivery, "key_results", "member_ids") == {"30% retention": ["Cy", "Di"]}
    assert values(delivery, "handshakes", "party", "point", "response", "response_reason") == [
        ("R&D", "an interface", "clarify", "why?")
    ]
    assert "Marketing" in said(delivery, "unit_id")[0]


def test_a_table_that_begins_anywhere_below_a_title_and_notes(tmp_path):
    rows = [
        [], ["", "市场部 2026Q4 OKR"], ["", "部门：", "市场部", "", "周期：2026年第四季度"], [],
        ["", "", *FLAT],
        ["", "", "", "提升复购", "", "", "复购率 30%", "李四"],
    ]  # fmt: skip
    delivery = read(book(tmp_path / "随便.xlsx", {"Sheet1": rows}))
    assert of(delivery) == [("提升复购", "复购率 30%")]
    assert values(delivery, "objectives", "place") == ["随便.xlsx!Sheet1!D6"]
    assert said(delivery, "unit_id")[0][0] == "市场部"
    assert said(delivery, "period_id")[0][:2] == ["2026年第四季度", "2026Q4"]
    place = delivery.references.filter(field="unit_id")["place"].to_list()
    assert place == ["随便.xlsx!Sheet1!C3 部门："]


def test_rows_left_empty_do_not_end_the_table_and_remarks_are_no_o(tmp_path):
    rows = [
        ["O", "KR", "责任人"],
        ["目标一", "KR1：甲", "张三"],
        [],
        ["", "KR2：乙", "李四"],
        [],
        ["注：每个 O 最多四个 KR"],
    ]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert [kr for _, kr in of(delivery)] == ["甲", "乙"]
    assert codes(delivery) == ["workbook_rows_passed_over"]


def test_a_header_that_is_repeated_further_down(tmp_path):
    rows = [
        ["O", "KR", "责任人"],
        ["增长", "KR1：甲", "张三"],
        ["O", "KR", "责任人"],
        ["降本", "KR1：乙", "李四"],
    ]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert of(delivery) == [("增长", "甲"), ("降本", "乙")]


def test_a_second_header_row_under_a_merged_one(tmp_path):
    rows = [
        ["O", "KR", "KR责任人", "", "完成日期"], ["", "", "责任人", "成员", ""],
        ["增长", "甲", "张三", "李四、王五", "11月30日"],
    ]  # fmt: skip
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}, merges={"S": ["C1:D1", "A1:A2", "B1:B2", "E1:E2"]}))
    assert of(delivery) == [("增长", "甲")]
    assert owners(delivery, "key_results") == {"甲": ["张三"]}
    assert owners(delivery, "key_results", "member_ids") == {"甲": ["李四", "王五"]}


def test_owner_and_members_in_one_cell_where_the_label_says_so(tmp_path):
    rows = [["O", "KR", "KR 责任人（责任人，成员）"], ["增长", "甲", "张三，李四、王五"]]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert owners(delivery, "key_results") == {"甲": ["张三"]}
    assert owners(delivery, "key_results", "member_ids") == {"甲": ["李四", "王五"]}
    assert "member_ids" in delivery.holds["key_results"]["a.xlsx!S"]


def test_one_kr_over_several_rows_with_a_party_each(tmp_path):
    rows = [
        ["O", "KR", "握手方", "握手点"],
        ["增长", "甲", "研发部", "接口"], ["", "", "财务部", "预算"],
        ["", "乙", "法务部", "合同"],
    ]  # fmt: skip
    for merges in (None, {"S": ["A2:A4", "B2:B3"]}):
        delivery = read(book(tmp_path / "a.xlsx", {"S": rows}, merges=merges))
        assert asked(delivery) == [
            ("甲", "研发部", "接口"),
            ("甲", "财务部", "预算"),
            ("乙", "法务部", "合同"),
        ]
        assert len(set(values(delivery, "handshakes", "handshake_id"))) == 3


def test_cells_merged_across_krs_are_said_of_each(tmp_path):
    rows = [
        ["O", "KR", "责任人", "完成日期", "进度"],
        ["增长", "甲", "张三", DAY, Percent(1.3)],
        ["", "乙"],
        ["", "丙", "李四"],
    ]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}, merges={"S": ["C2:C3", "D2:D4", "E2:E3"]}))
    assert owners(delivery, "key_results") == {"甲": ["张三"], "乙": ["张三"], "丙": ["李四"]}
    assert values(delivery, "key_results", "due_on", "progress") == [
        ("2026-11-30", "130%"),
        ("2026-11-30", "130%"),
        ("2026-11-30", None),
    ]


def test_per_cent_formats_are_found_also_where_they_are_words_in_quotes(tmp_path):
    rows = [
        ["O", "信心", "KR", "进度"],
        ["增长", Percent(0.7), "甲", Percent(0.285)],
        ["降本", 70, "乙", 0.3],
    ]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert values(delivery, "objectives", "confidence") == ["70%", "70"]
    assert values(delivery, "key_results", "progress") == ["28.5%", "0.3"]


def test_dates_that_only_the_period_can_finish_are_said_in_words(tmp_path):
    rows = [
        ["O", "KR", "完成日期"],
        ["增长", "甲", "11月30日"],
        ["", "乙", "Q4末"],
        ["", "丙", "11/31"],
        ["", "丁", "2026.11.30"],
    ]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert values(delivery, "key_results", "due_on") == [None, None, "11/31", "2026-11-30"]
    assert said(delivery, "due_on") == [["11月30日", "11月30日"], ["Q4末", "Q4末"]]
    kinds = delivery.references.filter(field="due_on")
    assert set(kinds["kind"]) == {"date_in_period"}
    assert kinds["place"].to_list() == ["a.xlsx!S!C2 完成日期", "a.xlsx!S!C3 完成日期"]


def test_persons_own_os(tmp_path):
    rows = [
        ["姓名", "部门", "O", "KR"],
        ["张三", "市场部", "学英语", "过六级"],
        ["", "", "健身", "十公里"],
        ["李四", "研发部", "学英语", "过六级"],
    ]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert values(delivery, "objectives", "title") == ["学英语", "健身", "学英语"]
    assert values(delivery, "objectives", "ordinal") == [1, 2, 1]
    assert said(delivery, "person_id") == [["张三"], ["张三"], ["李四"]]
    assert [words[0] for words in said(delivery, "unit_id")] == ["市场部", "市场部", "研发部"]
    assert "person_id" in delivery.holds["objectives"]["a.xlsx!S"]


def test_an_id_column_and_numbers_that_are_none(tmp_path):
    rows = [
        ["O编号", "O", "KR编号", "KR"],
        ["OBJ-7", "增长", "K-17", "甲"],
        ["", "", 2, "乙"],
        ["3", "降本", "KR1", "丙"],
    ]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert values(delivery, "objectives", "stated_id", "ordinal") == [("OBJ-7", 1), (None, 3)]
    assert values(delivery, "key_results", "stated_id", "ordinal") == [
        ("K-17", 1),
        (None, 2),
        (None, 1),
    ]


def test_a_label_of_the_settings(tmp_path):
    rows = [["O", "KR", "里程碑", "单位价格"], ["增长", "甲", "11月底", "9"]]
    path = book(tmp_path / "a.xlsx", {"S": rows})
    assert said(read(path, columns={"里程碑": "due_on"}), "due_on") == [["11月底", "11月底"]]
    notices = [values for code, values in read(path).notices if code == "workbook_unknown_label"]
    assert [n["label"] for n in notices] == ["里程碑", "单位价格"]


def test_what_the_rows_of_one_o_say_differently_is_refused_by_cell(tmp_path):
    rows = [["承接", "O", "O信心", "KR"], ["KR1", "增长", 0.7, "甲"], ["KR2", "增长", 0.5, "乙"]]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert linked(delivery) == [("增长", "KR1"), ("增长", "KR2")]
    (refusal,) = delivery.refusals
    assert (refusal.code, refusal.field, refusal.value, refusal.place) == (
        "differs_within_objective",
        "confidence",
        "0.5",
        "a.xlsx!S!C3 O信心",
    )
    assert refusal.values == {"label": "O信心", "first": "0.7", "cell": "C2"}


def test_formulas_and_errors(tmp_path):
    rows = [
        ["O", "信心", "KR", "责任人", "完成日期"],
        [
            Formula('="增长"').with_value("增长"),
            Formula("=0.6+0.1").with_value(0.7),
            "甲",
            Formula("=A9"),
            Formula("=1/0").with_value("#DIV/0!"),
        ],
        ["", "", Formula("=B9"), "李四", ""],
    ]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert values(delivery, "objectives", "title", "confidence") == [("增长", "0.7")]
    assert values(delivery, "key_results", "title", "due_on") == [("甲", None), (None, None)]
    found = {(r.table, r.field, r.code, r.place, r.value) for r in delivery.refusals}
    assert found == {
        ("key_results", "owner_ids", "formula_without_value", "a.xlsx!S!D2 责任人", None),
        ("key_results", "due_on", "error_cell", "a.xlsx!S!E2 完成日期", "#DIV/0!"),
        ("key_results", "title", "formula_without_value", "a.xlsx!S!C3 KR", None),
    }


def test_an_o_whose_cell_is_an_error_is_not_taken_for_the_one_above(tmp_path):
    rows = [["O", "KR"], ["增长", "甲"], [Formula("=1/0").with_value("#REF!"), "乙"]]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert of(delivery) == [("增长", "甲"), (None, "乙")]
    assert [(r.table, r.field, r.value) for r in delivery.refusals] == [("objectives", "title", "#REF!")]


def test_a_kr_before_any_o_and_a_point_without_a_party_are_refused(tmp_path):
    rows = [
        ["O", "KR", "握手方", "握手点"],
        ["", "甲", "", ""],
        ["增长", "乙", "", "要接口"],
        ["", "丙", "无", "无"],
    ]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert of(delivery) == [("增长", "乙"), ("增长", "丙")]
    assert [(r.code, r.whole, r.value) for r in delivery.refusals] == [
        ("kr_without_objective", True, "甲"), ("point_without_party", False, "要接口"),
    ]  # fmt: skip
    assert "handshakes" not in delivery.frames


def test_every_value_has_its_cell(tmp_path):
    rows = [["O", "信心", "KR", "进度", "完成日期"], ["增长", "高", "甲", "快了", "31 Nov"]]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert delivery.frames["objectives"]["cells"].to_list() == [
        {"title": "a.xlsx!S!A2 O", "confidence": "a.xlsx!S!B2 信心"}
    ]
    cells = delivery.frames["key_results"]["cells"].to_list()[0]
    assert cells == {
        "title": "a.xlsx!S!C2 KR",
        "progress": "a.xlsx!S!D2 进度",
        "due_on": "a.xlsx!S!E2 完成日期",
    }
    assert values(delivery, "key_results", "due_on", "progress") == [("31 Nov", "快了")]


def test_an_o_without_krs_stands(tmp_path):
    rows = [["O", "KR", "责任人"], ["增长", "", ""], ["降本", "甲", "张三"]]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert values(delivery, "objectives", "title") == ["增长", "降本"]
    assert of(delivery) == [("降本", "甲")]


def test_rows_of_the_template_that_nobody_filled_in_are_nothing(tmp_path):
    rows = [
        ["O", "KR", "责任人"],
        ["O1：增长", "KR1：甲", "张三"],
        ["", "KR2：", ""],
        ["", "KR3", ""],
        ["", "KR4：", "李四"],
    ]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert values(delivery, "key_results", "title", "ordinal") == [("甲", 1), (None, 4)]
