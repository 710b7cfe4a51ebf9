"""The source `sql` on SQLite; servers are in test_sql_servers.py."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import SimpleNamespace

import polars as pl
import pytest

from connectors.sql import SqlConnector
from connectors.sql.columns import column, together
from connectors.sql.faults import understood
from connectors.sql.query import statement
from okr.errors import SourceError
from okr.report import Listing
from tests.connectors.compliance import Compliance

STAFF = """
CREATE TABLE staff (id INTEGER, name TEXT, mail TEXT, dept TEXT);
INSERT INTO staff VALUES (1, '张三', 'zs@example.com', 'u1'), (2, '李四', NULL, 'u2');
CREATE VIEW departments AS SELECT 'u1' AS unit_id, '市场部' AS name, 1 AS active
  UNION ALL SELECT 'u2', '产品部', 0;
"""
PEOPLE = "SELECT id AS person_id, name, mail AS email, dept AS unit_id FROM staff ORDER BY id"

NAIVE = datetime(2026, 1, 2, 3)


def source(url, tables, **changes) -> SqlConnector:
    settings = {
        "kind": "sql",
        "url": url,
        "password": None,
        "tables": tables,
        "connect_timeout": timedelta(seconds=5),
        "statement_timeout": timedelta(seconds=10),
        "incremental": False,
        "full_every": timedelta(days=7),
        **changes,
    }
    return SqlConnector("hr", SimpleNamespace(**settings), secrets=lambda secret: secret)


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "hr.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(STAFF)
    return path


@pytest.fixture
def url(database):
    return f"sqlite:///{database}"


class TestCompliance(Compliance):
    @pytest.fixture
    def whole(self, url):
        return source(url, {"people": PEOPLE, "org_units": "departments"})

    @pytest.fixture
    def partial(self, url):
        return source(url, {"people": PEOPLE, "org_units": "nowhere"}), "org_units"

    @pytest.fixture
    def breaking(self, url):
        # The last row of many cannot be computed.
        halves = (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000) "
            "SELECT 'u' || i AS unit_id, "
            "CASE WHEN i < 119999 THEN 'x' ELSE abs(-9223372036854775808) END AS name FROM n"
        )
        return source(url, {"people": PEOPLE, "org_units": halves}), "org_units"

    @pytest.fixture
    def empty(self, url):
        return source(url, {"people": PEOPLE.replace("ORDER", "WHERE 0 ORDER")})

    @pytest.fixture
    def unreachable(self, tmp_path):
        return source(f"sqlite:///{tmp_path}/none.sqlite", {"people": PEOPLE})


def test_a_select_a_table_and_a_view_come_as_typed_columns(url):
    delivery = source(url, {"people": PEOPLE, "org_units": "departments"}).pull(Listing())
    people = delivery.frames["people"]
    assert people.schema["person_id"] == pl.Int64
    assert people["place"].to_list() == ["people:1", "people:2"]
    assert people["email"].to_list() == ["zs@example.com", None]
    assert delivery.holds["people"]["people"] == ("person_id", "name", "email", "unit_id")
    assert delivery.scopes == ("people", "org_units")
    assert delivery.frames["org_units"]["active"].to_list() == [1, 0]


def test_a_row_without_its_key_stands_at_its_number(url):
    select = "SELECT NULL AS person_id, 'x' AS name UNION ALL SELECT 'P2', 'y'"
    frame = source(url, {"people": select}).pull(Listing()).frames["people"]
    assert frame["place"].to_list() == ["people:#1", "people:P2"]


def test_a_select_is_run_as_it_is_given(url):
    select = "-- a remark\nSELECT ':x' AS person_id, '100%' AS name, '{\"a\": 1}' AS email;"
    frame = source(url, {"people": select}).pull(Listing()).frames["people"]
    assert frame.select("person_id", "name", "email").rows() == [(":x", "100%", '{"a": 1}')]


@pytest.mark.parametrize(
    "writing",
    [
        "DELETE FROM staff",
        "DELETE FROM staff RETURNING id AS person_id",
        "INSERT INTO staff VALUES (3, 'x', 'y', 'z') RETURNING id AS person_id",
        "DROP TABLE staff",
        "PRAGMA query_only = OFF",
        "ATTACH DATABASE 'OTHER' AS other",
    ],
)
def test_nothing_is_ever_written(database, url, writing):
    before = database.read_bytes()
    writing = writing.replace("OTHER", str(database.with_name("other.sqlite")))
    connector = source(url, {"people": PEOPLE, "org_units": writing})
    failures = connector.pull(Listing()).failures
    assert [(failure.scope, failure.code) for failure in failures] == [("org_units", "sql_would_write")]
    assert database.read_bytes() == before
    assert list(database.parent.iterdir()) == [database]


@pytest.mark.parametrize(
    ("select", "code"),
    [
        ("nowhere", "sql_no_table"),
        ("SELECT nonesuch FROM staff", "sql_no_column"),
        ("SELEKT 1", "sql_syntax"),
        ("SELECT id AS person_id, name AS person_id FROM staff", "sql_column_twice"),
        ("SELECT id AS person_id, name AS place FROM staff", "sql_column_reserved"),
        ("DROP TABLE staff", "sql_would_write"),
        ("PRAGMA user_version = 1", "sql_would_write"),
        ("SELECT 1; SELECT 2", "sql_failed"),
    ],
)
def test_a_statement_that_does_not_work_says_why(url, select, code):
    with pytest.raises(SourceError) as caught:
        source(url, {"people": select}).pull(Listing())
    assert caught.value.code == code
    assert caught.value.values["table"] == "people"


def test_a_statement_that_takes_too_long_is_ended(url):
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS person_id FROM n"
    connector = source(
        url,
        {"people": endless, "org_units": "departments"},
        statement_timeout=timedelta(seconds=0.3),
    )
    delivery = connector.pull(Listing())
    assert [(f.scope, f.code) for f in delivery.failures] == [("people", "sql_timeout")]
    assert set(delivery.frames) == {"org_units"}


def test_a_lock_that_is_never_released(database, url):
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SourceError) as caught:
            source(url, {"people": PEOPLE}, statement_timeout=timedelta(seconds=0.2)).pull(Listing())
    assert caught.value.code == "sql_locked"


def test_one_cause_for_all_tables_is_told_once_and_by_name(database, url):
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        tables = {"people": PEOPLE, "org_units": "departments"}
        with pytest.raises(SourceError) as caught:
            source(url, tables, statement_timeout=timedelta(seconds=0.2)).pull(Listing())
    assert (caught.value.code, caught.value.values["table"]) == ("sql_locked", ["people", "org_units"])
    assert "database is locked" in caught.value.values["reason"]


def test_all_tables_are_read_at_one_moment(database, url):
    connector = source(url, {"people": PEOPLE, "org_units": "SELECT id AS unit_id FROM staff"})
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    pieces = connector.pieces(Listing(), None)
    first = next(pieces)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO staff VALUES (3, 'x', 'y', 'u1')")
    second = next(pieces)
    assert first.frames["people"].height == second.frames["org_units"].height == 2
    pieces.close()


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "hr.sqlite").write_text("not at all a database, though long enough to look at" * 10)
    with pytest.raises(SourceError) as caught:
        source(f"sqlite:///{tmp_path}/hr.sqlite", {"people": PEOPLE}).pull(Listing())
    assert caught.value.code == "sql_not_a_database"


def test_a_database_without_its_driver(url):
    with pytest.raises(SourceError) as caught:
        source("oracle+nonesuch://u@h/d", {"people": PEOPLE}).pull(Listing())
    assert (caught.value.code, caught.value.values) == (
        "sql_no_driver",
        {"driver": "oracle+nonesuch"},
    )


def test_a_check_names_columns_that_do_not_fit(url):
    lines = list(source(url, {"people": "staff", "org_units": "SELECT 'x' AS name"}).check())
    bad = {line.code: line.values for line in lines if not line.ok}
    assert bad["sql_columns_unknown"]["columns"] == ["id", "mail", "dept"]
    assert bad["sql_columns_missing"]["columns"] == ["unit_id"]


def test_a_pull_may_run_in_another_thread_than_the_one_that_closes(url):
    """Pulls run side by side; a generator may be closed elsewhere."""
    pieces = source(url, {"people": PEOPLE, "org_units": "departments"}).pieces(Listing(), None)
    thread = threading.Thread(target=next, args=(pieces,))
    thread.start()
    thread.join()
    pieces.close()


def test_no_password_gets_into_a_message():
    error = sqlite3.OperationalError("cannot log in with p@ss%word as p%40ss%25word")
    assert "ss" not in str(understood(error, "p@ss%word"))


@pytest.mark.parametrize(
    ("asked", "sql"),
    [
        ("departments", "SELECT * FROM departments"),
        ("hr.departments", "SELECT * FROM hr.departments"),
        ('"HR"."Departments"', 'SELECT * FROM "HR"."Departments"'),
        ("部门", "SELECT * FROM 部门"),
        (" SELECT 1 ; \n", "SELECT 1"),
        ("WITH a AS (SELECT 1) SELECT * FROM a", "WITH a AS (SELECT 1) SELECT * FROM a"),
    ],
)
def test_a_name_means_all_its_columns(asked, sql):
    assert statement(asked) == sql


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, None], pl.Int64(), [1, None]),
        ([1, 2**70], pl.String(), ["1", str(2**70)]),
        ([1, 0.5], pl.Float64(), [1.0, 0.5]),
        ([True, None], pl.Boolean(), [True, None]),
        ([Decimal("12.50"), Decimal("1E+3"), None], pl.String(), ["12.50", "1000", None]),
        ([date(2026, 1, 2)], pl.Date(), [date(2026, 1, 2)]),
        ([NAIVE], pl.Datetime("us"), [NAIVE]),
        (
            [datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=8)))],
            pl.Datetime("us", "UTC"),
            [datetime(2026, 1, 1, 19, tzinfo=UTC)],
        ),
        ([date(2026, 1, 2), "x"], pl.String(), ["2026-01-02", "x"]),
        (["a", 1, None], pl.String(), ["a", "1", None]),
        ([b"abc", None], pl.String(), ["abc", None]),
        ([b"\xff"], pl.Binary(), [b"\xff"]),
        ([["a", None], None], pl.List(pl.String()), [["a", None], None]),
        ([{"a": "好"}], pl.String(), ['{"a": "好"}']),
        ([None], pl.Null(), [None]),
    ],
)
def test_values_keep_their_type(values, kind, expected):
    made = column("x", values)
    assert made.dtype == kind
    assert made.to_list() == expected


def test_batches_of_different_types_come_together():
    batches = [
        pl.DataFrame({"a": [None], "b": [1], "c": [1]}),
        pl.DataFrame({"a": ["x"], "b": [0.5], "c": ["y"]}),
    ]
    assert together(batches).rows() == [(None, 1.0, "1"), ("x", 0.5, "y")]
