"""Where mail is on, the form sends the link, over a real SMTP server."""

from __future__ import annotations

import re
import time
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from okr.web.mailing import EACH, HOUR, PAUSE, Measure
from tests.servers import free_port
from tests.web.conftest import SETTINGS


class Kept:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.letters = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.letters.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"

    def wait(self, count=1):
        until = time.monotonic() + 10
        while len(self.letters) < count and time.monotonic() < until:
            time.sleep(0.02)
        return self.letters


@pytest.fixture
def post():
    kept = Kept()
    controller = Controller(kept, hostname="127.0.0.1", port=free_port())
    controller.start()
    kept.port = controller.port
    yield kept
    controller.stop()


@pytest.fixture
def mailing(open_pages, post):
    mail = f"""
[mail]
enabled = true
host = "127.0.0.1"
port = {post.port}
security = "none"
sender = "okr@example.com"
"""
    return open_pages(SETTINGS + mail)


def ask(pages, address):
    with pages.browser() as browser:  # its loop lives on: the link is sent after the answer
        answer = browser.post("/sign-in", data={"address": address}, headers={"origin": pages.origin})
        time.sleep(0.3)
        return answer


def test_a_link_comes_by_mail_and_signs_in(mailing, post):
    answer = ask(mailing, " LILEI@example.com ")
    assert answer.status_code == 200
    ((recipients, letter),) = post.wait()
    assert recipients == ["lilei@example.com"]  # as the table of people writes it
    assert letter["subject"] == "握手会工作台登录链接"  # 李雷 reads Chinese, whatever the browser asks for
    plain = letter.get_body(("plain",)).get_content()
    html = letter.get_body(("html",)).get_content()
    (link,) = set(re.findall(r"http://127\.0\.0\.1:8620(/sign-in/\S+)", plain))
    assert link in html
    browser = mailing.browser()
    assert browser.post(link, headers={"origin": mailing.origin}).status_code == 303
    assert "Handshake of Market" in browser.get("/").text


def test_the_answer_tells_nothing_about_an_address(mailing, post):
    known = ask(mailing, "lilei@example.com")
    unknown = ask(mailing, "nobody@example.com")
    odd = ask(mailing, "x" * 5000 + "@example.com")
    empty = ask(mailing, "")
    assert known.text == unknown.text == odd.text == empty.text
    assert known.headers.items() == unknown.headers.items()
    assert len(post.wait()) == 1


def test_a_mailbox_is_not_filled(mailing, post):
    for _ in range(3):
        ask(mailing, "lilei@example.com")
    ask(mailing, "hal@example.com")
    assert [recipients for recipients, _ in post.wait(2)] == [["lilei@example.com"], ["hal@example.com"]]


def test_line_breaks_and_several_addresses_reach_nobody(mailing, post):
    for address in ("lilei@example.com\nBcc: evil@example.com", "lilei@example.com, evil@example.com"):
        ask(mailing, address)
    assert post.letters == []


def test_in_a_rehearsal_links_go_to_its_address_too(open_pages, post):
    mail = f"""
[mail]
enabled = true
host = "127.0.0.1"
port = {post.port}
security = "none"
sender = "okr@example.com"
redirect_to = "rehearsal@example.com"
"""
    ask(open_pages(SETTINGS + mail), "hal@example.com")
    assert [recipients for recipients, _ in post.wait()] == [["rehearsal@example.com"]]


def test_while_the_time_is_set_by_hand_no_link_leaves_this_machine(open_pages):
    mail = '\n[mail]\nenabled = true\nhost = "smtp.example.com"\nsender = "okr@example.com"\n'
    page = open_pages(SETTINGS + mail).browser().get("/sign-in").text
    assert "<form" not in page
    real = SETTINGS.replace("now = 2026-11-20T08:00:00+08:00\n", "")
    assert "<form" in open_pages(real + mail).browser().get("/sign-in").text


def test_a_server_that_is_away_changes_nothing_for_whoever_asks(open_pages, capsys):
    mail = f"""
[mail]
enabled = true
host = "127.0.0.1"
port = {free_port()}
security = "none"
sender = "okr@example.com"
"""
    pages = open_pages(SETTINGS + mail)
    assert ask(pages, "hal@example.com").status_code == 200
    time.sleep(0.3)
    told = capsys.readouterr().err
    assert "127.0.0.1" in told
    assert "/sign-in/" not in told


def test_an_address_gets_so_many_links_in_an_hour_and_leaves_some_for_others(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("okr.web.mailing.time.monotonic", lambda: now[0])
    measure = Measure()
    gone = 0
    for _ in range(59):
        gone += measure.allows("lilei@example.com")
        now[0] += PAUSE + 0.5
    assert gone == EACH
    assert measure.allows("hal@example.com")
    now[0] += HOUR
    assert measure.allows("lilei@example.com")
