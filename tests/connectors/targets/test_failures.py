"""What keeps a target from being written is said so that a person can put it right."""

from __future__ import annotations

import errno
import os
import sqlite3
from types import SimpleNamespace

import psycopg
import pymysql
import pytest
from sqlalchemy.exc import DBAPIError

from connectors import outlet
from connectors.sql.target.faults import FAULTS, target_fault
from okr.errors import RunError, SettingsError
from okr.texts import known
from tests import servers
from tests.connectors.targets.test_outlets import EMPTY, FULL, LINKS, goals, pair, write

SERVER_KINDS = [pytest.param(kind, marks=pytest.mark.server) for kind in ("postgresql", "mariadb")]


def failure(place, **changes) -> RunError:
    with pytest.raises(RunError) as caught:
        place.outlet(**changes).compare([goals(FULL)])
    assert caught.value.values["target"] == "views"
    return caught.value


def lines(place, **changes):
    return [(line.ok, line.code) for line in place.outlet(**changes).check(["goals", "links"])]


def test_a_place_that_is_well_says_so(place):
    assert lines(place)[-1] == (True, "check_target_writable")
    write(place, goals(FULL), LINKS)
    before = place.names()
    assert lines(place)[-1] == (True, "check_target_writable")
    assert place.names() == before


def test_a_look_makes_nothing(made, tmp_path):
    for kind in ("folder", "sqlite"):
        place = made(kind)
        place.outlet().compare([goals(FULL)])
        list(place.outlet().check(["goals"]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", SERVER_KINDS)
def test_a_wrong_password_is_named_and_not_shown(made, kind):
    place = made(kind)
    error = failure(place, password="ganz:falsch/%")
    assert error.code == "target_login_refused"
    assert "falsch" not in str(error)
    assert lines(place, password="ganz:falsch/%") == [(False, "target_login_refused")]


@pytest.mark.parametrize("kind", SERVER_KINDS)
def test_no_such_database(made, kind):
    place = made(kind)
    assert failure(place, url=place.url + "x").code == "target_no_database"


@pytest.mark.parametrize("kind", SERVER_KINDS)
def test_no_server(made, kind):
    place = made(kind)
    url = place.url.replace(str(place.server.port), str(servers.free_port()))
    assert failure(place, url=url).code == "target_unreachable"


@pytest.mark.parametrize("kind", SERVER_KINDS)
def test_missing_rights_are_named(made, kind):
    place = made(kind)
    write(place, goals(FULL))
    reader = f"reader_{place.database[-12:]}"
    if kind == "postgresql":
        place.run(f"CREATE ROLE {reader} LOGIN PASSWORD 'p'", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC")
        missing = ["CREATE ON SCHEMA public", "OWNER OF okr_about", "OWNER OF okr_goals"]
    else:
        place.run(
            f"CREATE USER '{reader}'@'%' IDENTIFIED BY 'p'",
            f"GRANT SELECT, DELETE ON {place.database}.* TO '{reader}'@'%'",
        )
        missing = ["INSERT", "CREATE", "DROP", "ALTER"]
    url = place.url.replace(f"//{place.server.user}@", f"//{reader}@")
    other = place.outlet(url=url, password="p")
    *_, last = other.check(["goals"])
    assert (last.ok, last.code, last.values["rights"]) == (False, "target_rights_missing", missing)
    place.url, place.password = url, "p"
    with pytest.raises(RunError) as caught:
        write(place, goals(FULL | {"title": "x"}, EMPTY))
    assert caught.value.code == "target_no_right"
    assert [row["id"] for row in place.rows("goals")] == ["a"]


@pytest.mark.server
def test_rights_on_one_database_are_enough(made):
    place = made("mariadb")
    user = f"writer_{place.database[-12:]}"
    escaped = place.database.replace("_", "\\_")
    place.run(
        f"CREATE USER '{user}'@'%' IDENTIFIED BY 'p'",
        f"GRANT SELECT, INSERT, DELETE, CREATE, DROP, ALTER ON `{escaped}`.* TO '{user}'@'%'",
    )
    place.url, place.password = place.url.replace(f"//{place.server.user}@", f"//{user}@"), "p"
    assert lines(place)[-1] == (True, "check_target_writable")
    write(place, goals(FULL), LINKS)
    write(place, goals(FULL, EMPTY | {"title": "x"}), LINKS)
    frame = goals(FULL).frame.drop("title")
    write(place, type(LINKS)("goals", ("id",), frame), LINKS)


@pytest.mark.parametrize("kind", SERVER_KINDS)
def test_a_connection_that_is_lost_while_writing_leaves_the_old_state(made, kind, monkeypatch):
    from connectors.sql.target import base, postgresql

    place = made(kind)
    write(place, *pair(0))
    whole = base.Database if kind == "mariadb" else postgresql.Postgresql
    load = whole._load

    def cut(self, *words, **more):
        load(self, *words, **more)
        if kind == "postgresql":
            place.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'okr-handshake'")
        else:
            place.run(f"KILL CONNECTION {self._run('SELECT connection_id()').scalar_one()}")

    monkeypatch.setattr(whole, "_load", cut)
    with pytest.raises(RunError) as caught:
        write(place, *pair(1))
    assert caught.value.code == "target_connection_lost"
    assert {row["version"] for row in (*place.rows("one"), *place.rows("two"))} == {0}


def test_kinds_of_databases_that_views_are_not_written_to(made):
    place = made("sqlite")
    error = failure(place, url="oracle://me@localhost/x")
    assert (error.code, error.values["kind"]) == ("target_kind_of_database", "oracle")
    assert failure(place, url="nonsense").code == "target_no_driver"
    assert failure(place, url="postgresql+nonsense://h/d").code == "target_no_driver"


def test_a_file_that_is_no_database(made):
    place = made("sqlite")
    place.path.write_text("no database at all" * 100)
    assert failure(place).code == "target_not_a_database"


def test_a_file_in_a_folder_that_is_not_there(made, tmp_path):
    place = made("sqlite")
    url = f"sqlite:///{tmp_path}/nowhere/views.sqlite"
    with pytest.raises(RunError) as caught, place.outlet(url=url).writing():
        pass
    assert caught.value.code == "target_unreachable"
    assert lines(place, url=url)[-1] == (False, "target_rights_missing")


@pytest.mark.parametrize("name", ["latest", "versions"])
def test_a_folder_of_others_is_refused(made, name):
    place = made("folder")
    place.path.mkdir()
    (place.path / name).write_text("theirs")
    with pytest.raises(RunError) as caught:
        write(place, goals(FULL))
    assert (caught.value.code, caught.value.values["path"]) == ("target_folder_not_ours", str(place.path / name))
    assert place.names() == [name]


def test_a_link_of_others_is_refused(made, tmp_path):
    place = made("folder")
    place.path.mkdir()
    (tmp_path / "theirs").mkdir()
    (place.path / "latest").symlink_to(tmp_path / "theirs")
    assert lines(place) == [(False, "target_folder_not_ours")]
    with pytest.raises(RunError, match="target_folder_not_ours"):
        write(place, goals(FULL))
    assert list((tmp_path / "theirs").iterdir()) == []


def test_files_of_others_stay_and_old_states_go(made):
    place = made("folder")
    write(place, *pair(0))
    (place.path / "versions" / "theirs").mkdir()
    (place.path / "read me.txt").write_text("theirs")
    for version in range(1, 6):
        write(place, *pair(version))
    kept = [path.name for path in (place.path / "versions").iterdir()]
    assert len(kept) == 4
    assert "theirs" in kept
    assert (place.path / "read me.txt").read_text() == "theirs"


def test_a_full_disk_leaves_the_old_state(made, monkeypatch):
    from connectors.folder import outlet as folder

    place = made("folder")
    write(place, *pair(0))
    before = place.names()

    def full(frame, file):
        file.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))

    monkeypatch.setattr(folder, "write_csv", full)
    with pytest.raises(RunError) as caught:
        write(place, *pair(1))
    assert caught.value.code == "target_disk_full"
    assert place.names() == before
    assert {row["version"] for row in place.rows("one")} == {0}


def test_a_file_system_without_links_is_told(made, monkeypatch):
    from pathlib import Path

    place = made("folder")

    def refused(self, *_, **__):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "symlink_to", refused)
    with pytest.raises(RunError, match="target_no_links"):
        write(place, *pair(1))
    assert [name for name in place.names() if name.startswith("versions/")] == []


def sqlite_error(name, text):
    error = sqlite3.OperationalError(text)
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (sqlite_error("SQLITE_FULL", "database or disk is full"), "target_disk_full"),
        (sqlite_error("SQLITE_BUSY", "database is locked"), "target_locked"),
        (sqlite_error("SQLITE_READONLY", "attempt to write a readonly database"), "target_no_right"),
        (psycopg.errors.DiskFull("could not extend file"), "target_disk_full"),
        (psycopg.errors.LockNotAvailable("canceling statement due to lock timeout"), "target_locked"),
        (pymysql.err.OperationalError(1114, "The table 'okr_next_gaps' is full"), "target_disk_full"),
        (pymysql.err.OperationalError(1205, "Lock wait timeout exceeded"), "target_locked"),
        (pymysql.err.OperationalError(9999, "something else"), "target_failed"),
    ],
)
def test_what_databases_say_is_understood(cause, code):
    assert target_fault(DBAPIError("INSERT", {}, cause), "p", "views").code == code


def test_every_meaning_has_its_sentence():
    for fault in FAULTS:
        assert known(f"error.{fault.code}")


def test_an_unknown_kind_of_target():
    with pytest.raises(SettingsError, match="unknown_target_kind"):
        outlet("views", SimpleNamespace(kind="tape"), secrets=str)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("sqlite:////tmp/x", True),
        ("postgresql+psycopg://w@localhost/x", True),
        ("postgresql+psycopg://w@127.0.0.5/x", True),
        ("postgresql+psycopg://w@[::1]/x", True),
        ("postgresql+psycopg:///x?host=/var/run", True),
        ("postgresql+psycopg:///x?host=db", False),
        ("postgresql+psycopg://w@localhost/x?host=db", False),
        ("postgresql+psycopg:///x?service=far", False),
        ("postgresql+psycopg://w@127.0.0.1.example.com/x", False),
        ("mariadb+pymysql://w@db/x", False),
    ],
)
def test_which_places_are_on_this_machine(url, local):
    target = outlet("views", SimpleNamespace(kind="sql", url=url, password=None), secrets=str)
    assert target.local is local


def test_a_host_out_of_the_environment_counts(monkeypatch):
    target = outlet("views", SimpleNamespace(kind="sql", url="postgresql+psycopg:///x", password=None), secrets=str)
    assert target.local
    monkeypatch.setenv("PGHOST", "db.example.com")
    assert not target.local
