"""Whatever is written to, a reader sees the old state or the new one, and nothing but ours is touched."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pymysql
import pytest

from connectors.outgoing import Outgoing, Stamp
from okr.errors import RunError

STAMP = Stamp("r1", datetime(2026, 11, 20, 0, 0, tzinfo=UTC), datetime(2026, 11, 20, 0, 1, tzinfo=UTC))
ROOT = Path(__file__).parents[3]
HARD = '“O’Neill” \\ "q" \t,;|\n第二行 \U0001f600 %s :x {y}'


def goals(*rows, **more) -> Outgoing:
    schema = {
        "id": pl.String,
        "title": pl.String,
        "owners": pl.List(pl.String),
        "number": pl.Int64,
        "progress": pl.Float64,
        "active": pl.Boolean,
        "due_on": pl.Date,
        "updated_at": pl.Datetime("us", "UTC"),
        **more,
    }
    full = [{name: row.get(name) for name in schema} for row in rows]
    return Outgoing("goals", ("id",), pl.DataFrame(full, schema=schema, orient="row"))


FULL = {
    "id": "a",
    "title": HARD,
    "owners": ["p1", "p2"],
    "number": -(2**62),
    "progress": 0.1 + 0.2,
    "active": True,
    "due_on": date(2026, 12, 11),
    "updated_at": datetime(2026, 12, 11, 8, 30, 1, 123456, tzinfo=UTC),
}
FALSE = {"id": "b", "active": False, "title": "=1+1"}
EMPTY = {"id": "c"}
LINKS = Outgoing("links", ("from", "to"), pl.DataFrame({"from": ["a", "a"], "to": ["b", "c"]}))


def write(place, *views, stamp=STAMP):
    with place.outlet().writing() as session:
        changes = session.compare(views)
        session.write(views, changes, stamp)
    return {change.view.name: change.counts() for change in changes}


def told(place, table):
    """The rows by id, values as the place gives them back made alike."""
    flags, found = {0: False, 1: True}, {}
    for row in place.rows(table):
        if isinstance(row["owners"], list):
            row["owners"] = ";".join(row["owners"])
        row["active"] = flags.get(row["active"])
        if isinstance(row["due_on"], str):
            row["due_on"] = date.fromisoformat(row["due_on"])
        at = row["updated_at"]
        at = datetime.fromisoformat(at) if isinstance(at, str) else at
        row["updated_at"] = at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
        found[row["id"]] = row
    return found


def test_what_is_written_can_be_read_by_others(place):
    counts = write(place, goals(FULL, FALSE, EMPTY), LINKS)
    assert counts == {"goals": {"add": 3, "change": 0, "remove": 0}, "links": {"add": 2, "change": 0, "remove": 0}}
    rows = told(place, "goals")
    assert rows["a"] == FULL | {"owners": "p1;p2"}
    assert rows["b"] == dict.fromkeys(FULL) | FALSE
    assert rows["c"] == dict.fromkeys(FULL) | EMPTY
    assert sorted((row["from"], row["to"]) for row in place.rows("links")) == [("a", "b"), ("a", "c")]


def test_the_same_again_writes_nothing(place):
    write(place, goals(FULL, FALSE, EMPTY), LINKS)
    before, names = told(place, "goals"), place.names()
    assert place.outlet().compare([goals(EMPTY, FULL, FALSE), LINKS]) == []
    assert write(place, goals(EMPTY, FULL, FALSE), LINKS, stamp=Stamp("r2", STAMP.run_at, STAMP.run_at)) == {}
    assert (told(place, "goals"), place.names()) == (before, names)
    if place.kind != "folder":
        assert {row["run_id"] for row in place.rows("about")} == {"r1"}


def test_only_what_differs_is_written(place):
    many = [{"id": f"x{number}", "title": "x"} for number in range(20)]
    write(place, goals(FULL, FALSE, EMPTY, *many), LINKS)
    changed = FULL | {"title": "another", "owners": None}
    counts = write(place, goals(changed, FALSE, {"id": "d"}, *many), LINKS)
    assert counts == {"goals": {"add": 1, "change": 1, "remove": 1}}
    rows = told(place, "goals")
    assert sorted(rows) == sorted(["a", "b", "d", *(row["id"] for row in many)])
    assert rows["a"] == changed
    assert place.outlet().compare([goals(changed, FALSE, {"id": "d"}, *many), LINKS]) == []


def test_what_somebody_changed_by_hand_is_put_right_with_the_next_change(database):
    write(database, goals(FULL, FALSE, EMPTY))
    database.run("UPDATE okr_goals SET title = 'by hand' WHERE id = 'a'", "DELETE FROM okr_goals WHERE id = 'b'")
    counts = write(database, goals(FULL, FALSE, EMPTY | {"number": 1}))
    assert counts == {"goals": {"add": 1, "change": 2, "remove": 0}}
    assert told(database, "goals")["a"]["title"] == HARD


def test_many_rows_are_removed_and_changed_at_once(database):
    rows = [{"id": f"x{number}", "number": number} for number in range(3000)]
    write(database, goals(*rows))
    later = [row | {"number": row["number"] + (row["number"] % 7 == 0)} for row in rows if row["number"] % 5]
    write(database, goals(*later))
    assert {name: row["number"] for name, row in told(database, "goals").items()} == {
        row["id"]: row["number"] for row in later
    }


def test_a_column_comes_goes_and_changes(place):
    write(place, goals(FULL, EMPTY), LINKS)
    frame = goals(FULL, EMPTY).frame
    changed = Outgoing(
        "goals",
        ("id",),
        frame.drop("due_on").with_columns(pl.col("number").cast(pl.String), pl.lit("new").alias("extra")),
    )
    (change,) = place.outlet().compare([changed, LINKS])
    assert change.reshaped
    write(place, changed, LINKS)
    rows = {row["id"]: row for row in place.rows("goals")}
    assert set(rows["a"]) == set(changed.frame.columns)
    assert (rows["a"]["extra"], rows["a"]["number"], rows["c"]["number"]) == ("new", str(-(2**62)), None)
    assert place.outlet().compare([changed, LINKS]) == []
    assert not [name for name in place.names() if "next" in name or "past" in name]


def test_a_key_changes(place):
    write(place, goals(FULL, EMPTY), LINKS)
    wider = Outgoing("goals", ("id", "part"), goals(FULL, EMPTY).frame.with_columns(pl.lit("x").alias("part")))
    both = Outgoing("goals", ("id", "part"), pl.concat([wider.frame, wider.frame.with_columns(part=pl.lit("y"))]))
    write(place, wider, LINKS)
    write(place, both, LINKS)
    assert len(place.rows("goals")) == 4


def test_a_column_that_somebody_dropped_is_made_again(database):
    write(database, goals(FULL, EMPTY))
    database.run("ALTER TABLE okr_goals DROP COLUMN title")
    write(database, goals(FULL, EMPTY))
    assert told(database, "goals")["a"]["title"] == HARD


def test_tables_of_others_are_refused_by_name(database):
    database.run("CREATE TABLE okr_links (theirs INTEGER)", "INSERT INTO okr_links VALUES (7)")
    for attempt in (
        lambda: database.outlet().compare([goals(FULL), LINKS]),
        lambda: write(database, goals(FULL), LINKS),
    ):
        with pytest.raises(RunError) as caught:
            attempt()
        assert (caught.value.code, caught.value.values["tables"]) == ("target_table_not_ours", ["okr_links"])
    (line,) = [line for line in database.outlet().check(["goals", "links"]) if not line.ok]
    assert line.code == "target_table_not_ours"
    assert database.names() == ["okr_links"]
    assert database.run("SELECT * FROM okr_links")[0][0] == 7


def test_a_view_of_others_under_our_name_is_refused(database):
    database.run("CREATE VIEW okr_about AS SELECT 1 AS theirs")
    with pytest.raises(RunError, match="target_table_not_ours"):
        write(database, goals(FULL))


def test_other_tables_stay_as_they_are(database):
    database.run("CREATE TABLE okr_other (theirs INTEGER)", "CREATE TABLE goals (theirs INTEGER)")
    write(database, goals(FULL))
    write(database, goals(EMPTY, theirs=pl.String))
    assert database.names() == ["goals", "okr_about", "okr_goals", "okr_other"]


@pytest.mark.server
def test_views_and_rights_of_others_on_our_tables_stay(made):
    database = made("postgresql")
    write(database, goals(FULL, EMPTY))
    database.run("CREATE VIEW theirs AS SELECT id, title FROM okr_goals", "GRANT SELECT ON okr_goals TO PUBLIC")
    write(database, goals(EMPTY, {"id": "n", "extra": "x"}, extra=pl.String))
    assert sorted(database.run("SELECT id FROM theirs")) == [("c",), ("n",)]
    assert database.run("SELECT has_table_privilege('pg_monitor', 'okr_goals', 'SELECT')") == [(True,)]
    frame = goals(EMPTY).frame.drop("title")
    with pytest.raises(RunError) as caught:
        write(database, Outgoing("goals", ("id",), frame))
    assert caught.value.code == "target_depended_on"
    assert sorted(database.run("SELECT id FROM theirs")) == [("c",), ("n",)]


# -- the old state or the new one ---------------------------------------------------------------------


def pair(version, rows=300):
    """Two tables in which every row says its version."""
    ids = [f"x{number}" for number in range(rows)]
    first = pl.DataFrame({"id": ids, "version": [version] * rows})
    return [Outgoing(name, ("id",), first) for name in ("one", "two")]


@pytest.mark.parametrize("growing", [False, True], ids=["rows", "columns"])
def test_a_reader_sees_one_state(place, growing):
    write(place, *pair(0))
    seen, wrong, ended = set(), [], threading.Event()

    def reads():
        while not ended.is_set():
            with place.open() as read:
                try:
                    one, two = read("one"), read("two")
                except pymysql.err.OperationalError as error:
                    # MariaDB tells a reader whose snapshot is older than the columns to begin again.
                    if error.args[0] == 1412:
                        continue
                    raise
            versions = {row["version"] for row in (*one, *two)}
            if len(versions) != 1 or len(one) != 300 or len(two) != 300:
                wrong.append((versions, len(one), len(two)))
            seen.update(versions)

    readers = [threading.Thread(target=reads) for _ in range(2)]
    for reader in readers:
        reader.start()
    last = 8
    for version in range(1, last + 1):
        views = pair(version)
        if growing and version % 2:
            views = [Outgoing(v.name, v.key, v.frame.with_columns(pl.lit("x").alias("extra"))) for v in views]
        write(place, *views)
    ended.set()
    for reader in readers:
        reader.join(60)
    assert wrong == []
    assert {row["version"] for row in (*place.rows("one"), *place.rows("two"))} == {last}
    assert seen <= set(range(last + 1))
    assert seen


DYING = """
import os, signal, sys
from types import SimpleNamespace
from tests.connectors.targets.test_outlets import STAMP, Outgoing, pair, write
from tests.connectors.targets.places import Place, servers
import polars as pl, pathlib

kind, url, path, password, when, grows = sys.argv[1:]
place = Place(kind, url=url, path=pathlib.Path(path), password=password or None)
passed = 0

def die(*_, **__):
    global passed
    passed += 1
    if passed == int(when):
        os.kill(os.getpid(), signal.SIGKILL)

def dying(wanted):
    def called(*words, **more):
        die()
        result = wanted(*words, **more)
        return result
    return called

from connectors.folder import outlet as folder
from connectors.sql.target import base, mariadb, postgresql, sqlite
folder.write_csv = dying(folder.write_csv)
folder._synced = dying(folder._synced)
for kind in (base.Database, postgresql.Postgresql):
    kind._load = dying(kind._load)
mariadb.Mariadb._drop = dying(mariadb.Mariadb._drop)
views = pair(1)
if grows == "grows":
    views = [Outgoing(v.name, v.key, v.frame.with_columns(pl.lit("x").alias("extra"))) for v in views]
write(place, *views)
"""


@pytest.mark.parametrize("grows", ["same", "grows"])
@pytest.mark.parametrize("when", [1, 2, 3])
def test_a_killed_writer_leaves_the_old_state_and_the_next_one_goes_on(place, when, grows):
    write(place, *pair(0))
    before = place.names()
    words = [place.kind, place.url, str(place.path), place.password or "", str(when), grows]
    done = subprocess.run([sys.executable, "-c", DYING, *words], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -9, done.stderr.decode()
    for table in ("one", "two"):
        assert {row["version"] for row in place.rows(table)} == {0}
    write(place, *pair(2))
    for table in ("one", "two"):
        assert {row["version"] for row in place.rows(table)} == {2}
    if place.kind == "folder":
        assert not [name for name in place.names() if ".begun" in name]
    else:
        assert place.names() == before


def test_two_at_once_take_turns_or_one_is_refused(place, monkeypatch):
    for module in ("connectors.folder.outlet", "connectors.sql.target.base"):
        monkeypatch.setattr(f"{module}.PATIENCE", 1)
    write(place, *pair(0))
    with place.outlet().writing(), pytest.raises(RunError) as caught:
        write(place, *pair(1))
    assert caught.value.code in {"target_busy", "target_locked"}
    assert {row["version"] for row in place.rows("one")} == {0}
    write(place, *pair(1))
    assert {row["version"] for row in place.rows("one")} == {1}


@pytest.mark.server
def test_what_a_killed_exchange_of_tables_leaves_is_removed_by_the_next(made):
    database = made("mariadb")
    write(database, *pair(0))
    before = database.names()
    words = [database.kind, database.url, ".", database.password, "5", "grows"]  # behind the exchange
    done = subprocess.run([sys.executable, "-c", DYING, *words], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -9, done.stderr.decode()
    assert {row["version"] for row in (*database.rows("one"), *database.rows("two"))} == {1}
    assert database.names() != before
    database.run("CREATE TABLE okr_next_theirs (x INTEGER)")
    extra = [Outgoing(v.name, v.key, v.frame.with_columns(pl.lit("x").alias("extra"))) for v in pair(2)]
    write(database, *extra)
    assert database.names() == sorted([*before, "okr_next_theirs"])


@pytest.mark.server
def test_a_schema_of_its_own(made):
    database = made("postgresql")
    database.run("CREATE SCHEMA own", "CREATE TABLE okr_goals (theirs INTEGER)")
    database.url += "?options=-csearch_path%3Down"
    assert write(database, goals(FULL))["goals"]["add"] == 1
    assert database.run("SELECT id FROM own.okr_goals") == [("a",)]
    assert database.outlet().compare([goals(FULL)]) == []
    assert database.run("SELECT count(*) FROM public.okr_goals") == [(0,)]
