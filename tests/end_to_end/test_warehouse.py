"""The warehouse is the old state or the new one, whatever happens to a run."""

from __future__ import annotations

import json
import random
import resource
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from okr.errors import CallError, RunError
from okr.ledger import Ledger
from okr.pipeline import SyncResult, sync
from okr.reconcile.reading import Reader
from okr.report import Listing
from okr.settings import Settings, load, now

SETTINGS = """
period = "2026Q4"
timezone = "Asia/Shanghai"
now = 2026-11-20T08:00:00+08:00

[sources.planning]
kind = "tables"
path = "planning"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "okr.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "planning").mkdir()
    planning(tmp_path, units=80)
    return tmp_path


def planning(home: Path, *, units: int, title: str = "grow by 3") -> None:
    """A root and units below it, each with an O; the root has a KR that nobody carries."""
    below = [f"U{number}" for number in range(units)]
    write(home, "org_units", "unit_id,name,parent_id", ["R,root,", *(f"{u},unit {u},R" for u in below)])
    write(home, "periods", "period_id,starts_on,ends_on", ["2026Q4,2026-10-01,2026-12-31"])
    write(home, "objectives", "objective_id,unit_id,period_id,title", [f"O-{u},{u},2026Q4,go" for u in ("R", *below)])
    write(home, "key_results", "kr_id,objective_id,title", [f"K-{u},O-{u},{title} {u}" for u in ("R", *below)])


def write(home: Path, table: str, header: str, rows: list[str]) -> None:
    (home / "planning" / f"{table}.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")


def settings(home: Path) -> Settings:
    return load(home / "okr.toml")


def run(home: Path) -> SyncResult:
    return sync(settings(home), report=Listing())


def gaps(home: Path) -> list[dict[str, Any]]:
    with Reader(settings(home)) as reader:
        return list(reader.gaps(now=now(settings(home))))


def command(home: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "okr.cli", *words, "--config", str(home / "okr.toml"), "--lang", "en"]


def everything(home: Path) -> dict[str, list[str]]:
    """Every table of the warehouse but the run log, as sorted text."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as house:
        tables = house.sql(
            "select schema_name || '.' || table_name from duckdb_tables() where not temporary order by 1"
        ).fetchall()
        return {
            name: sorted(str(row) for row in house.sql(f"select * from {name}").fetchall())
            for (name,) in tables
            if name not in {"history.runs", "history.judged"}
        }


def test_a_second_run_on_unchanged_input_changes_nothing_but_the_run_log(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(home)
    before = everything(home)
    monkeypatch.setenv("OKR_NOW", "2026-11-21T08:00:00+08:00")

    again = run(home)

    after = everything(home)
    for state in (before, after):
        # When a source was last read is news of the run, as is the delivery that it came with.
        del state["store.sources"]
    assert after == before
    assert (again.opened, again.resolved) == (0, 0)


def test_a_run_killed_at_any_moment_leaves_the_old_or_the_new_state(home: Path) -> None:
    run(home)
    old = gaps(home)
    planning(home, units=79, title="grow by 4")
    dice = random.Random(7)
    seen: list[list[dict[str, Any]]] = []
    for _ in range(12):
        process = subprocess.Popen(command(home, "sync"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + dice.uniform(0.3, 3.5)
        while time.monotonic() < deadline and process.poll() is None:
            seen.append(gaps(home))
        process.send_signal(signal.SIGKILL)
        process.wait()
        seen.append(gaps(home))
    run(home)
    new = gaps(home)

    assert new != old
    assert all(found in (old, new) for found in seen)
    assert not list(home.glob("*.next*"))


def test_two_runs_at_once_both_end_well(home: Path) -> None:
    both = [
        subprocess.Popen(command(home, "sync"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=120)[1] for process in both]

    assert [process.returncode for process in both] == [0, 0], told
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as house:
        assert house.sql("select count(*) from history.runs").fetchall() == [(2,)]


def test_an_entry_made_in_the_ledger_during_a_run_is_there_after_it(home: Path) -> None:
    class Deciding(Listing):
        def stage(self, code: str, /, total: int | None = None, **values: object) -> None:
            if code == "merge":
                with Ledger.of(settings(home)) as ledger:
                    ledger.decide("delivery", "planning", "accept", "Li Lei", "seen", datetime.now(UTC))

    sync(settings(home), report=Deciding())

    with Ledger.of(settings(home)) as ledger:
        assert [(one.subject, one.who) for one in ledger.decisions("delivery")] == [("planning", "Li Lei")]
        assert [one.state for one in ledger.runs(1)] == ["succeeded"]


def test_a_full_disk_leaves_the_old_state_and_says_so(home: Path) -> None:
    run(home)
    old = everything(home)
    planning(home, units=80, title="grow by 5")

    def small_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    ended = subprocess.run(
        command(home, "sync"), preexec_fn=small_disk, capture_output=True, text=True, check=False, timeout=120
    )

    assert ended.returncode == 3, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "warehouse" in ended.stderr
    assert everything(home) == old
    assert not list(home.glob("*.next*"))


def test_a_delivery_that_shrank_is_held_back_until_somebody_decides(home: Path) -> None:
    run(home)
    planning(home, units=40)

    held = run(home)

    assert held.exit_status == 1
    assert [(one.name, one.state, one.code) for one in held.sources] == [("planning", "held", "delivery_shrank")]
    assert coverage_units(home) == 81
    assert "SY602" in {gap["code"] for gap in gaps(home)}
    assert run(home).sources[0].state == "held"

    decided = subprocess.run(
        command(home, "decide", "delivery", "planning", "accept", "--why", "two divisions were merged", "--who", "ops"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert decided.returncode == 0, decided.stderr
    assert run(home).sources[0].state == "read"
    assert coverage_units(home) == 41
    assert "SY602" not in {gap["code"] for gap in gaps(home)}


def test_a_delivery_that_was_refused_stays_out(home: Path) -> None:
    run(home)
    planning(home, units=40)
    run(home)
    with Reader(settings(home)) as reader:
        delivery = reader.sources()[0]["held_delivery"]
    with Ledger.of(settings(home)) as ledger:
        ledger.decide(
            "delivery", "planning", "refuse", "ops", "half is missing", now(settings(home)), {"delivery": delivery}
        )

    assert [(one.state, one.code) for one in run(home).sources] == [("held", "delivery_refused")]
    assert coverage_units(home) == 81


def coverage_units(home: Path) -> int:
    with Reader(settings(home)) as reader:
        return len(reader.coverage(now=now(settings(home))))


def test_a_warehouse_that_another_program_holds_is_named(home: Path) -> None:
    run(home)
    holding = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()",
            str(home / "warehouse.duckdb"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holding.stdout is not None
        assert holding.stdout.readline() == "held\n"
        with pytest.raises(RunError) as reading:
            gaps(home)
        with pytest.raises(RunError) as building:
            run(home)
    finally:
        holding.communicate()
    assert reading.value.code == building.value.code == "warehouse_held"
    assert gaps(home)


def test_a_warehouse_that_is_none_and_one_that_is_not_there_are_named(home: Path) -> None:
    with pytest.raises(CallError) as missing:
        gaps(home)
    assert missing.value.code == "no_warehouse"
    (home / "warehouse.duckdb").write_text("not a database at all, but long enough to be looked at" * 40)
    with pytest.raises(RunError) as wrong:
        gaps(home)
    assert wrong.value.code == "not_a_warehouse"
    with pytest.raises(RunError):
        run(home)


def test_the_file_is_for_its_owner_alone_and_opens_with_duckdb_1_4(home: Path) -> None:
    run(home)
    path = home / "warehouse.duckdb"
    assert path.stat().st_mode & 0o777 == 0o600
    assert (home / "tmp").stat().st_mode & 0o777 == 0o700  # where DuckDB puts rows that memory cannot hold
    with duckdb.connect(str(path), read_only=True) as house:
        tags = house.sql("select tags from duckdb_databases() where not internal").fetchall()
    assert "v1.4.0" in str(tags)


def test_the_past_can_be_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(home)
    then = gaps(home)
    monkeypatch.setenv("OKR_NOW", "2026-11-22T08:00:00+08:00")
    write(home, "alignments", "objective_id,parent_kind,parent_id", ["O-U0,kr,K-R"])
    result = run(home)

    with Reader(settings(home)) as reader:
        past = list(reader.gaps(now=now(settings(home)), as_of=datetime(2026, 11, 21, tzinfo=UTC)))
        present = list(reader.gaps(now=now(settings(home))))
        with pytest.raises(CallError) as before_all:
            list(reader.gaps(now=now(settings(home)), as_of=datetime(2026, 1, 1, tzinfo=UTC)))

    assert past == then
    assert result.resolved >= 1
    assert "AL101" in {gap["code"] for gap in past}
    assert "AL101" not in {gap["code"] for gap in present}
    assert before_all.value.code == "no_run_then"


def test_other_programs_find_the_promised_views(home: Path) -> None:
    run(home)
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as house:
        kr = house.sql("select kr_id, objective_id, title, source from okr.key_results where kr_id = 'K-R'").fetchall()
        identity = house.sql("select kind, id, source, source_id, how from okr.identities where id = 'K-R'").fetchall()
    assert kr == [("K-R", "O-R", "grow by 3 R", "planning")]
    assert identity == [("kr", "K-R", "planning", "K-R", "id")]


def test_json_is_what_the_reader_says(home: Path) -> None:
    run(home)
    with Reader(settings(home)) as reader:
        at = now(settings(home))
        assert json.loads("".join(reader.gaps_json(now=at))) == list(reader.gaps(now=at))
        assert reader.gap_count(now=at) == len(list(reader.gaps(now=at)))
