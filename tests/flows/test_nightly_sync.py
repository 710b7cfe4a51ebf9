"""The nightly flow on a real Prefect server: pins, seams and an honest final state."""

from __future__ import annotations

import json

import filelock
import pytest

from okr import demo
from okr.ledger import Ledger
from okr.reconcile.reading import Reader
from okr.settings import load, now

pytestmark = [pytest.mark.server, pytest.mark.slow]

RUN = """
import sys
from flows.nightly_sync import NightlySync, nightly_sync
state = nightly_sync(NightlySync(config=sys.argv[1], sources=sys.argv[2:], sync_only=True), return_state=True)
print(state.type.value, state.name)
"""

TABLES = """
period = "2026Q4"
timezone = "Asia/Shanghai"
now = 2026-12-11T08:00:00+08:00

[warehouse]
path = "warehouse.duckdb"

[sources.planning]
kind = "tables"
path = "planning"
"""


def test_all_read_is_completed(prefect_server, tmp_path):
    settings = tables_only(tmp_path)

    done = prefect_server.run(RUN, str(settings))

    assert done.stdout.splitlines()[-1:] == ["COMPLETED Completed"], done.stderr[-3000:]


def test_a_part_that_could_not_be_read_is_no_success(prefect_server, tmp_path):
    """Every other source is merged and judged; the server shows which task failed."""
    settings = demo.write(tmp_path / "demo")
    (tmp_path / "demo" / "hr.sqlite").unlink()

    done = prefect_server.run(RUN, str(settings))

    assert done.stdout.splitlines()[-1:] == ["FAILED Completed with failures"], done.stderr[-3000:]
    runs = prefect_server.ask("/flow_runs/filter", sort="START_TIME_DESC", limit=1)
    assert runs[0]["state"]["name"] == "Completed with failures"
    assert "hr" in runs[0]["state"]["message"]
    tasks = prefect_server.ask("/task_runs/filter", task_runs={"flow_run_id": {"any_": [runs[0]["id"]]}})
    states = {task["name"]: task["state_type"] for task in tasks}
    assert states == {
        "pull hr": "FAILED",
        "pull planning": "COMPLETED",
        "pull units": "COMPLETED",
        "merge and judge": "COMPLETED",
    }
    loaded = load(settings)
    with Reader(loaded) as reader:
        found = {gap["code"] for gap in reader.gaps(now=now(loaded))}
        run = reader.last_run()
    assert "SY602" in found
    assert run is not None
    assert run["command"] == "sync"


def tables_only(folder):
    """Settings whose only source is one small folder of tables."""
    planning = folder / "planning"
    planning.mkdir(parents=True)
    (planning / "org_units.csv").write_text("unit_id,name,leader_id\nU1,Product,p1\n", encoding="utf-8")
    (planning / "people.csv").write_text("person_id,name,unit_id\np1,Ada Lovelace,U1\n", encoding="utf-8")
    (planning / "periods.csv").write_text(
        "period_id,name,starts_on,ends_on\n2026Q4,Q4,2026-10-01,2026-12-31\n", encoding="utf-8"
    )
    (planning / "objectives.csv").write_text(
        "objective_id,unit_id,period_id,title\nO1,U1,2026Q4,A secret plan\n", encoding="utf-8"
    )
    settings = folder / "okr.toml"
    settings.write_text(TABLES, encoding="utf-8")
    return settings


def test_figures_are_kept_and_nothing_of_people(prefect_server, tmp_path):
    settings = tables_only(tmp_path)

    done = prefect_server.run(RUN, str(settings))

    assert done.stdout.splitlines()[-1:] == ["COMPLETED Completed"], done.stderr[-3000:]
    runs = prefect_server.ask("/flow_runs/filter", sort="START_TIME_DESC", limit=1)
    kept = prefect_server.ask("/artifacts/filter", artifacts={"flow_run_id": {"any_": [runs[0]["id"]]}})
    assert {one["key"] for one in kept} == {"okr-sources", "okr-gaps"}
    told = json.dumps(kept, ensure_ascii=False)
    assert "planning" in told
    assert "Ada" not in told
    assert "secret plan" not in told


def test_what_cannot_begin_says_why_in_our_words(prefect_server, tmp_path):
    settings = tables_only(tmp_path)

    done = prefect_server.run(RUN, str(settings), "planing")

    assert done.stdout.splitlines()[-1:] == ["FAILED Refused"], done.stderr[-3000:]
    runs = prefect_server.ask("/flow_runs/filter", sort="START_TIME_DESC", limit=1)
    assert "planing" in runs[0]["state"]["message"]
    assert "planning" in runs[0]["state"]["message"]
    assert "Traceback" not in done.stderr


SERVE = """
from flows.nightly_sync import nightly_sync
nightly_sync.serve(name="held", pause_on_shutdown=False, print_starting_message=False)
"""


def test_a_parameter_of_the_wrong_shape_and_a_run_that_is_cancelled(prefect_server, tmp_path):
    """A run that waits for the warehouse is cancelled: nothing is written, and the ledger knows."""
    settings = tables_only(tmp_path)
    loaded = load(settings)
    with prefect_server.serving(SERVE) as deployment, filelock.FileLock(f"{loaded.warehouse.path}.lock"):
        start = f"/deployments/{deployment('held')}/create_flow_run"
        refused = prefect_server.post(start, parameters={"parameters": {"config": "okr.toml", "sources": 7}})
        assert refused.status_code in {409, 422}
        assert "sources" in refused.text

        run = prefect_server.post(start, parameters={"parameters": {"config": str(settings)}}).json()["id"]
        prefect_server.wait_for(lambda: _runs(loaded, "started"))
        prefect_server.post(f"/flow_runs/{run}/set_state", state={"type": "CANCELLING"}, force=True)
        prefect_server.wait_for(lambda: prefect_server.state(run) == "CANCELLED")
        prefect_server.wait_for(lambda: not _runs(loaded, "started"))

        assert _runs(loaded, "stopped")
        assert not loaded.warehouse.path.exists()


def _runs(settings, state):
    with Ledger.of(settings) as ledger:
        return [run for run in ledger.runs() if run.state == state]
