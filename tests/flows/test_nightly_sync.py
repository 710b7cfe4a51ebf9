"""The nightly flow on a real Prefect server: pins, seams and an honest final state."""

from __future__ import annotations

import pytest

from okr import demo
from okr.reconcile.reading import Reader
from okr.settings import load, now

pytestmark = [pytest.mark.server, pytest.mark.slow]

RUN = """
import sys
from flows.nightly_sync import NightlySync, nightly_sync
state = nightly_sync(NightlySync(config=sys.argv[1], sources=sys.argv[2:]), return_state=True)
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
    planning = tmp_path / "planning"
    planning.mkdir()
    (planning / "org_units.csv").write_text("unit_id,name\nU1,Product\n", encoding="utf-8")
    (planning / "periods.csv").write_text(
        "period_id,name,starts_on,ends_on\n2026Q4,Q4,2026-10-01,2026-12-31\n", encoding="utf-8"
    )
    settings = tmp_path / "okr.toml"
    settings.write_text(TABLES, encoding="utf-8")

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
    states = {task["name"].split("-")[0]: task["state_type"] for task in tasks}
    assert states == {
        "pull hr": "FAILED",
        "pull planning": "COMPLETED",
        "pull units": "COMPLETED",
        "merge_and_judge": "COMPLETED",
    }
    loaded = load(settings)
    with Reader(loaded) as reader:
        found = {gap["code"] for gap in reader.gaps(now=now(loaded))}
        run = reader.last_run()
    assert "SY602" in found
    assert run is not None
    assert run["command"] == "nightly"


def test_the_deployment_is_legal_and_asks_for_plain_fields(prefect_server):
    """`prefect deploy` takes deployments/prefect.yaml; its schedule keeps the company's zone."""
    prefect_server.prefect("work-pool", "create", "okr", "--type", "process")
    prefect_server.prefect("--no-prompt", "deploy", "--prefect-file", "deployments/prefect.yaml", "--all")

    (deployed,) = prefect_server.ask("/deployments/filter", limit=10)
    assert deployed["name"] == "nightly-sync"
    assert deployed["schedules"][0]["schedule"] == {
        "cron": "30 3 * * *",
        "timezone": "Asia/Shanghai",
        "day_or": True,
    }
    asked = deployed["parameter_openapi_schema"]["definitions"]["NightlySync"]["properties"]
    assert {name: field["type"] for name, field in asked.items()} == {
        "config": "string",
        "sources": "array",
    }
