"""What is deployed: readied once, started by hand, by the schedule, and stopped half way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import filelock
import pytest

from okr.ledger import Ledger
from okr.settings import load
from tests.flows.conftest import ROOT, small_enterprise

pytestmark = [pytest.mark.server, pytest.mark.slow]

PROGRAM = Path(sys.executable).with_name("okr")
DEPLOYED = {"nightly-sync", "pre-handshake", "deliver"}


@pytest.fixture(scope="module")
def place(prefect_server, tmp_path_factory):
    """An enterprise whose deployments are on the server, and a worker that runs them."""
    folder = tmp_path_factory.mktemp("place")
    place = Place(prefect_server, small_enterprise(folder / "enterprise"))
    said = place.bootstrap()
    assert "as it was" not in said, said
    log = (folder / "worker.log").open("w")
    worker = subprocess.Popen(
        [PROGRAM.with_name("prefect"), "worker", "start", "--pool", "okr", "--type", "process"],
        env={**prefect_server.environment, "PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_HOME": str(folder / "home")},
        stdout=log,
        stderr=log,
        cwd=folder,
    )
    try:
        yield place
    finally:
        worker.terminate()
        worker.wait(timeout=60)
        log.close()


class Place:
    def __init__(self, server, settings):
        self.server, self.settings = server, settings
        self.environment = {**server.environment, "OKR_LANG": "en", "PYTHONPATH": str(ROOT)}

    def bootstrap(self):
        done = subprocess.run(
            [sys.executable, "-m", "flows.bootstrap", "--config", self.settings],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def okr(self, *words):
        return subprocess.Popen(
            [PROGRAM, *words, "--config", self.settings],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def deployments(self):
        found = self.server.ask("/deployments/filter", deployments={"name": {"any_": sorted(DEPLOYED)}})
        return {one["name"]: one for one in found}

    def runs(self, state):
        with Ledger.of(load(self.settings)) as ledger:
            return [run for run in ledger.runs() if run.state == state]


def test_the_deployments_have_cron_and_zone_of_the_settings_and_plain_fields(place):
    found = place.deployments()

    assert set(found) == DEPLOYED
    crons = {
        name: [(one["schedule"]["cron"], one["schedule"]["timezone"]) for one in deployed["schedules"]]
        for name, deployed in found.items()
    }
    assert crons == {
        "nightly-sync": [("0 3 * * *", "Asia/Shanghai")],
        "deliver": [("*/15 * * * *", "Asia/Shanghai")],
        "pre-handshake": [],
    }
    for deployed in found.values():
        assert deployed["parameters"] == {"parameters": {"config": str(place.settings)}}
        (model,) = deployed["parameter_openapi_schema"]["definitions"].values()
        kinds = {field["type"] for field in model["properties"].values()}
        assert kinds <= {"string", "array", "boolean"}


def test_readied_twice_nothing_changes(place):
    before = place.deployments()

    said = place.bootstrap()

    assert all(line.endswith("as it was") for line in said.splitlines()), said
    after = place.deployments()
    for name, deployed in before.items():
        # What a worker that asks for runs changes is not ours.
        volatile = {"last_polled", "status"}
        assert {k: v for k, v in after[name].items() if k not in volatile} == {
            k: v for k, v in deployed.items() if k not in volatile
        }
    kept = {path.name: path.stat().st_mode & 0o777 for path in (place.settings.parent / ".prefect").glob("*")}
    assert {"auth", "encryption", "server.env", "worker.env"} <= set(kept)
    assert set(kept.values()) == {0o600}


def test_a_changed_schedule_is_put_right_and_one_that_is_off_stays_off(place):
    deployed = place.deployments()["deliver"]
    (schedule,) = deployed["schedules"]
    place.server.patch(f"/deployments/{deployed['id']}/schedules/{schedule['id']}", active=False)
    content = place.settings.read_text(encoding="utf-8")
    place.settings.write_text(content + '\n[schedule]\ndeliver = "*/5 * * * *"\n', encoding="utf-8")
    try:
        said = place.bootstrap()
    finally:
        place.settings.write_text(content, encoding="utf-8")

    assert [line for line in said.splitlines() if not line.endswith("as it was")] == ["Deployment deliver: changed"]
    (schedule,) = place.deployments()["deliver"]["schedules"]
    assert schedule["schedule"]["cron"] == "*/5 * * * *"
    assert schedule["active"] is False


def test_a_parameter_that_is_refused(place):
    start = f"/deployments/{place.deployments()['nightly-sync']['id']}/create_flow_run"

    refused = place.server.post(start, parameters={"parameters": {"config": "okr.toml", "sources": 7}})

    assert refused.status_code in {409, 422}
    assert "sources" in refused.text


def test_a_command_on_the_server_is_watched_and_ends_with_its_status(place):
    done = place.okr("sync", "--on-prefect", "--source", "planing")
    _, told = done.communicate(timeout=180)

    assert done.returncode == 2, told
    assert "There is no source planing" in told or "planing" in told
    assert "Refused" in told


def test_a_command_on_the_server_that_is_stopped_stops_the_run(place):
    """The run waits for the warehouse: nothing is written, and the ledger knows."""
    path = load(place.settings).warehouse.path
    with filelock.FileLock(f"{path}.lock"):
        command = place.okr("sync", "--on-prefect")
        place.server.wait_for(lambda: place.runs("started"))
        command.send_signal(signal.SIGINT)
        _, told = command.communicate(timeout=60)
        place.server.wait_for(lambda: not place.runs("started"))

    assert command.returncode == 130, told
    assert place.runs("stopped")
    assert not path.exists()
    (run,) = place.server.ask(
        "/flow_runs/filter",
        flow_runs={
            "deployment_id": {"any_": [place.deployments()["nightly-sync"]["id"]]},
            "state": {"type": {"any_": ["CANCELLED", "CANCELLING"]}},
        },
    )
    place.server.wait_for(lambda: place.server.state(run["id"]) == "CANCELLED")


def test_the_schedule_starts_a_run(place):
    """A schedule of some seconds beside the nightly one, watched once."""
    deployed = place.deployments()["nightly-sync"]["id"]
    every = {"schedule": {"interval": 5, "timezone": "Asia/Shanghai"}, "active": True}
    (made,) = place.server.create(f"/deployments/{deployed}/schedules", [every])
    try:
        asked = {"deployment_id": {"any_": [deployed]}, "state": {"type": {"any_": ["COMPLETED"]}}}
        (run, *_) = place.server.wait_for(lambda: place.server.ask("/flow_runs/filter", flow_runs=asked))
    finally:
        place.server.delete(f"/deployments/{deployed}/schedules/{made['id']}")

    assert run["auto_scheduled"] is True
    assert load(place.settings).warehouse.path.exists()


def test_what_there_is_not_is_told(place, tmp_path):
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path), "OKR_LANG": "en"}
    environment.pop("PREFECT_API_URL", None)
    settings = small_enterprise(tmp_path / "elsewhere")

    def told(**more):
        done = subprocess.run(
            [PROGRAM, "nightly", "--on-prefect", "--config", settings],
            env={**environment, **more},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stderr

    assert told()[0] == 2
    assert "PREFECT_API_URL" in told()[1]
    status, said = told(PREFECT_API_URL="http://127.0.0.1:9/api", PREFECT_CLIENT_MAX_RETRIES="0")
    assert status == 3
    assert "http://127.0.0.1:9" in said
