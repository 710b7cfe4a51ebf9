"""Sheets that we write, and what is read of them when they come back."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.workbook import marks
from connectors.workbook.reading import Options, read_workbook
from connectors.workbook.runs import full, spread
from okr.publish.sheets import About, Choice, Choices, OkrRow, RequestRow, view_only, write_okrs, write_requests
from tests.connectors.workbook.people import Opened
from tests.servers import soffice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

WRITTEN = dt.datetime(2026, 12, 1, 3, 0, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 12, 3, 8, 15, tzinfo=dt.UTC)
ABOUT = About("tech", "技术部", "2026Q4", "2026Q4", WRITTEN, "m1", "年底握手会")
KRS = [Choice("O1-KR1 开放十个接口", "k1"), Choice("O1-KR2 接口文档", "k2")]
REQUESTS = [
    RequestRow("units:h1", "市场部", "O1-KR1 续约", "钱二", "技术部", "开放客户接口", dt.date(2026, 12, 20)),
    RequestRow(
        "O2", "销售部", "O2-KR1 签约", point="=1+1", response="accepted", supporting_kr_id="k9", supporting="旧的"
    ),
    RequestRow("KR3", "门店", "O1-KR3", response="clarify", response_reason="哪几家\n门店？" + "长" * 600),
]
OKRS = [
    OkrRow(
        "O1", "做好接口", 1, carries=[("U1", 0.4), ("U2", None)], owner_ids=["p1", "p2"], confidence=0.285, kr_id="KR2",
        kr="1、开放十个接口", kr_number=3, kr_owner_ids=["p2"], member_ids=["p1"], due_on=dt.date(2026, 11, 30),
        kr_confidence=0.7, progress=1.3, party="市场部", point="名单：\n按月给", response="rejected", response_reason="没人",
        further={"metric": "个数", "target": 10.0},
    ),
    OkrRow("O1", "做好接口", 1, kr_id="KR2", kr="1、开放十个接口", kr_number=3, party="门店", point="试点"),
    OkrRow("O1", "做好接口", 1, kr_id="x:2", kr="接口文档", kr_number=4, due_on=dt.date(2026, 12, 1)),
    OkrRow("x:o", "做好接口", 2, kr_id="x:3", kr="同名的 O", kr_number=1),
    OkrRow("x:e", "没有 KR 的 O", 4),
]  # fmt: skip
CHOICES = Choices(
    upper=[Choice("集团 O1-KR1 续约率", "U1"), Choice("集团 O1-KR2 新店", "U2")],
    people=[Choice("孙三", "p1"), Choice("孙三 p2", "p2")],
    teams=[Choice("市场部", "market"), Choice("门店", "shops")],
)


def write(path: Path, *writers: Callable[[xlsxwriter.Workbook], object]) -> Path:
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": WRITTEN.replace(tzinfo=None)})
        for writer in writers:
            writer(book)
    return path


def requests(book: xlsxwriter.Workbook, **more: Any) -> None:
    write_requests(book, REQUESTS, about=ABOUT, krs=KRS, **more)


def okrs(book: xlsxwriter.Workbook, rows: Sequence[OkrRow] = OKRS) -> None:
    write_okrs(book, rows, about=ABOUT, choices=CHOICES, empty=5)


def read(path: Path) -> dict[str, Any]:
    return read_workbook(str(path), path.name, Options())


def answers(path: Path) -> list[tuple[str, str, dict[str, Any], str | None]]:
    (sheet,) = read(path)["returned"]
    assert sheet["refusals"] == []
    return [(told["request"], told["kind"], told["values"], told["who"]) for told in sheet["answers"]]


def said(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows by table, without the places in which they stand."""
    (sheet,) = read(path)["sheets"]
    assert sheet["refusals"] == []
    found: dict[str, list[dict[str, Any]]] = {}
    for run in sheet["runs"]:
        columns = {n: spread(c, run["height"], sheet["key"]) for n, c in full(run).items()}
        rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
        kept = [{n: v for n, v in row.items() if not n.startswith("@") and n != "at"} for row in rows]
        found.setdefault(run["table"], []).extend(kept)
    return found


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return write(tmp_path / "技术部.xlsx", requests, okrs)


# -- requests ------------------------------------------------------------------------------------------


def test_what_nobody_answered_is_no_answer(book):
    assert answers(book) == []
    Opened.of(book).save(book, LATER)
    assert answers(book) == []


def test_what_was_changed_is_an_answer(book, tmp_path):
    opened = Opened.of(book)
    sheet = opened.requests
    sheet.who("孙三")
    sheet.put(sheet.row("units:h1"), response="接受 · accepted", supporting_kr_id="O1-KR2 接口文档")
    sheet.put(sheet.row("O2"), response="不接受", response_reason="没有人", supporting_kr_id="")
    path = opened.save(tmp_path / "back.xlsx", LATER, by="Sun San")
    assert answers(path) == [
        ("units:h1", "response", {"response": "accepted", "response_reason": None, "supporting_kr_id": "k2"}, "孙三"),
        ("O2", "response", {"response": "rejected", "response_reason": "没有人", "supporting_kr_id": None}, "孙三"),
    ]
    assert (read(path)["saved_by"], read(path)["saved_at"]) == ("Sun San", LATER.isoformat())


def test_an_answer_may_be_taken_back(book, tmp_path):
    opened = Opened.of(book)
    opened.requests.put(opened.requests.row("KR3"), response="", response_reason="无")
    ((_, _, told, who),) = answers(opened.save(tmp_path / "back.xlsx", LATER))
    assert told == {"response": None, "response_reason": None, "supporting_kr_id": None}
    assert who is None


def test_words_of_the_reader_are_understood(book, tmp_path):
    opened = Opened.of(book)
    opened.requests.put(opened.requests.row("units:h1"), response="needs clarification", supporting_kr_id="KR1")
    ((_, _, told, _),) = answers(opened.save(tmp_path / "back.xlsx", LATER))
    assert (told["response"], told["supporting_kr_id"]) == ("clarify", "KR1")


def test_rows_may_be_moved_and_columns_put_in(book, tmp_path):
    opened = Opened.of(book)
    sheet = opened.requests
    sheet.put(sheet.row("O2"), response="不接受 · not accepted")
    first = sheet.rows.index(sheet.row("units:h1"))
    sheet.rows[first:] = sheet.rows[first:][::-1]
    for cells in sheet.rows:
        cells.insert(3, "")
        cells.insert(0, "")
    sheet.rows.insert(0, [""] * len(sheet.rows[0]))
    ((request, _, told, _),) = answers(opened.save(tmp_path / "back.xlsx", LATER))
    assert (request, told["response"]) == ("O2", "rejected")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"response": "好的"}, "not_a_response"),
        ({"response_reason": "太忙"}, "reason_without_response"),
    ],
)
def test_what_is_no_answer_is_refused_by_its_cell(book, tmp_path, values, code):
    opened = Opened.of(book)
    opened.requests.put(opened.requests.row("units:h1"), **values)
    (sheet,) = read(opened.save(tmp_path / "back.xlsx", LATER))["returned"]
    assert sheet["answers"] == []
    ((refused),) = sheet["refusals"]
    assert (refused["code"], refused["record"], refused["table"]) == (code, "units:h1", "handshakes")
    assert refused["at"].startswith("H7 回应")


def test_an_answer_in_a_row_of_nobodys_is_named(book, tmp_path):
    opened = Opened.of(book)
    sheet = opened.requests
    cells = list(sheet.row("units:h1"))
    cells[0] = ""
    sheet.rows.append(cells)
    sheet.put(cells, response="接受")
    (back,) = read(opened.save(tmp_path / "back.xlsx", LATER))["returned"]
    assert [told["code"] for told in back["refusals"]] == ["answer_without_request"]


def test_a_leader_decides_and_answers_nothing_else(tmp_path):
    path = write(tmp_path / "leader.xlsx", lambda book: requests(book, decide=True))
    opened = Opened.of(path)
    (sheet,) = opened.kind(marks.REQUESTS)
    sheet.put(sheet.row("KR3"), decision="投入 · invest")
    sheet.row("KR3")[sheet.rows[5].index("回应 Response")] = "接受"
    sheet.put(sheet.row("O2"), decision="再议")
    (back,) = read(opened.save(tmp_path / "back.xlsx", LATER))["returned"]
    assert [(told["request"], told["kind"], told["values"]) for told in back["answers"]] == [
        ("KR3", "decision", {"decision": "invest"})
    ]
    assert [told["code"] for told in back["refusals"]] == ["not_a_decision"]


def test_a_sheet_of_requests_is_never_anybodys_okrs(book, tmp_path):
    opened = Opened.of(book)
    path = opened.save(tmp_path / "技术部OKR.xlsx", LATER, only=[opened.requests])
    assert read(path)["sheets"] == []
    for cells in opened.requests.rows:
        del cells[:2]
    told = read(opened.save(path, LATER, only=[opened.sheets[0]]))
    assert (told["sheets"], told["returned"]) == ([], [])
    assert [code for code, _ in told["notices"]] == ["workbook_mark_gone"]


def test_a_sheet_to_look_at_is_never_anybodys_okrs(tmp_path):
    def look(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("缺口")
        view_only(sheet)
        for row, cells in enumerate([["O", "KR", "责任人"], ["做好", "更好", "孙三"]]):
            sheet.write_row(row, 0, cells)

    told = read(write(tmp_path / "a.xlsx", look))
    assert (told["sheets"], told["notices"]) == ([], [])


# -- OKRs ----------------------------------------------------------------------------------------------


def test_what_is_written_is_read_again(book):
    told = said(book)
    objectives = [(row["stated_id"], row["title"], row["ordinal"], row["confidence"]) for row in told["objectives"]]
    assert objectives == [
        ("O1", "做好接口", 1, "28.5%"), ("x:o", "做好接口", 2, None), ("x:e", "没有 KR 的 O", 4, None)
    ]  # fmt: skip
    krs = [(row["stated_id"], row["title"], row["ordinal"], row["due_on"]) for row in told["key_results"]]
    assert krs == [
        ("KR2", "1、开放十个接口", 3, "2026-11-30"), ("x:2", "接口文档", 4, "2026-12-01"), ("x:3", "同名的 O", 1, None)
    ]  # fmt: skip
    first = told["key_results"][0]
    assert (first["confidence"], first["progress"], first["metric"], first["target"]) == ("70%", "130%", "个数", "10")
    asked = [(row["party"], row["point"], row["response"], row["response_reason"]) for row in told["handshakes"]]
    assert asked == [("市场部", "名单：\n按月给", "rejected", "没人"), ("门店", "试点", None, None)]
    assert {row["kr_id"] for row in told["handshakes"]} == {told["handshakes"][0]["row"].split("~")[0]}
    meant = {(row["table"], row["field"], row["ordinal"], row["candidates"][0]) for row in told["references"]}
    assert meant >= {
        ("objectives", "unit_id", 0, "tech"), ("objectives", "period_id", 0, "2026Q4"),
        ("objectives", "owner_ids", 0, "p1"), ("objectives", "owner_ids", 1, "p2"),
        ("key_results", "owner_ids", 0, "p2"), ("key_results", "member_ids", 0, "p1"),
        ("alignments", "parent_id", 0, "U1"), ("alignments", "parent_id", 0, "U2"),
    }  # fmt: skip
    assert [row["share"] for row in told["alignments"]] == ["40%", None]


def test_whoever_changes_nothing_says_nothing_new(book, tmp_path):
    opened = Opened.of(book)
    opened.requests.put(opened.requests.row("units:h1"), response="接受")
    (sheet,) = read(opened.save(tmp_path / "a.xlsx", LATER))["sheets"]
    assert sheet["as_of"] == WRITTEN.isoformat()
    opened.okrs.put(opened.okrs.row("x:2", 1), kr="KR4：接口的文档")
    (sheet,) = read(opened.save(tmp_path / "b.xlsx", LATER))["sheets"]
    assert sheet["as_of"] is None


def test_rows_that_are_added_have_no_id(book, tmp_path):
    opened = Opened.of(book)
    sheet = opened.okrs
    after = sheet.rows.index(sheet.row("x:2", 1))
    sheet.rows.insert(after, [""] * len(sheet.rows[0]))
    sheet.put(sheet.rows[after], kr="新写的 KR", kr__owner="孙三 p2")
    told = said(opened.save(tmp_path / "a.xlsx", LATER))
    rows = [(row["stated_id"], row["title"], row["objective_id"]) for row in told["key_results"]]
    assert [row[:2] for row in rows[:3]] == [("KR2", "1、开放十个接口"), (None, "新写的 KR"), ("x:2", "接口文档")]
    assert rows[0][2] == rows[1][2] == rows[2][2]
    assert ("key_results", "owner_ids", "p2") in {
        (r["table"], r["field"], r["candidates"][0]) for r in told["references"]
    }


def test_a_column_of_somebodys_own_is_named(book, tmp_path):
    opened = Opened.of(book)
    for cells in opened.okrs.rows:
        cells.insert(5, "")
    opened.okrs.rows[5][5] = "我的备注"
    (sheet,) = read(opened.save(tmp_path / "a.xlsx", LATER))["sheets"]
    assert sheet["notices"] == [("workbook_unknown_label", {"label": "我的备注", "cell": "F6"})]
    assert sheet["refusals"] == []


def test_a_template_that_nobody_filled_in_says_nothing(tmp_path):
    path = write(tmp_path / "技术部.xlsx", lambda book: okrs(book, []))
    told = read(path)
    assert told["sheets"] == []
    assert [code for code, _ in told["notices"]] == ["workbook_template_empty"]


def test_without_its_mark_it_is_a_sheet_like_any_other(book, tmp_path):
    opened = Opened.of(book)
    del opened.okrs.rows[0]
    told = said(opened.save(tmp_path / "技术部.xlsx", LATER, only=[opened.sheets[1]]))
    assert [row["title"] for row in told["key_results"]] == ["1、开放十个接口", "接口文档", "同名的 O"]
    assert [row["stated_id"] for row in told["key_results"]] == [None, "x:2", "x:3"]


@pytest.mark.parametrize("kind", ["requests", "okrs"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_people_do_to_a_sheet_it_is_read(tmp_path, kind, data):
    """No traceback, whatever is cleared, copied, moved or written over, and nothing else than what stands there."""
    path = write(tmp_path / "book.xlsx", requests if kind == "requests" else okrs)
    opened = Opened.of(path)
    sheet = opened.sheets[0]
    texts = st.sampled_from(
        ["", "=A1", "接受", marks.TOKEN, "#head", "{", "U1", "O1", 0.5, 12.0, True, "\u202ex", "a" * 300]
    )
    for _ in range(data.draw(st.integers(1, 8))):
        row = data.draw(st.integers(0, len(sheet.rows) - 1))
        column = data.draw(st.integers(0, len(sheet.rows[0]) - 1))
        match data.draw(st.sampled_from(["write", "write", "row", "column", "copy", "swap"])):
            case "write":
                sheet.rows[row][column] = data.draw(texts)
            case "row" if len(sheet.rows) > 1:
                del sheet.rows[row]
            case "column" if len(sheet.rows[0]) > 1:
                for cells in sheet.rows:
                    del cells[column]
            case "copy":
                sheet.rows.insert(row, list(sheet.rows[row]))
            case _:
                sheet.rows[0], sheet.rows[row] = sheet.rows[row], sheet.rows[0]
    told = read(opened.save(path, LATER))
    stands = {marks.told(cell) for cells in sheet.rows for cell in cells}
    found = {answer["request"] for back in told["returned"] for answer in back["answers"]}
    assert found <= stands


# -- other programs ------------------------------------------------------------------------------------


@pytest.mark.server
@pytest.mark.parametrize("form", ["xlsx", "ods", "xls"])
def test_libreoffice_saves_it_in_every_format(book, tmp_path, form):
    opened = Opened.of(book)
    sheet = opened.requests
    sheet.who("孙三")
    sheet.put(sheet.row("units:h1"), response="接受 · accepted", supporting_kr_id="O1-KR2 接口文档")
    filled = opened.save(tmp_path / "filled.xlsx", LATER, by="孙三")
    changed = Opened.of(book)
    changed.okrs.put(changed.okrs.row("x:2", 1), kr="KR4：改过的")
    files = [filled, changed.save(tmp_path / "filled_okrs.xlsx", LATER), book]
    told = [(answers(file), said(file), read(file)["sheets"][0]["as_of"]) for file in files]
    assert [(len(answered), as_of is None) for answered, _, as_of in told] == [(1, False), (0, True), (0, False)]
    saved = soffice(form, tmp_path / form, *files)
    for back, (answered, content, as_of) in zip(saved, told, strict=True):
        assert answers(back) == answered
        assert without_files(said(back)) == without_files(content)
        assert read(back)["sheets"][0]["as_of"] == as_of
        assert read(back)["saved_at"] == read(next(f for f in files if f.stem == back.stem))["saved_at"]


@pytest.mark.server
def test_single_sheets_may_come_back_as_text(book, tmp_path):
    opened = Opened.of(book)
    opened.requests.put(opened.requests.row("O2"), response="需澄清", response_reason="哪个季度？")
    filled = opened.save(tmp_path / "filled.xlsx", LATER)
    okr, asked = soffice("csv", tmp_path / "csv", filled)
    (back,) = read(asked)["returned"]
    assert [told["values"]["response_reason"] for told in back["answers"]] == ["哪个季度？"]
    assert without_files(said(okr)) == without_files(said(filled))
    assert read(okr)["sheets"][0]["as_of"] == WRITTEN.isoformat()


def without_files(told: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """What is said, but for the file and sheet that it stands in."""

    def bare(value: Any) -> Any:
        return value.rpartition("!")[2] if isinstance(value, str) and "!" in value else value

    return {table: [{n: bare(v) for n, v in row.items()} for row in rows] for table, rows in told.items()}
