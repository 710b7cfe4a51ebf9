"""`okr serve` as people meet it: a real Prefect, real processes, a real browser."""

from __future__ import annotations

import base64
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import filelock
import psutil
import pytest
import requests

from okr import pipeline
from okr.ledger import Ledger
from okr.settings import load
from okr.texts import text
from tests.servers import free_port, unavailable
from tests.web.conftest import SETTINGS, Quiet, key, write

pytestmark = [pytest.mark.server, pytest.mark.slow]

UP_WITHIN = 300
OKR = [sys.executable, "-m", "okr.cli"]


@dataclass
class Serving:
    """`okr serve` in a process of its own, and what it printed."""

    settings: Path
    process: subprocess.Popen
    printed: str
    origin: str
    prefect: str

    @property
    def auth(self):
        auth = (self.settings.parent / ".prefect" / "auth").read_text().strip()
        return {"Authorization": "Basic " + base64.b64encode(auth.encode()).decode()}

    @property
    def link(self):
        return re.search(r"http://\S+/sign-in/\S+", self.printed)[0]

    def ask(self, method, path, **how):
        return requests.request(method, f"{self.prefect}/api{path}", timeout=30, **how)

    def runs(self, deployment):
        """The runs of a deployment that have begun or ended."""
        planned = {"state": {"type": {"not_any_": ["SCHEDULED"]}}}
        wanted = {"deployments": {"name": {"any_": [deployment]}}, "flow_runs": planned}
        return self.post("/flow_runs/filter", wanted).json()

    def post(self, path, body):
        token = self.ask("GET", "/csrf-token?client=tests", headers=self.auth).json()["token"]
        headers = {**self.auth, "Prefect-Csrf-Client": "tests", "Prefect-Csrf-Token": token}
        return self.ask("POST", path, json=body, headers=headers)


def wait_for(condition, within=60):
    until = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < until, "it did not come to be in time"
        time.sleep(0.2)
    return found


def enterprise(folder, **web):
    """A small enterprise with a state, on ports of its own; mails would leave each minute."""
    ports = {"port": free_port(), "prefect_port": free_port(), **web}
    lines = "\n".join(f"{name} = {value!r}".replace("'", '"') for name, value in ports.items())
    more = f'\n[web]\n{lines}\n[schedule]\ndeliver = "* * * * *"\nnightly = "30 3 * * *"\n'
    real = SETTINGS.replace("now = 2026-11-20T08:00:00+08:00\n", "")
    soon = time.strftime("%Y-%m-%dT09:30:00+08:00", time.gmtime(time.time() + 20 * 86400))
    file = write(folder, re.sub(r"starts_at = \S+", f"starts_at = {soon}", real) + more)
    pipeline.sync(load(file), report=Quiet())
    return file, ports


def started(file, ports):
    """Starts `okr serve` and waits until it says that it is up."""
    out = file.parent / "printed"
    with out.open("wb") as sink:
        process = subprocess.Popen(
            [*OKR, "serve", "--config", str(file), "--lang", "en"], stdout=sink, stderr=subprocess.STDOUT
        )
    until = time.monotonic() + UP_WITHIN
    while "Ctrl-C" not in (printed := out.read_text(encoding="utf-8")):
        assert process.poll() is None, printed
        assert time.monotonic() < until, printed
        time.sleep(0.2)
    origin = f"http://127.0.0.1:{ports['port']}"
    return Serving(file, process, printed, origin, f"http://127.0.0.1:{ports['prefect_port']}")


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    file, ports = enterprise(tmp_path_factory.mktemp("serve"))
    found = started(file, ports)
    yield found
    family = [found.process.pid, *(child.pid for child in psutil.Process(found.process.pid).children(recursive=True))]
    found.process.send_signal(signal.SIGTERM)
    assert found.process.wait(timeout=20) == 128 + signal.SIGTERM
    assert len(family) >= 4
    assert [pid for pid in family if psutil.pid_exists(pid)] == []


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium")
    if chromium is None:
        unavailable("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()


def signed_in(browser, serving, address=None, locale="en-GB"):
    """A window of somebody who has followed their link and pressed its button."""
    link = serving.link
    if address is not None:
        call = [*OKR, "login-link", address, "--config", str(serving.settings)]
        link = subprocess.run(call, capture_output=True, text=True, check=True).stdout.strip()
    window = browser.new_context(locale=locale, base_url=serving.origin)
    page = window.new_page()
    page.problems = []
    page.on("console", lambda message: page.problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.goto(link)
    page.click("main button")
    page.wait_for_url(f"{serving.origin}/")
    return page


def test_prefect_is_shut_to_whoever_has_no_auth_string(serving):
    assert serving.ask("POST", "/flow_runs/filter", json={}).status_code in {401, 403}
    assert serving.ask("GET", "/deployments/name/pre-handshake/pre-handshake").status_code == 401
    assert serving.ask("GET", "/deployments/name/deliver/deliver", headers=serving.auth).status_code == 200
    # Nor may a page of somebody else's in a browser that has it.
    foreign = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in serving.ask("OPTIONS", "/flow_runs/filter", headers=foreign).headers
    own = {"Origin": serving.prefect, "Access-Control-Request-Method": "POST"}
    assert serving.ask("OPTIONS", "/flow_runs/filter", headers=own).headers["access-control-allow-origin"]
    assert serving.ask("POST", "/flow_runs/filter", json={}, headers=serving.auth).status_code == 403


def test_all_of_it_lies_beside_the_settings_for_the_owner_alone(serving):
    home = serving.settings.parent / ".prefect"
    assert home.stat().st_mode & 0o777 == 0o700
    for path in home.rglob("*"):
        if path.is_file() and path.parent in {home, home / "logs"}:
            assert path.stat().st_mode & 0o077 == 0, path
    spoken = serving.printed + "".join(log.read_text(encoding="utf-8") for log in (home / "logs").iterdir())
    assert (home / "auth").read_text().strip().partition(":")[2] not in spoken
    assert (home / "encryption").read_text().strip() not in spoken
    assert "/sign-in/" not in "".join(log.read_text(encoding="utf-8") for log in (home / "logs").iterdir())


def test_the_schedules_are_those_of_the_settings(serving):
    found = {}
    for name in ("nightly-sync", "deliver", "pre-handshake"):
        told = serving.ask("GET", f"/deployments/name/{name}/{name}", headers=serving.auth).json()
        found[name] = [
            (one["schedule"]["cron"], one["schedule"]["timezone"], one["active"]) for one in told["schedules"]
        ]
        assert told["parameters"]["parameters"] == {"config": str(serving.settings)}
    zone = "Asia/Shanghai"
    assert found == {
        "nightly-sync": [("30 3 * * *", zone, True)],
        "deliver": [("* * * * *", zone, True)],
        "pre-handshake": [],
    }


def test_an_hrbp_prepares_a_meeting_and_takes_its_pack(serving, browser, tmp_path):
    page = signed_in(browser, serving, "lilei@example.com", locale="zh-CN")
    assert page.title() == "会议 · 握手会工作台"
    assert page.locator(".meeting").count() == 1
    page.click(".meeting a")
    page.check("input[name=fresh]")
    page.click("text=开始准备")
    page.wait_for_selector('[data-over="1"]', timeout=90_000)
    watched = page.inner_text(".watch")
    for told in ("已完成", "读取来源 planning", "合并数据，找出未解决的问题", "生成材料包和邮件", "材料包已生成"):
        assert told in watched
    page.click("text=查看材料包")
    with page.expect_download() as download:
        page.click("text=会议工作簿")
    download.value.save_as(tmp_path / "book.xlsx")
    assert (tmp_path / "book.xlsx").read_bytes()[:2] == b"PK"
    with page.expect_popup() as popup:
        page.click("text=就绪情况一页纸")
    popup.value.wait_for_load_state()
    assert "Handshake of Market" in popup.value.content()
    page.click("text=English")
    assert page.title().startswith("Handshake of Market")
    assert page.problems == []
    # What ran here is in the ledger under who asked for it, and leaves figures and no names on Prefect's pages.
    with Ledger.of(load(serving.settings)) as ledger:
        assert ledger.runs(1)[0].command == "prepare"
    (run,) = [one for one in serving.runs("pre-handshake") if one["state_name"] == "Completed"]
    kept = serving.post("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}}).text
    assert "okr-preparation" in kept
    for word in ("李雷", "lilei", "Open 12 shops", "two people"):
        assert word not in kept
    page.context.close()


def test_a_run_waits_its_turn_says_so_and_can_be_cancelled(serving, browser):
    loaded = load(serving.settings)
    page = signed_in(browser, serving)
    loaded.packs.path.mkdir(mode=0o700, exist_ok=True)
    with filelock.FileLock(loaded.packs.path / "lock"):
        page.goto(f"/meetings/{key('supply/../x')}")
        page.click("text=Prepare now")
        page.wait_for_selector(f"text={text('web.run.waits', 'en')}", timeout=60_000)
        page.goto("/runs")
        assert "under way" in page.inner_text("main")
        run = next(one for one in serving.runs("pre-handshake") if one["state_type"] == "RUNNING")
        asked = serving.post(f"/flow_runs/{run['id']}/set_state", {"state": {"type": "CANCELLING"}, "force": True})
        assert asked.ok
        page.goto(f"/meetings/{key('supply/../x')}/runs/{run['id']}")
        page.wait_for_selector('[data-over="1"]', timeout=60_000)
        assert "stopped" in page.inner_text(".watch .state")
    page.context.close()


def test_a_parameter_that_is_none_is_refused_with_its_name(serving):
    deployment = serving.ask("GET", "/deployments/name/pre-handshake/pre-handshake", headers=serving.auth).json()["id"]
    for wrong, named in (({"meeting": ""}, "meeting"), ({}, "meeting"), ({"meeting": "market", "fresh": "x"}, "fresh")):
        answer = serving.post(f"/deployments/{deployment}/create_flow_run", {"parameters": {"parameters": wrong}})
        assert answer.status_code in {409, 422}, wrong
        assert named in answer.text


def test_a_meeting_that_nobody_knows_ends_the_run_with_our_words(serving):
    deployment = serving.ask("GET", "/deployments/name/pre-handshake/pre-handshake", headers=serving.auth).json()["id"]
    asked = {"config": str(serving.settings), "meeting": "Handshake of Markt"}
    run = serving.post(f"/deployments/{deployment}/create_flow_run", {"parameters": {"parameters": asked}}).json()["id"]
    state = wait_for(
        lambda: next(
            (one["state"] for one in serving.runs("pre-handshake") if one["id"] == run and one["end_time"]), None
        )
    )
    assert (state["type"], state["name"]) == ("FAILED", "Refused")
    assert "Handshake of Markt" in state["message"]
    assert "Handshake of Market" in state["message"]  # the nearest


def test_two_do_not_serve_one_enterprise(serving):
    call = [*OKR, "serve", "--config", str(serving.settings), "--lang", "en"]
    done = subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "already" in done.stderr


def test_what_the_schedule_runs_is_seen(serving, browser):
    wait_for(lambda: [one for one in serving.runs("deliver") if one["end_time"] and one["auto_scheduled"]], within=75)
    page = signed_in(browser, serving, "ops@example.com")
    page.goto("/runs")
    told = page.inner_text("table.list >> nth=0")
    assert "Sending of mails" in told
    assert "schedule" in told
    page.context.close()


@pytest.mark.parametrize("taken", ["port", "prefect_port"])
def test_a_port_that_is_taken_is_named(tmp_path, taken):
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        file = write(tmp_path, f"{SETTINGS}\n[web]\nport = {free_port()}\nprefect_port = {free_port()}\n")
        told = file.read_text(encoding="utf-8")
        file.write_text(re.sub(rf"^{taken} = \d+", f"{taken} = {port}", told, flags=re.MULTILINE), encoding="utf-8")
        call = [*OKR, "serve", "--config", str(file), "--lang", "en"]
        done = subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert f"port {port}" in done.stderr
    assert f"web.{taken}" in done.stderr
    assert "Traceback" not in done.stderr


def test_whatever_ends_it_nothing_stays_behind(tmp_path):
    """Killed without a word, its processes find out by themselves."""
    file, ports = enterprise(tmp_path)
    found = started(file, ports)
    family = psutil.Process(found.process.pid).children(recursive=True)
    assert len(family) >= 3
    found.process.kill()
    found.process.wait()
    gone, left = psutil.wait_procs(family, timeout=15)
    assert left == []
    assert len(gone) == len(family)
