"""What is planned is shown, what was shown is written, and nothing leaves that is not for everybody."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from okr.cli import start
from okr.errors import CallError
from okr.ledger import Ledger
from okr.pipeline import sync, writes
from okr.report import Listing
from okr.settings import load, now
from tests.end_to_end import enterprise

SECRETS = ("secret merger", "Sign 1 contract", "data room", "A draft", "An orphan 1", "orphan's point", "Unseen")
TARGETS = """
[targets.files]
kind = "folder"
path = "views"
enabled = {on}

[targets.base]
kind = "sql"
url = "sqlite:///views.sqlite"
enabled = {on}
"""
FAR = """
[targets.far]
kind = "sql"
url = "postgresql+psycopg://w@db.invalid/x"
enabled = true
"""
TABLES = {
    "org_units", "people", "periods", "objectives", "key_results", "alignments", "handshakes", "dependencies",
    "meetings", "identities", "gaps", "coverage", "handshake_standings", "handshake_figures", "meeting_figures",
}  # fmt: skip


@pytest.fixture(scope="module")
def synced(tmp_path_factory):
    """A synced enterprise with two targets that are on."""
    made = tmp_path_factory.mktemp("synced")
    enterprise.write(made)
    planning = made / "planning"
    objectives = (planning / "objectives.csv").read_text()
    header, *rows = objectives.splitlines()
    rows += ["O4,M1,2026Q4,A draft of private things,p3,0.5,unit", "O5,M1,2026Q4,Unseen goal,p3,0.5,public"]
    states = {"O4": "draft", "O5": "masked"}
    rows = [f"{row},{states.get(row.split(',')[0], '')}" for row in rows]
    (planning / "objectives.csv").write_text("\n".join([f"{header},state", *rows, ""]))
    with (planning / "key_results.csv").open("a") as file:
        file.write("K5,O4,A draft KR of 5,p3,2026-12-10,5\n")
    with (planning / "handshakes.csv").open("a") as file:
        file.write("H3,K9,North,an orphan's point,2026-12-01,rejected\n")
    targets(made)
    sync(settings(made), report=Listing())
    return made


@pytest.fixture
def home(synced, tmp_path):
    return Path(shutil.copytree(synced, tmp_path / "home"))


def targets(home, on="true", more=""):
    (home / "okr.toml").write_text(enterprise.SETTINGS + TARGETS.format(on=on) + more)


def settings(home):
    return load(home / "okr.toml")


def change(home, old="Be where customers are", new="Be there"):
    file = home / "planning" / "objectives.csv"
    file.write_text(file.read_text().replace(old, new))
    sync(settings(home), report=Listing())


def rows(home, table):
    with closing(sqlite3.connect(home / "views.sqlite")) as base:
        base.row_factory = sqlite3.Row
        return [dict(row) for row in base.execute(f"SELECT * FROM okr_{table}")]


def planned(home, *names):
    return writes.plan(settings(home), names or None, report=Listing())


def show(home, *names):
    known = settings(home)
    found = planned(home, *names)
    writes.remember(known, found, writes.chosen(known, names), "li")
    return found


def apply(home, plan_id=None):
    return writes.apply(settings(home), plan_id, who="li", report=Listing())


def nightly(home):
    return writes.write_targets(settings(home), report=Listing())


def audited(home):
    with Ledger.of(settings(home)) as ledger:
        return ledger.audited()


# -- what stands outside ------------------------------------------------------------------------------


def test_every_table_stands_outside_with_the_contracts_columns(home):
    from okr.cli.columns import COVERAGE, GAPS
    from schemas import TABLES as CANONICAL

    assert [outcome.state for outcome in nightly(home)] == ["written", "written"]
    latest = home / "views" / "latest"
    assert {file.stem for file in latest.glob("*.parquet")} == TABLES
    assert {file.stem for file in latest.glob("*.csv")} == TABLES
    with closing(sqlite3.connect(home / "views.sqlite")) as base:
        found = {name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert found == {f"okr_{name}" for name in (*TABLES, "about")}
    for name, table in CANONICAL.items():
        frame = pl.read_parquet(latest / f"{name}.parquet")
        assert frame.columns == [*table.columns, "source"]
        assert {column: frame.schema[column] for column in table.columns} == {
            column: table.dtypes[column] for column in table.columns
        }
    assert {column.name for column in GAPS} == set(pl.read_parquet(latest / "gaps.parquet").columns)
    coverage = pl.read_parquet(latest / "coverage.parquet")
    assert coverage.columns == ["period_id", *(column.name for column in COVERAGE)]


def test_gaps_outside_are_the_gaps(home):
    from okr.reconcile.reading import Reader

    nightly(home)
    with Reader(settings(home)) as reader:
        expected = {gap["fingerprint"]: gap for gap in reader.gaps(now=now(settings(home)))}
    found = {row["fingerprint"]: row for row in rows(home, "gaps")}
    assert set(found) == set(expected)
    for name, row in found.items():
        assert json.loads(row["detail"]) == expected[name]["detail"]
        assert row["message_en"] == expected[name]["message_en"]


def test_what_is_not_public_does_not_leave(home):
    """Not in any file, nor in the database's bytes, the plan, or the ledger."""
    show(home)
    nightly(home)
    left = [*(home / "views" / "latest").iterdir(), home / "views.sqlite", home / "ledger.sqlite"]
    assert len(left) > 20
    for file in left:
        content = file.read_bytes()
        if file.suffix == ".parquet":
            content = pl.read_parquet(file).write_ndjson().encode()
        for secret in SECRETS:
            assert secret.encode() not in content, (secret, file)
    told = "".join(str(row) for row in planned(home).rows)
    assert not [secret for secret in SECRETS if secret in told]


def test_what_is_not_public_is_shown_by_number(home):
    nightly(home)
    objectives = {row["objective_id"]: row for row in rows(home, "objectives")}
    assert objectives["O3"]["title"] == "South O1（内容不公开） / South O1 (confidential)"
    assert (objectives["O3"]["confidence"], objectives["O3"]["owner_ids"]) == (None, "p4")
    assert objectives["O1"]["title"] == "Be where customers are"
    assert "(confidential)" in objectives["O4"]["title"]
    assert "(confidential)" in objectives["O5"]["title"]
    krs = {row["kr_id"]: row for row in rows(home, "key_results")}
    assert krs["K4"]["title"].endswith("South O1-KR1 (confidential)")
    assert krs["K4"]["target"] is None
    assert krs["K3"]["target"] == 12
    assert krs["K9"]["title"].endswith("K9 (confidential)")  # nobody knows its O
    for table in ("handshakes", "handshake_standings"):
        requests = {row["handshake_id"]: row for row in rows(home, table)}
        assert requests["H1"]["point"] == "two people for a week"
        assert requests["H2"]["point"].endswith("South O1-KR1 (confidential)")
        assert requests["H2"]["response_reason"] is None


def test_the_csv_is_for_excel(home):
    nightly(home)
    content = (home / "views" / "latest" / "objectives.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfobjective_id,")
    assert b"\"'=HYPERLINK(" in content
    units = (home / "views" / "latest" / "org_units.csv").read_text("utf-8-sig").splitlines()
    assert units[1] == "C,Company,,,p1,,true,planning"


def test_progress_and_lists_in_csv(tmp_path):
    from datetime import UTC, datetime

    from connectors.folder.csvfile import write_csv

    at = datetime(2026, 12, 11, 8, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "progress": [0.5, 1.0, 1.2, 1.234, None],
            "ids": [["a", "b"], ["-x", "y"], [], None, ["@a"]],
            "at": [at, at.replace(microsecond=500), None, None, None],
        }
    )
    write_csv(frame, tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text("utf-8-sig").splitlines()[1:] == [
        "0.5,a;b,2026-12-11T08:00:00Z",
        "1.0,'-x;y,2026-12-11T08:00:00.000500Z",
        "120%,,",
        "123.4%,,",
        ",'@a,",
    ]


def test_what_was_written_can_be_a_source(home, tmp_path):
    """Parquet files, and tables, of ours are tables of the contract."""
    nightly(home)
    other = tmp_path / "other"
    (other / "planning").mkdir(parents=True)
    for name in ("org_units", "people", "periods", "objectives", "key_results", "alignments"):
        frame = pl.read_parquet(home / "views" / "latest" / f"{name}.parquet").drop("source")
        frame.write_parquet(other / "planning" / f"{name}.parquet")
    (other / "okr.toml").write_text(enterprise.SETTINGS)
    assert sync(load(other / "okr.toml"), report=Listing()).exit_status in {0, 1}


# -- plan and apply -----------------------------------------------------------------------------------


def test_nothing_is_written_to_a_target_that_is_off(home):
    targets(home, on="false")
    assert nightly(home) == []
    with pytest.raises(CallError, match="no_target_on"):
        planned(home)
    assert planned(home, "base").rows
    show(home, "base")
    with pytest.raises(CallError, match="target_off"):
        apply(home)
    assert not (home / "views.sqlite").exists()
    assert not (home / "views").exists()


def test_a_plan_says_row_by_row_what_changes_and_changes_nothing(home):
    nightly(home)
    assert planned(home).rows == ()
    change(home)
    found = planned(home, "base")
    told = {row.thing: row for row in found.rows}
    assert told["okr_objectives/O1"].action == "change"
    assert json.loads(told["okr_objectives/O1"].old or "") == {"title": "Be where customers are"}
    assert json.loads(told["okr_objectives/O1"].new or "") == {"title": "Be there"}
    assert all(thing.startswith(("okr_objectives/O1", "okr_gaps/")) for thing in told)
    assert planned(home, "base") == found
    assert {row["title"] for row in rows(home, "objectives") if row["objective_id"] == "O1"} == {
        "Be where customers are"
    }


def test_a_plan_is_applied_as_it_was_shown(home):
    shown = show(home)
    outcomes = apply(home, shown.plan_id)
    assert [(one.target, one.state) for one in outcomes] == [("files", "written"), ("base", "written")]
    assert planned(home).rows == ()
    assert [one.state for one in apply_again(home)] == ["unchanged", "unchanged"]
    entries = [one for one in audited(home) if one.target == "base" and one.thing == "okr_objectives"]
    assert [(one.action, one.who, json.loads(one.new or ""), one.outcome) for one in entries] == [
        ("write", "li", {"add": 5, "change": 0, "remove": 0}, "written")
    ]
    assert len(audited(home)) == 2 * len(TABLES)


def apply_again(home):
    show(home)
    return apply(home)


def test_another_plan_than_the_one_shown_is_refused_and_told(home):
    nightly(home)
    change(home)
    shown = show(home)
    change(home, "Be there", "Be everywhere")
    with pytest.raises(CallError) as caught:
        apply(home)
    assert caught.value.code == "plan_differs"
    problems = {one.values["target"]: one.values for one in caught.value.problems}
    assert "objectives/O1" in problems["files"]["things"]
    assert "okr_objectives/O1" in problems["base"]["things"]
    assert {row["title"] for row in rows(home, "objectives") if row["objective_id"] == "O1"} == {
        "Be where customers are"
    }
    change(home, "Be everywhere", "Be there")
    assert [one.state for one in apply(home, shown.plan_id)] == ["written", "written"]


def test_a_plan_of_many_rows_is_told_apart_by_numbers(home, monkeypatch):
    monkeypatch.setattr("okr.publish.plan.NAMED", 3)
    show(home, "base")
    change(home, "A secret merger", "Another secret")  # what is not public changes nothing outside
    assert planned(home, "base").plan_id == show(home, "base").plan_id
    change(home)
    with pytest.raises(CallError) as caught:
        apply(home)
    (problem,) = caught.value.problems
    assert problem.code == "plan_differs_in_number"


def test_plans_that_nobody_saw_or_long_ago_are_refused(home, monkeypatch):
    with pytest.raises(CallError, match="plan_never_shown"):
        apply(home)
    shown = show(home)
    with pytest.raises(CallError, match="plan_unknown"):
        apply(home, "0123456789abcdef")
    later = now(settings(home)) + timedelta(days=1, minutes=1)
    monkeypatch.setenv("OKR_NOW", later.isoformat())
    with pytest.raises(CallError, match="plan_too_old"):
        apply(home, shown.plan_id)
    assert not (home / "views.sqlite").exists()


def test_what_changed_outside_between_looking_and_writing_is_a_conflict(home, monkeypatch):
    from okr.publish.targets import ViewsTarget

    nightly(home)
    change(home)
    show(home, "base")
    plan = ViewsTarget.plan

    def and_then_somebody_writes(self):
        found = list(plan(self))
        with closing(sqlite3.connect(home / "views.sqlite")) as base:
            base.execute("UPDATE okr_objectives SET title = 'by hand' WHERE objective_id = 'O1'")
            base.commit()
        return iter(found)

    monkeypatch.setattr(ViewsTarget, "plan", and_then_somebody_writes)
    (outcome,) = apply(home)
    assert outcome.state == "conflict"
    assert {row.thing for row in outcome.conflicts} == {"okr_objectives/O1"}
    assert {row["title"] for row in rows(home, "objectives") if row["objective_id"] == "O1"} == {"by hand"}
    assert audited(home)[0].outcome == "conflict"


def test_one_target_that_fails_does_not_hurt_the_others(home):
    (home / "views.sqlite").write_text("no database" * 1000)
    report = Listing()
    outcomes = writes.write_targets(settings(home), report=report)
    assert [(one.target, one.state) for one in outcomes] == [("files", "written"), ("base", "failed")]
    assert outcomes[1].error is not None
    assert outcomes[1].error.code == "target_not_a_database"
    assert [code for code, _ in report.notes] == ["target_not_written"]
    assert audited(home)[0].new == "target_not_a_database"


def test_with_a_stand_in_clock_nothing_goes_to_another_machine(home):
    targets(home, more=FAR)
    outcomes = {one.target: one for one in nightly(home)}
    assert {name: one.state for name, one in outcomes.items()} == {
        "files": "written",
        "base": "written",
        "far": "skipped",
    }
    assert outcomes["far"].error is not None
    assert outcomes["far"].error.code == "target_far_away"


def test_an_unknown_target_is_told_with_the_nearest(home):
    with pytest.raises(CallError) as caught:
        planned(home, "bas")
    assert (caught.value.code, caught.value.values["nearest"]) == ("unknown_target", ["base"])


# -- the commands -------------------------------------------------------------------------------------


@pytest.fixture
def call(home, capfd):
    def run(*words, lang="en"):
        capfd.readouterr()
        status = start.run((*words, "--config", str(home / "okr.toml"), "--lang", lang))
        sys.stdout.flush()
        printed = capfd.readouterr()
        return status, printed.out, printed.err

    return run


def test_the_commands_show_and_write(call, home):
    status, out, err = call("plan", "--format", "json")
    assert status == 0, err
    every = json.loads(out)
    assert {row["target"] for row in every} == {"files", "base"}
    status, out, _ = call("plan")
    assert "Next, within a day: okr apply" in out
    plan_id = out.rsplit("okr apply ", 1)[1].strip()
    status, out, err = call("apply", plan_id)
    assert (status, err.count("Error")) == (0, 0), err
    assert "base: written." in out
    status, out, _ = call("plan", lang="zh")
    assert (status, out.strip()) == (0, "没有要写入的内容：外部已是应有的样子。")
    change(home)
    status, out, _ = call("plan", "--target", "base", lang="zh")
    assert "title: Be there" in out
    assert "okr_objectives/O1" in out
    change(home, "Be there", "Be nowhere")
    status, out, err = call("apply", lang="zh")
    assert (status, out) == (2, "")
    assert "okr_objectives/O1" in err


def test_a_long_plan_is_shown_in_part_and_written_out_whole(call, home, monkeypatch):
    monkeypatch.setattr("okr.cli.plan.SHOWN", 5)
    status, out, _ = call("plan", "--target", "base")
    assert status == 0
    assert "The first 5 of" in out
    status, _, err = call("plan", "--target", "base", "--output", str(home / "plan.xlsx"))
    assert status == 0, err
    assert (home / "plan.xlsx").exists()


def test_a_target_that_cannot_be_written_ends_apply_with_3(call, home, monkeypatch):
    show(home)
    (home / "views").mkdir()

    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("connectors.folder.outlet._make", refused)
    status, out, _ = call("apply")
    assert status == 3
    assert "files: not written." in out
    assert "base: written." in out


def test_check_says_of_each_target_whether_it_can_be_written(call, home):
    status, out, _ = call("check")
    assert "✓ target files (folder): Turned on. It can be written." in out
    assert "✓ target base (sql): Turned on. The database (sqlite) lets us in. It can be written." in out
    assert not (home / "views.sqlite").exists()
    with closing(sqlite3.connect(home / "views.sqlite")) as base:
        base.execute("CREATE TABLE okr_gaps (theirs INTEGER)")
    status, out, _ = call("check")
    assert status == 2
    assert "✗ target base (sql)" in out
    assert "okr_gaps" in out
    targets(home, on="false")
    status, out, _ = call("check")
    assert status == 0
