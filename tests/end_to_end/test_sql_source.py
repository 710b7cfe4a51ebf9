"""A database that fails, seen from the run: the cause is named, and the last good rows stand in."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from okr import pipeline
from okr.reconcile.reading import Reader
from okr.report import Listing
from okr.settings import now, parse

SETTINGS = """
timezone = "Asia/Shanghai"
now = 2026-11-20T08:00:00+08:00
[sources.hr]
kind = "sql"
url = "sqlite:///hr.sqlite"
statement_timeout = "1s"
[sources.hr.tables]
org_units = "departments"
periods = "quarters"
people = "{people}"
"""
HR = """
CREATE TABLE departments (unit_id TEXT, name TEXT);
INSERT INTO departments VALUES ('U1', '市场部');
CREATE TABLE quarters (period_id TEXT, name TEXT, starts_on TEXT, ends_on TEXT);
INSERT INTO quarters VALUES ('2026Q4', '2026Q4', '2026-10-01', '2026-12-31');
CREATE TABLE staff (id TEXT, name TEXT);
INSERT INTO staff VALUES ('P1', '张三'), ('P2', '李四');
"""
GOOD = "SELECT id AS person_id, name FROM staff"


@pytest.fixture
def run(tmp_path):
    """Sync with a SELECT for people; its outcome, the gaps, and who is known then."""
    with closing(sqlite3.connect(tmp_path / "hr.sqlite")) as database:
        database.executescript(HR)

    def ran(people):
        settings = parse(SETTINGS.format(people=people), tmp_path / "okr.toml")
        result = pipeline.sync(settings, report=Listing())
        with Reader(settings) as reader:
            gaps = list(reader.gaps(now=now(settings)))
        return result.sources[0], gaps, _people(settings)

    return ran


def _people(settings) -> list[str]:
    import duckdb

    with duckdb.connect(str(settings.warehouse.path), read_only=True) as warehouse:
        return [one for (one,) in warehouse.execute("select name from okr.people order by person_id").fetchall()]


@pytest.mark.parametrize(
    ("people", "code", "named"),
    [
        ("nowhere", "sql_no_table", "nowhere"),
        ("SELECT id AS person_id, nonesuch FROM staff", "sql_no_column", "nonesuch"),
        ("SELECT name FROM staff", "missing_column", "person_id"),
    ],
)
def test_a_table_that_fails_is_named_and_its_last_good_rows_stand_in(run, people, code, named):
    assert run(GOOD)[0].state == "read"
    outcome, gaps, known = run(people)
    assert outcome.state == "partial"
    ((scope, told, values),) = outcome.failures
    assert (scope, told) == ("people", code)
    assert named in str(values)
    assert [gap["code"] for gap in gaps] == ["SY602"]
    assert known == ["张三", "李四"]


def test_a_lock_that_is_never_released_is_named_and_the_last_good_rows_stand_in(run, tmp_path):
    run(GOOD)
    with closing(sqlite3.connect(tmp_path / "hr.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        outcome, gaps, known = run(GOOD)
    assert (outcome.state, outcome.code) == ("failed", "sql_locked")
    assert "is locked" in gaps[0]["message_en"]
    assert "没有及时释放" in gaps[0]["message_zh"]
    assert known == ["张三", "李四"]
