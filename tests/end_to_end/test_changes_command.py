"""`okr changes` and `--as-of` as people call them: one enterprise, two nights, a preparation between them."""

from __future__ import annotations

import csv
import io
import json
import sys

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from okr.cli import start
from okr.cli.width import width
from tests.end_to_end import enterprise

EDITS = (
    ("key_results", "Open 12 shops,p2,2026-12-20,12", "Open 14 shops,p2,2026-12-20,14"),
    ("key_results", "K4,O3,Sign 1 contract", "K4,O3,Sign 2 secret contracts"),
    ("handshakes", "two people for a week,2026-12-01,", "two people for a week,2026-12-01,clarify"),
    ("alignments", "O2,kr,K1", "O2,kr,K2"),
)


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """An enterprise after two nights; what its lists printed after the first."""
    settings = enterprise.write(tmp_path_factory.mktemp("nights"))
    assert start.run(["sync", "--config", str(settings)]) == 1
    assert start.run(["prepare", "market-2026q4", "--no-pull", "--config", str(settings)]) in {0, 1}
    then = {name: _printed(settings, name) for name in ("gaps", "coverage", "handshakes", "meetings")}
    for table, before, after in EDITS:
        file = settings.parent / "planning" / f"{table}.csv"
        told = file.read_text(encoding="utf-8")
        assert before in told
        file.write_text(told.replace(before, after), encoding="utf-8")
    told = settings.read_text(encoding="utf-8")
    settings.write_text(told.replace("2026-11-20T08:00", "2026-11-21T08:00"), encoding="utf-8")
    assert start.run(["sync", "--config", str(settings)]) == 1
    return settings, then


def _printed(settings, name, *words):
    file = settings.parent / f"{name}.json"
    assert start.run([name, "--output", str(file), "--config", str(settings), *words]) == 0
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.fixture
def look(nights, capfd):
    def run(*words):
        sys.stdout.flush()
        capfd.readouterr()
        status = start.run([*map(str, words), "--config", str(nights[0])])
        sys.stdout.flush()
        printed = capfd.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.mark.parametrize("name", ["gaps", "coverage", "handshakes", "meetings"])
def test_as_of_prints_what_was_printed_then(name, nights):
    settings, then = nights
    assert _printed(settings, name) != then[name] or name in {"coverage", "meetings"}
    assert _printed(settings, name, "--as-of", "2026-11-20T12:00") == then[name]
    assert _printed(settings, name, "--as-of", "2026-11-20") == then[name]


@pytest.mark.parametrize("name", ["gaps", "coverage", "handshakes", "meetings"])
def test_as_of_before_the_first_run_names_it(name, look):
    status, out, err = look(name, "--as-of", "2026-11-19")
    assert (status, out) == (2, "")
    assert "2026-11-20 08:00 +08:00" in err
    assert look(name, "--as-of", "yesterday")[0] == 2


def test_changes_as_json(look):
    status, out, err = look("changes", "--since", "2026-11-20T12:00", "--format", "json")
    assert (status, err) == (0, "")
    rows = json.loads(out)
    assert {(row["kind"], row["subject_id"]): (row["before"], row["after"]) for row in rows if not row["code"]} == {
        ("reworded", "K1"): ("Open 12 shops", "Open 14 shops"),
        ("re-targeted", "K1"): ("12", "14"),
        ("reworded", "K4"): ("(confidential)", "(confidential)"),
        ("withdrawn", "O2->kr:K1"): ("Market O1-KR1 “Open 12 shops”", ""),
        ("added", "O2->kr:K2"): ("", "Market O1-KR2 “Answer 90% of calls”"),
        ("answered", "H1"): ("none", "needs clarification"),
    }
    gaps = {(row["kind"], row["code"], row["subject_id"]): row for row in rows if row["code"]}
    assert gaps["gap-opened", "AL101", "K1"]["causes"] == ["withdrawn alignment O2->kr:K1"]
    assert gaps["gap-closed", "AL101", "K2"]["causes"] == ["added alignment O2->kr:K2"]
    assert gaps["gap-closed", "HS201", "H1"]["before"]
    assert "secret" not in out


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("columns", [80, 120])
def test_changes_as_a_table_fit_the_page(lang, columns, look, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    status, out, _ = look("changes", "--since", "2026-11-20T12:00", "--lang", lang)
    assert status == 0
    lines = out.splitlines()
    assert max(map(width, lines)) <= columns
    assert "2026-11-20 08:00" in lines[0]
    assert len([line for line in lines if line.startswith("─")]) == 3
    assert "cli." not in out
    assert "changes." not in out
    assert "secret" not in out
    assert "+AL101" in out
    assert "Cy" in out or "p3" in out  # who carried what changed is to be told


def test_changes_since_the_preparation_of_a_meeting_and_since_a_run(look):
    since_time = look("changes", "--since", "2026-11-20T12:00", "--format", "json")
    since_meeting = look("changes", "--since", "Handshake of Market", "--format", "json")
    assert since_meeting == since_time
    changed = json.loads(since_meeting[1])
    run_id = next(row["run_id"] for row in changed if row["run_id"])
    status, out, _ = look("changes", "--since", run_id[:8])
    assert status == 0
    assert "Nothing changed." in out
    status, out, _ = look("changes", "--since", "market-2026q4")
    assert "the last preparation of “Handshake of Market”" in out


def test_changes_as_files(look, tmp_path):
    everything = json.loads(look("changes", "--since", "2026-11-20T12:00", "--format", "json")[1])
    for form in ("csv", "xlsx", "parquet", "json"):
        file = tmp_path / f"changes.{form}"
        assert look("changes", "--since", "2026-11-20T12:00", "--output", file)[0] == 0
        if form == "xlsx":
            header, *rows = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
            assert "carriers" in header
        elif form == "csv":
            rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
        elif form == "parquet":
            rows = pl.read_parquet(file).to_dicts()
        else:
            rows = json.loads(file.read_text(encoding="utf-8"))
            assert rows == everything
        assert len(rows) == len(everything)
        assert b"secret" not in file.read_bytes()


def test_wrong_calls_say_what_is_right(look):
    for words, told in (
        (("--since", "Handshake of Markt"), "Handshake of Market"),
        (("--since", "2026-11-19"), "2026-11-20 08:00"),
        (("--since", "2026-11-21", "--meeting", "M", "--period", "2026Q4"), "--period"),
        (("--since", "2026-11-20T12:00", "--unit", "Marke"), "Market"),
        ((), "--since"),
    ):
        status, out, err = look("changes", *words)
        assert (status, out) == (2, "")
        assert told in err
