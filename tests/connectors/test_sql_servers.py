"""The source `sql` on real servers: what only they do wrong, and how fast they give."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from connectors.landing import Landing
from connectors.sql.reader import legal_names
from okr.errors import SourceError
from okr.report import Listing
from tests import servers
from tests.connectors.compliance import Compliance
from tests.connectors.test_sql import source

pytestmark = pytest.mark.server

PEOPLE = "SELECT id AS person_id, name, mail AS email, dept AS unit_id FROM staff ORDER BY id"
SETUP = """
CREATE TABLE staff (id INTEGER PRIMARY KEY, name VARCHAR(100), mail VARCHAR(100), dept VARCHAR(20));
INSERT INTO staff VALUES (1, '张三', 'zs@example.com', 'u1'), (2, '李四', NULL, 'u2');
CREATE VIEW departments AS SELECT 'u1' AS unit_id, '市场部' AS name UNION ALL SELECT 'u2', '产品部';
CREATE TABLE goals (objective_id VARCHAR(20), title VARCHAR(100), updated_at TIMESTAMP NULL);
"""
DRIVERS = {"postgresql": "psycopg", "mariadb": "pymysql"}


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def server(request):
    if request.param == "mariadb":
        pytest.importorskip("pymysql", reason="MariaDB's driver pymysql is not installed")
    with getattr(servers, request.param)() as running:
        with admin(running) as connection:
            for one in SETUP.split(";\n"):
                if one.strip():
                    connection.exec_driver_sql(one)
        yield running


@contextmanager
def admin(server):
    """A connection that may do everything, each statement at once."""
    url = make_url(server.url(DRIVERS[server.kind])).set(password=server.password)
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def make(server):
    """Make a source on the server."""

    def made(tables, **changes):
        driver = DRIVERS[server.kind]
        given = {"password": server.password, **changes}
        return source(given.pop("url", server.url(driver)), tables, **given)

    return made


class TestCompliance(Compliance):
    @pytest.fixture
    def whole(self, make):
        return make({"people": PEOPLE, "org_units": "departments"})

    @pytest.fixture
    def partial(self, make):
        return make({"people": PEOPLE, "periods": "nowhere", "org_units": "departments"}), "periods"

    @pytest.fixture
    def breaking(self, make, server):
        # The last row of many cannot be computed.
        if server.kind == "postgresql":
            select = "SELECT 'u' || i AS unit_id, (1 / (300000 - i))::text AS name FROM generate_series(1, 300000) AS i"
        else:
            select = (
                "SELECT concat('u', seq) AS unit_id, "
                "if(seq < 300000, 'x', (SELECT seq UNION SELECT 0)) AS name FROM seq_1_to_300000"
            )
        return make({"people": PEOPLE, "org_units": select}), "org_units"

    @pytest.fixture
    def empty(self, make):
        return make({"people": PEOPLE.replace("ORDER", "WHERE 1 = 0 ORDER")})

    @pytest.fixture
    def unreachable(self, make, server):
        url = server.url(DRIVERS[server.kind]).replace(str(server.port), str(servers.free_port()))
        return make({"people": PEOPLE}, url=url)


def failure(connector) -> SourceError:
    with pytest.raises(SourceError) as caught:
        connector.pull(Listing())
    return caught.value


def test_a_wrong_password_is_named_and_not_shown(make):
    error = failure(make({"people": PEOPLE}, password="ganz:falsch/%"))
    assert error.code == "sql_login_refused"
    assert "falsch" not in str(error)


def test_a_database_that_is_not_there(make, server):
    url = server.url(DRIVERS[server.kind]).rpartition("/")[0] + "/nowhere"
    assert failure(make({"people": PEOPLE}, url=url)).code == "sql_no_database"


def test_a_server_that_is_not_there(make, server):
    url = server.url(DRIVERS[server.kind]).replace(str(server.port), str(servers.free_port()))
    assert failure(make({"people": PEOPLE}, url=url)).code == "sql_unreachable"


@pytest.mark.parametrize(
    ("select", "code"),
    [
        ("nowhere", "sql_no_table"),
        ("SELECT nonesuch FROM staff", "sql_no_column"),
        ("SELECT FROM WHERE", "sql_syntax"),
        ("SELECT id AS person_id, name AS person_id FROM staff", "sql_column_twice"),
        ("SELECT id AS person_id, name AS place FROM staff", "sql_column_reserved"),
    ],
)
def test_a_statement_that_does_not_work_says_why(make, select, code):
    error = failure(make({"people": select}))
    assert (error.code, error.values["table"]) == (code, "people")


def test_a_user_without_the_right(make, server):
    password = "darf:nichts"
    with admin(server) as connection:
        if server.kind == "postgresql":
            connection.exec_driver_sql(f"CREATE ROLE guest LOGIN PASSWORD '{password}'")
        else:
            connection.exec_driver_sql(f"CREATE USER guest IDENTIFIED BY '{password}'")
            connection.exec_driver_sql("GRANT SELECT ON hr.departments TO guest")
    url = server.url(DRIVERS[server.kind], user="guest")
    assert failure(make({"people": PEOPLE}, url=url, password=password)).code == "sql_no_right"


@pytest.mark.parametrize(
    "writing",
    [
        "DELETE FROM staff",
        "DROP TABLE staff",
        "CREATE TABLE other (id INTEGER)",
        "SELECT 1 AS unit_id, 2 AS name; COMMIT; DELETE FROM staff",
        "COMMIT",
    ],
)
def test_nothing_is_ever_written(make, server, writing):
    connector = make({"org_units": writing, "people": PEOPLE})
    assert [one.scope for one in connector.pull(Listing()).failures] == ["org_units"]
    with admin(server) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM staff").scalar() == 2


def test_one_failure_leaves_the_other_tables_alone(make):
    asked = {
        "periods": "nowhere",
        "people": PEOPLE,
        "meetings": "SELEKT",
        "org_units": "departments",
    }
    delivery = make(asked).pull(Listing())
    assert [one.scope for one in delivery.failures] == ["periods", "meetings"]
    assert delivery.scopes == ("people", "org_units")


def test_a_statement_that_takes_too_long_is_ended(make, server):
    sleep = "SELECT pg_sleep(30)" if server.kind == "postgresql" else "SELECT sleep(30)"
    began = time.monotonic()
    connector = make(
        {"periods": f"{sleep}, 1 AS name", "people": PEOPLE},
        statement_timeout=timedelta(seconds=1),
    )
    delivery = connector.pull(Listing())
    assert time.monotonic() - began < 10
    assert [(one.scope, one.code) for one in delivery.failures] == [("periods", "sql_timeout")]


def test_a_lock_that_is_never_released(make, server):
    began = time.monotonic()
    with admin(server) as other:
        if server.kind == "postgresql":
            other.exec_driver_sql("BEGIN")
            other.exec_driver_sql("LOCK TABLE goals IN ACCESS EXCLUSIVE MODE")
        else:
            other.exec_driver_sql("LOCK TABLES goals WRITE")
        connector = make({"objectives": "goals", "people": PEOPLE}, statement_timeout=timedelta(seconds=1))
        delivery = connector.pull(Listing())
    assert time.monotonic() - began < 10
    assert [one.code for one in delivery.failures] in (["sql_locked"], ["sql_timeout"])
    assert delivery.frames["people"].height == 2


def test_a_connection_lost_in_the_middle_of_a_read(make, server, tmp_path):
    slow = (
        "SELECT i AS person_id, repeat('x', 2000) || pg_sleep(0.001)::text AS name FROM generate_series(1, 100000) AS i"
        if server.kind == "postgresql"
        else "SELECT seq AS person_id, concat(repeat('x', 2000), sleep(0.001)) AS name FROM seq_1_to_100000"
    )
    tables = {
        "org_units": "departments",
        "people": slow,
        "periods": "SELECT 1 AS period_id, 2 AS name",
    }
    landing = Landing(tmp_path / "landing")
    at = datetime(2026, 12, 11, tzinfo=UTC)
    landing.pull(make({**tables, "people": PEOPLE}), Listing(), at)
    killer = threading.Thread(target=_kill_readers, args=(server,))
    killer.start()
    ref = landing.pull(make(tables), Listing(), at + timedelta(days=1))
    killer.join()
    assert ref.manifest.scopes == ("org_units",)
    assert [(one.scope, one.code) for one in ref.manifest.failures] == [
        ("people", "sql_connection_lost"),
        ("periods", "sql_connection_lost"),
    ]


def _kill_readers(server) -> None:
    time.sleep(1.5)
    with admin(server) as connection:
        if server.kind == "postgresql":
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'okr-handshake'"
            )
            return
        found = connection.exec_driver_sql(
            "SELECT id FROM information_schema.processlist WHERE info LIKE '%%seq_1_to_100000%%' "
            "AND id <> connection_id()"
        ).all()
        for (one,) in found:
            connection.exec_driver_sql(f"KILL {one}")


def test_values_keep_their_type(make, server):
    if server.kind == "postgresql":
        select = (
            "SELECT 'K1' AS kr_id, 'say ''\"hi\"'', 100%\nor :x' AS title, 7::int8 AS ordinal, "
            "0.5::float8 AS progress, 12.50::numeric AS target, true AS metric, "
            "DATE '2026-12-31' AS due_on, ARRAY['P1', 'P;2', NULL] AS owner_ids, "
            "'[\"P3\"]'::jsonb AS member_ids, ''::text AS url, "
            "TIMESTAMPTZ '2026-12-11 08:00:00.5+08' AS updated_at, "
            "TIMESTAMP '2026-12-11 08:00' AS content_updated_at, NULL AS weight -- end"
        )
    else:
        select = (
            "SELECT 'K1' AS kr_id, 'say ''\"hi\"'', 100%\nor :x' AS title, 7 AS ordinal, "
            "5e-1 AS progress, 12.50 AS target, true AS metric, DATE '2026-12-31' AS due_on, "
            "TIMESTAMP '2026-12-11 08:00' AS content_updated_at, '' AS url, NULL AS weight -- end"
        )
    frame = make({"key_results": select}).pull(Listing()).frames["key_results"]
    row = frame.row(0, named=True)
    assert row["title"] == "say '\"hi\"', 100%\nor :x"
    assert (row["ordinal"], row["progress"], row["target"]) == (7, 0.5, "12.50")
    assert row["metric"] == 1
    assert row["due_on"] == date(2026, 12, 31)
    assert row["content_updated_at"] == datetime(2026, 12, 11, 8)
    assert row["url"] in {"", None}
    assert row["weight"] is None
    if server.kind == "postgresql":
        assert row["owner_ids"] == ["P1", "P;2", None]
        assert row["member_ids"] == ["P3"]
        assert row["updated_at"] == datetime(2026, 12, 11, 0, 0, 0, 500_000, tzinfo=UTC)


def test_only_what_changed_is_read_and_what_went_is_noticed(make, server, tmp_path, monkeypatch):
    asked = []
    landing = Landing(tmp_path / "landing")
    connector = make({"objectives": "goals"}, incremental=True, full_every=timedelta(days=7))
    at = datetime(2026, 12, 11, tzinfo=UTC)

    def titles(hours):
        asked.clear()
        ref = landing.pull(connector, Listing(), at + timedelta(hours=hours))
        return dict(landing.read_table(ref, "objectives").select("objective_id", "title").rows())

    def run(statement):
        with admin(server) as connection:
            connection.exec_driver_sql(statement)

    def spy(names, table):
        asked.append(names)
        return legal_names(names, table)

    monkeypatch.setattr("connectors.sql.reader.legal_names", spy)
    try:
        run(
            "INSERT INTO goals VALUES ('O1', 'a', '2026-12-01 08:00:00'), "
            "('O2', 'b', '2026-12-05 08:00:00'), ('O3', 'c', NULL)"
        )
        assert titles(0) == {"O1": "a", "O2": "b", "O3": "c"}
        assert ["n"] not in asked
        run("UPDATE goals SET title = 'b2', updated_at = '2026-12-06 08:00:00' WHERE title = 'b'")
        run("UPDATE goals SET title = 'c2' WHERE title = 'c'")
        run("INSERT INTO goals VALUES ('O4', 'd', '2026-12-06 09:00:00')")
        # Not said to have changed, so not seen before the next full read.
        run("UPDATE goals SET title = 'a2' WHERE title = 'a'")
        assert titles(1) == {"O1": "a", "O2": "b2", "O3": "c2", "O4": "d"}
        assert ["n"] in asked
        run("DELETE FROM goals WHERE objective_id = 'O4'")
        assert titles(2) == {"O1": "a2", "O2": "b2", "O3": "c2"}
        assert titles(3) == {"O1": "a2", "O2": "b2", "O3": "c2"}
    finally:
        run("DELETE FROM goals")


@pytest.mark.slow
def test_a_hundred_thousand_rows_come_as_columns(make, server):
    rows = (
        "generate_series(1, 100000) AS i"
        if server.kind == "postgresql"
        else "(SELECT seq AS i FROM seq_1_to_100000) AS s"
    )
    half = "i::float8 / 2" if server.kind == "postgresql" else "i * 0.5e0"
    title = "concat('提升 ', i, '%, \"今年\"')"
    select = f"SELECT i AS kr_id, {title} AS title, {half} AS progress FROM {rows}"
    frame = make({"key_results": select}).pull(Listing()).frames["key_results"]
    assert frame.height == frame["kr_id"].n_unique() == 100_000
    assert frame.schema["progress"] == pl.Float64
    assert frame["title"][99_999] == '提升 100000%, "今年"'
