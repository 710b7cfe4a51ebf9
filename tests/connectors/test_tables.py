"""The source `tables`: a folder with one file for each canonical table."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.tables import TablesConnector
from okr.errors import SourceError
from okr.report import Listing
from tests.connectors.compliance import Compliance

if TYPE_CHECKING:
    from pathlib import Path

OBJECTIVES = "objective_id,unit_id,period_id,title\nO1,u1,2026Q4,赢得市场\nO2,u1,2026Q4,降本\n"
DAMAGED = "objective_id,title\nO1,好的\n".encode() + b"O2,\xff\xfe\n"
FILE = {"file": "objectives.csv"}
KEY_RESULTS = 'kr_id,objective_id,title,owner_ids\nK1,O1,留存 30%,P1;P2\nK2,O1,"二, 三",P1\n'


def folder(path: Path, **files: str | bytes) -> TablesConnector:
    path = path / "in"
    path.mkdir(exist_ok=True)
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (path / f"{name}.csv").write_bytes(data)
    return TablesConnector("planning", SimpleNamespace(kind="tables", path=path))


def failure(connector: TablesConnector) -> tuple[str, dict]:
    """The one failure of a folder, whether its only table failed or one of several."""
    try:
        found = connector.pull(Listing()).failures
    except SourceError as error:
        return error.code, error.values
    assert len(found) == 1
    return found[0].code, dict(found[0].values)


class TestCompliance(Compliance):
    @pytest.fixture
    def whole(self, tmp_path):
        return folder(tmp_path, objectives=OBJECTIVES, key_results=KEY_RESULTS)

    @pytest.fixture
    def partial(self, tmp_path):
        (tmp_path / "p").mkdir()
        return folder(tmp_path / "p", objectives=OBJECTIVES, key_results=b"PK\x03\x04"), "key_results"

    @pytest.fixture
    def breaking(self, tmp_path):
        return folder(tmp_path, objectives=OBJECTIVES, key_results=KEY_RESULTS + 'K3,O1,"x'), "key_results"

    @pytest.fixture
    def empty(self, tmp_path):
        return folder(tmp_path, objectives="objective_id,unit_id,period_id\n")

    @pytest.fixture
    def unreachable(self, tmp_path):
        return TablesConnector("planning", SimpleNamespace(kind="tables", path=tmp_path / "none"))


def test_rows_stand_where_a_spreadsheet_shows_them(tmp_path):
    text = 'kr_id,objective_id,title\n\nK1,O1,"two\nlines"\n,,\nK2,O1,x\n'
    delivery = folder(tmp_path, key_results=text).pull(Listing())
    frame = delivery.frames["key_results"]
    assert frame["place"].to_list() == ["key_results.csv:3", "key_results.csv:5"]
    assert frame["title"].to_list() == ["two\nlines", "x"]


def test_a_missing_file_is_an_empty_table_that_holds_no_columns(tmp_path):
    delivery = folder(tmp_path, objectives=OBJECTIVES).pull(Listing())
    assert delivery.whole
    assert "handshakes" in delivery.scopes
    assert "handshakes" not in delivery.frames
    assert set(delivery.holds) == {"objectives"}
    assert delivery.holds["objectives"]["objectives"] == (
        "objective_id",
        "unit_id",
        "period_id",
        "title",
    )


def test_parquet_keeps_types_and_counts_rows_from_one(tmp_path):
    connector = folder(tmp_path)
    rows = pl.DataFrame({"kr_id": ["K1"], "objective_id": ["O1"], "progress": [0.5], "owner_ids": [["P1"]]})
    rows.write_parquet(tmp_path / "in" / "key_results.parquet")
    frame = connector.pull(Listing()).frames["key_results"]
    assert frame["place"].to_list() == ["key_results.parquet:1"]
    assert frame.schema["progress"] == pl.Float64
    assert frame["owner_ids"].to_list() == [["P1"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_text_is_read_however_it_was_saved(tmp_path, encoding):
    delivery = folder(tmp_path, objectives=OBJECTIVES.encode(encoding)).pull(Listing())
    assert delivery.frames["objectives"]["title"].to_list() == ["赢得市场", "降本"]
    assert len(delivery.notices) == (encoding in {"gb18030", "utf-16"})


@pytest.mark.parametrize("separator", ["\t", ";"])
def test_other_separators_are_understood_where_only_known_columns_come_out(tmp_path, separator):
    text = "unit_id,name\nu1,市场\n".replace(",", separator)
    frame = folder(tmp_path, org_units=text).pull(Listing()).frames["org_units"]
    assert frame.select("unit_id", "name").rows() == [("u1", "市场")]


def test_a_ragged_row_is_refused_with_its_row_and_the_others_go_on(tmp_path):
    delivery = folder(tmp_path, objectives=OBJECTIVES + "O3,u1,2026Q4,one, two\nO4,u1\n").pull(Listing())
    assert delivery.frames["objectives"].height == 2
    assert [(r.place, r.code, r.whole) for r in delivery.refusals] == [
        ("objectives.csv:4", "ragged_row", True),
        ("objectives.csv:5", "ragged_row", True),
    ]
    assert delivery.refusals[0].value == "O3,u1,2026Q4,one, two"
    assert dict(delivery.refusals[0].values) == {"found": 5, "expected": 4}


def test_empty_cells_behind_the_last_column_are_no_harm(tmp_path):
    text = "unit_id,name,,\nu1,市场,,,\n,,,,,\n"
    delivery = folder(tmp_path, org_units=text).pull(Listing())
    assert delivery.frames["org_units"].select("unit_id", "name").rows() == [("u1", "市场")]
    assert delivery.refusals == ()


@pytest.mark.parametrize(
    ("content", "code", "values"),
    [
        (b"", "file_empty", FILE),
        (b"\xef\xbb\xbf\n\n", "file_empty", FILE),
        (b"PK\x03\x04rest", "file_is_a_workbook", FILE),
        (b"a\0b\0", "file_not_text", FILE),
        (DAMAGED, "file_wrong_encoding", {**FILE, "row": 3}),
        (b"unit_id,title,title\n", "column_twice", {**FILE, "column": "title"}),
        (b"unit_id,place\n", "column_reserved", {**FILE, "column": "place"}),
        (b"unit_id,,title\nu,v,w\n", "column_without_name", {**FILE, "number": 2}),
        (b'unit_id,title\nu,"v\nw,x\n', "broken_quotes", {**FILE, "row": 2}),
        (b'unit_id,title\nu,"v\nw,"x"\n', "broken_quotes", {**FILE, "row": 2}),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why(tmp_path, content, code, values):
    assert failure(folder(tmp_path, objectives=content)) == (code, values)


def test_a_parquet_file_that_is_none(tmp_path):
    connector = folder(tmp_path, people="person_id\nP1\n")
    (tmp_path / "in" / "objectives.parquet").write_bytes(b"no parquet at all")
    code, values = failure(connector)
    assert (code, values["file"]) == ("not_parquet", "objectives.parquet")


def test_a_parquet_file_with_a_column_twice(tmp_path):
    connector = folder(tmp_path)
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["unit_id", "unit_id"])
    pq.write_table(table, tmp_path / "in" / "org_units.parquet")
    assert failure(connector) == (
        "column_twice",
        {"file": "org_units.parquet", "column": "unit_id"},
    )


def test_two_files_for_one_table_are_both_named(tmp_path):
    connector = folder(tmp_path, people="person_id\nP1\n", objectives=OBJECTIVES)
    pl.DataFrame({"objective_id": ["O1"]}).write_parquet(tmp_path / "in" / "objectives.parquet")
    assert failure(connector) == (
        "table_twice",
        {"table": "objectives", "files": ["objectives.csv", "objectives.parquet"]},
    )


def test_a_folder_without_tables_is_refused_and_says_what_it_holds(tmp_path):
    connector = folder(tmp_path)
    (tmp_path / "in" / "okr.xlsx").touch()
    (tmp_path / "in" / "objective.csv").write_text("x")
    with pytest.raises(SourceError) as caught:
        connector.pull(Listing())
    assert caught.value.code == "no_table_files"
    assert caught.value.values["found"] == ["objective.csv", "okr.xlsx"]


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "f").touch()
    connector = TablesConnector("planning", SimpleNamespace(kind="tables", path=tmp_path / "f"))
    with pytest.raises(SourceError) as caught:
        connector.pull(Listing())
    assert caught.value.code == "folder_is_none"


def test_a_file_that_is_nearly_named_like_a_table_is_told(tmp_path):
    connector = folder(tmp_path, objectives=OBJECTIVES, key_result="kr_id\n", budget="x\n")
    assert connector.pull(Listing()).notices == (
        ("unknown_table_file", {"file": "budget.csv"}),
        ("unknown_table_file_near", {"file": "key_result.csv", "nearest": "key_results.csv"}),
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path):
    connector = folder(tmp_path, people="person_id\nP1\n", objectives=OBJECTIVES)
    (tmp_path / "in" / "objectives.csv").chmod(0)
    assert failure(connector)[0] == "file_unreadable"


def test_a_file_that_cannot_be_opened(tmp_path):
    connector = folder(tmp_path, people="person_id\nP1\n")
    (tmp_path / "in" / "objectives.csv").symlink_to("objectives.csv")
    code, values = failure(connector)
    assert (code, values["file"]) == ("file_unreadable", "objectives.csv")


def test_where_several_tables_fail_and_none_is_read_each_is_told(tmp_path):
    report = Listing()
    with pytest.raises(SourceError) as caught:
        folder(tmp_path, objectives=b"", people=b"PK\x03\x04").pull(report)
    assert caught.value.code == "no_table_read"
    told = {values["table"]: values["reason"].code for _, values in report.notes}
    assert told == {"objectives": "file_empty", "people": "file_is_a_workbook"}


def test_one_table_at_a_time(tmp_path):
    """A table may be let go of before the next one is read."""
    connector = folder(tmp_path, objectives=OBJECTIVES, key_results=KEY_RESULTS)
    pieces = connector.pieces(Listing(), None)
    assert all(len(piece.frames) <= 1 for piece in pieces)


def test_a_check_says_which_tables_a_run_would_refuse(tmp_path):
    connector = folder(tmp_path, objectives="objective_id,unit,period_id\nO1,U1,Q\n", people="name\nAda\n")
    told = {line.code: line.values for line in connector.check() if not line.ok}
    assert told["unknown_column"] == {"table": "objectives", "columns": ["unit"], "nearest": ["unit_id"]}
    assert told["missing_column"] == {"table": "people", "columns": ["person_id"]}
