"""What holds for every test: no settings, home or clock of the person who runs them."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# Before anything imports Prefect: its settings are read at import time.
os.environ["DO_NOT_TRACK"] = "1"
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"

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
