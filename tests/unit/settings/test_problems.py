"""Whatever is wrong in okr.toml is named: the file, the full key, what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from okr.errors import SettingsError
from okr.settings import parse
from okr.texts import told

FILE = Path("okr.toml")


def problems(content: str, *, whole: bool = False, **how) -> list[SettingsError]:
    head = "" if whole else 'timezone = "UTC"\n'
    with pytest.raises(SettingsError) as caught:
        parse(head + content, FILE, **how)
    assert caught.value.code == "settings_wrong"
    assert caught.value.values["file"] == "okr.toml"
    assert caught.value.values["count"] == len(caught.value.problems)
    found = list(caught.value.problems)
    for lang in ("zh", "en"):
        for line, problem in zip(told(caught.value, lang)[-len(found) :], found, strict=True):
            assert line.startswith("okr.toml")
            assert str(problem.values["key"]) in line
            assert not {c for c in line if c in "{}"} - (set("{}") if "{ env" in line or "{…}" in line else set())
    return found  # pyright: ignore[reportReturnType]


def only(content: str, **how) -> tuple[str, str]:
    (problem,) = problems(content, **how)
    return problem.code, str(problem.values["key"])


TABLES = '[sources.a]\nkind = "tables"\npath = "a"\n'
SQL = '[sources.hr]\nkind = "sql"\nurl = "{url}"\n[sources.hr.tables]\npeople = "p"\n'
MEETING = '[meetings.m]\nunit = "u"\nperiod = "p"\nstarts_at = 2026-12-18T09:30:00\n'


@pytest.mark.parametrize(
    ("content", "key", "nearest"),
    [
        ('prid = "x"', "prid", "period"),
        ("thread = 2", "thread", "engine.threads"),
        ("threads = 2", "threads", "engine.threads"),
        ('[warehouse]\ntimezone = "x"', "warehouse.timezone", "timezone"),
        ('[warehouse]\npaht = "x"', "warehouse.paht", "warehouse.path"),
        ("[egine]\nthreads = 2", "egine", "engine"),
        (TABLES + "fresh-for = 1", "sources.a.fresh-for", "sources.a.fresh_for"),
        (TABLES + "tabels = 1", "sources.a.tabels", None),
        (SQL.format(url="sqlite:///x") + '[sources.hr.tabels]\nx = "y"', "sources.hr.tabels", "sources.hr.tables"),
        (SQL.format(url="sqlite:///x") + 'poeple = "y"', "sources.hr.tables.poeple", "sources.hr.tables.people"),
        (MEETING + 'hrpb = ["x"]', "meetings.m.hrpb", "meetings.m.hrbp"),
        ("[rules.AL104]\nsevrity = 1", "rules.AL104.sevrity", "rules.AL104.severity"),
        ('[mail]\npasword = "x"', "mail.pasword", "mail.password"),
        ('[mail]\nuser = "u"\npassword = { evn = "X" }', "mail.password.evn", "mail.password.env"),
        ('[sources."人 事"]\nkind = "tables"\npath = "x"\npth = 1', 'sources."人 事".pth', 'sources."人 事".path'),
        ('[targets.f]\nkind = "folder"\npath = "x"\nenabeld = 1', "targets.f.enabeld", "targets.f.enabled"),
        ('[deputies]\nP1 = { too = "x", to = "y" }', "deputies.P1.too", "deputies.P1.to"),
    ],
)  # fmt: skip
def test_an_unknown_key_names_the_nearest_known_one(content, key, nearest):
    (problem,) = problems(content)
    assert (problem.code, problem.values["key"]) == ("setting_unknown", key)
    if nearest:
        assert problem.values["nearest"] == nearest


def test_a_secret_in_clear_is_refused_and_never_repeated():
    content = """
[mail]
user = "u"
password = "hunter2"
[sources.hr]
kind = "sql"
url = "postgresql+psycopg://reader:hunter2@db/hr"
password = "hunter2"
tables = { people = "p" }
[web]
secret = 5
"""
    found = problems(content)
    assert {(p.code, p.values["key"]) for p in found} == {
        ("setting_secret_in_clear", "mail.password"),
        ("setting_secret_in_clear", "sources.hr.password"),
        ("setting_password_in_url", "sources.hr.url"),
        ("setting_not_secret", "web.secret"),
    }
    for problem in found:
        assert "hunter2" not in f"{problem} {problem!r} {told(problem, 'en')} {told(problem, 'zh')}"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql+psycopg://u:p@h/d", "setting_password_in_url"),
        ("mysql+pymysql://u:p@h/d", "setting_password_in_url"),
        ("postgresql+psycopg://u:p/w@h/d", "setting_password_in_url"),
        ("postgresql://h/d?user=u&password=p", "setting_password_in_url"),
        ("postgresql://h/d?sslmode=x&PASSWORD=p", "setting_password_in_url"),
        ("postgresql://u:%70@h/d", "setting_password_in_url"),
        ("sqlite://", "setting_not_database_url"),
        ("sqlite:///:memory:", "setting_not_database_url"),
        ("hr.sqlite", "setting_not_database_url"),
        ("postgresql:", "setting_not_database_url"),
        ("", "setting_empty"),
    ],
)
def test_addresses_of_databases(url, code):
    assert only(SQL.format(url=url)) == (code, "sources.hr.url")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://reader@db/hr",
        "postgresql+psycopg://reader@db:5432/hr?sslmode=require",
        "mysql+pymysql://reader@db:3306/hr",
        "sqlite:////srv/a:b@c.sqlite",
        "postgresql+psycopg:///hr?host=/var/run/postgresql",
    ],
)
def test_addresses_without_a_password_stand(url):
    content = 'timezone = "UTC"\n' + SQL.format(url=url)
    assert parse(content, FILE).sources["hr"].url == url


@pytest.mark.parametrize(
    ("content", "code", "key"),
    [
        ("period = 2026", "not_text", "period"),
        ('period = ""', "empty", "period"),
        ('period = "a\\u0007"', "control", "period"),
        ('language = "fr"', "not_choice", "language"),
        ("infer = true", "not_choice", "infer"),
        ("now = 2026-12-11", "not_moment", "now"),
        ('now = "2026-12-11T08:00:00+08:00"', "not_moment", "now"),
        ("warehouse = 3", "not_section", "warehouse"),
        ("sources = []", "not_section", "sources"),
        ("[sources]\nx = 1", "not_section", "sources.x"),
        ("[warehouse]\npath = 3", "not_text", "warehouse.path"),
        ('[sources.a]\npath = "x"', "missing", "sources.a.kind"),
        ('[sources.a]\nkind = "tabels"', "not_choice", "sources.a.kind"),
        ('[sources.a]\nkind = "tables"', "missing", "sources.a.path"),
        (TABLES + "fresh_for = 3600", "not_span", "sources.a.fresh_for"),
        (TABLES + 'fresh_for = "1 fortnight"', "not_span", "sources.a.fresh_for"),
        (TABLES + 'fresh_for = "-1h"', "not_span", "sources.a.fresh_for"),
        (TABLES + 'fresh_for = "h"', "not_span", "sources.a.fresh_for"),
        (TABLES + 'max_age = "999999999w"', "not_span", "sources.a.max_age"),
        (TABLES + "shrink_limit = 1.5", "too_large", "sources.a.shrink_limit"),
        (TABLES + "shrink_limit = -0.1", "too_small", "sources.a.shrink_limit"),
        (TABLES + "shrink_limit = nan", "not_number", "sources.a.shrink_limit"),
        (TABLES + 'shrink_limit = "0.3"', "not_number", "sources.a.shrink_limit"),
        (TABLES + "precedence = 1.5", "not_whole", "sources.a.precedence"),
        (TABLES + "precedence = true", "not_whole", "sources.a.precedence"),
        (TABLES + 'locale = "de"', "not_choice", "sources.a.locale"),
        ('[sources.hr]\nkind = "sql"\nurl = "sqlite:///x"\ntables = {}', "empty", "sources.hr.tables"),
        ('[sources.w]\nkind = "workbook"\npath = []', "empty", "sources.w.path"),
        ('[sources.w]\nkind = "workbook"\npath = [3]', "not_text", "sources.w.path[1]"),
        ('[sources.w]\nkind = "workbook"\npath = "x"\nunit = "cell:2B"', "not_place_on_sheet", "sources.w.unit"),
        (MEETING.replace('"u"', "3"), "not_text", "meetings.m.unit"),
        (MEETING.replace("T09:30:00", ""), "not_moment", "meetings.m.starts_at"),
        (MEETING + 'hrbp = "x"', "not_list", "meetings.m.hrbp"),
        (MEETING + 'hrbp = ["x", 3]', "not_text", "meetings.m.hrbp[2]"),
        ('[meetings."a;b"]\n' + MEETING.partition("\n")[2], "name_forbidden", 'meetings."a;b"'),
        ('[sources."a->b"]\nkind = "tables"\npath = "x"', "name_forbidden", 'sources."a->b"'),
        ('[sources." "]\nkind = "tables"\npath = "x"', "name_empty", 'sources." "'),
        ('[rules.AL104]\nseverity = "mini"', "not_choice", "rules.AL104.severity"),
        ("[rules.AL104]\nenabled = 1", "not_boolean", "rules.AL104.enabled"),
        ("[rules.QL501]\nlimit = -1", "too_small", "rules.QL501.limit"),
        ("[rules.QL501]\nlimit = inf", "not_number", "rules.QL501.limit"),
        ("[rules.dropped-ball]\nenabled = true", "rule_shape", "rules.dropped-ball"),
        (TABLES + '[fields]\nprogress = "a"', "not_list", "fields.progress"),
        (TABLES + '[fields]\nprogress = ["a", "b"]', "source_unknown", "fields.progress[2]"),
        ('[ledger]\nurl = "mysql+pymysql://u@h/d"', "not_ledger_url", "ledger.url"),
        ("[engine]\nthreads = 0", "too_small", "engine.threads"),
        ('[engine]\nmemory_limit = "lots"', "not_memory", "engine.memory_limit"),
        ("[mail]\nport = 70000", "too_large", "mail.port"),
        ('[mail]\nsecurity = "ssl"', "not_choice", "mail.security"),
        ('[mail]\nsender = "nobody"', "not_address", "mail.sender"),
        ('[mail]\nsender = "a@b\\nBcc: c@d"', "not_address", "mail.sender"),
        ('[mail]\npassword = { env = "X" }', "mail_needs_user", "mail.user"),
        ('[mail]\nuser = "u"\nhost = "h"\nsecurity = "none"', "mail_in_clear", "mail.security"),
        ('[mail]\nenabled = true\nhost = "h"', "mail_needs", "mail.sender"),
        ('[alerts]\nsend_at = "25:00"', "not_time", "alerts.send_at"),
        ('[alerts]\nworkdays = "weekdays"', "not_workdays", "alerts.workdays"),
        ('[alerts]\nworkdays = "mon-wed-fri"', "not_workdays", "alerts.workdays"),
        ("[alerts]\nreminders = [-1]", "too_small", "alerts.reminders[1]"),
        ('[schedule]\nnightly = "0 3 * *"', "not_cron", "schedule.nightly"),
        ('[web]\nurl = "okr.example.com"', "not_web_url", "web.url"),
        ('[web]\nproxy_addresses = ["proxy"]', "not_network", "web.proxy_addresses[1]"),
        ('[web]\nuser_header = "X User"', "not_header", "web.user_header"),
        ('[web]\nsecret = { env = "A", file = "b" }', "not_secret", "web.secret"),
        ("[web]\nsecret = {}", "not_secret", "web.secret"),
        ("[web]\nsecret = { env = 5 }", "not_text", "web.secret.env"),
        ("[retention]\ndays = 0", "too_small", "retention.days"),
        ("[advice]\ndensity = 2", "too_large", "advice.density"),
        ('[ops]\nemails = ["x"]', "not_address", "ops.emails[1]"),
        ('[deputies]\nP1 = "P2"', "not_section", "deputies.P1"),
        ('[deputies]\nP1 = { to = "P2", until = "2026-12-31" }', "not_date", "deputies.P1.until"),
        ('[targets.x]\nkind = "feishuu"', "not_choice", "targets.x.kind"),
        ('[targets.mail]\nkind = "folder"\npath = "x"', "name_taken", "targets.mail"),
    ],
)  # fmt: skip
def test_a_wrong_value_names_its_key(content, code, key):
    assert only(content) == (f"setting_{code}", key)


@pytest.mark.parametrize(
    ("zone", "nearest"),
    [("Asia/Shangai", "Asia/Shanghai"), ("Asia", None), ("../etc/passwd", None), ("", None)],
)
def test_zones_are_checked(zone, nearest):
    (problem,) = problems(f'timezone = "{zone}"', whole=True)
    assert problem.values["key"] == "timezone"
    if nearest:
        assert problem.values["nearest"] == nearest


def test_the_zone_must_be_said():
    assert only("", whole=True) == ("setting_missing", "timezone")


def test_rules_are_known_to_the_one_who_asks():
    (problem,) = problems("[rules.AL14]\nenabled = true", rule_codes=["AL104", "QL501"])
    assert problem.code == "setting_rule_unknown"
    assert problem.values["nearest"] == "AL104"


def test_all_problems_are_told_at_once():
    found = problems(
        """
language = "fr"
prid = "x"
[warehouse]
path = 3
[sources.a]
kind = "tables"
[sources.b]
kind = "tabels"
[fields]
progress = ["c"]
[mail]
enabled = true
port = 0
"""
    )
    assert {p.values["key"] for p in found} == {
        "language",
        "prid",
        "warehouse.path",
        "sources.a.path",
        "sources.b.kind",
        "fields.progress[1]",
        "mail.host",
        "mail.sender",
        "mail.port",
    }


def test_the_language_of_a_wrong_file_is_known():
    with pytest.raises(SettingsError) as caught:
        parse('language = "zh"\nprid = 1', FILE)
    assert caught.value.values["language"] == "zh"


def test_a_long_value_is_cut_short():
    (problem,) = problems(f'language = "{"x" * 1000}"')
    assert len(str(problem.values["value"])) == 60


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_login_in_clear_may_go_to_this_machine(host):
    content = f'timezone = "UTC"\n[mail]\nuser = "u"\nsecurity = "none"\nhost = "{host}"'
    assert parse(content, FILE).mail.host == host
