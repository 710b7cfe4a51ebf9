"""A run on stores that stand aside leaves warehouse and ledger as they were."""

from __future__ import annotations

import pytest

from okr import pipeline
from okr.ledger import Ledger
from okr.reconcile.reading import Reader
from okr.report import Listing
from okr.settings import load, now

SETTINGS = """
period = "2026Q4"
timezone = "Asia/Shanghai"
now = 2026-12-11T08:00:00+08:00

[warehouse]
path = "state/warehouse.duckdb"

[sources.planning]
kind = "tables"
path = "planning"
"""


@pytest.fixture
def home(tmp_path):
    """An enterprise of one unit and one O that nobody has run on."""
    planning = tmp_path / "planning"
    planning.mkdir()
    (planning / "org_units.csv").write_text("unit_id,name\nU1,Product\n", encoding="utf-8")
    (planning / "periods.csv").write_text(
        "period_id,name,starts_on,ends_on\n2026Q4,Q4,2026-10-01,2026-12-31\n", encoding="utf-8"
    )
    objectives(tmp_path, "O1")
    (tmp_path / "okr.toml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


def objectives(home, *ids):
    rows = "".join(f"{one},U1,2026Q4,Title of {one}\n" for one in ids)
    header = "objective_id,unit_id,period_id,title\n"
    (home / "planning" / "objectives.csv").write_text(header + rows, encoding="utf-8")


def test_a_run_aside_sees_what_is_new_and_leaves_what_is(home):
    settings = load(home / "okr.toml")
    pipeline.sync(settings, report=Listing())
    before = state(settings)
    objectives(home, "O1", "O2")

    with pipeline.aside(settings) as other:
        pipeline.sync(other, report=Listing())
        assert subjects(other) >= {"O1", "O2"}
        with Ledger.of(other) as ledger:
            assert len(ledger.runs()) == 2

    assert state(settings) == before
    assert subjects(settings) == {"O1"}
    assert sorted(path.name for path in (home / "state").iterdir()) == ["warehouse.duckdb", "warehouse.duckdb.lock"]


def test_the_first_run_of_all_makes_nothing(home):
    settings = load(home / "okr.toml")

    with pipeline.aside(settings) as other:
        assert pipeline.sync(other, report=Listing()).exit_status == 0

    assert not settings.warehouse.path.exists()
    assert not (home / "ledger.sqlite").exists()
    assert list((home / "state").iterdir()) == []


def test_what_fails_aside_leaves_nothing_behind(home):
    settings = load(home / "okr.toml")

    with pytest.raises(ZeroDivisionError), pipeline.aside(settings):
        raise ZeroDivisionError

    assert list((home / "state").iterdir()) == []


def state(settings):
    """The warehouse's bytes and the ledger's entries."""
    with Ledger.of(settings) as ledger:
        return settings.warehouse.path.read_bytes(), ledger.runs()


def subjects(settings):
    with Reader(settings) as reader:
        return {gap["subject_id"] for gap in reader.gaps(now=now(settings)) if gap["subject_kind"] == "objective"}
