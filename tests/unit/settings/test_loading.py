"""okr.toml: what it means, where it is looked for, and what keeps it from being read."""

from __future__ import annotations

import glob
import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

import pytest

from okr.errors import SettingsError
from okr.settings import SqlSource, TablesSource, WorkbookSource, load, parse
from okr.settings.urls import database_url
from okr.texts import told

LEAST = """
period = "2026Q4"                 # optional
timezone = "Asia/Shanghai"

[warehouse]
path = "warehouse.duckdb"

[sources.planning]                # any name; one section for each source
kind = "tables"
path = "planning"

[meetings.market-2027q1]          # optional; meetings may come from a source too
unit = "市场事业群"                 # id, name or alias of the upper unit
period = "2027Q1"
starts_at = 2026-12-18T09:30:00+08:00
hrbp = ["li.lei@example.com"]

[rules.AL104]                     # optional, for any rule
severity = "minor"
enabled = true                    # limits by their names: limit = 5
"""


@pytest.fixture
def write(tmp_path):
    def write(content: str, name: str = "okr.toml") -> Path:
        file = tmp_path / name
        file.write_text(content, encoding="utf-8")
        return file

    return write


def refused(file, **how) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load(file, **how)
    assert caught.value.exit_status == 2
    return caught.value


def test_the_least_that_runs(write, tmp_path):
    settings = load(write(LEAST))
    assert settings.file == tmp_path / "okr.toml"
    assert settings.folder == tmp_path
    assert settings.period == "2026Q4"
    assert settings.zone.key == "Asia/Shanghai"
    assert settings.warehouse.path == tmp_path / "warehouse.duckdb"
    planning = settings.sources["planning"]
    assert isinstance(planning, TablesSource)
    assert planning.path == tmp_path / "planning"
    meeting = settings.meetings["market-2027q1"]
    assert meeting.unit == "市场事业群"
    assert meeting.starts_at == datetime(2026, 12, 18, 9, 30, tzinfo=timezone(timedelta(hours=8)))
    assert meeting.starts_at.utcoffset() == timedelta(hours=8)
    assert meeting.hrbp == ["li.lei@example.com"]
    assert meeting.title is None
    rule = settings.rules["AL104"]
    assert (rule.severity, rule.enabled, rule.limit) == ("minor", True, None)


def test_defaults_are_those_of_the_contract(write, tmp_path):
    settings = load(write('timezone = "Asia/Shanghai"\n[sources.p]\nkind = "tables"\npath = "p"\n'))
    assert settings.period is None
    assert settings.language is None
    assert settings.infer == "on"
    assert settings.now is None
    assert settings.ledger.url == f"sqlite:///{tmp_path}/ledger.sqlite"
    source = settings.sources["p"]
    assert (source.fresh_for, source.max_age) == (timedelta(hours=1), timedelta(days=7))
    assert (source.shrink_limit, source.precedence, source.locale) == (0.3, None, None)
    engine = settings.engine
    assert (engine.threads, engine.memory_limit) == (2, "2GB")
    assert engine.temp_directory == tmp_path / "tmp"
    assert (settings.mail.enabled, settings.mail.port, settings.mail.security) == (
        False,
        587,
        "starttls",
    )
    alerts = settings.alerts
    assert (alerts.send_at, alerts.workdays, alerts.reminders) == (
        time(8, 30),
        "mon-fri",
        [7, 3, 1],
    )
    assert alerts.holidays is None
    assert settings.schedule.nightly == "0 3 * * *"
    assert settings.schedule.deliver == "*/15 * * * *"
    assert (settings.web.address, settings.web.port) == ("127.0.0.1", 8620)
    assert (settings.web.proxy_addresses, settings.web.user_header) == ([], "X-Forwarded-User")
    assert settings.packs.path == tmp_path / "packs"
    assert settings.landing.path == tmp_path / "landing"
    assert settings.retention.days == 400
    assert settings.advice.density == 0.15
    assert settings.ops.emails == []
    assert (settings.deputies, settings.targets, settings.rules, settings.fields) == (
        {},
        {},
        {},
        {},
    )


def test_sources_of_every_kind(write, tmp_path):
    settings = load(
        write("""
timezone = "Asia/Shanghai"
[sources.hr]
kind = "sql"
url = "postgresql+psycopg://reader@db/hr"
password = { env = "HR_PASSWORD" }
fresh_for = "90m"
max_age = "1d12h"
[sources.hr.tables]
people = "SELECT id AS person_id FROM staff"
org_units = "departments"
[sources.lite]
kind = "sql"
url = "sqlite:///hr data.sqlite"
tables = { people = "people" }
[sources.units]
kind = "workbook"
path = ["inbox/**/*.xlsx", "/srv/more", "plain"]
unit = "cell:B2"
period = "file"
columns = { "里程碑" = "due_on" }
""")
    )
    hr, lite, units = settings.sources.values()
    assert isinstance(hr, SqlSource)
    assert hr.password is not None
    assert (hr.password.env, hr.password.key) == ("HR_PASSWORD", "sources.hr.password")
    assert (hr.fresh_for, hr.max_age) == (timedelta(minutes=90), timedelta(hours=36))
    assert list(hr.tables) == ["people", "org_units"]
    assert isinstance(lite, SqlSource)
    assert lite.url == f"sqlite:///{tmp_path}/hr data.sqlite"
    assert isinstance(units, WorkbookSource)
    assert units.path == [f"{tmp_path}/inbox/**/*.xlsx", "/srv/more", f"{tmp_path}/plain"]
    assert units.columns == {"里程碑": "due_on"}


def test_everything_else(write, tmp_path):
    settings = load(
        write("""
timezone = "Asia/Shanghai"
language = "en"
infer = "off"
now = 2026-12-11T08:00:00
[sources.a]
kind = "tables"
path = "a"
[fields]
progress = ["a"]
[alerts]
send_at = 07:15:00
holidays = "holidays.txt"
reminders = [1, 7]
[deputies]
P123 = { to = "P456", until = 2026-12-31 }
P124 = { to = "P456" }
[web]
url = "https://okr.example.com/"
secret = { file = "okr.key" }
proxy_addresses = ["10.0.0.5", "10.1.0.0/16"]
[targets.views]
kind = "sql"
url = "postgresql+psycopg://writer@db/okr"
[targets.files]
kind = "folder"
path = "out"
""")
    )
    assert settings.now == datetime(2026, 12, 11, 0, 0, tzinfo=UTC)
    assert settings.fields == {"progress": ["a"]}
    assert settings.alerts.send_at == time(7, 15)
    assert settings.alerts.holidays == tmp_path / "holidays.txt"
    assert settings.alerts.reminders == [7, 1]
    assert settings.deputies["P123"].until == date(2026, 12, 31)
    assert settings.web.url == "https://okr.example.com"
    assert settings.web.secret is not None
    assert settings.web.secret.file == tmp_path / "okr.key"
    assert [target.enabled for target in settings.targets.values()] == [False, False]


@pytest.mark.parametrize(
    ("numbers", "order"),
    [
        ({}, ["a", "b", "c"]),
        ({"c": 1}, ["c", "a", "b"]),
        ({"a": 2, "c": 1}, ["c", "a", "b"]),
        ({"a": 1, "b": 1, "c": 0}, ["c", "a", "b"]),
        ({"b": 0}, ["b", "a", "c"]),
        ({"b": -1, "a": 0}, ["b", "a", "c"]),
    ],
)
def test_the_order_of_sources(numbers, order):
    parts = ['timezone = "UTC"']
    for name in "abc":
        parts += [f"[sources.{name}]", 'kind = "tables"', 'path = "x"']
        parts += [f"precedence = {numbers[name]}"] if name in numbers else []
    assert parse("\n".join(parts), Path("okr.toml")).source_order() == order


def test_a_time_without_an_offset_is_in_the_companys_zone(write):
    content = LEAST.replace("09:30:00+08:00", "09:30:00").replace("Asia/Shanghai", "Europe/Berlin")
    starts_at = load(write(content)).meetings["market-2027q1"].starts_at
    assert starts_at.utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize("folder", ["a b", "a%20b", "a?b", "a#b", "[x]", "人事", "a@b:c"])
def test_paths_are_found_from_whatever_folder_the_file_is_in(tmp_path, folder):
    there = tmp_path / folder
    there.mkdir()
    (there / "inbox").mkdir()
    (there / "inbox" / "a.xlsx").touch()
    content = """
timezone = "UTC"
[sources.units]
kind = "workbook"
path = "inbox/*.xlsx"
[sources.hr]
kind = "sql"
url = "sqlite:///hr.sqlite"
tables = { people = "p" }
"""
    settings = parse(content, there / "okr.toml")
    assert database_url(settings.ledger.url).database == str(there / "ledger.sqlite")
    hr, units = settings.sources["hr"], settings.sources["units"]
    assert isinstance(hr, SqlSource)
    assert isinstance(units, WorkbookSource)
    assert database_url(hr.url).database == str(there / "hr.sqlite")
    assert glob.glob(units.path[0]) == [str(there / "inbox" / "a.xlsx")]  # noqa: PTH207 - an absolute pattern


def test_an_absolute_path_stays(write):
    url = "sqlite:////srv/okr/a.sqlite?timeout=5"
    content = f'timezone = "UTC"\n[warehouse]\npath = "/srv/w"\n[ledger]\nurl = "{url}"'
    settings = load(write(content))
    assert (settings.warehouse.path, settings.ledger.url) == (Path("/srv/w"), url)


def test_the_file_is_the_named_one_else_okr_config_else_okr_toml(write, tmp_path, monkeypatch):
    def period(name):
        return f'timezone = "UTC"\nperiod = "{name}"'

    write(period("here"))
    named, other = write(period("named"), "named.toml"), write(period("other"), "other.toml")
    monkeypatch.chdir(tmp_path)
    assert load().period == "here"
    monkeypatch.setenv("OKR_CONFIG", str(other))
    assert load().period == "other"
    assert load(named).period == "named"
    monkeypatch.setenv("OKR_CONFIG", "named.toml")
    assert load().folder == tmp_path


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(tmp_path):
    file = tmp_path / "okr.toml"
    file.write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode())
    assert load(file).period == "2026Q4"


def test_a_file_that_is_not_there(tmp_path):
    error = refused(tmp_path / "nowhere" / "okr.toml")
    assert error.code == "settings_missing"
    assert "okr init" in told(error, "en")[0]
    (tmp_path / "file").touch()
    assert refused(tmp_path / "file" / "okr.toml").code == "settings_missing"


def test_a_folder(tmp_path):
    assert refused(tmp_path).code == "settings_is_folder"


def test_another_encoding(tmp_path):
    file = tmp_path / "okr.toml"
    file.write_bytes(LEAST.encode("gb18030"))
    error = refused(file)
    assert (error.code, error.values["line"]) == ("settings_not_utf8", 13)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can be another user")
def test_a_file_that_may_not_be_read(write, tmp_path):
    file = write(LEAST)
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if str(parent).startswith("/tmp/pytest"):
            parent.chmod(0o755)
    file.chmod(0o600)
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom okr.errors import SettingsError\n"
        "from okr.settings import load\nos.setuid(65534)\n"
        "try: load(Path(sys.argv[1]))\nexcept SettingsError as error: print(error.code)"
    )
    ran = subprocess.run([sys.executable, "-c", script, file], capture_output=True, text=True, check=False)
    assert ran.stdout == "settings_unreadable\n", ran.stderr


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        ("a = 1\nb", "equals", 2),
        ("a = 1\nb =", "value", 2),
        ("timezone = Asia/Shanghai", "value", 1),
        ("enabled = True", "value", 1),
        ('\n\na = "x', "string", 3),
        ("a = '''x", "string", 1),
        ('a = "C:\\Users"', "backslash", 1),
        ("[sources.人事]", "name", 1),
        ("标签 = 1", "name", 1),
        ("[sources", "name", 1),
        ("[a]\n[b]\n[a]", "twice", 3),
        ("a = 1\na = 2", "twice", 2),
        ("a = [1,\n 2\nb = 3", "bracket", 3),
        ('a = "b" c', "line", 1),
    ],
)
def test_a_syntax_error_names_its_line(write, content, code, line):
    error = refused(write(content))
    assert (error.code, error.values["line"]) == (f"settings_syntax_{code}", line)
    assert f"第 {line} 行" in told(error, "zh")[0]
    assert f"line {line}" in told(error, "en")[0]


@pytest.mark.parametrize("content", ["a = " + "[" * 5000, "a = " + "9" * 5000, "= 3", "\x00"])
def test_no_content_breaks_it(write, content):
    assert refused(write(content)).code.startswith(("settings_syntax", "settings_too_deep"))


def test_importing_the_settings_brings_nothing_heavy():
    script = (
        "import okr.settings, sys; print(sorted({'rapidfuzz', 'sqlalchemy', 'polars', 'duckdb'} & set(sys.modules)))"
    )

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert ran.stdout == "[]\n"
