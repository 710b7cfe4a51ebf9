"""The commands on a real folder of tables, from the words of a call to what comes out."""

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
from okr.settings import load
from tests.end_to_end import enterprise


@pytest.fixture(scope="module")
def synced(tmp_path_factory):
    """An enterprise after its first run."""
    settings = enterprise.write(tmp_path_factory.mktemp("enterprise"))
    assert start.run(["sync", "--config", str(settings)]) == 1
    return settings


@pytest.fixture
def call(capfd):
    def run(*words):
        sys.stdout.flush()
        capfd.readouterr()
        status = start.run([str(word) for word in words])
        sys.stdout.flush()
        printed = capfd.readouterr()
        return status, printed.out, printed.err

    return run


def _sheet(file):
    header, *rows = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
    assert header
    return rows


READ = {
    "xlsx": _sheet,
    "csv": lambda file: list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig")))),
    "json": lambda file: json.loads(file.read_text(encoding="utf-8")),
    "parquet": pl.read_parquet,
}


@pytest.fixture
def look(call, synced):
    """Look at the enterprise after its first run."""
    return lambda *words: call(*words, "--config", synced)


def test_sync_tells_what_happened_and_what_to_look_at(call, tmp_path):
    settings = enterprise.write(tmp_path / "new")
    status, out, err = call("sync", "--config", settings)
    assert status == 1  # a row and a value were refused
    assert "✓ planning" in out
    assert "Refused: 1 row, 1 value." in out
    assert "okr quarantine" in out
    assert "Judged: 2026Q4." in out
    assert "okr gaps" in out
    assert err.startswith("Reading the settings\n")
    again = call("sync", "--config", settings)[1]
    assert "new" not in again


def test_sync_of_a_source_that_fails_names_it_and_what_stands_in(call, tmp_path):
    settings = enterprise.write(tmp_path / "new")
    call("sync", "--config", settings)
    (tmp_path / "new" / "planning").rename(tmp_path / "new" / "away")
    status, out, _ = call("sync", "--config", settings)
    assert status == 1
    assert "✗ planning" in out
    told = " ".join(out.split())
    assert "does not exist" in told
    assert "2026-11-20 08:00 stands in" in told
    assert "SY602" in call("gaps", "--config", settings)[1]


def test_sync_in_chinese(call, tmp_path):
    settings = enterprise.write(tmp_path / "new")
    _, out, err = call("sync", "--config", settings, "--lang", "zh")
    assert "没有采用：1 行，1 个值。" in out
    assert err.startswith("读取设置\n")
    assert "stage." not in err


def test_no_stage_of_a_run_is_without_words(call, tmp_path):
    settings = enterprise.write(tmp_path / "new")
    for lang in ("en", "zh"):
        _, out, err = call("sync", "--config", settings, "--lang", lang)
        for code in ("stage.", "note.", "error.", "cli."):
            assert code not in err + out


def test_gaps_as_json_are_the_contracts_objects_in_its_order(look):
    status, out, err = look("gaps", "--format", "json")
    assert (status, err) == (0, "")
    gaps = json.loads(out)
    assert list(gaps[0]) == [
        "code", "name", "severity", "subject_kind", "subject_id", "period_id", "unit_id",
        "counterparty_unit_id", "notify_person_id", "message_zh", "message_en", "detail",
        "provisional", "first_seen", "fingerprint",
    ]  # fmt: skip
    worst = ["critical", "major", "minor", "info"]
    order = [(worst.index(g["severity"]), g["code"], g["subject_id"]) for g in gaps]
    assert order == sorted(order)
    assert ("AL101", "K2") in {(g["code"], g["subject_id"]) for g in gaps}
    assert ("HS201", "H1") in {(g["code"], g["subject_id"]) for g in gaps}


def test_gaps_as_csv_hold_the_same_as_json(look):
    gaps = json.loads(look("gaps", "--format", "json")[1])
    rows = list(csv.DictReader(io.StringIO(look("gaps", "--format", "csv")[1])))
    assert [row["fingerprint"] for row in rows] == [gap["fingerprint"] for gap in gaps]
    assert [json.loads(row["detail"]) for row in rows] == [gap["detail"] for gap in gaps]
    assert {row["provisional"] for row in rows} <= {"true", "false"}


def test_gaps_as_a_table_fit_the_page_and_count(look, monkeypatch):
    monkeypatch.setattr("okr.cli.gaps.SHOWN", 2)
    count = len(json.loads(look("gaps", "--format", "json")[1]))
    status, out, _ = look("gaps")
    assert status == 0
    assert f"The first 2 of {count} gaps" in out
    assert f"{count - 2} more" in out
    assert max(width(line) for line in out.splitlines()) <= 100


def test_gaps_can_be_chosen(look):
    def found(*words):
        status, out, _ = look("gaps", "--format", "json", *words)
        assert status == 0
        return {(g["code"], g["subject_id"]) for g in json.loads(out)}

    everything = found()
    assert found("--code", "AL101") == {("AL101", "K2")}
    assert {code for code, _ in found("--code", "al101", "--code", "HS201")} == {"AL101", "HS201"}
    assert found("--unit", "市场部") <= everything
    assert ("HS201", "H1") in found("--unit", "South")
    assert ("HS201", "H1") in found("--meeting", "Handshake of Market")
    assert found("--period", "2026Q4") == everything
    assert found("--as-of", "2026-11-20") == everything


def test_nothing_open_is_said_in_words_and_as_an_empty_array(look):
    assert look("gaps", "--code", "AL106") == (0, "No open gaps here.\n", "")
    assert look("gaps", "--code", "AL106", "--format", "json")[1] == "[]\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gaps", "--unit", "Nort"], "North"),
        (["gaps", "--meeting", "market-2026"], "market-2026q4"),
        (["gaps", "--period", "2026Q3"], "2026Q4"),
        (["gaps", "--code", "AL999"], "AL1"),
        (["gaps", "--as-of", "2020-01-01"], "2020-01-01"),
        (["coverage", "--unit", "Markt"], "Market"),
        (["coverage", "--period", "2025Q1"], "2026Q4"),
        (["handshakes", "--unit", "Markt"], "Market"),
        (["handshakes", "--meeting", "market 2026"], "market-2026q4"),
        (["sync", "--source", "planing"], "planning"),
        (["decide", "delivery", "planing", "accept"], "planning"),
        (["decide", "delivery", "planning", "accept"], "planning"),
    ],
)
def test_unknown_names_are_status_2_with_the_nearest(look, words, said):
    status, out, err = look(*words)
    assert (status, out) == (2, "")
    assert said in err
    assert "error." not in err


def test_coverage_has_a_row_for_each_unit(look):
    rows = json.loads(look("coverage", "--format", "json")[1])
    assert [row["unit_id"] for row in rows] == ["C", "M", "M1", "M2"]
    market = rows[1]
    assert list(market) == [
        "unit_id", "name", "krs", "carried", "carried_as_a_whole", "coverage",
        "effective_coverage", "objectives", "traced", "polynomial", "equal", "decomposed",
        "people_objectives", "people_key_results",
    ]  # fmt: skip
    assert (market["krs"], market["carried"], market["coverage"]) == (2, 1, 0.5)
    assert "Market (M)" in look("coverage")[1]
    assert "已承接" in look("coverage", "--lang", "zh")[1]


def test_handshakes_show_points_that_are_not_public_by_number_only(look, tmp_path):
    status, out, _ = look("handshakes")
    assert status == 0
    assert "two people for a week" in out
    assert "secret data room" not in out
    assert look("handshakes", "--output", tmp_path / "h.csv")[0] == 0
    assert "secret data room" not in (tmp_path / "h.csv").read_text(encoding="utf-8")
    rows = json.loads(look("handshakes", "--format", "json")[1])
    assert [row["handshake_id"] for row in rows] == ["H1", "H2"]
    assert [row["standing"] for row in rows] == ["unanswered", "unplanned"]
    assert list(rows[0])[:14] == [
        "handshake_id", "kr_id", "unit_id", "party", "party_unit_id", "point", "needed_by",
        "response", "response_reason", "supporting_kr_id", "decision", "standing", "stale", "late",
    ]  # fmt: skip


def test_meetings_to_come(look):
    (meeting,) = json.loads(look("meetings", "--format", "json")[1])
    assert list(meeting) == [
        "meeting_id", "title", "unit_id", "period_id", "starts_at", "participants", "krs",
        "requests", "accepted", "clarify", "rejected", "unanswered", "planned", "stale",
        "handshake_density", "advice", "readiness",
    ]  # fmt: skip
    assert meeting["participants"] == ["M1", "M2"]
    assert "2026-12-18 09:30" in look("meetings")[1]


def test_quarantine_names_place_value_and_reason(look):
    rows = json.loads(look("quarantine", "--format", "json")[1])
    assert {(row["field"], row["value"], row["whole"]) for row in rows} == {
        ("confidence", "high", False),
        ("objective_id", "O9", True),
    }
    assert {row["place"] for row in rows} == {"objectives.csv:3", "key_results.csv:6"}
    assert all(row["reason"] and "quarantine." not in row["reason"] for row in rows)
    assert "整行" in look("quarantine", "--lang", "zh")[1]


def test_quarantine_tells_everybody_only_where_a_confidential_value_stands(call, tmp_path):
    settings = enterprise.write(tmp_path)
    for table, old, new in (
        ("handshakes", "accepted", "only if the merger holds"),
        ("objectives", "0.6,private", "after the merger,private"),
        ("key_results", "Sign 1 contract,p4,2026-12-10", "Sign 1 contract,p4,when the merger is through"),
    ):
        file = tmp_path / "planning" / f"{table}.csv"
        content = file.read_text(encoding="utf-8")
        assert old in content
        file.write_text(content.replace(old, new), encoding="utf-8")
    call("sync", "--config", settings)

    shown = call("quarantine", "--config", settings)[1]
    assert "merger" not in shown
    assert "(confidential)" in shown
    call("quarantine", "--output", tmp_path / "q.csv", "--config", settings)
    rows = READ["csv"](tmp_path / "q.csv")
    assert {row["place"]: row["value"] for row in rows} == {
        "handshakes.csv:3": "(confidential)",
        "objectives.csv:4": "(confidential)",
        "objectives.csv:3": "high",
        "key_results.csv:5": "(confidential)",
        "key_results.csv:6": "O9",
    }
    told = json.loads(call("quarantine", "--format", "json", "--config", settings)[1])
    assert sum("merger" in row["value"] for row in told) == 3


@pytest.mark.parametrize("command", ["gaps", "coverage", "handshakes", "meetings", "quarantine"])
@pytest.mark.parametrize("ending", ["xlsx", "csv", "json", "parquet"])
def test_every_list_can_be_a_file(look, tmp_path, command, ending):
    file = tmp_path / f"list.{ending}"
    status, out, err = look(command, "--output", file)
    assert (status, out) == (0, "")
    assert str(file) in err
    count = len(json.loads(look(command, "--format", "json")[1]))
    rows = len(READ[ending](file))
    assert rows == count
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_before_the_first_run_there_is_nothing_to_look_at(call, tmp_path):
    settings = enterprise.write(tmp_path / "new")
    for command in ("gaps", "coverage", "handshakes", "meetings", "quarantine"):
        status, out, err = call(command, "--config", settings)
        assert (status, out) == (2, "")
        assert "okr sync" in err


def test_check_names_everything_and_changes_nothing(call, tmp_path):
    settings = enterprise.write(tmp_path / "new")
    before = sorted(path.name for path in settings.parent.rglob("*"))
    status, out, _ = call("check", "--config", settings)
    assert status == 0, out
    for name in ("settings", "source planning", "warehouse", "ledger", "landing"):
        assert f"✓ {name}" in out
    assert "full pull" in " ".join(out.split())
    assert sorted(path.name for path in settings.parent.rglob("*")) == before
    (settings.parent / "planning").rename(settings.parent / "away")
    status, out, _ = call("check", "--config", settings)
    assert status == 1
    assert "✗ source planning" in out


def test_check_after_a_run_names_the_run(look):
    status, out, _ = look("check")
    assert status == 0
    assert "last run 2026-11-20 08:00" in " ".join(out.split())  # wherever a long path broke the line


def test_check_of_settings_that_are_wrong(call, tmp_path):
    settings = enterprise.write(tmp_path / "new")
    settings.write_text(enterprise.SETTINGS.replace("kind =", "knd ="), encoding="utf-8")
    status, out, err = call("check", "--config", settings)
    assert (status, out) == (2, "")
    assert "sources.planning" in err


@pytest.mark.parametrize("verdict", ["accept", "refuse"])
def test_a_delivery_that_shrank_waits_for_a_person(call, tmp_path, verdict):
    settings = enterprise.write(tmp_path / "new")
    people = settings.parent / "planning" / "people.csv"
    rows = [f"q{number},Name {number},M1," for number in range(100)]
    people.write_text(people.read_text("utf-8") + "\n".join(rows) + "\n", encoding="utf-8")
    call("sync", "--config", settings)
    people.write_text(enterprise.TABLES["people"], encoding="utf-8")
    status, out, _ = call("sync", "--config", settings)
    assert status == 1
    assert "held back" in out
    assert f"okr decide delivery planning {verdict}" in out or "or refuse" in out
    assert "waits for a decision" in call("decide", "list", "--config", settings)[1]
    asked = ("decide", "delivery", "planning", verdict, "--why", "closed", "--who", "Ada")
    status, out, _ = call(*asked, "--config", settings)
    assert status == 0
    (entry,) = json.loads(call("decide", "list", "--format", "json", "--config", settings)[1])
    assert (entry["who"], entry["decision"], entry["why"]) == ("Ada", verdict, "closed")
    assert "waits" not in call("decide", "list", "--config", settings)[1]
    status, out, _ = call("sync", "--config", settings)
    assert ("held back" in out) == (verdict == "refuse")
    back = call("decide", "take-back", entry["entry_id"], "--config", settings)
    assert back[0] == 0
    assert call("decide", "list", "--format", "json", "--config", settings)[1] == "[]\n"
    status, _, err = call("decide", "take-back", entry["entry_id"], "--config", settings)
    assert status == 2
    assert "already" in err


def test_init_writes_settings_that_can_be_read_back(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ("init", "--yes", "--timezone", "Asia/Shanghai", "--tables", "planning")
    status, out, _ = call(*words, "--workbooks", "inbox/*.xlsx", "--database", "sqlite:///hr.sqlite")
    assert status == 0
    assert "okr check" in out
    made = load(tmp_path / "okr.toml")
    assert {name: source.kind for name, source in made.sources.items()} == {
        "hr": "sql", "planning": "tables", "units": "workbook",
    }  # fmt: skip
    assert (tmp_path / "okr.key").stat().st_mode & 0o777 == 0o600
    key = (tmp_path / "okr.key").read_text(encoding="utf-8")
    status, _, err = call(*words)
    assert status == 2
    assert "--force" in err
    assert load(tmp_path / "okr.toml").sources.keys() == made.sources.keys()
    assert call(*words, "--force")[0] == 0
    assert load(tmp_path / "okr.toml").sources.keys() == {"planning"}
    assert (tmp_path / "okr.key").read_text(encoding="utf-8") == key


def test_init_refuses_what_would_not_read_back(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, err = call("init", "--yes", "--timezone", "Asia/Shanghi")
    assert status == 2
    assert "Asia/Shanghai" in err
    assert not (tmp_path / "okr.toml").exists()
    status, _, err = call("init")  # nobody is there to be asked
    assert status == 2
    assert "--yes" in err


def test_init_asks(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    class Person(io.StringIO):
        def isatty(self):
            return True

    answers = ["zh", "Asia/Shanghi", "Asia/Shanghai", "2026Q4", "planning", "", "", ""]
    monkeypatch.setattr(sys, "stdin", Person("\n".join(answers) + "\n"))
    status, _, err = call("init", "--lang", "en")
    assert status == 0, err
    made = load(tmp_path / "okr.toml")
    assert (made.language, made.timezone, made.period) == ("zh", "Asia/Shanghai", "2026Q4")
    assert list(made.sources) == ["planning"]
