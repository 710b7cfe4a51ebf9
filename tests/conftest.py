"""What holds for every test: no settings, home or clock of the person who runs them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Before anything imports Prefect: its settings are read at import time.
os.environ["DO_NOT_TRACK"] = "1"
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"

WHOLE_RUNS = (
    "end_to_end/test_answers", "end_to_end/test_commands_process", "end_to_end/test_deciding",
    "end_to_end/test_identity", "end_to_end/test_joined",
    "end_to_end/test_nightly", "end_to_end/test_outage", "end_to_end/test_prepare", "end_to_end/test_rounds",
    "end_to_end/test_template", "end_to_end/test_warehouse", "publish/test_audience", "publish/test_deliver",
    "publish/test_mails", "publish/test_pack", "publish/test_writes", "rules/test_as_of", "rules/test_changes",
    "rules/test_conflicts", "rules/test_memory", "rules/test_objects", "rules/test_oracle", "rules/test_runs",
    "rules/test_sources",
)  # fmt: skip
"""Files whose tests each play whole runs, often several: together far too slow for `make quick`."""

settings.register_profile(
    "shared machine",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("shared machine")


@pytest.fixture(autouse=True, scope="session")
def _home_of_our_own(tmp_path_factory):
    """Nothing is written to the home of the person who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(tmp_path_factory.mktemp("prefect")))
        yield


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    """A person's own OKR_CONFIG, OKR_NOW or OKR_LANG changes no test."""
    for name in list(os.environ):
        if name.startswith("OKR_") and not name.startswith("OKR_TESTS_"):
            monkeypatch.delenv(name)


def pytest_collection_modifyitems(items):
    """Tests that play whole runs are slow, whatever their file says of them."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).with_suffix("").as_posix() in WHOLE_RUNS:
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where nothing may be left out, a server test that is skipped has failed."""
    report = yield
    required = os.environ.get("OKR_TESTS_REQUIRE_SERVERS") == "1"
    if required and report.skipped and item.get_closest_marker("server"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"nothing may be left out here: {reason}"
    return report
