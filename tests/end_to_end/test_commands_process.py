"""What only a whole process shows: signals, pipes that close, standard output that is full."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.end_to_end import enterprise

ROOT = Path(__file__).parents[2]
OKR = [sys.executable, "-m", "okr.cli"]


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OKR_")}
    return kept | {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"} | more


@pytest.fixture(scope="module")
def synced(tmp_path_factory):
    settings = enterprise.write(tmp_path_factory.mktemp("enterprise"))
    words = [*OKR, "sync", "--config", str(settings)]
    assert subprocess.run(words, env=environment(), check=False, timeout=120).returncode == 1
    return settings


def test_a_reader_who_leaves_is_no_failure(synced):
    for form in ("json", "csv", "table"):
        words = [*OKR, "gaps", "--config", str(synced), "--format", form]
        with subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(timeout=120) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said(synced):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*OKR, "gaps", "--config", str(synced), "--format", "json"],
            env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, timeout=120,
            check=False,
        )  # fmt: skip
    assert done.returncode == 3
    assert "could not be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_json_is_utf8_whatever_the_locale(synced):
    done = subprocess.run(
        [*OKR, "gaps", "--config", str(synced), "--format", "json"],
        env=environment(LC_ALL="en_US.ISO-8859-1", PYTHONIOENCODING="latin-1"),
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout.decode("utf-8"))
    table = subprocess.run(
        [*OKR, "gaps", "--config", str(synced), "--lang", "zh"],
        env=environment(PYTHONIOENCODING="latin-1"), capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    assert b"AL101" in table.stdout


def test_a_signal_that_comes_where_python_drops_exceptions_still_stops(tmp_path):
    program = (
        "import os, signal, time\nfrom okr.cli import rooms\n"
        "class Fragile:\n    def __del__(self):\n        os.kill(os.getpid(), signal.SIGTERM)\n"
        "def slow():\n    Fragile()\n    time.sleep(60)\n"
        "rooms.rules = slow\nfrom okr.cli import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "explain"], env=environment(), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (143, "")
    assert done.stderr == "Stopped. The last good state stands.\n"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stopped_run_says_so_and_leaves_the_last_good_state(tmp_path, number, status):
    settings = enterprise.write(tmp_path / "new")
    program = (
        "import time\nfrom okr.cli import rooms\n"
        "def slow(*_, **__):\n    time.sleep(60)\n"
        "rooms.sync = slow\nfrom okr.cli import main\nmain()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, "sync", "--config", str(settings)],
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr.readline() == "Reading the settings\n"
        time.sleep(0.3)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == status
    assert out == ""
    assert err == "Stopped. The last good state stands.\n"


def test_the_process_has_the_commands_exit_status(tmp_path):
    def status(*words):
        return subprocess.run(
            [*OKR, *words], env=environment(), cwd=tmp_path, capture_output=True, timeout=120,
            check=False,
        ).returncode  # fmt: skip

    assert status("--help") == 0
    assert status("gap") == 2
    assert status("gaps") == 2
