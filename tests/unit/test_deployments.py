"""The files of deployments/ say what the program says."""

from __future__ import annotations

import configparser
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from okr.cli.commands import BY_NAME
from okr.settings import parse

FOLDER = Path(__file__).parents[2] / "deployments"
UNITS = sorted((FOLDER / "systemd").glob("*.service"))


def test_deployments_have_the_schedules_that_settings_have_by_default(tmp_path):
    settings = parse('timezone = "Asia/Shanghai"\n', tmp_path / "okr.toml")
    told = yaml.safe_load((FOLDER / "prefect.yaml").read_text(encoding="utf-8"))

    schedules = {one["slug"]: one for deployed in told["deployments"] for one in deployed.get("schedules", ())}

    assert {slug: one["cron"] for slug, one in schedules.items()} == settings.schedule.model_dump()
    assert {one["timezone"] for one in schedules.values()} == {settings.timezone}


def test_every_deployment_is_a_flow_of_ours():
    told = yaml.safe_load((FOLDER / "prefect.yaml").read_text(encoding="utf-8"))

    for deployed in told["deployments"]:
        file, _, function = deployed["entrypoint"].partition(":")
        source = (FOLDER.parent / file).read_text(encoding="utf-8")
        assert re.search(rf'@flow\(name="{deployed["name"]}".*\)\ndef {function}\(', source)
        # A worker loads the file under a name that is gone when Prefect looks at the annotations.
        assert not re.search(r"^from __future__ import annotations", source, re.MULTILINE)


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_units_start_what_there_is_and_read_what_is_made(file):
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string(file.read_text(encoding="utf-8"))
    service = unit["Service"]

    program, word, *_ = service["ExecStart"].removeprefix("/opt/okr/.venv/bin/").split()

    assert (program == "okr" and word in BY_NAME) or (program, word) in {("python", "-m"), ("prefect", "worker")}
    assert service["UMask"] == "0077"
    assert service["User"] == "okr"


def test_containers_read_the_environments_that_bootstrap_makes():
    from flows.bootstrap import ENVIRONMENTS

    told = (FOLDER / "compose.yaml").read_text(encoding="utf-8")

    assert set(yaml.safe_load(told)["services"]) == {"database", "server", "worker"}
    for name in ENVIRONMENTS:
        assert f".prefect/{name}" in told
    assert '"127.0.0.1:4200:4200"' in told  # never open to the network


def test_an_image_holds_what_is_installed_and_nothing_else():
    """A layer keeps what a later one removes: keys, a virtual environment, the history of the folder."""
    copied = re.findall(r"^ *COPY (.+) \S+$", (FOLDER / "compose.yaml").read_text(encoding="utf-8"), re.MULTILINE)

    assert {name for line in copied for name in line.split()} == {
        *("pyproject.toml", "README.md", "requirements.lock"),
        *tomllib.loads((FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"][
            "targets"
        ]["wheel"]["packages"],
    }


def test_prefects_pages_in_a_container_are_called_as_the_hosts_browser_knows_them():
    told = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))["services"]["server"]["environment"]

    assert told["PREFECT_SERVER_UI_API_URL"] == "http://127.0.0.1:4200/api"
    assert told["PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS"] == "http://127.0.0.1:4200"


def test_a_service_that_was_stopped_has_not_failed():
    assert "\nSuccessExitStatus=143\n" in (FOLDER / "systemd" / "okr-serve.service").read_text(encoding="utf-8")
