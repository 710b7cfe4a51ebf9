"""What pages say: in the reader's language, with everything escaped, and of the run as it goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from okr.texts import text
from tests.web.conftest import SETTINGS, Known, Step, key

MARKET = f"/meetings/{key('market')}"


def test_titles_are_escaped_wherever_they_stand(pages):
    browser = pages.signed_in("ops@example.com")
    pages.desk.runs = [Known("r1", "supply/../x", message="<script>alert(1)</script>")]
    for path in ("/", f"/meetings/{key('supply/../x')}", f"/meetings/{key('supply/../x')}/runs/r1", "/runs"):
        told = browser.get(path).text
        assert "<b>握手会</b>" not in told
        assert "<script>alert" not in told
    assert "&lt;script&gt;alert(1)" in browser.get("/runs").text


def test_the_readers_language_is_their_choice_else_the_browsers(pages):
    browser = pages.browser()
    asked = {
        "zh-CN,zh;q=0.9,en;q=0.8": "zh-CN",
        "en-GB,en;q=0.9,zh;q=0.8": "en",
        "de,zh;q=0.3,en;q=0.8": "en",
        "de, fr": "en",  # the settings'
        "zh;q=0, en;q=0.1": "en",
        "nonsense;q=x, zh;q=1": "zh-CN",
    }
    for header, lang in asked.items():
        assert f'<html lang="{lang}">' in browser.get("/sign-in", headers={"accept-language": header}).text, header
    chosen = browser.get("/language/zh?back=/sign-in", headers={"accept-language": "en"})
    assert chosen.headers["location"] == "/sign-in"
    assert '<html lang="zh-CN">' in browser.get("/sign-in", headers={"accept-language": "en"}).text
    assert browser.get("/language/de").status_code == 404


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "/a\nb", ""])
def test_choosing_a_language_leads_nowhere_else(pages, back):
    answer = pages.browser().get("/language/en", params={"back": back})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_has_every_word(pages, lang):
    """No code stands on a page in place of its sentence, and no place is left unfilled."""
    pages.desk.runs = [
        Known(f"r{n}", "market", state, stages=[Step("pull hr", "done", AT, AT), Step("make the pack", "running", AT)])
        for n, state in enumerate(["waiting", "running", "done", "partly", "failed", "stopped"])
    ]
    pages.desk.runs += [
        Known("n1", None, "done", flow="nightly-sync", scheduled=True),
        Known("d1", None, flow="deliver"),
    ]
    browser = pages.signed_in("ops@example.com")
    outside = pages.browser()
    link = pages.link("ops@example.com")
    paths = ["/", MARKET, "/runs", "/nowhere", *(f"{MARKET}/runs/r{n}" for n in range(6))]
    found = [browser.get(path, headers={"accept-language": lang}) for path in paths]
    found += [outside.get(path, headers={"accept-language": lang}) for path in ("/sign-in", link, "/sign-in/x")]
    for answer in found:
        assert "web." not in answer.text
        assert "{" not in answer.text
        assert answer.headers["content-language"] == lang


AT = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)


def test_a_meeting_shows_its_figures(pages):
    told = pages.signed_in("lilei@example.com").get(MARKET).text
    for code in ("readiness", "participants", "krs", "answered", "planned", "density"):
        assert text(f"web.figure.{code}", "en") in told
    assert "0<small> / 1</small>" in told  # one request, not answered
    assert "in 28 days" in told
    assert "North" in told  # the workbook of a unit is called after it


def test_a_start_is_shown_as_it_goes(pages):
    browser = pages.signed_in("lilei@example.com")
    answer = pages.post(browser, f"{MARKET}/start", fresh="1")
    assert pages.desk.started[0] | {"rehearsal": False, "fresh": True} == pages.desk.started[0]
    where = answer.headers["location"]
    pages.desk.runs[0].stages = [
        Step("pull planning", "done", AT, AT + timedelta(seconds=3)),
        Step("merge and judge", "running", AT),
    ]
    told = browser.get(where).text
    assert "Read the source planning" in told
    assert "3 seconds" in told
    part = browser.get(f"{where}/now")
    assert "<html" not in part.text
    assert "x-okr-over" not in part.headers
    pages.desk.runs[0].state = "partly"
    pages.desk.runs[0].message = "The pack is made, but with older rows of: hr."
    part = browser.get(f"{where}/now")
    assert part.headers["x-okr-over"] == "1"
    assert "older rows of: hr" in part.text


def test_a_second_press_joins_the_first_run(pages):
    browser = pages.signed_in("lilei@example.com")
    first = pages.post(browser, f"{MARKET}/start").headers["location"]
    assert pages.post(browser, f"{MARKET}/start").headers["location"] == first
    assert len(pages.desk.started) == 1
    pages.desk.runs[0].state = "done"
    assert pages.post(browser, f"{MARKET}/start").headers["location"] != first


def test_a_rehearsal_needs_an_address(pages, open_pages):
    answer = pages.post(pages.signed_in("lilei@example.com"), f"{MARKET}/start", kind="rehearsal")
    assert answer.status_code == 409
    assert pages.desk.started == []
    able = open_pages(SETTINGS + '\n[mail]\nredirect_to = "rehearsal@example.com"\n')
    browser = able.signed_in("lilei@example.com")
    assert "rehearsal@example.com" in browser.get(MARKET).text
    assert able.post(browser, f"{MARKET}/start", kind="rehearsal").status_code == 303
    assert able.desk.started[0]["rehearsal"] is True


def test_a_run_that_waits_says_so_and_notes_are_for_ops(pages):
    path = str(pages.house.settings.warehouse.path)
    notes = [text("note.waiting_for_warehouse", "zh", path=path), "hr: the password is wrong"]
    pages.desk.runs = [Known("r1", "market", stages=[Step("merge and judge", "running", AT)], notes=notes)]
    hrbp = pages.signed_in("lilei@example.com").get(f"{MARKET}/runs/r1").text
    assert text("web.run.waits", "en") in hrbp
    assert "the password is wrong" not in hrbp
    assert "the password is wrong" in pages.signed_in("ops@example.com").get(f"{MARKET}/runs/r1").text
    pages.desk.runs[0].stages = [Step("merge and judge", "done", AT, AT), Step("make the pack", "running", AT)]
    assert text("web.run.waits", "en") not in pages.signed_in("lilei@example.com").get(f"{MARKET}/runs/r1").text


def test_a_run_of_the_command_line_is_seen(pages):
    pages.house.ledger.run_started("x1", "sync", datetime.now(UTC) - timedelta(minutes=2))
    pages.house.ledger.run_started("x2", "old", datetime.now(UTC) - timedelta(days=2))
    pages.house.ledger.run_started("x3", "ours", datetime.now(UTC) - timedelta(minutes=1))
    pages.desk.runs = [Known("r1", "market", started=datetime.now(UTC) - timedelta(seconds=90))]
    told = pages.signed_in("lilei@example.com").get(MARKET).text
    assert text("web.run.elsewhere", "en", command="sync") in told
    assert text("web.run.elsewhere", "en", command="old") not in told
    assert text("web.run.elsewhere", "en", command="ours") not in told


def test_a_server_that_is_away_is_told_and_packs_are_still_there(pages):
    from okr.errors import RunError

    def away():
        raise RunError("prefect_silent", reason="ConnectError")

    pages.desk.latest = away
    browser = pages.signed_in("lilei@example.com")
    told = browser.get(MARKET)
    assert told.status_code == 200
    assert text("web.run.unreachable", "en") in told.text
    assert "of market" not in told.text
    assert f"readiness-{key('market')}.html" in told.text
    assert pages.post(browser, f"{MARKET}/start").status_code == 503


def test_before_the_first_run_only_ops_come_in(open_pages):
    pages = open_pages(SETTINGS.replace('path = "warehouse.duckdb"', 'path = "none.duckdb"'))
    told = pages.signed_in("ops@example.com").get("/").text
    assert text("web.meetings.no_run", "en") in told
    answer = pages.browser().post(pages.link("outside@example.com"), headers={"origin": pages.origin})
    assert answer.status_code == 403
