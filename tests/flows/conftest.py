"""A Prefect server of the tests' own, on a free port of loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

ROOT = Path(__file__).parents[2]
STARTS_WITHIN = 120  # seconds; eleven on a quiet machine
FLOW_TAKES = 300


@dataclass
class PrefectServer:
    """A running server: its API, and the environment of programs that talk to it."""

    url: str
    environment: dict[str, str]

    def prefect(self, *arguments: str) -> None:
        """Runs Prefect's own command line in the project's folder."""
        done = subprocess.run(
            [Path(sys.executable).with_name("prefect"), *arguments],
            env={**self.environment, "OKR_HOME": str(ROOT)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=FLOW_TAKES,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    def run(self, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs Python in a process of its own: Prefect reads its settings once, at import."""
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=FLOW_TAKES,
            check=False,
        )

    def ask(self, path: str, **body: object) -> list[dict]:
        """What the server's API answers to a filter."""
        answer = self.post(path, **body)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, **body: object) -> requests.Response:
        """Asks the server's API for something."""
        return self._send("POST", path, body)

    def create(self, path: str, body: list[dict]) -> list[dict]:
        """Makes things on the server out of a list."""
        answer = self._send("POST", path, body)
        answer.raise_for_status()
        return answer.json()

    def patch(self, path: str, **body: object) -> None:
        """Changes something on the server."""
        self._send("PATCH", path, body).raise_for_status()

    def delete(self, path: str) -> None:
        """Removes something from the server."""
        self._send("DELETE", path).raise_for_status()

    def _send(self, method: str, path: str, body: object = None) -> requests.Response:
        """Asks as Prefect's own client does: 503 is its word for a database that is busy just now."""
        busy = Retry(total=10, status_forcelist=[503], allowed_methods=None, backoff_factor=0.2, raise_on_status=False)
        with requests.Session() as session:
            session.mount("http://", HTTPAdapter(max_retries=busy))
            return session.request(method, f"{self.url}{path}", json=body, timeout=30)

    def state(self, run: str) -> str:
        """The type of a flow run's state, such as COMPLETED."""
        return self.ask("/flow_runs/filter", flow_runs={"id": {"any_": [run]}})[0]["state_type"]

    def wait_for(self, condition):
        """Waits until a condition holds, and returns what it gave."""
        until = time.monotonic() + FLOW_TAKES
        while not (found := condition()):
            assert time.monotonic() < until, "it did not come to be in time"
            time.sleep(0.2)
        return found

    @contextmanager
    def serving(self, code: str):
        """Serves flows in a process of its own; yields what finds a deployment's id by its name."""
        process = subprocess.Popen([sys.executable, "-c", code], env=self.environment, cwd=ROOT)

        def deployment(name: str) -> str:
            asked = {"name": {"any_": [name]}}
            return self.wait_for(lambda: self.ask("/deployments/filter", deployments=asked))[0]["id"]

        try:
            yield deployment
        finally:
            process.terminate()
            process.wait(timeout=30)


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


def small_enterprise(folder, more=""):
    """Settings whose only source is one small folder of tables; `more` settings behind them."""
    planning = folder / "planning"
    planning.mkdir(parents=True)
    (planning / "org_units.csv").write_text("unit_id,name,leader_id\nU1,Product,p1\n", encoding="utf-8")
    (planning / "people.csv").write_text(
        "person_id,name,unit_id,email\np1,Ada Lovelace,U1,ada@example.com\n", encoding="utf-8"
    )
    (planning / "periods.csv").write_text(
        "period_id,name,starts_on,ends_on\n2026Q4,Q4,2026-10-01,2026-12-31\n", encoding="utf-8"
    )
    (planning / "objectives.csv").write_text(
        "objective_id,unit_id,period_id,title\nO1,U1,2026Q4,A secret plan\n", encoding="utf-8"
    )
    settings = folder / "okr.toml"
    settings.write_text(TABLES + more, encoding="utf-8")
    return settings


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory):
    """Started once; stopped when the last test is done."""
    home = tmp_path_factory.mktemp("prefect-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    url = f"http://127.0.0.1:{port}/api"
    environment = {
        **os.environ,
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "10",  # a schedule of some seconds would wait for a minute
        "DO_NOT_TRACK": "1",
        "PYTHONUTF8": "1",
    }
    log = (home / "server.log").open("w", encoding="utf-8")
    prefect = str(Path(sys.executable).with_name("prefect"))
    server = subprocess.Popen(
        [prefect, "server", "start", "--host", "127.0.0.1", "--port", port, "--no-ui"],
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait_until_healthy(server, url, home / "server.log")
        yield PrefectServer(url, {**environment, "PREFECT_API_URL": url})
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        log.close()


def _wait_until_healthy(server, url, log):
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        try:
            if requests.get(f"{url}/health", timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.3)
    pytest.fail(f"the Prefect server did not start:\n{log.read_text(encoding='utf-8')[-3000:]}")
