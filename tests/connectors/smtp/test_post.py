"""Mails are handed to a real server: at most once, over an encrypted way, with a login only there."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from connectors.smtp import Letter, Post, check, one_line, usable
from okr.errors import RunError
from tests.mailserver import PASSWORD, certificate, free_port, mail_server

AT = datetime(2026, 12, 11, 0, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def trusted(keys, monkeypatch):
    """The authority of the tests is one that this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(keys[2]))
    return keys[:2]


def settings(port, security="none", user=None, host="127.0.0.1"):
    return SimpleNamespace(host=host, port=port, security=security, user=user)


def letter(to="cy@example.com", **more):
    values = {
        "key": "k1", "sender": "okr@example.com", "to": to, "subject": "OKR：3 项", "text": "三项\n.\n..\nFrom me",
        "html": "<p>三项</p>", "language": "zh", "at": AT,
    }  # fmt: skip
    return Letter(**{**values, **more})


def password():
    return PASSWORD


def lines(found):
    return [(line.ok, line.code) for line in found]


# -- one mail -----------------------------------------------------------------------------------------


def test_a_mail_arrives_as_text_and_html_with_its_headers_and_files(tmp_path):
    file = tmp_path / "工作簿.xlsx"
    file.write_bytes(b"PK\x00")
    with mail_server() as server, Post(settings(server.port), password) as post:
        handed = post.send(
            letter(to_name="唐悦", sender_name="OKR 握手", attachments=(file,), reply_to=("li@example.com",))
        )
    assert handed.state == "sent"
    ((address, mail),) = server.got
    assert address == "cy@example.com"
    assert mail["Subject"] == "OKR：3 项"
    assert mail["To"] == "唐悦 <cy@example.com>"
    assert mail["From"] == "OKR 握手 <okr@example.com>"
    assert mail["Reply-To"] == "li@example.com"
    assert mail["Content-Language"] == "zh"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_body(("plain",)).get_content().splitlines() == ["三项", ".", "..", "From me"]
    assert "<p>三项</p>" in mail.get_body(("html",)).get_content()
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("工作簿.xlsx", b"PK\x00")


def test_an_attached_page_says_that_it_is_utf_8(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<p>准备度</p>", encoding="utf-8")
    (attached,) = letter(attachments=(page,)).composed().iter_attachments()
    assert (attached.get_content_type(), attached.get_content()) == ("text/html", "<p>准备度</p>")


def test_the_message_id_is_of_the_key_alone():
    one, same, other = letter(), letter(text="x", to="di@example.com"), letter(key="k2")
    assert one.composed()["Message-ID"] == same.composed()["Message-ID"] != other.composed()["Message-ID"]


def test_line_breaks_in_names_and_subjects_make_no_header():
    evil = "Li\r\nBcc: all@example.com\u202e\n\nbody"
    mail = letter(subject=evil, to_name=evil, sender_name=evil).composed()
    assert mail["Bcc"] is None
    assert b"\nBcc:" not in mail.as_bytes().replace(b"\r\n", b"\n")
    assert mail["Subject"] == "Li Bcc: all@example.com body"


def test_text_in_one_line():
    assert one_line(" a\tb\r\n\r\nc\x00\u2028d\u200be ") == "a b c de"


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("li.lei@example.com", True), ("li+okr@mail.example.co.uk", True), ("ops@localhost", True),
        ("李蕾@例子.example", True), ("li@bücher.example", True),
        (None, False), ("", False), ("n/a", False), ("li.lei", False), ("li lei@example.com", False),
        ("li@example.com, di@example.com", False), ("li@example.com\nBcc: x@example.com", False),
        ("Li <li@example.com>", False), ("li@", False), ("@example.com", False), ("a@b@example.com", False),
        ("li@-example.com", False), ("li@example..com", False), ("li@" + "a" * 64 + ".com", False),
        ("x" * 65 + "@example.com", False), (".li@example.com", False),
    ],
)  # fmt: skip
def test_which_texts_are_addresses(address, is_one):
    assert usable(address) is is_one


def test_a_domain_of_other_letters_goes_out_as_servers_know_it():
    with mail_server() as server, Post(settings(server.port), password) as post:
        assert post.send(letter("li@bücher.example")).state == "sent"
    assert [address for address, _ in server.got] == ["li@xn--bcher-kva.example"]


def test_an_address_of_other_letters_needs_a_server_that_knows_them():
    with mail_server(enable_SMTPUTF8=True) as server, Post(settings(server.port), password) as post:
        assert post.send(letter("李蕾@example.com")).state == "sent"
        assert post.send(letter("cy@example.com")).state == "sent"
    assert [address for address, _ in server.got] == ["李蕾@example.com", "cy@example.com"]
    with mail_server(enable_SMTPUTF8=False) as server, Post(settings(server.port), password) as post:
        assert (post.send(letter("李蕾@example.com")).state, post.send(letter()).state) == ("refused", "sent")


# -- many mails ---------------------------------------------------------------------------------------


def test_many_mails_go_over_one_connection_and_one_that_is_refused_hurts_no_other():
    with mail_server() as server:
        server.whims.refused = {"b@example.com": "550 5.1.1 no such user", "c@example.com": "451 4.7.1 try later"}
        server.whims.after_data = {"d@example.com": "554 5.7.1 spam", "e@example.com": "452 4.3.1 disk"}
        with Post(settings(server.port), password) as post:
            handed = [post.send(letter(f"{name}@example.com")) for name in "abcdef"]
    assert [one.state for one in handed] == ["sent", "refused", "deferred", "refused", "deferred", "sent"]
    assert handed[1].reason == "550 5.1.1 no such user"
    assert [address for address, _ in server.got] == ["a@example.com", "f@example.com"]
    assert server.connections == 1


def test_a_connection_that_is_lost_after_data_is_uncertain_and_the_next_mail_gets_a_new_one():
    with mail_server() as server:
        server.whims.lost_after_data = {"b@example.com"}
        with Post(settings(server.port), password) as post:
            handed = [post.send(letter(f"{name}@example.com")) for name in "abc"]
    assert [one.state for one in handed] == ["sent", "uncertain", "sent"]
    assert server.connections == 2


def test_a_connection_that_is_lost_before_data_is_opened_again_for_the_same_mail():
    begun = []
    with mail_server() as server:
        server.whims.lost_at_rcpt = {"b@example.com"}
        with Post(settings(server.port), password) as post:
            handed = [post.send(letter(f"{name}@example.com"), lambda: begun.append(1)) for name in "ab"]
    assert [one.state for one in handed] == ["sent", "sent"]
    assert len(begun) == len(server.got) == 2


def test_a_server_that_goes_away_between_two_mails_leaves_the_second_unsent():
    with mail_server() as server:
        post = Post(settings(server.port), password)
        post.__enter__()
        assert post.send(letter()).state == "sent"
    begun = []
    with pytest.raises(RunError) as failure:
        post.send(letter("di@example.com"), lambda: begun.append(1))
    assert failure.value.code == "mail_unreachable"
    assert not begun
    post.__exit__(None, None, None)


def test_an_attachment_that_is_gone_is_told_and_nothing_is_sent(tmp_path):
    with mail_server() as server, Post(settings(server.port), password) as post:
        handed = post.send(letter(attachments=(tmp_path / "gone.xlsx",)))
    assert (handed.state, handed.code) == ("refused", "attachment_gone")
    assert "gone.xlsx" in handed.reason
    assert not server.got


def test_a_mail_that_is_too_large_is_refused_before_it_is_sent(tmp_path):
    file = tmp_path / "large.bin"
    file.write_bytes(b"x" * 200_000)
    begun = []
    with mail_server(data_size_limit=100_000) as server, Post(settings(server.port), password) as post:
        handed = post.send(letter(attachments=(file,)), lambda: begun.append(1))
        assert post.send(letter()).state == "sent"
    assert (handed.state, handed.code, begun) == ("refused", "too_large", [])


# -- the way there ------------------------------------------------------------------------------------


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_login_over_an_encrypted_way(security, trusted):
    with mail_server(security=security, certificate=trusted, login=True) as server:
        found = list(check(settings(server.port, security, "okr"), password))
        with Post(settings(server.port, security, "okr"), password) as post:
            assert post.encrypted
            assert post.send(letter()).state == "sent"
    assert lines(found) == [(True, "check_mail_tls"), (True, "check_mail_login")]
    assert (len(server.got), server.logins) == (1, 2)


def test_login_where_only_the_older_way_is_offered(trusted):
    options = {"security": "starttls", "certificate": trusted, "auth_exclude_mechanism": ["PLAIN"]}
    with (
        mail_server(login=True, **options) as server,
        Post(settings(server.port, "starttls", "okr"), password) as post,
    ):
        assert post.send(letter()).state == "sent"
    assert server.logins == 1


def test_a_wrong_password_is_told_without_it(trusted):
    with mail_server(security="starttls", certificate=trusted, login=True) as server:
        (found,) = check(settings(server.port, "starttls", "okr"), lambda: "not this one")
    assert (found.ok, found.code) == (False, "mail_login_refused")
    assert "not this one" not in repr(found)
    assert "535" in str(found.values["reason"])


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_a_stranger_is_refused_before_the_password(security, keys):
    asked = []
    with mail_server(security=security, certificate=keys[:2], login=True) as server:
        (found,) = check(settings(server.port, security, "okr"), lambda: asked.append(1) or PASSWORD)
    assert (found.code, asked, server.logins) == ("mail_certificate", [], 0)


def test_without_starttls_nothing_is_sent_and_no_password_shown():
    asked = []
    with mail_server(login=True) as server:
        (found,) = check(settings(server.port, "starttls", "okr"), lambda: asked.append(1) or PASSWORD)
    assert (found.code, asked, server.logins) == ("mail_no_starttls", [], 0)


def test_tls_to_a_server_without_it_is_told():
    with mail_server() as server:
        (found,) = check(settings(server.port, "tls"), password)
    assert found.code == "mail_no_tls"


def test_no_login_in_clear_to_another_machine(monkeypatch):
    asked = []
    with mail_server(login=True) as server:
        real = socket.create_connection
        monkeypatch.setattr(
            socket,
            "create_connection",
            lambda address, *more, **named: real(("127.0.0.1", server.port), *more, **named),
        )
        away = settings(server.port, "none", "okr", host="mail.example.com")
        (found,) = check(away, lambda: asked.append(1) or PASSWORD)
    assert (found.code, asked, server.logins) == ("mail_login_in_clear", [], 0)


def test_a_server_that_knows_no_login_is_told(trusted):
    options = {"auth_exclude_mechanism": ["PLAIN", "LOGIN"]}
    with mail_server(security="starttls", certificate=trusted, login=True, **options) as server:
        (found,) = check(settings(server.port, "starttls", "okr"), password)
    assert found.code == "mail_no_login"


def test_no_server_is_told():
    (found,) = check(settings(free_port()), password)
    assert (found.code, found.values["host"]) == ("mail_unreachable", "127.0.0.1")


def test_a_server_that_turns_us_away_is_told():
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            other, _ = listening.accept()
            with other:
                other.sendall(b"554 5.7.1 not from there\r\n")
                other.recv(100)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        (found,) = check(settings(listening.getsockname()[1]), password)
        thread.join(5)
    assert (found.code, found.values["reason"]) == ("mail_not_taken", "554 5.7.1 not from there")
