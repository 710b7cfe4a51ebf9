"""Signing in and out: a link works once and for a while, and only a press of its button signs in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from okr.errors import CallError, SettingsError
from okr.publish.door import LINK_LASTS, VISIT_LASTS, Keys, Pass
from okr.settings import parse
from tests.web.conftest import SETTINGS, key

KEY = "k" * 40


def _in(span: timedelta):
    return datetime.now(UTC) + span


def enter(pages, browser, link):
    return browser.post(link, headers={"origin": pages.origin})


def test_looking_at_a_link_spends_nothing_and_signs_nobody_in(pages):
    link = pages.link("ops@example.com")
    scanner = pages.browser()
    for _ in range(3):
        answer = scanner.get(link)
        assert answer.status_code == 200
        assert "<button" in answer.text
        assert "set-cookie" not in answer.headers
    assert scanner.head(link).status_code in {200, 405}
    assert enter(pages, pages.browser(), link).status_code == 303


def test_a_link_works_once(pages):
    link = pages.link("ops@example.com")
    assert enter(pages, pages.browser(), link).status_code == 303
    thief = pages.browser()
    assert enter(pages, thief, link).status_code == 410
    assert not thief.cookies
    assert thief.get("/").status_code == 303


def test_a_link_works_for_a_while(pages):
    link = pages.link("ops@example.com")
    with time_machine.travel(_in(LINK_LASTS - timedelta(seconds=5)), tick=False):
        assert pages.browser().get(link).status_code == 200
    with time_machine.travel(_in(LINK_LASTS + timedelta(seconds=5)), tick=False):
        assert pages.browser().get(link).status_code == 410
        assert enter(pages, pages.browser(), link).status_code == 410


def test_a_visit_ends_by_itself(pages):
    browser = pages.signed_in("ops@example.com")
    with time_machine.travel(_in(VISIT_LASTS - timedelta(minutes=1)), tick=False):
        assert browser.get("/", headers={"cookie": f"okr={browser.cookies['okr']}"}).status_code == 200
    with time_machine.travel(_in(VISIT_LASTS + timedelta(minutes=1)), tick=False):
        assert browser.get("/", headers={"cookie": f"okr={browser.cookies['okr']}"}).status_code == 303


@pytest.mark.parametrize("change", ["cut", "first", "longer", "nonsense"])
def test_a_link_that_was_changed_is_none(pages, change):
    token = pages.link("ops@example.com").removeprefix("/sign-in/")
    broken = {"cut": token[:-3], "first": "A" + token[1:], "longer": token + "x", "nonsense": "x.y.z"}[change]
    assert enter(pages, pages.browser(), f"/sign-in/{broken}").status_code == 410


def test_what_is_signed_for_one_purpose_serves_no_other(pages):
    keys = pages.house.keys
    given = Pass("ops@example.com", "v1")
    visit, link, mark = keys.visit(given), keys.link("ops@example.com"), keys.mark("v1")
    assert keys.read_link(visit) is None
    assert keys.read_link(mark) is None
    assert keys.read_visit(link) is None
    assert keys.read_visit(mark) is None
    assert not keys.is_mark(visit, "v1")
    assert keys.is_mark(mark, "v1")
    assert not keys.is_mark(mark, "v2")
    browser = pages.browser()
    browser.cookies.set("okr", link.removeprefix("/sign-in/"))
    assert browser.get("/").status_code == 303


def test_a_cookie_for_a_visit_that_never_began_opens_nothing(pages):
    browser = pages.browser()
    browser.cookies.set("okr", pages.house.keys.visit(Pass("ops@example.com", "never")))
    assert browser.get("/").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(pages, open_pages):
    link = pages.link("ops@example.com")
    told = enter(pages, pages.browser(), link).headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=lax" in told
    assert "secure" not in told  # http on this machine
    behind = open_pages(SETTINGS + '\n[web]\nurl = "https://okr.example.com"\n', "https://okr.example.com")
    answer = enter(behind, behind.browser(), behind.link("ops@example.com"))
    told = answer.headers["set-cookie"].lower()
    assert told.startswith("__host-okr=")
    assert "secure" in told
    assert "path=/" in told
    assert "domain" not in told
    assert "strict-transport-security" in answer.headers


def test_signing_out_ends_the_visit_also_for_a_copy_of_its_cookie(pages):
    browser = pages.signed_in("ops@example.com")
    copy = browser.cookies["okr"]
    assert pages.post(browser, "/sign-out").status_code == 303
    thief = pages.browser()
    thief.cookies.set("okr", copy)
    assert thief.get("/").status_code == 303


def test_signing_out_from_another_page_does_not_work(pages):
    browser = pages.signed_in("ops@example.com")
    assert browser.post("/sign-out", data={}, headers={"origin": pages.origin}).status_code == 403
    assert browser.get("/").status_code == 200


def test_a_mark_of_another_visit_is_refused(pages):
    mine, theirs = pages.signed_in("lilei@example.com"), pages.signed_in("ops@example.com")
    mark = theirs.get("/").text.split('name="mark" value="')[1].split('"')[0]
    path = f"/meetings/{key('market')}/start"
    answer = mine.post(path, data={"mark": mark}, headers={"origin": pages.origin})
    assert answer.status_code == 403
    assert pages.desk.started == []


def test_where_mail_is_off_the_page_says_whom_to_ask(pages):
    browser = pages.browser()
    page = browser.get("/sign-in").text
    assert "okr login-link" in page
    assert "<form" not in page
    answer = browser.post("/sign-in", data={"address": "ops@example.com"}, headers={"origin": pages.origin})
    assert answer.status_code == 409


def test_a_key_is_made_once_and_for_the_owner_alone(tmp_path):
    settings = parse('timezone = "Asia/Shanghai"\n', tmp_path / "okr.toml")
    first = Keys.of(settings).link("a@example.com")
    path = tmp_path / "okr.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert Keys.of(settings).read_link(first) is not None


def test_keys_change_one_after_the_other(tmp_path, monkeypatch):
    """The first line signs; what the lines below signed still holds."""
    old, new = Keys(KEY), Keys(f"{'n' * 40}\n{KEY}\n")
    assert new.read_link(old.link("a@example.com")).address == "a@example.com"
    assert old.read_link(new.link("a@example.com")) is None
    assert Keys("n" * 40).read_link(new.link("a@example.com")) is not None
    settings = parse('timezone = "Asia/Shanghai"\n[web]\nsecret = { env = "WEB_KEY" }\n', tmp_path / "okr.toml")
    monkeypatch.setenv("WEB_KEY", KEY)
    assert Keys.of(settings).read_link(old.link("a@example.com")) is not None
    block = parse('timezone = "Asia/Shanghai"\n[web]\nsecret = { block = "web" }\n', tmp_path / "okr.toml")
    assert Keys.of(block, block={"web": KEY}.__getitem__).read_link(old.link("a@example.com")) is not None


@pytest.mark.parametrize(("content", "code"), [("short", "key_too_short"), ("", "key_too_short")])
def test_a_key_that_is_none_is_refused(tmp_path, content, code):
    (tmp_path / "okr.key").write_text(content, encoding="utf-8")
    with pytest.raises(CallError) as caught:
        Keys.of(parse('timezone = "Asia/Shanghai"\n', tmp_path / "okr.toml"))
    assert caught.value.code == code


def test_a_key_that_the_settings_name_is_not_made(tmp_path):
    named = parse('timezone = "Asia/Shanghai"\n[web]\nsecret = { file = "x.key" }\n', tmp_path / "okr.toml")
    with pytest.raises(SettingsError):
        Keys.of(named)
    assert not (tmp_path / "x.key").exists()
