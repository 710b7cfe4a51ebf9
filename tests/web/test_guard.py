"""What is refused before any page sees it, and what every answer bears."""

from __future__ import annotations

import pytest

from okr.errors import CallError, RunError
from okr.publish.door.place import origins, place, refuse_unsafe
from okr.settings import parse
from tests.web.conftest import SETTINGS, key

FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:8621"},  # Prefect's pages on the same machine
    {"origin": "https://127.0.0.1:8620"},
    {"origin": "http://127.0.0.1:8620.evil.example"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_form_from_elsewhere_is_refused(pages, headers):
    browser = pages.signed_in("ops@example.com")
    mark = browser.get("/").text.split('name="mark" value="')[1].split('"')[0]
    answer = browser.post(f"/meetings/{key('market')}/start", data={"mark": mark}, headers=headers)
    assert answer.status_code == 403
    assert pages.desk.started == []
    assert pages.browser().post(pages.link("ops@example.com"), headers=headers).status_code == 403


def test_a_form_of_ours_is_taken_also_without_an_origin(pages):
    browser = pages.browser()
    answer = browser.post(pages.link("ops@example.com"), headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 303


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8620", "127.0.0.1", "127.0.0.1:8621", ""])
def test_another_name_that_leads_here_is_refused(pages, host):
    """A page of somebody else's may let its own name point to this machine."""
    browser = pages.signed_in("ops@example.com")
    answer = browser.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "Handshake of Market" not in answer.text


def test_localhost_is_this_machine_too(pages):
    assert pages.browser().get("/sign-in", headers={"host": "localhost:8620"}).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(pages, method):
    assert pages.browser().request(method, "/").status_code == 405


def test_a_form_has_a_size(pages):
    browser = pages.browser()
    answer = browser.post("/sign-in", content=b"a" * 100_000, headers={"origin": pages.origin})
    assert answer.status_code == 413
    endless = browser.post("/sign-in", content=iter([b"a" * 10]), headers={"origin": pages.origin})
    assert endless.status_code == 413


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nowhere", "/static/okr.css", "/health", "/runs"])
def test_every_answer_is_shut_off_from_other_places(pages, path):
    answer = pages.browser().get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "access-control-allow-origin" not in answer.headers


def test_pages_bring_nothing_from_elsewhere(pages):
    browser = pages.signed_in("ops@example.com")
    for path in ("/", f"/meetings/{key('market')}", "/runs"):
        told = browser.get(path).text
        assert "<style" not in told
        assert "style=" not in told
        assert "http://" not in told.replace("http://www.w3.org", "")
        assert "https://" not in told


def settings(tmp_path, text):
    return parse(f'timezone = "Asia/Shanghai"\n[web]\n{text}\n', tmp_path / "okr.toml")


def test_beyond_this_machine_something_must_keep_it_closed(tmp_path):
    (tmp_path / "c.pem").touch()
    (tmp_path / "k.pem").touch()
    refuse_unsafe(settings(tmp_path, ""))
    refuse_unsafe(settings(tmp_path, 'address = "127.0.0.53"'))
    refuse_unsafe(settings(tmp_path, 'address = "::1"'))
    url = 'url = "https://okr.example.com"'
    refuse_unsafe(settings(tmp_path, f'address = "0.0.0.0"\n{url}\nproxy_addresses = ["10.0.0.1"]'))
    certificate = 'certificate = "c.pem"\ncertificate_key = "k.pem"'
    refuse_unsafe(settings(tmp_path, f'address = "0.0.0.0"\n{url}\n{certificate}'))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('address = "0.0.0.0"', "serve_unsafe"),
        ('address = "::"', "serve_unsafe"),
        ('address = "10.0.0.5"\nurl = "https://okr.example.com"', "serve_unsafe"),
        ('address = "okr.example.com"', "serve_unsafe"),
        ('address = "0.0.0.0"\nproxy_addresses = ["10.0.0.1"]', "serve_needs_url"),
        ('certificate = "c.pem"', "serve_certificate"),
        ('certificate = "c.pem"\ncertificate_key = "missing.pem"', "serve_certificate"),
    ],
)
def test_what_is_too_open_is_refused(tmp_path, text, code):
    (tmp_path / "c.pem").touch()
    with pytest.raises(CallError) as caught:
        refuse_unsafe(settings(tmp_path, text))
    assert caught.value.code == code


def test_own_origins_are_written_as_browsers_write_them(tmp_path):
    assert origins(settings(tmp_path, 'url = "https://okr.example.com:443/"')) >= {"https://okr.example.com"}
    assert origins(settings(tmp_path, 'address = "::1"')) == {"http://[::1]:8620", "http://localhost:8620"}
    assert place(settings(tmp_path, 'address = "::1"')) == "http://[::1]:8620"
    beyond = settings(tmp_path, 'address = "0.0.0.0"\nurl = "https://okr.example.com"\nproxy_addresses = ["10.0.0.1"]')
    assert origins(beyond) == {"https://okr.example.com"}


def test_past_the_proxy_nobody_comes_in(open_pages):
    beyond = """
[web]
address = "0.0.0.0"
url = "https://okr.example.com"
proxy_addresses = ["10.1.0.1"]
"""
    pages = open_pages(SETTINGS + beyond, "https://okr.example.com")
    assert pages.browser(peer="203.0.113.7").get("/sign-in").status_code == 403
    assert pages.browser(peer="10.1.0.1").get("/sign-in").status_code == 200
    assert pages.browser(peer="127.0.0.1").get("/sign-in").status_code == 200
    assert pages.browser(peer="::ffff:10.1.0.1").get("/sign-in").status_code == 200


def test_a_slash_too_many_leads_nowhere(open_pages):
    """Starlette would send the browser to http, with whatever stands in the path."""
    proxied = SETTINGS + '\n[web]\nurl = "https://okr.example.com"\n'
    pages = open_pages(proxied, "https://okr.example.com")
    answer = pages.browser().get(f"{pages.link('ops@example.com')}/")
    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_what_fails_is_told_in_full_in_the_log_and_to_whoever_is_signed_in(pages, capsys):
    def broken():
        raise RunError("pack_unwritable", folder="/srv/okr/packs", reason="Permission denied")

    inside, link = pages.signed_in("ops@example.com"), pages.link("ops@example.com")
    known, pages.house.register = pages.house.register, broken
    outside = pages.browser().post(link, headers={"origin": pages.origin})
    assert outside.status_code == 503
    assert "/srv/okr" not in outside.text
    assert "/srv/okr" in capsys.readouterr().err
    pages.house.register = known
    pages.desk.watch = lambda _: broken()
    assert "/srv/okr" in inside.get(f"/meetings/{key('market')}/runs/run1").text
