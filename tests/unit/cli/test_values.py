"""What programs and spreadsheets get: nothing that a spreadsheet would run, nothing lost."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from okr.cli import files, listing
from okr.cli.columns import Column
from okr.cli.options import Listed, moment
from okr.cli.tables import percent
from okr.errors import CallError
from okr.texts.cells import cell, guarded

COLUMNS = (
    Column("name"),
    Column("count", "number"),
    Column("share", "share"),
    Column("on", "flag"),
    Column("at", "time"),
    Column("day", "date"),
    Column("units", "list"),
    Column("detail", "object"),
)
ROW = {
    "name": "=1+1",
    "count": 3,
    "share": 0.5,
    "on": True,
    "at": "2026-12-11T00:00:00Z",
    "day": "2026-12-31",
    "units": ["A", "市场部"],
    "detail": {"a": "「b」"},
    "more": "not a column of the list",
}
EMPTY = dict.fromkeys(ROW)


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_text_that_begins_like_a_formula_gets_an_apostrophe(start):
    assert guarded(f"{start}SUM(A1)") == f"'{start}SUM(A1)"
    assert guarded([f"{start}a", "b"]) == f"'{start}a;b"


def test_numbers_are_no_text():
    assert guarded(-1) == "-1"
    assert guarded(-0.5) == "-0.5"


def test_cells_of_every_kind():
    assert [cell(v) for v in (None, True, False, 2, 0.25, ["a", None], {"k": "值"})] == [
        "", "true", "false", "2", "0.25", "a;", '{"k": "值"}',
    ]  # fmt: skip
    assert cell(datetime(2026, 12, 11, tzinfo=UTC)) == "2026-12-11T00:00:00Z"
    assert cell(date(2026, 12, 31)) == "2026-12-31"


@given(st.text())
def test_no_text_stays_a_formula(text):
    assert not guarded(text).startswith(("=", "+", "-", "@"))


def test_json_is_one_array_with_the_columns_in_order():
    told = json.loads("".join(listing.json_pieces([ROW, EMPTY], COLUMNS)))
    assert list(told[0]) == [column.name for column in COLUMNS]
    assert told[0]["units"] == ["A", "市场部"]
    assert set(told[1].values()) == {None}
    assert "".join(listing.json_pieces([], COLUMNS)) == "[]\n"


def test_csv_on_standard_output_is_data_as_it_is():
    (row,) = csv.DictReader(io.StringIO("".join(listing.csv_pieces([ROW], COLUMNS))))
    assert row["name"] == "=1+1"
    assert row["units"] == "A;市场部"


def test_csv_file_has_a_mark_and_no_formula(tmp_path):
    files.write([ROW], COLUMNS, "csv", tmp_path / "a.csv")
    content = (tmp_path / "a.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert "'=1+1" in content.decode("utf-8-sig")


def test_sheet_has_text_as_text_and_numbers_as_numbers(tmp_path):
    files.write([ROW, EMPTY], COLUMNS, "xlsx", tmp_path / "a.xlsx")
    rows = CalamineWorkbook.from_path(tmp_path / "a.xlsx").get_sheet_by_index(0).to_python()
    assert rows[0] == [column.name for column in COLUMNS]
    assert rows[1][:4] == ["=1+1", 3.0, 0.5, True]
    assert rows[1][6] == "A;市场部"
    assert len(rows) in {2, 3}  # an empty row may be left out


def test_parquet_has_types_also_without_rows(tmp_path):
    for rows in ([ROW, EMPTY], []):
        files.write(rows, COLUMNS, "parquet", tmp_path / "a.parquet")
        frame = pl.read_parquet(tmp_path / "a.parquet")
        assert frame.height == len(rows)
        assert frame.schema == {
            "name": pl.String,
            "count": pl.Int64,
            "share": pl.Float64,
            "on": pl.Boolean,
            "at": pl.Datetime("us", "UTC"),
            "day": pl.Date,
            "units": pl.List(pl.String),
            "detail": pl.String,
        }


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path):
    file = tmp_path / "a.json"
    file.write_text("old", encoding="utf-8")

    def broken():
        yield "["
        raise OSError(28, "No space left on device")

    with pytest.raises(CallError) as told:
        files.write_pieces(broken(), file)
    assert told.value.code == "output_unwritable"
    assert file.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("output", "form", "code"),
    [
        ("gaps.txt", None, "output_form_unknown"),
        ("gaps", None, "output_form_unknown"),
        ("gaps.csv", "json", "output_form_differs"),
        ("no/such/gaps.csv", None, "output_folder_missing"),
        ("folder.csv", None, "output_is_folder"),
    ],
)
def test_a_wrong_output_is_refused_before_any_work(tmp_path, output, form, code):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(CallError) as told:
        listing.wanted(Listed(format=form, output=tmp_path / output))
    assert told.value.code == code


def test_a_day_means_its_end_and_a_naive_time_the_company_zone():
    zone = ZoneInfo("Asia/Shanghai")
    assert moment("2026-12-11", zone).isoformat() == "2026-12-11T23:59:59.999999+08:00"
    assert moment("2026-12-11T08:00", zone).isoformat() == "2026-12-11T08:00:00+08:00"
    assert moment("2026-12-11T08:00Z", zone).utcoffset().total_seconds() == 0
    with pytest.raises(CallError) as told:
        moment("yesterday", zone)
    assert told.value.code == "time_unreadable"


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.0, "0%"), (1.0, "100%"), (0.999, ">99%"), (0.001, "<1%"), (0.5, "50%"), (1.2, "120%"), (1.001, ">100%")],
)
def test_percentages_never_claim_all_or_nothing(value, told):
    assert percent(value) == told
