"""Who sees which meeting, and who may have which file of its pack."""

from __future__ import annotations

import pytest

from tests.web.conftest import SETTINGS, key

MARKET, SUPPLY = "Handshake of Market", "供应链 &lt;b&gt;握手会&lt;/b&gt;"
RUN = "20261120T000000Z-abc"
PAGE, BOOK = f"readiness-{key('market')}.html", f"meeting-{key('market')}.xlsx"
UNIT, LEADER = f"unit-{key('M1')}.xlsx", f"leader-{key('market')}.xlsx"


def pack(file, meeting="market", run=RUN):
    return f"/meetings/{key(meeting)}/packs/{run}/{file}"


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("ops@example.com", {MARKET, SUPPLY}),
        ("OPS@EXAMPLE.COM", {MARKET, SUPPLY}),
        ("lilei@example.com", {MARKET}),  # the HRBP by id, the address by the table of people
        ("outside@example.com", {MARKET}),  # an address that no source knows
        ("hal@example.com", {SUPPLY}),  # the HRBP by name
        ("bo@example.com", {MARKET}),  # the upper unit's leader
        ("ed@example.com", {SUPPLY}),
    ],
)
def test_a_person_sees_only_the_meetings_that_name_them(pages, address, seen):
    browser = pages.signed_in(address)
    told = browser.get("/").text
    assert {title for title in (MARKET, SUPPLY) if title in told} == seen
    for meeting_id, title in (("market", MARKET), ("supply/../x", SUPPLY)):
        answer = browser.get(f"/meetings/{key(meeting_id)}")
        assert answer.status_code == (200 if title in seen else 404)
        if title not in seen:
            assert title not in answer.text


@pytest.mark.parametrize(
    "address",
    [
        "cy@example.com",  # leads a participant: no meeting names her
        "ada@example.com",  # leads the unit above
        "gone@example.com",  # an HRBP who has left
        "nobody@example.com",
    ],
)
def test_whom_nobody_names_is_not_let_in(pages, address):
    browser = pages.browser()
    answer = browser.post(pages.link(address), headers={"origin": pages.origin})
    assert answer.status_code == 403
    assert not browser.cookies
    assert browser.get("/").headers["location"] == "/sign-in"


def test_nobody_sees_anything_without_signing_in(pages):
    pages.desk.start("market", rehearsal=False)
    browser = pages.browser()
    for path in ("/", f"/meetings/{key('market')}", "/runs", pack(BOOK), f"/meetings/{key('market')}/runs/run1"):
        answer = browser.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"] == "/sign-in"
    assert browser.get("/runs/now").status_code == 401
    assert browser.get(f"/meetings/{key('market')}/runs/run1/now").status_code == 401


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("ops@example.com", {PAGE, BOOK, UNIT}),
        ("lilei@example.com", {PAGE, BOOK, UNIT}),
        ("bo@example.com", {PAGE, BOOK, LEADER}),
        ("hal@example.com", set()),
        ("ed@example.com", set()),
    ],
)
def test_each_file_of_a_pack_is_for_those_it_is_made_for(pages, address, allowed):
    browser = pages.signed_in(address)
    shown = browser.get(f"/meetings/{key('market')}").text
    for file in (PAGE, BOOK, UNIT, LEADER):
        answer = browser.get(pack(file))
        assert answer.status_code == (200 if file in allowed else 404), file
        assert (file in shown) == (file in allowed)
        if file not in allowed:
            assert "of market" not in answer.text


def test_ops_who_lead_the_unit_have_the_leaders_copy_too(open_pages):
    pages = open_pages(SETTINGS.replace("Ops@example.com", "bo@example.com"))
    assert pages.signed_in("bo@example.com").get(pack(LEADER)).text == "leader of market"
    assert pages.signed_in("").get(pack(LEADER)).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        pack("pack.json"),
        pack("mails"),
        pack("mails/1.eml"),
        pack("mails%2F1.eml"),
        pack("..%2f..%2f..%2fokr.toml"),
        pack("%2e%2e/%2e%2e/%2e%2e/okr.toml"),
        pack("..%5c..%5cokr.toml"),
        pack("%2fetc%2fpasswd"),
        pack(PAGE, run="latest"),
        pack(PAGE, run=".."),
        pack(PAGE, run="%2e%2e"),
        pack(PAGE, run=f"..%2f{key('market')}%2f{RUN}"),
        pack(PAGE + "%00"),
        f"/meetings/{key('supply/../x')}/packs/{RUN}/{BOOK}",  # another meeting's file
        f"/meetings/..%2f{key('market')}/packs/{RUN}/{BOOK}",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
    ],
)
def test_no_address_leads_out_of_a_pack(pages, path):
    answer = pages.signed_in("ops@example.com").get(path)
    assert answer.status_code in {404, 405}
    assert "to one person" not in answer.text
    assert "[warehouse]" not in answer.text
    assert "root:" not in answer.text


def test_a_link_in_a_pack_is_no_file_of_it(pages, enterprise):
    """Whoever can write into a pack's folder does not thereby hand out the rest of the machine."""
    folder = enterprise / "packs" / key("market") / RUN
    book = folder / BOOK
    kept = book.read_bytes()
    book.unlink()
    book.symlink_to(enterprise / "okr.toml")
    try:
        assert pages.signed_in("ops@example.com").get(pack(BOOK)).status_code == 404
    finally:
        book.unlink()
        book.write_bytes(kept)


def test_a_folder_with_another_meetings_pack_shows_nothing(pages, enterprise):
    """Eight hex digits may fall on one another: the pack itself says whose it is."""
    told = enterprise / "packs" / key("market") / RUN / "pack.json"
    kept = told.read_text(encoding="utf-8")
    told.write_text(kept.replace('"market"', '"another"'), encoding="utf-8")
    try:
        browser = pages.signed_in("lilei@example.com")
        assert PAGE not in browser.get(f"/meetings/{key('market')}").text
        assert browser.get(pack(PAGE)).status_code == 404
    finally:
        told.write_text(kept, encoding="utf-8")


def test_files_travel_as_files_and_the_page_is_shut_off(pages):
    browser = pages.signed_in("lilei@example.com")
    book = browser.get(pack(BOOK))
    assert book.headers["content-disposition"].startswith("attachment;")
    page = browser.get(pack(PAGE))
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("sandbox")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert {answer.headers["cache-control"] for answer in (book, page)} == {"no-store"}
    assert {answer.headers["x-content-type-options"] for answer in (book, page)} == {"nosniff"}


def test_runs_are_for_ops_and_those_of_a_meeting_for_its_people(pages):
    pages.desk.start("supply/../x", rehearsal=False)
    assert pages.signed_in("ops@example.com").get("/runs").status_code == 200
    hrbp = pages.signed_in("lilei@example.com")
    assert hrbp.get("/runs").status_code == 404
    assert hrbp.get("/runs/now").status_code == 404
    # Another meeting's run is not found under one's own meeting either.
    assert hrbp.get(f"/meetings/{key('market')}/runs/run1").status_code == 404
    assert hrbp.get(f"/meetings/{key('supply/../x')}/runs/run1").status_code == 404


def test_who_may_start_a_preparation(pages):
    assert pages.post(pages.signed_in("lilei@example.com"), f"/meetings/{key('market')}/start").status_code == 303
    assert pages.post(pages.signed_in("ops@example.com"), f"/meetings/{key('supply/../x')}/start").status_code == 303
    assert [one["meeting_id"] for one in pages.desk.started] == ["market", "supply/../x"]
    assert [one["who"] for one in pages.desk.started] == ["lilei@example.com", "Ops@example.com"]

    leader, other = (
        _forced(pages, address, f"/meetings/{key('market')}/start") for address in ("bo@example.com", "hal@example.com")
    )
    assert (leader.status_code, other.status_code) == (403, 404)
    assert len(pages.desk.started) == 2


def _forced(pages, address, path):
    """A form that no page of theirs has, with a mark that one of theirs bears."""
    browser = pages.signed_in(address)
    mark = browser.get("/").text.split('name="mark" value="')[1].split('"')[0]
    return browser.post(path, data={"mark": mark}, headers={"origin": pages.origin})


def test_access_follows_the_settings_at_once(open_pages):
    """A visit gives no right of its own: whom nobody names any more is out."""
    pages = open_pages()
    cookie = pages.signed_in("ops@example.com").cookies["okr"]
    later = open_pages(SETTINGS.replace("Ops@example.com", "other@example.com"))
    later.house.keys = pages.house.keys
    browser = later.browser()
    browser.cookies.set("okr", cookie)
    assert browser.get("/").headers["location"] == "/sign-in"


PROXY = SETTINGS + '\n[web]\nproxy_addresses = ["10.1.0.0/16"]\nuser_header = "X-User"\n'


@pytest.mark.parametrize(
    ("said", "status", "title"),
    [
        ("lilei@example.com", 200, MARKET),
        ("p7", 200, MARKET),  # an id
        ("E0007", 200, MARKET),  # an alias: the employee number
        ("LiLei", 200, MARKET),
        ("ops@example.com", 200, SUPPLY),
        ("ada@example.com", 403, None),
        ("李雷", 403, None),  # a name is nobody's login
        ("p9", 403, None),  # has left
        ("", 403, None),
    ],
)
def test_a_named_proxy_says_who_it_is(open_pages, said, status, title):
    pages = open_pages(PROXY)
    answer = pages.browser(peer="10.1.2.3").get("/", headers={"X-User": said.encode()})
    assert answer.status_code == status
    assert title is None or title in answer.text


def test_the_header_counts_only_from_a_named_proxy(open_pages):
    for settings, peer in ((PROXY, "10.2.0.1"), (PROXY, "203.0.113.7"), (SETTINGS, "10.1.2.3")):
        answer = open_pages(settings).browser(peer=peer).get("/", headers={"X-User": "ops@example.com"})
        assert answer.headers.get("location") == "/sign-in", (peer, answer.text)
    forged = {"X-User": "ops@example.com", "X-Forwarded-For": "10.1.2.3", "Forwarded": "for=10.1.2.3"}
    assert open_pages(PROXY).browser(peer="10.2.0.1").get("/", headers=forged).status_code == 303


def test_two_headers_are_none(open_pages):
    """One of them came from outside."""
    browser = open_pages(PROXY).browser(peer="10.1.2.3")
    answer = browser.get("/", headers=[("X-User", "ops@example.com"), ("X-User", "lilei@example.com")])
    assert answer.status_code == 403


def test_behind_a_proxy_a_form_needs_the_mark_and_the_origin_too(open_pages):
    pages = open_pages(PROXY)
    browser = pages.browser(peer="10.1.2.3", **{"X-User": "lilei@example.com"})
    path = f"/meetings/{key('market')}/start"
    assert browser.post(path, data={}, headers={"origin": pages.origin}).status_code == 403
    assert browser.post(path, data={}, headers={"origin": "https://evil.example"}).status_code == 403
    assert pages.desk.started == []
    assert pages.post(browser, path).status_code == 303
