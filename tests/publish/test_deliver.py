"""What is due leaves, once, over a real mail server; what nobody knows is told and waits for a person."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from okr.cli import start
from okr.errors import CallError
from okr.ledger import Ledger
from okr.pipeline import delivery, mails, writes
from okr.report import Listing
from tests.mailserver import PASSWORD, certificate, free_port, mail_server
from tests.publish.mailing import LATER, Office

ROOT = Path(__file__).parents[2]
DIES = """
import os, sys
from pathlib import Path
from connectors.smtp import Post
from okr.pipeline import mails
from okr.report import Listing
from okr.settings import load
content = Post._content
def dies(self, data):
    content(self, data)
    os._exit(9)
Post._content = dies
mails.deliver(load(Path(sys.argv[1])), report=Listing())
"""


@pytest.fixture(scope="module")
def synced(tmp_path_factory):
    return Office.synced(tmp_path_factory.mktemp("office") / "home")


@pytest.fixture
def office(synced, tmp_path, monkeypatch):
    return Office(shutil.copytree(synced, tmp_path / "home"), monkeypatch)


@pytest.fixture
def server():
    with mail_server() as made:
        yield made


@pytest.fixture
def ready(office, server):
    """Three digests wait, and the plan of mails was shown."""
    office.write(port=server.port)
    office.queue()
    office.show_plan()
    return office


def okr(office, *words):
    return start.run((*words, "--config", str(office.folder / "okr.toml"), "--lang", "en"))


# -- sent once ----------------------------------------------------------------------------------------


def test_what_is_due_is_sent_once_over_one_connection(ready, server):
    done = ready.deliver()
    assert (done.sent, done.exit_status, done.waiting) == (3, 0, 0)
    assert sorted(address for address, _ in server.got) == ["bo@example.com", "cy@example.com", "di@example.com"]
    assert server.connections == 1
    assert ready.deliver().sent == 0
    assert len(server.got) == 3
    (mail,) = server.to("di@example.com")
    assert mail["Subject"] == "Handshake of Market：2 项待您处理"
    assert mail["From"] == "OKR 握手 <okr@example.com>"
    assert mail["Reply-To"] == "ada@example.com"
    assert "two people for a week" in mail.get_body(("plain",)).get_content()


def test_what_is_due_later_waits_for_its_time(office, server):
    office.write(port=server.port)
    office.queue(due=timedelta(hours=1))
    office.show_plan()
    assert office.deliver().sent == 0
    office.be(office.at + timedelta(hours=1))
    assert office.deliver().sent == 3


def test_the_pack_arrives_with_page_and_workbook(ready, server):
    ready.pack()
    assert ready.deliver(meeting="market-2026q4").sent == 5
    (mail,) = server.to("ada@example.com")
    assert {part.get_filename() for part in mail.iter_attachments()} == {"page.html", "all.xlsx"}
    own = [one for one in server.to("bo@example.com") if list(one.iter_attachments())]
    assert [part.get_filename() for part in own[0].iter_attachments()] == ["leader.xlsx"]


def test_mail_is_off_unless_it_is_turned_on(ready, server):
    ready.write(port=server.port, enabled="false")
    assert ready.deliver().off
    assert not server.got


def test_a_refused_recipient_hurts_no_other_and_is_told(ready, server):
    server.whims.refused = {"bo@example.com": "550 5.1.1 no such user"}
    done = ready.deliver()
    assert (done.sent, done.refused, done.exit_status) == (2, 1, 3)
    ((trouble),) = done.troubles
    assert (trouble.recipient, trouble.reason) == ("bo@example.com", "550 5.1.1 no such user")
    assert ready.states()["digest bo@example.com"] == "refused"
    assert ready.notes() == ["mail_troubles"]
    assert "bo@" not in repr(ready.report)


def test_who_was_refused_is_told_by_name_and_once_more_by_the_next_call(ready, server, capsys):
    server.whims.refused = {"bo@example.com": "550 5.1.1 no such user"}
    assert (okr(ready, "deliver"), okr(ready, "deliver")) == (3, 0)
    first, second = capsys.readouterr().out.split("0 mails sent")
    for said in (first, second):
        assert said.count("bo@example.com") == 1
        assert "550 5.1.1 no such user" in said
    assert "Refused within the last three days" in second
    ready.be(ready.at + timedelta(days=4))
    okr(ready, "deliver")
    assert "bo@" not in capsys.readouterr().out


def test_not_now_is_tried_again(ready, server):
    server.whims.refused = {"bo@example.com": "450 4.7.1 greylisted"}
    assert (ready.deliver().sent, ready.deliver().sent) == (2, 0)
    server.whims.refused = {}
    assert ready.deliver().sent == 1


def test_what_could_not_leave_for_days_is_cancelled(ready, server):
    ready.be(ready.at + timedelta(days=4))
    done = ready.deliver()
    assert (done.sent, [one.code for one in done.troubles]) == (0, ["stale"] * 3)
    assert ready.queue().count == 3


# -- uncertain ----------------------------------------------------------------------------------------


def test_a_connection_lost_after_data_is_uncertain_never_sent_again_and_reported(ready, server):
    server.whims.lost_after_data = {"cy@example.com"}
    done = ready.deliver()
    assert (done.sent, done.uncertain, done.exit_status) == (2, 1, 3)
    assert [(one.recipient, one.state) for one in done.troubles] == [("cy@example.com", "uncertain")]
    server.whims.lost_after_data = set()
    again = ready.deliver()
    assert (again.sent, again.uncertain, again.exit_status) == (0, 1, 0)
    assert ready.queue().count == 0
    assert server.to("cy@example.com") == []


def test_what_is_uncertain_is_told_in_words(ready, server, capsys):
    server.whims.lost_after_data = {"cy@example.com"}
    assert okr(ready, "deliver") == 3
    said = capsys.readouterr().out
    assert "{" not in said
    assert "? cy@example.com, digest: uncertain. The connection was lost" in said


def test_a_person_settles_what_is_uncertain(ready, server, capsys):
    server.whims.lost_after_data = {"cy@example.com", "bo@example.com"}
    ready.deliver()
    server.whims.lost_after_data = set()
    keys = {one.recipient: one.key for one in delivery.uncertain(ready.settings)}
    assert okr(ready, "deliver") == 0
    assert keys["cy@example.com"] in capsys.readouterr().out
    assert okr(ready, "deliver", "--settle", keys["bo@example.com"], "--as", "sent", "--why", "she has it") == 0
    assert okr(ready, "deliver", "--settle", keys["cy@example.com"][:8], "--as", "again", "--who", "Li") == 0
    assert ready.deliver().sent == 1
    assert (len(server.to("cy@example.com")), len(server.to("bo@example.com"))) == (1, 0)
    with Ledger.of(ready.settings) as ledger:
        events = {who: ledger.message_events(key) for who, key in keys.items()}
    assert [one["event"] for one in events["cy@example.com"]] == ["sending", "uncertain", "deferred", "sending", "sent"]
    assert events["cy@example.com"][2]["details"]["who"] == "Li"
    assert events["bo@example.com"][2]["details"]["why"] == "she has it"


def test_what_a_person_wants_sent_again_is_sent_however_old_it_is(ready, server):
    server.whims.lost_after_data = {"cy@example.com"}
    ready.deliver()
    server.whims.lost_after_data = set()
    (lost,) = delivery.uncertain(ready.settings)
    ready.be(ready.at + delivery.STALE + LATER)
    mails.settle(ready.settings, lost.key, "again", who="li")
    assert ready.deliver().sent == 1
    assert len(server.to("cy@example.com")) == 1


def test_what_is_not_uncertain_cannot_be_settled(ready):
    with pytest.raises(CallError) as refused:
        mails.settle(ready.settings, "abcdef", "sent", who="li")
    assert refused.value.code == "mail_not_uncertain"


@pytest.mark.slow
def test_what_a_program_that_died_was_sending_is_uncertain_and_not_sent_again(ready, server):
    call = [sys.executable, "-c", DIES, str(ready.folder / "okr.toml")]
    died = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert died.returncode == 9, died.stderr
    assert len(server.got) == 1
    done = ready.deliver()
    assert (done.sent, done.uncertain, [one.code for one in done.troubles]) == (2, 1, ["died"])
    assert len(server.got) == 3


def test_one_that_is_stopped_before_the_content_is_sent_later(ready, server, monkeypatch):
    from connectors.smtp import Post

    def stopped(self, letter, size):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Post, "_announce", stopped)
        with pytest.raises(KeyboardInterrupt):
            ready.deliver()
    assert ready.deliver().sent == 3


def test_two_deliveries_at_once_send_everything_once(ready, server):
    with Ledger.of(ready.settings) as ledger, ledger.delivering():
        done = ready.deliver()
    assert (done.sent, done.waiting, done.exit_status) == (0, 3, 0)
    assert ready.notes() == ["mail_busy"]
    assert ready.deliver().sent == 3


# -- the server ---------------------------------------------------------------------------------------


def test_without_a_server_everything_waits(ready):
    ready.write(port=free_port())
    done = ready.deliver()
    assert (done.error.code, done.exit_status, done.waiting) == ("mail_unreachable", 3, 3)
    assert set(ready.states().values()) == {"waiting"}


def test_a_wrong_password_sends_nothing_and_is_shown_nowhere(ready, tmp_path, monkeypatch, capsys):
    keys = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(keys[2]))
    monkeypatch.setenv("SMTP_PASSWORD", "wr0ng-one")
    with mail_server(security="starttls", certificate=keys[:2], login=True) as server:
        ready.write(port=server.port, more='user = "okr"\npassword = { env = "SMTP_PASSWORD" }')
        file = ready.folder / "okr.toml"
        file.write_text(file.read_text().replace('security = "none"', 'security = "starttls"'))
        assert okr(ready, "deliver") == 3
        assert okr(ready, "check") == 2
        told = capsys.readouterr()
        assert "refuses the login" in told.out + told.err
        assert "wr0ng-one" not in told.out + told.err
        assert set(ready.states().values()) == {"waiting"}
        monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
        assert okr(ready, "check") == 0
        assert "It lets okr in." in capsys.readouterr().out
        assert okr(ready, "deliver") == 0
        assert len(server.got) == 3


def test_a_stand_in_for_the_time_writes_to_another_machine_only_for_rehearsals(ready):
    file = ready.folder / "okr.toml"
    file.write_text(file.read_text().replace('"127.0.0.1"', '"mail.invalid"'))
    ready.reload()
    done = ready.deliver()
    assert (done.error.code, done.exit_status, done.waiting) == ("mail_far_away", 2, 3)
    file.write_text(file.read_text().replace("[mail]", '[mail]\nredirect_to = "me@example.com"'))
    ready.reload()
    assert ready.deliver().error.code == "mail_unreachable"


# -- the first time, and rehearsals -------------------------------------------------------------------


def test_people_are_written_to_for_the_first_time_only_after_the_plan_was_shown(office, server, capsys):
    office.write(port=server.port)
    office.queue()
    done = office.deliver()
    assert (done.error.code, done.exit_status, done.waiting) == ("mail_plan_first", 2, 3)
    assert okr(office, "deliver") == 2
    assert "okr plan --target mail" in capsys.readouterr().err
    assert okr(office, "plan", "--target", "mail") == 0
    office.be(office.at + timedelta(hours=25))
    assert office.deliver().error.code == "mail_plan_first"
    office.show_plan()
    assert office.deliver().sent == 3
    office.be(office.at + timedelta(days=5))
    office.table("key_results", "K3,O2", "L1,O1,Three more shops,p2,2026-12-10,3\nK3,O2")
    office.sync()
    office.queue()
    assert office.deliver().sent == 1


def test_a_plan_of_other_targets_is_not_enough(office, server):
    office.write(port=server.port)
    office.queue()
    with Ledger.of(office.settings) as ledger:
        ledger.plan_shown("p", office.at, "li", ["views"])
    assert office.deliver().error.code == "mail_plan_first"


def test_a_redirect_takes_every_mail_and_counts_as_telling_nobody(office, server):
    office.write(port=server.port, more='redirect_to = "me@example.com"')
    office.queue()
    office.pack()
    assert office.deliver().sent == 5
    assert {address for address, _ in server.got} == {"me@example.com"}
    (mail,) = [one for one in server.to("me@example.com") if "狄" in one["Subject"]]
    assert mail["Subject"] == "【演练，原收件人 狄】Handshake of Market：2 项待您处理"
    assert mail["To"] == "me@example.com"
    assert "狄 <di@example.com>" in mail.get_body(("plain",)).get_content()
    assert "狄 &lt;di@example.com&gt;" in mail.get_body(("html",)).get_content()
    assert (office.queue().count, office.deliver().sent) == (0, 0)
    office.write(port=server.port)
    assert office.queue().count == 3
    assert office.deliver().error.code == "mail_plan_first"


def test_a_rehearsal_goes_to_its_address_also_when_the_redirect_is_gone(office, server):
    office.write(port=server.port, more='redirect_to = "me@example.com"')
    office.queue(rehearsal=True)
    office.write(port=server.port)
    assert office.deliver().sent == 3
    assert {address for address, _ in server.got} == {"me@example.com"}
    with Ledger.of(office.settings) as ledger:
        assert not ledger.people_were_written_to()
    assert office.queue().count == 3


# -- plan and apply -----------------------------------------------------------------------------------


def test_the_plan_shows_who_is_sent_what_and_apply_sends_just_that(office, server, capsys):
    office.write(port=server.port)
    assert okr(office, "plan", "--target", "mail", "--format", "json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {(row["target"], row["action"], row["thing"], row["old"]) for row in rows} == {
        ("mail", "send", f"{name}@example.com", None) for name in ("bo", "cy", "di")
    }
    assert "critical" in rows[0]["new"]
    assert office.states() == {}
    assert okr(office, "apply") == 0
    assert len(server.got) == 3
    assert "mail: written" in capsys.readouterr().out
    assert okr(office, "plan", "--target", "mail") == 0
    assert "Nothing to write" in capsys.readouterr().out


def test_a_plan_that_does_not_hold_any_more_sends_nothing(office, server):
    office.write(port=server.port)
    office.show_plan()
    office.table("key_results", "K3,O2", "L1,O1,Three more shops,p2,2026-12-10,3\nK3,O2")
    office.sync()
    with pytest.raises(CallError) as refused:
        writes.apply(office.settings, who="li", report=Listing())
    assert refused.value.code == "plan_differs"
    assert not server.got
    assert office.states() == {}


def test_a_plan_of_mails_is_not_applied_while_mail_is_off(office, server):
    office.write(port=server.port, enabled="false")
    office.show_plan()
    with pytest.raises(CallError) as refused:
        writes.apply(office.settings, who="li", report=Listing())
    assert refused.value.code == "target_off"


def test_apply_says_what_did_not_get_through(office, server):
    office.write(port=server.port)
    office.show_plan()
    server.whims.refused = {"bo@example.com": "550 no"}
    (outcome,) = writes.apply(office.settings, who="li", report=Listing())
    assert (outcome.state, outcome.error.code, outcome.error.values["sent"]) == ("failed", "mail_partly_sent", 2)


def test_apply_does_not_call_sent_what_another_delivery_kept_from_leaving(office, server):
    office.write(port=server.port)
    office.show_plan()
    with Ledger.of(office.settings) as ledger, ledger.delivering():
        (outcome,) = writes.apply(office.settings, who="li", report=Listing())
    assert (outcome.state, outcome.error.code) == ("failed", "mail_delivering")
    assert not server.got
