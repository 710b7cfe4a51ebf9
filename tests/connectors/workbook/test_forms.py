"""Value forms, splitting and names: what people write, in all its forms."""

from __future__ import annotations

import datetime as dt
import doctest
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.workbook import grid, labels, lists, values, words
from connectors.workbook.labels import DIRECT, WORDS, Labels

NAMES = st.text(alphabet="张王李赵钱孙周吴郑冯陈褚卫", min_size=2, max_size=4)
UNITS = NAMES.map(lambda name: name + "部")
NUMBERS = st.integers(1, 99)


@pytest.mark.parametrize("module", [grid, labels, lists, values, words])
def test_the_examples_in_the_code_are_true(module):
    assert doctest.testmod(module).failed == 0


# -- labels ---------------------------------------------------------------------------------------


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@pytest.mark.parametrize(("role", "label"), [(role, label) for role, all_ in WORDS.items() for label in all_])
def test_every_label_in_any_width_case_and_spacing(role, label):
    known = Labels()
    for written in (
        label,
        label.upper(),
        wide(label),
        f" {label} ：",
        f"*{label}",
        f"{label}*",
        f"{label}（必填）",
        f"{label}(required):",
    ):
        found = known.of(written)
        assert found is not None, written
        assert found.role == role
        assert found.value is None


@pytest.mark.parametrize("label", ["aligns to", "Key Result", "Key  Results", "DUE DATE", "责 任 人"])
def test_labels_of_several_words(label):
    assert Labels().of(label) is not None


@given(st.sampled_from(sorted(WORDS)), st.sampled_from(":："), NAMES)
def test_a_label_and_its_value_in_one_cell(role, colon, value):
    for label in WORDS[role][:3]:
        found = Labels().of(f"{label}{colon} {value}")
        assert found is not None
        assert (found.role, found.value) == (role, value)


@given(st.text(max_size=60))
def test_no_text_makes_the_labels_fall(text):
    found = Labels({"里程碑": "due_on"}).of(text)
    assert found is None or found.role in {*WORDS, *DIRECT}


# -- numbers --------------------------------------------------------------------------------------


@given(st.integers(0, 130))
def test_all_forms_of_a_percentage_are_written_in_one_way(number):
    forms = {f"{number}%", f"{number} %", wide(f"{number}%"), wide(f"{number}") + "％", f" {number}　％"}
    assert {values.fraction(form) for form in forms} == {f"{number}%"}
    assert values.percent(number / 100) == f"{number}%"


@pytest.mark.parametrize("text", ["高", "七成", "70%左右", "7O%", "--"])
def test_what_is_no_number_stays_as_it_is_written(text):
    assert values.fraction(text) == text


# -- dates ----------------------------------------------------------------------------------------


@given(st.dates(dt.date(2020, 1, 1), dt.date(2035, 12, 31)))
def test_all_forms_of_a_date(day):
    y, m, d = day.year, day.month, day.day
    forms = [
        f"{y}-{m}-{d}",
        f"{y}/{m:02}/{d:02}",
        f"{y}.{m}.{d}",
        f"{y}年{m}月{d}日",
        f" {y} 年 {m} 月 {d} 日",
        wide(f"{y}-{m}-{d}"),
        f"{y}-{m:02}-{d:02} 00:00:00",
    ]
    assert {values.date(form) for form in forms} == {(day.isoformat(), False)}
    short = [f"{m}月{d}日", f"{m}/{d}", f"{m:02}/{d:02}", wide(f"{m}月{d}日"), f"{m}月{d}号", f"{m}月{d}日前"]
    assert {values.date(form) for form in short} == {(f"{m}月{d}日", True)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("11月底", ("11月底", True)), ("11 月末", ("11月底", True)), ("2026年2月底", ("2026-02-28", False)),
        ("Q4末", ("Q4末", True)), ("ｑ４ 末", ("Q4末", True)), ("第四季度末", ("Q4末", True)), ("期末", ("期末", True)),
        ("下半年末", ("H2末", True)), ("11月31日", ("11月31日", False)), ("13月底", ("13月底", False)),
        ("2026-11-31", ("2026-11-31", False)), ("11/31", ("11/31", False)), ("2/29", ("2月29日", True)),
        ("31 Nov", ("31 Nov", False)), ("尽快", ("尽快", False)), ("46356", ("46356", False)),
    ],
)  # fmt: skip
def test_other_dates(text, expected):
    assert values.date(text) == expected


@given(st.text(max_size=30))
def test_no_text_makes_a_form_fall(text):
    values.date(text)
    values.fraction(text)
    values.title(text)
    values.response(text)
    values.is_nothing(text)
    values.label_number(text)
    lists.persons(text)
    lists.parties(text)
    lists.targets(text)
    lists.requests(text, text, text, text)
    words.units(text)
    words.periods(text)


# -- titles ---------------------------------------------------------------------------------------


@given(
    st.sampled_from(
        [
            "O{}：",
            "KR{}.",
            "{}、",
            "kr{} : ",
            "Ｏ{}：",
            "目标{}：",
            "关键结果{}:",
            "O1-KR{}：",
            "({}) ",
            "（{}）",
            "KR{} ",
        ]
    ),
    NUMBERS,
    NAMES,
)
def test_a_leading_label_is_no_part_of_a_title(form, number, rest):
    assert values.title(form.format(number) + rest) == (rest, number)


@pytest.mark.parametrize(
    "text",
    ["3.5 倍增长", "2026 年上线", "O2O 业务增长", "KRI 指标", "100 家客户", "目标客户 50 家", "第一：不变", "1个系统"],
)
def test_what_only_looks_like_a_label_stays(text):
    assert values.title(text) == (text, None)


def test_numbers_of_krs_within_their_o():
    assert values.title("KR1.2：甲") == ("甲", 2)
    assert values.title("O2-KR3：甲") == ("甲", 3)


# -- persons --------------------------------------------------------------------------------------


@given(
    st.lists(NAMES, min_size=1, max_size=5, unique=True),
    st.sampled_from(["、", "，", ",", ";", "；", "/", "\n", " 、 ", "和"]),
)
def test_several_persons(names, apart):
    assert [p[0] for p in lists.persons(apart.join(names))] == names


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("张三 00123", ("张三 00123", "00123", "张三")), ("张三(zhangsan)", ("张三(zhangsan)", "zhangsan", "张三")),
        ("张三（00123）", ("张三（00123）", "00123", "张三")), ("@张三", ("@张三", "张三")),
        ("zhang.san@example.com", ("zhang.san@example.com",)), ("00123", ("00123",)),
        ("张三 <zhang@example.com>", ("张三 <zhang@example.com>", "zhang@example.com", "张三")),
        ("张　三", ("张　三", "张三")), ("Ann Lee", ("Ann Lee",)), ("Ann Lee (alee)", ("Ann Lee (alee)", "alee", "Ann Lee")),
    ],
)  # fmt: skip
def test_the_ways_in_which_a_person_may_be_known(text, candidates):
    assert lists.persons(text) == (candidates,)


def test_a_name_that_holds_the_word_for_and():
    assert [p[0] for p in lists.persons("李和平、王和")] == ["李和平", "王和"]


def test_nobody():
    for text in ("", "无", "-", "/", "N/A", " n/a "):
        assert lists.persons(text) == ()


# -- handshakes -----------------------------------------------------------------------------------


@given(st.lists(UNITS, min_size=2, max_size=4, unique=True), st.sampled_from(["、", "，", "\n", "和", "/"]))
def test_points_pair_by_pair_by_name_and_one_for_all(parties, apart):
    party = apart.join(parties)
    points = [f"第{i}点" for i in range(len(parties))]
    expected = list(zip(parties, points, strict=True))
    pairs = "\n".join(points)
    assert [(r.party, r.point) for r in lists.requests(party, pairs, None, None)] == expected
    numbered = "\n".join(f"{i}、{point}" for i, point in enumerate(points, 1))
    assert [(r.party, r.point) for r in lists.requests(party, numbered, None, None)] == expected
    named = "\n".join(f"{p}：{point}" for p, point in reversed(expected))
    assert [(r.party, r.point) for r in lists.requests(party, named, None, None)] == expected
    assert [(r.party, r.point) for r in lists.requests(party, "同一点", None, None)] == [(p, "同一点") for p in parties]


def test_points_by_name_may_run_over_lines_and_leave_one_out():
    found = lists.requests("市场部、研发部、财务部", "市场部：海报\n还有文案\n财务部：预算", None, None)
    assert [(r.party, r.point) for r in found] == [("市场部", "海报\n还有文案"), ("研发部", None), ("财务部", "预算")]


def test_responses_are_shared_out_like_points():
    found = lists.requests("市场部、研发部", "甲\n乙", "接受\n不接受", "研发部：没有人")
    assert [(r.response, r.reason) for r in found] == [("接受", None), ("不接受", "没有人")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("接受", "accepted"), ("需澄清", "clarify"), ("不接受", "rejected"), ("Accepted", "accepted"),
        ("needs clarification", "clarify"), ("Not Accepted", "rejected"), ("看情况", "看情况"),
    ],
)  # fmt: skip
def test_responses(text, told):
    assert values.response(text) == told


def test_a_unit_whose_name_holds_the_word_for_and():
    assert lists.parties("规划和运营部") == ("规划和运营部",)
    assert lists.parties("市场部和研发部") == ("市场部", "研发部")


# -- what is carried ------------------------------------------------------------------------------

TARGETS = st.builds(
    lambda form, o, kr: form.format(o=o, kr=kr), st.sampled_from(["O{o}-KR{kr}", "O{o}KR{kr}", "O{o}/KR{kr}", "O{o}：KR{kr}", "KR{kr}", "市场部 O{o}-KR{kr}", "CORP-{o}-{kr}"]), NUMBERS, NUMBERS,
)  # fmt: skip


@given(TARGETS, st.sampled_from(["", "（40%）", "(40%)", "（0.4）", " (４０％)"]))
def test_one_target_with_and_without_its_share(target, share):
    ((text, told),) = lists.targets(target + share)
    assert text == target
    assert told in ({None} if not share else {"40%", "0.4"})


@given(
    st.lists(TARGETS.filter(lambda t: not t.startswith("KR")), min_size=2, max_size=4, unique=True),
    st.sampled_from(["、", "，", ",", ";", "\n", "和", " / "]),
)
def test_several_targets(targets, apart):
    assert [text for text, _ in lists.targets(apart.join(targets))] == targets


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("O1：KR2、KR3", ["O1：KR2", "O1：KR3"]), ("市场部 O1-KR2/KR3", ["市场部 O1-KR2", "市场部 O1-KR3"]),
        ("KR2、KR3", ["KR2", "KR3"]), ("KR1,2", ["KR1", "KR2"]), ("O1", ["O1"]), ("O1、O2", ["O1", "O2"]),
        ("O1：KR2、O2：KR1、KR3", ["O1：KR2", "O2：KR1", "O2：KR3"]), ("提升复购，扩大渠道", ["提升复购，扩大渠道"]),
        ("提升复购率\n扩大渠道", ["提升复购率", "扩大渠道"]), ("无", []), ("1、O1-KR2\n2、O1-KR3", ["O1-KR2", "O1-KR3"]),
    ],
)  # fmt: skip
def test_targets(text, targets):
    assert [told for told, _ in lists.targets(text)] == targets


# -- names ----------------------------------------------------------------------------------------


@given(
    UNITS,
    st.sampled_from(
        [
            "{}OKR",
            "{}OKR_最终版(2)",
            "{} 2026Q4 OKR",
            "2026年第四季度{}目标与关键结果（定稿）",
            "{}-OKR-v2",
            "副本 {}OKR",
            "{}OKR20261130",
        ]
    ),
)
def test_a_units_name_is_found_in_a_files(unit, form):
    assert unit in words.units(form.format(unit))
    assert words.core_of(form.format(unit)) == unit


@given(st.integers(2020, 2039), st.integers(1, 4))
def test_a_quarter_is_found_in_a_title(year, quarter):
    numeral = "一二三四"[quarter - 1]
    for form in (
        f"{year}Q{quarter}",
        f"{year} q{quarter}",
        f"{year}年Q{quarter}",
        f"{year}年第{numeral}季度",
        f"Q{quarter} {year}",
        f"{year % 100}Q{quarter}",
    ):
        assert f"{year}Q{quarter}" in words.periods(f"市场部 {form} OKR"), form


@given(st.integers(0, 20_000), st.integers(0, 1_000_000))
def test_cells_have_names(column, row):
    if column < 16_384:
        assert grid.address(f"{grid.letters(column)}{row + 1}") == (row, column)
    assert set(grid.letters(column)) <= set(string.ascii_uppercase)
