"""The connector as a whole: what it finds, passes over, refuses, and how it keeps out of harm's way."""

from __future__ import annotations

import datetime as dt
import os
import zipfile
from zoneinfo import ZoneInfo

import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from connectors import connect
from connectors.landing import Landing
from connectors.workbook import children
from connectors.workbook.connector import WorkbookConnector
from okr.errors import SettingsError, SourceError
from okr.report import Listing
from okr.texts import known, told
from tests.connectors.compliance import AT, Compliance
from tests.connectors.workbook.making import book, codes, connector, of, read, said, values

ROWS = [
    ["承接", "O", "KR", "责任人", "握手方", "握手点"],
    ["O1-KR2", "增长", "甲", "张三", "研发部、财务部", "接口"],
    ["", "", "乙", "李四"],
]
OTHER = [["O", "KR"], ["降本", "丙"]]


class TestCompliance(Compliance):
    @pytest.fixture
    def whole(self, tmp_path):
        book(tmp_path / "in" / "市场部.xlsx", {"OKR": ROWS})
        book(tmp_path / "in" / "研发部.xlsx", {"OKR": OTHER})
        return connector(tmp_path / "in")

    @pytest.fixture
    def partial(self, tmp_path):
        book(tmp_path / "p" / "市场部.xlsx", {"OKR": ROWS})
        (tmp_path / "p" / "研发部.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
        return connector(tmp_path / "p"), "研发部.xlsx"

    @pytest.fixture
    def breaking(self, tmp_path):
        book(tmp_path / "b" / "市场部.xlsx", {"OKR": ROWS})
        path = book(tmp_path / "b" / "研发部.xlsx", {"OKR": OTHER, "更多": OTHER})
        content = bytearray(path.read_bytes())
        at = content.index(b"xl/worksheets/sheet2.xml") + 40
        content[at : at + 60] = bytes(60)
        path.write_bytes(bytes(content))
        return connector(tmp_path / "b"), "研发部.xlsx"

    @pytest.fixture
    def empty(self, tmp_path):
        book(tmp_path / "e" / "市场部.xlsx", {"OKR": [["O", "KR"]]})
        return connector(tmp_path / "e")

    @pytest.fixture
    def unreachable(self, tmp_path):
        return connector(tmp_path / "nowhere" / "*.xlsx")


def test_an_inbox_without_a_workbook_is_a_failed_source(tmp_path):
    (tmp_path / "~$市场部.xlsx").write_bytes(b"")
    with pytest.raises(SourceError) as caught:
        read(tmp_path)
    assert caught.value.code == "no_workbooks"


def test_where_no_workbook_can_be_read_each_says_why(tmp_path):
    (tmp_path / "甲.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    (tmp_path / "乙.xlsx").write_bytes(b"<html><body>OKR</body></html>")
    with pytest.raises(SourceError) as caught:
        read(tmp_path)
    assert caught.value.code == "no_workbook_read"
    (english,), (chinese,) = told(caught.value, "en"), told(caught.value, "zh")
    assert "甲.xlsx cannot be read: it is damaged" in english
    assert "乙.xlsx is really a web page" in english
    assert "workbook_" not in english + chinese
    assert "乙.xlsx" in chinese


def test_folders_globs_and_lists(tmp_path):
    book(tmp_path / "in" / "a.xlsx", {"S": ROWS})
    book(tmp_path / "in" / "2026Q4" / "b.xlsx", {"S": ROWS})
    book(tmp_path / "in" / "[x]" / "c.xlsx", {"S": ROWS})
    (tmp_path / "in" / "notes.txt").write_text("x")
    (tmp_path / "in" / "~$a.xlsx").write_bytes(b"")
    assert sorted(read(tmp_path / "in").scopes) == ["2026Q4/b.xlsx", "[x]/c.xlsx", "a.xlsx"]
    assert sorted(codes(read(tmp_path / "in"))) == ["workbook_other_file", "workbook_temporary"]
    assert sorted(read(tmp_path / "in" / "**" / "*.xlsx").scopes) == ["2026Q4/b.xlsx", "[x]/c.xlsx", "a.xlsx"]
    assert read(tmp_path / "in" / "*.xlsx").scopes == ("a.xlsx",)
    assert read(tmp_path / "in" / "[[]x]" / "*.xlsx").scopes == ("c.xlsx",)
    assert sorted(read(tmp_path / "in" / "a.xlsx", tmp_path / "in" / "2026Q4").scopes) == ["2026Q4/b.xlsx", "a.xlsx"]


def test_hidden_sheets_are_passed_over_and_hidden_rows_are_read(tmp_path):
    path = book(
        tmp_path / "a.xlsx",
        {"说明": [["请填写"], ["O", "方向"]], "OKR": ROWS, "旧": OTHER, "空": []},
        hidden=("旧",), hidden_rows=(2,),
    )  # fmt: skip
    delivery = read(path)
    assert of(delivery) == [("增长", "甲"), ("增长", "乙")]
    assert {(code, told["sheet"]) for code, told in delivery.notices} == {
        ("workbook_sheet_without_okr", "说明"), ("workbook_sheet_without_okr", "空"), ("workbook_sheet_hidden", "旧"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xlsx", b"", "workbook_unreadable"),
        ("a.xlsx", b"PK\x03\x04" + bytes(100), "workbook_unreadable"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "workbook_unreadable"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "workbook_unreadable"),
        ("a.xls", b"<html><table><tr><td>O</td></tr></table></html>", "workbook_html"),
        ("a.ods", b"not a zip", "workbook_unreadable"),
        ("a.csv", b"", "file_empty"),
        ("a.csv", b"O,KR\n\xff\xff\xff,x\n", "file_wrong_encoding"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_the_rest_goes_on(tmp_path, name, content, code):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError) as alone:
        read(tmp_path)
    assert alone.value.code == code
    assert known(f"error.{code}", "zh")
    book(tmp_path / "z.xlsx", {"S": ROWS})
    delivery = read(tmp_path)
    assert [(f.scope, f.code) for f in delivery.failures] == [(name, code)]
    assert not delivery.whole
    assert delivery.scopes == ("z.xlsx",)


def test_a_workbook_with_a_password_says_so(tmp_path):
    open_one = book(tmp_path / "open.xlsx", {"S": ROWS})
    with open_one.open("rb") as plain, (tmp_path / "locked.xlsx").open("wb") as locked:
        OOXMLFile(plain).encrypt("secret", locked)
    delivery = read(tmp_path)
    assert [(f.scope, f.code) for f in delivery.failures] == [("locked.xlsx", "workbook_password")]
    assert of(delivery) == [("增长", "甲"), ("增长", "乙")]


def test_an_archive_that_unpacks_to_far_too_much_is_not_unpacked(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out, out.open("xl/worksheets/sheet1.xml", "w") as sheet:
        for _ in range(80):
            sheet.write(bytes(1 << 20))
    with pytest.raises(SourceError) as caught:
        read(path)
    assert (caught.value.code, caught.value.values["megabytes"]) == ("workbook_bomb", 80)


def test_a_reader_that_takes_too_long_or_too_much_is_ended_and_the_next_file_read(tmp_path):
    files = {f"{n}.xlsx": book(tmp_path / f"{n}.xlsx", {"S": ROWS if n else ROWS * 20_000}) for n in range(3)}
    options = connector(tmp_path)._options
    slow = dict(children.read_all(files, options, lambda: None, seconds=0.4))
    assert slow["0.xlsx"]["error"] == "workbook_too_slow"
    big = dict(children.read_all(files, options, lambda: None, memory=150 << 20))
    assert big["0.xlsx"]["error"] == "workbook_too_big"
    assert "error" not in big["1.xlsx"]
    assert "error" not in big["2.xlsx"]


def test_csv_in_every_encoding_and_separator(tmp_path):
    text = "O,KR,责任人\n增长,甲,张三\n"
    for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        path = tmp_path / "市场部.csv"
        path.write_bytes(text.encode(encoding))
        assert of(read(path)) == [("增长", "甲")]
    path.write_text(text.replace(",", "\t"), "utf-8")
    assert of(read(path)) == [("增长", "甲")]
    assert values(read(path), "objectives", "place") == ["市场部.csv!市场部!A2"]


def saved(minute: int, second: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, 20, 8, minute, second, tzinfo=dt.UTC)


def test_of_several_copies_the_one_saved_last_counts(tmp_path):
    book(tmp_path / "市场部OKR.xlsx", {"S": ROWS}, saved=saved(0))
    book(tmp_path / "市场部OKR_最终版(2).xlsx", {"S": OTHER}, saved=saved(5))
    delivery = read(tmp_path)
    assert of(delivery) == [("降本", "丙")]
    assert delivery.whole
    assert set(delivery.scopes) == {"市场部OKR.xlsx", "市场部OKR_最终版(2).xlsx"}
    older = [told for code, told in delivery.notices if code == "workbook_older"]
    assert older == [{"file": "市场部OKR.xlsx", "newer": "市场部OKR_最终版(2).xlsx"}]


def test_copies_saved_within_a_minute_that_differ_are_both_refused(tmp_path):
    book(tmp_path / "市场部OKR.xlsx", {"S": ROWS}, saved=saved(0, 5))
    book(tmp_path / "市场部OKR(1).xlsx", {"S": OTHER}, saved=saved(0, 50))
    book(tmp_path / "研发部.xlsx", {"S": OTHER}, saved=saved(0, 50))
    delivery = read(tmp_path)
    assert {(f.scope, f.code) for f in delivery.failures} == {
        ("市场部OKR.xlsx", "workbook_copies_differ"), ("市场部OKR(1).xlsx", "workbook_copies_differ"),
    }  # fmt: skip
    assert delivery.scopes == ("研发部.xlsx",)


def test_copies_saved_within_a_minute_that_say_the_same_are_one(tmp_path):
    book(tmp_path / "市场部OKR.xlsx", {"S": ROWS}, saved=saved(0, 5))
    book(tmp_path / "市场部OKR(1).xlsx", {"S": [[], *ROWS]}, saved=saved(0, 50))
    delivery = read(tmp_path)
    assert delivery.failures == ()
    assert values(delivery, "objectives", "scope") == ["市场部OKR(1).xlsx"]


def test_a_kr_that_moved_to_another_o_is_a_difference(tmp_path):
    rows = [["O", "KR"], ["甲", "a1"], ["", "a2"], ["乙", "a3"]]
    moved = [["O", "KR"], ["甲", "a1"], ["乙", "a2"], ["", "a3"]]
    book(tmp_path / "市场部OKR.xlsx", {"S": rows}, saved=saved(0, 5))
    book(tmp_path / "市场部OKR(1).xlsx", {"S": moved}, saved=saved(0, 50))
    book(tmp_path / "研发部.xlsx", {"S": rows}, saved=saved(0, 50))
    assert len(read(tmp_path).failures) == 2


def test_what_is_not_certainly_a_copy_is_none(tmp_path):
    book(tmp_path / "市场部OKR.xlsx", {"S": [["2026Q4"], *ROWS]}, saved=saved(0))
    book(tmp_path / "市场部OKR(1).xlsx", {"S": [["2027Q1"], *ROWS]}, saved=saved(5))
    book(tmp_path / "张三.xlsx", {"S": [["部门：", "市场部"], ["姓名：", "张三"], *OTHER]}, saved=saved(6))
    book(tmp_path / "李四.xlsx", {"S": [["部门：", "市场部"], ["姓名：", "李四"], *OTHER]}, saved=saved(7))
    book(tmp_path / "x" / "OKR.xlsx", {"OKR": ROWS}, saved=saved(0))
    book(tmp_path / "y" / "OKR.xlsx", {"OKR": ROWS}, saved=saved(9))
    assert len(values(read(tmp_path), "objectives", "scope")) == 6


def test_a_label_says_that_workbooks_of_any_name_are_copies(tmp_path):
    book(tmp_path / "a.xlsx", {"S": [["部门：", "市场部"], *ROWS]}, saved=saved(0))
    book(tmp_path / "b" / "c.xlsx", {"S": [["部门", "市场部"], *OTHER]}, saved=saved(5))
    assert of(read(tmp_path)) == [("降本", "丙")]


def test_without_a_time_of_its_own_the_files_time_counts(tmp_path):
    for name, age in (("市场部.csv", 10), ("市场部(1).csv", 500)):
        (tmp_path / name).write_text(f"O,KR\n{name},甲\n", "utf-8")
        os.utime(tmp_path / name, (1_700_000_000 - age, 1_700_000_000 - age))
    assert values(read(tmp_path), "objectives", "scope") == ["市场部.csv"]


def test_a_workbook_that_is_gone_is_covered_and_named(tmp_path):
    book(tmp_path / "in" / "a.xlsx", {"S": ROWS})
    gone = book(tmp_path / "in" / "b.xlsx", {"S": OTHER})
    landing = Landing(tmp_path / "landing")
    landing.pull(connector(tmp_path / "in"), Listing(), AT)
    gone.unlink()
    (tmp_path / "in" / "c.xlsx").write_bytes(b"broken")
    delivery = landing.read(landing.pull(connector(tmp_path / "in"), Listing(), AT + dt.timedelta(hours=1)))
    assert set(delivery.scopes) == {"a.xlsx", "b.xlsx"}
    assert [f.scope for f in delivery.failures] == ["c.xlsx"]
    assert ("workbook_gone", {"file": "b.xlsx"}) in [(code, dict(told)) for code, told in delivery.notices]


@pytest.mark.parametrize(
    ("unit", "first"),
    [
        ("sheet", "张罗部"),
        ("title", "标题部"),
        ("file", "文件部 OKR"),
        ("cell:C1", "格子部"),
        ("cell:Z9", None),
        (None, "标签部"),
    ],
)
def test_where_the_units_name_stands(tmp_path, unit, first):
    rows = [["标题部", "", "格子部"], ["部门：", "标签部"], *ROWS]
    delivery = read(book(tmp_path / "文件部 OKR.xlsx", {"张罗部": rows}), unit=unit)
    words = said(delivery, "unit_id")[0]
    assert words[:1] == ([first] if first else [])
    if unit is None:
        assert [w for w in words if w in ("标签部", "张罗部", "标题部", "文件部")] == [
            "标签部",
            "张罗部",
            "标题部",
            "文件部",
        ]


def test_folders_may_say_the_period(tmp_path):
    book(tmp_path / "2026Q4" / "市场部.xlsx", {"S": ROWS})
    book(tmp_path / "2027Q1" / "市场部.xlsx", {"S": ROWS})
    assert sorted(words[-1] for words in said(read(tmp_path), "period_id")) == ["2026Q4", "2027Q1"]


def test_names_that_no_id_may_hold(tmp_path):
    name = "市场;部|" + "很长" * 25 + ".xlsx"
    delivery = read(book(tmp_path / name, {"a->b": ROWS}))
    for found in values(delivery, "key_results", "kr_id"):
        assert len(found) <= 200
        assert not any(sign in found for sign in (";", "|", "->"))
    assert values(delivery, "objectives", "place") == [f"{name}!a->b!B2"]


def test_a_label_that_is_to_mean_nothing_known_is_refused_with_the_settings(tmp_path):
    with pytest.raises(SettingsError) as caught:
        connector(tmp_path, columns={"里程碑": "dueon"})
    assert caught.value.code == "workbook_column_unknown"


def test_it_is_made_by_the_registry(tmp_path):
    settings = type(
        "S", (), {"kind": "workbook", "path": [str(tmp_path)], "unit": None, "period": None, "columns": {}}
    )()
    made = connect("units", settings, zone=ZoneInfo("Asia/Shanghai"), secrets=str)
    assert isinstance(made, WorkbookConnector)
