"""The nightly flow on a real Prefect server: its tasks, what it leaves there, and an honest final state.

All nights run in one process, one after the other: starting one takes longer than a night.
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from okr import demo
from okr.ledger import Ledger
from okr.reconcile.reading import Reader
from okr.settings import load, now
from tests.flows.conftest import small_enterprise

pytestmark = [pytest.mark.server, pytest.mark.slow]

RUN = """
import json, sys
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from flows import tasks
from flows.nightly_sync import NightlySync, nightly_sync
tasks.RETRY_AFTER = [0.05, 0.1]
with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
    for name, asked in json.loads(sys.argv[1]).items():
        state = nightly_sync(NightlySync(**asked), return_state=True)
        told = [name, str(state.state_details.flow_run_id), state.type.value, state.name, state.message]
        print("STATE", json.dumps(told), flush=True)
"""

UNREACHABLE = """
[sources.hr]
kind = "sql"
url = "postgresql+psycopg://reader@127.0.0.1:{port}/hr"
connect_timeout = "2s"
[sources.hr.tables]
people = "people"
"""

GOOD = """
[targets.good]
kind = "folder"
path = "out"
enabled = true
"""

BAD = """
[targets.bad]
kind = "folder"
path = "planning/people.csv"
enabled = true
"""


@dataclass
class Night:
    """A flow run that has ended, and what it left on the server."""

    config: str
    run: str
    type: str
    name: str
    message: str
    server: object

    def tasks(self):
        found = self.server.ask("/task_runs/filter", task_runs={"flow_run_id": {"any_": [self.run]}})
        return {task["name"]: SimpleNamespace(state=task["state_type"], tries=task["run_count"]) for task in found}

    def states(self):
        return {name: task.state for name, task in self.tasks().items()}

    def artifacts(self):
        found = self.server.ask("/artifacts/filter", artifacts={"flow_run_id": {"any_": [self.run]}})
        return {one["key"]: one["data"] for one in found}

    def logs(self):
        return "\n".join(
            line["message"]
            for line in self.server.ask("/logs/filter", logs={"flow_run_id": {"any_": [self.run]}}, limit=200)
        )

    @property
    def settings(self):
        return load(Path(self.config))


@pytest.fixture(scope="module")
def nights(prefect_server, tmp_path_factory):
    """Every night of this module by its name."""
    home = tmp_path_factory.mktemp("nights")
    broken = demo.write(home / "broken")
    (home / "broken" / "hr.sqlite").unlink()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        unreachable = small_enterprise(home / "unreachable", UNREACHABLE.format(port=closed.getsockname()[1]))
        asked = {
            "quiet": {"config": str(small_enterprise(home / "quiet", GOOD))},
            "broken": {"config": str(broken), "sync_only": True},
            "unknown": {"config": str(home / "quiet" / "okr.toml"), "sources": ["planing"]},
            "dry": {"config": str(small_enterprise(home / "dry", GOOD)), "dry_run": True},
            "target": {"config": str(small_enterprise(home / "target", GOOD + BAD))},
            "unreachable": {"config": str(unreachable), "sync_only": True},
        }
        done = prefect_server.run(RUN, json.dumps(asked))
    told = [json.loads(line.removeprefix("STATE ")) for line in done.stdout.splitlines() if line.startswith("STATE ")]
    assert len(told) == len(asked), done.stderr[-3000:]
    return {
        name: Night(asked[name]["config"], run, kind, state, message, prefect_server)
        for name, run, kind, state, message in told
    }


def test_a_night_without_trouble(nights):
    night = nights["quiet"]

    assert (night.type, night.name) == ("COMPLETED", "Completed")
    assert set(night.states()) == {
        "pull planning",
        "merge and judge",
        "write targets",
        "queue digests",
        "find meetings",
    }
    assert set(night.states().values()) == {"COMPLETED"}
    assert (night.settings.folder / "out" / "latest" / "gaps.parquet").exists()


def test_figures_are_kept_and_nothing_of_people(nights):
    kept = nights["quiet"].artifacts()

    assert set(kept) == {"okr-sources", "okr-gaps", "okr-targets", "okr-digests"}
    for told in (json.dumps(kept, ensure_ascii=False), nights["quiet"].logs()):
        assert "planning" in told or "okr" in told
        for private in ("Ada", "ada@", "secret plan"):
            assert private not in told


def test_a_source_that_fails_is_no_success_and_hurts_no_other(nights):
    """The server shows which task failed; every other source is merged and judged."""
    night = nights["broken"]

    assert (night.type, night.name) == ("FAILED", "Completed with failures")
    assert "hr" in night.message
    assert night.states() == {
        "pull hr": "FAILED",
        "pull planning": "COMPLETED",
        "pull units": "COMPLETED",
        "merge and judge": "COMPLETED",
    }
    assert night.tasks()["pull hr"].tries == 1  # a file that is not there is not there in a minute either
    with Reader(night.settings) as reader:
        assert "SY602" in {gap["code"] for gap in reader.gaps(now=now(night.settings))}


def test_what_may_be_gone_in_a_moment_is_tried_again(nights):
    night = nights["unreachable"]

    assert (night.type, night.name) == ("FAILED", "Completed with failures")
    assert night.tasks()["pull hr"].state == "FAILED"
    assert night.tasks()["pull hr"].tries == 3
    assert night.tasks()["pull planning"].tries == 1


def test_a_target_that_fails_is_told_and_hurts_no_other(nights):
    night = nights["target"]

    assert (night.type, night.name) == ("FAILED", "Failed in part")
    assert "bad" in night.message
    assert "good" not in night.message
    assert (night.settings.folder / "out" / "latest" / "gaps.parquet").exists()


def test_what_cannot_begin_says_why_in_our_words(nights):
    night = nights["unknown"]

    assert (night.type, night.name) == ("FAILED", "Refused")
    assert "planing" in night.message
    assert "planning" in night.message
    assert "Traceback" not in night.logs()


def test_a_dry_run_leaves_everything_as_it_was(nights):
    night = nights["dry"]

    assert (night.type, night.name) == ("COMPLETED", "Completed")
    assert not night.settings.warehouse.path.exists()
    assert not (night.settings.folder / "ledger.sqlite").exists()
    assert not (night.settings.folder / "out").exists()


def test_the_log_of_runs_knows_them(nights):
    with Ledger.of(nights["quiet"].settings) as ledger:
        (run,) = ledger.runs()
    assert (run.command, run.state) == ("nightly", "succeeded")
