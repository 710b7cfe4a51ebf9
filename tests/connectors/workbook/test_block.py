"""Blocks: per O a row with what it carries, a row with the O, a header, and KR rows."""

from __future__ import annotations

import datetime as dt

from tests.connectors.workbook.making import (
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
HEADER = ["KR", "KR 责任人", "完成日期", "握手方", "详细握手点说明"]


def block(number: int, carries: str, title: str, *krs: list) -> list[list]:
    return [
        ["承接", carries],
        [f"O{number}", title, "责任人", f"责任{number}", "信心指数 %", Percent(0.7)],
        HEADER,
        *krs,
    ]


def test_an_owner_beside_what_the_o_carries_is_the_os(tmp_path):
    rows = [
        ["负责人", "部门长"],
        ["承接", "KR5", "责任人", "张三", "信心", Percent(0.7)],
        ["O1", "提升复购"],
        HEADER,
        ["KR1：复购率 30%", "李四", DAY],
        ["承接", "KR6", "责任人", "王五", "信心", Percent(0.6)],
        ["O2", "降低成本", "责任人", "赵六"],
        HEADER,
        ["KR1：费用降 5%", "李四", DAY],
    ]
    delivery = read(book(tmp_path / "市场部OKR.xlsx", {"OKR": rows}))
    assert values(delivery, "objectives", "title", "confidence") == [("提升复购", "70%"), ("降低成本", "60%")]
    assert owners(delivery, "objectives") == {"提升复购": ["张三"], "降低成本": ["赵六"]}
    assert linked(delivery) == [("提升复购", "KR5"), ("降低成本", "KR6")]


def test_blocks_below_one_another_with_or_without_empty_rows(tmp_path):
    first = block(
        1,
        "O1-KR2",
        "提升复购",
        ["KR1：复购率 30%", "李四", DAY, "研发部", "会员接口"],
        ["KR2：会员 10 万", "王五", "11/30"],
    )
    second = block(2, "O1：KR2、KR3（40%）", "降低成本", ["费用降 5%", "李四", DAY, "无", "-"])
    for between in ([], [[]], [[], []]):
        rows = [["市场部 OKR"], *first, *between, *second]
        delivery = read(book(tmp_path / "市场部OKR.xlsx", {"OKR": rows}))
        assert values(delivery, "objectives", "title", "ordinal", "confidence") == [
            ("提升复购", 1, "70%"),
            ("降低成本", 2, "70%"),
        ]
        assert of(delivery) == [("提升复购", "复购率 30%"), ("提升复购", "会员 10 万"), ("降低成本", "费用降 5%")]
        assert owners(delivery, "objectives") == {"提升复购": ["责任1"], "降低成本": ["责任2"]}
        assert owners(delivery, "key_results") == {
            "复购率 30%": ["李四"],
            "会员 10 万": ["王五"],
            "费用降 5%": ["李四"],
        }
        assert linked(delivery) == [("提升复购", "O1-KR2"), ("降低成本", "O1：KR2"), ("降低成本", "O1：KR3")]
        assert asked(delivery) == [("复购率 30%", "研发部", "会员接口")]
        assert values(delivery, "key_results", "due_on") == ["2026-11-30", None, "2026-11-30"]
        assert said(delivery, "due_on") == [["11月30日", "11/30"]]
        assert delivery.refusals == ()
        assert codes(delivery) == []
        shares = delivery.references.filter(field="parent_id")["share"].to_list()
        assert shares == [None, None, 0.4]


def test_blocks_beside_one_another(tmp_path):
    left = block(1, "KR1", "提升复购", ["甲", "李四", DAY, "研发部", "接口"], ["乙", "王五", DAY, "", ""])
    right = block(2, "KR2", "降低成本", ["丙", "赵六", DAY, "财务部", "预算"])
    rows = [
        [*a, *[""] * (6 - len(a)), "", *(right[i] if i < len(right) else [])] for i, a in enumerate(left)
    ]  # fmt: skip
    delivery = read(book(tmp_path / "a.xlsx", {"OKR": rows}))
    assert of(delivery) == [("提升复购", "甲"), ("提升复购", "乙"), ("降低成本", "丙")]
    assert linked(delivery) == [("提升复购", "KR1"), ("降低成本", "KR2")]
    assert asked(delivery) == [("甲", "研发部", "接口"), ("丙", "财务部", "预算")]
    assert owners(delivery, "objectives") == {"提升复购": ["责任1"], "降低成本": ["责任2"]}


def test_labels_and_values_in_one_cell(tmp_path):
    rows = [
        ["承接：KR2"], ["O1：提升复购", "责任人：张三", "信心指数：７０ ％"], HEADER, ["KR1：甲", "李四"],
        ["O2. 降低成本", "负责人:赵六"], HEADER, ["乙", "王五"],
    ]  # fmt: skip
    delivery = read(book(tmp_path / "a.xlsx", {"OKR": rows}))
    assert values(delivery, "objectives", "title", "ordinal", "confidence") == [
        ("提升复购", 1, "70%"),
        ("降低成本", 2, None),
    ]
    assert owners(delivery, "objectives") == {"提升复购": ["张三"], "降低成本": ["赵六"]}
    assert of(delivery) == [("提升复购", "甲"), ("降低成本", "乙")]


def test_values_below_their_labels(tmp_path):
    rows = [
        ["承接", "目标", "责任人", "信心"], ["KR2", "提升复购", "张三", 0.7], HEADER, ["甲", "李四"], [],
        ["承接", "目标", "责任人", "信心"], ["KR3", "降低成本", "赵六", 0.5], HEADER, ["乙", "王五"],
    ]  # fmt: skip
    delivery = read(book(tmp_path / "a.xlsx", {"OKR": rows}))
    assert values(delivery, "objectives", "title", "confidence") == [("提升复购", "0.7"), ("降低成本", "0.5")]
    assert linked(delivery) == [("提升复购", "KR2"), ("降低成本", "KR3")]
    assert of(delivery) == [("提升复购", "甲"), ("降低成本", "乙")]


def test_merged_cells_everywhere(tmp_path):
    rows = [
        ["承接", "O1-KR2", "", "", "", ""],
        ["O", "提升复购", "", "责任人", "张三", "信心指数：70%"],
        ["KR", "", "责任人", "完成日期", "握手方", "握手点"],
        ["KR1", "复购率 30%", "李四", DAY, "研发部", "接口"],
        ["", "", "", "", "财务部", "预算"],
        ["KR2", "会员 10 万", "王五", "11月底", "", ""],
    ]
    merges = {"OKR": ["B1:F1", "B2:C2", "A3:B3", "A4:A5", "B4:B5", "C4:C5", "D4:D5"]}
    delivery = read(book(tmp_path / "a.xlsx", {"OKR": rows}, merges=merges))
    assert values(delivery, "key_results", "title", "ordinal") == [("复购率 30%", 1), ("会员 10 万", 2)]
    assert owners(delivery, "key_results") == {"复购率 30%": ["李四"], "会员 10 万": ["王五"]}
    assert asked(delivery) == [("复购率 30%", "研发部", "接口"), ("复购率 30%", "财务部", "预算")]
    assert values(delivery, "objectives", "confidence") == ["70%"]


def test_english_blocks(tmp_path):
    rows = [
        ["Marketing 2026Q4 OKRs"],
        ["Aligns to", "O1-KR2"], ["Objective 1", "Win the market", "Owner:", "Ann Lee", "Confidence", 0.8],
        ["Key Result", "Owner", "Due", "Partner", "Need"],
        ["KR1: retention 30%", "Bo Chen (bchen)", "2026-11-30", "R&D, Finance", "R&D: an interface\nFinance: a budget"],
    ]  # fmt: skip
    delivery = read(book(tmp_path / "okr.xlsx", {"Sheet1": rows}))
    assert values(delivery, "objectives", "title", "ordinal") == [("Win the market", 1)]
    assert asked(delivery) == [("retention 30%", "R&D", "an interface"), ("retention 30%", "Finance", "a budget")]
    assert said(delivery, "owner_ids", "key_results") == [["Bo Chen (bchen)", "bchen", "Bo Chen"]]
    assert "Marketing" in said(delivery, "unit_id")[0]
    assert "2026Q4" in said(delivery, "period_id")[0]


def test_an_owner_and_a_link_in_rows_of_their_own_below_the_o(tmp_path):
    rows = [
        ["O：", "提升复购"],
        ["责任人：", "张三"],
        ["信心：", "70"],
        ["承接：", "KR2"],
        HEADER,
        ["甲"],
        ["O：", "降低成本"],
        HEADER,
        ["乙"],
    ]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert owners(delivery, "objectives") == {"提升复购": ["张三"]}
    assert values(delivery, "objectives", "confidence") == ["70", None]
    assert linked(delivery) == [("提升复购", "KR2")]
    assert of(delivery) == [("提升复购", "甲"), ("降低成本", "乙")]


def test_the_empty_blocks_of_a_template_are_nothing(tmp_path):
    rows = [
        *block(1, "KR2", "提升复购", ["KR1：甲", "李四"], ["KR2："], ["KR3："]),
        [],
        ["承接", ""],
        ["O2", "", "责任人", "", "信心指数 %", ""],
        HEADER,
        ["KR1："],
        ["KR2："],
    ]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert of(delivery) == [("提升复购", "甲")]
    assert values(delivery, "objectives", "title") == ["提升复购"]
    assert delivery.refusals == ()


def test_an_o_without_krs_keeps_its_own_link(tmp_path):
    rows = [["承接", "KR1"], ["O1", "提升复购"], [], *block(2, "KR2", "降低成本", ["乙", "王五"])]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert values(delivery, "objectives", "title") == ["提升复购", "降低成本"]
    assert linked(delivery) == [("提升复购", "KR1"), ("降低成本", "KR2")]


def test_a_link_left_empty_does_not_swallow_the_o_below(tmp_path):
    rows = [["承接"], ["O1：提升复购"], HEADER, ["甲", "李四"], ["承接"], ["O1：KR2"], ["O2：降低成本"], HEADER, ["乙"]]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert of(delivery) == [("提升复购", "甲"), ("降低成本", "乙")]
    assert linked(delivery) == [("降低成本", "O1：KR2")]


def test_points_and_parties_that_begin_like_an_o_begin_none(tmp_path):
    rows = block(
        1,
        "KR2",
        "提升复购",
        ["甲", "李四", DAY, "研发部", "O2 需要的接口"],
        ["乙", "王五", DAY, "财务部", "目标：年底前"],
    )
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert asked(delivery) == [("甲", "研发部", "O2 需要的接口"), ("乙", "财务部", "目标：年底前")]


def test_a_persons_sheet(tmp_path):
    rows = [["姓名：张三", "部门", "市场部"], *block(1, "KR2", "学英语", ["过六级", "张三"])]
    delivery = read(book(tmp_path / "张三.xlsx", {"S": rows}))
    assert said(delivery, "person_id") == [["张三"]]
    assert said(delivery, "unit_id")[0][0] == "市场部"


def test_titles_that_look_like_labels_are_titles(tmp_path):
    rows = block(1, "KR2", "目标：让客户满意", ["目标：满意度 90", "李四", DAY], ["承接上线后的运维", "王五", DAY])
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert of(delivery) == [("让客户满意", "满意度 90"), ("让客户满意", "承接上线后的运维")]


def test_faults_are_refused_by_their_cells(tmp_path):
    rows = block(1, "KR2", "提升复购", ["甲", Formula("=1/0").with_value("#N/A"), Formula("=A99")])
    rows[1][5] = Formula("=A99")
    rows[0][1] = Formula("=1/0").with_value("#REF!")
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert of(delivery) == [("提升复购", "甲")]
    assert {(r.table, r.field, r.code, r.place) for r in delivery.refusals} == {
        ("alignments", "parent_id", "error_cell", "a.xlsx!S!B1 承接"),
        ("objectives", "confidence", "formula_without_value", "a.xlsx!S!F2 信心指数 %"),
        ("key_results", "owner_ids", "error_cell", "a.xlsx!S!B4 KR 责任人"),
        ("key_results", "due_on", "formula_without_value", "a.xlsx!S!C4 完成日期"),
    }


def test_a_kr_without_an_o_and_a_link_without_one_are_refused(tmp_path):
    rows = [HEADER, ["甲", "李四"], [], ["承接", "KR9"], []]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert [(r.code, r.value) for r in delivery.refusals] == [
        ("kr_without_objective", "甲"),
        ("link_without_objective", "KR9"),
    ]


def test_rows_that_belong_to_no_block_are_named(tmp_path):
    rows = [*block(1, "KR2", "提升复购", ["甲", "李四"]), [], ["以上内容已经部门会议讨论通过"], ["KR5：补充的一条"]]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert of(delivery) == [("提升复购", "甲"), ("提升复购", "补充的一条")]
    assert delivery.notices[0][0] == "workbook_rows_passed_over"
    assert delivery.notices[0][1]["cell"] == "A6"


def test_columns_are_held_only_where_their_label_is_on_the_sheet(tmp_path):
    rows = [["O", "提升复购"], ["KR", "完成日期"], ["甲", DAY]]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert delivery.holds == {
        "objectives": {"a.xlsx!S": ("objective_id", "unit_id", "period_id", "ordinal", "title")},
        "key_results": {"a.xlsx!S": ("kr_id", "objective_id", "ordinal", "title", "due_on")},
    }


def test_krs_whose_o_has_no_words_keep_an_o_and_what_it_carries(tmp_path):
    rows = [["承接", "KR2"], ["O1", "", "责任人", "张三"], HEADER, ["甲", "李四"], *block(2, "KR3", "降低成本", ["乙"])]
    delivery = read(book(tmp_path / "a.xlsx", {"S": rows}))
    assert values(delivery, "objectives", "title", "ordinal") == [(None, 1), ("降低成本", 2)]
    assert of(delivery) == [(None, "甲"), ("降低成本", "乙")]
    assert linked(delivery) == [(None, "KR2"), ("降低成本", "KR3")]
    assert owners(delivery, "objectives") == {None: ["张三"], "降低成本": ["责任2"]}


def test_labels_give_way_to_the_settings(tmp_path):
    rows = [["部门：", "市场部", "周期", "2026Q3"], *block(1, "KR2", "提升复购", ["甲"])]
    delivery = read(book(tmp_path / "研发部2026Q4.xlsx", {"S": rows}), unit="file", period="file")
    assert "市场部" not in said(delivery, "unit_id")[0]
    assert "2026Q3" not in said(delivery, "period_id")[0]
    assert "研发部" in said(delivery, "unit_id")[0]
