"""Who is told what: once, in their language, only what they may see; the rest goes to whoever can pass it on."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta

import pytest

from okr.errors import CallError
from okr.ledger import Ledger
from okr.pipeline import mails
from tests.publish.mailing import MEETING, PEOPLE, Office, recipients, text

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def synced(tmp_path_factory):
    return Office.synced(tmp_path_factory.mktemp("office") / "home")


@pytest.fixture
def office(synced, tmp_path, monkeypatch):
    return Office(shutil.copytree(synced, tmp_path / "home"), monkeypatch)


def on(day: str, hour: int = 8) -> datetime:
    return datetime.fromisoformat(f"2026-{day}T{hour:02}:00:00+08:00")


# -- a digest -----------------------------------------------------------------------------------------


def test_each_person_gets_what_only_they_can_close_in_their_language(office):
    queued = office.queue()
    assert recipients(queued) == ["bo", "cy", "di"]
    assert "Handshake of Market" in text(queued, "bo")
    assert "1. [critical] Dropped ball" in text(queued, "bo")
    assert "Answer 90% of calls" in text(queued, "bo")
    assert "请求没有回应" in text(queued, "di")
    assert "two people for a week" in text(queued, "di")
    assert "two people" not in text(queued, "bo")
    (di,) = [one for one in queued.messages if one.recipient == "di@example.com"]
    assert di.content["subject"] == "Handshake of Market：2 项待您处理"
    assert di.content["language"] == "zh"
    (bo,) = [one for one in queued.messages if one.recipient == "bo@example.com"]
    assert bo.content["subject"] == "Handshake of Market: 2 things to close, 1 critical"


def test_only_what_a_reader_may_see_is_told(office):
    queued = office.queue()
    assert "South O1-KR1 (confidential)" in text(queued, "cy")
    for name in ("bo", "cy"):
        told = next(one for one in queued.messages if one.recipient == f"{name}@example.com").content
        for part in ("subject", "text", "html"):
            assert "secret" not in told[part]
            assert "Sign 1 contract" not in told[part]
    assert "A secret merger" in text(queued, "di")


def test_what_data_says_is_no_markup(office):
    office.table("key_results", "Answer 90% of calls", "<img src=x onerror=alert(1)> & 90% of calls")
    office.table("people", "p2,Bo,M", '"p2","<b>Bo</b>\nBcc: x@example.com",M')
    office.sync()
    (bo,) = [one for one in office.queue().messages if one.recipient == "bo@example.com"]
    assert "<img" not in bo.content["html"]
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; 90% of calls" in bo.content["html"]
    assert "<b>Bo" not in bo.content["html"]
    assert "<img src=x onerror=alert(1)> & 90% of calls" in bo.content["text"]


def test_nothing_in_a_mail_is_fetched_from_elsewhere(office):
    html = office.queue().messages[0].content["html"]
    assert "default-src 'none'" in html
    assert "src=" not in html
    assert "url(" not in html
    assert "@import" not in html


def test_ten_are_shown_most_urgent_first_and_the_rest_is_counted(office):
    rows = "".join(f"L{n},O1,Shops of kind {n},p2,2026-12-{n:02},5\n" for n in range(10, 25))
    office.table("key_results", "K3,O2", f"{rows}K3,O2")
    office.sync()
    told = text(office.queue(), "bo")
    items = [line for line in told.splitlines() if line[:1].isdigit() and ". [" in line]
    assert len(items) == 10
    assert all("[critical]" in line for line in items)
    assert "due Thu 10 Dec" in told
    assert told.index("Shops of kind 10") < told.index("Shops of kind 11") < told.index("Shops of kind 19")
    assert "Shops of kind 20" not in told
    assert "And 8 more: 6 critical, 1 minor, 1 info." in told
    assert "18 things only you can close" in told


def test_what_is_overdue_is_told_so(office):
    office.be(on("12-05"))
    queued = office.queue()
    assert "12月1日（周二）已到期" in text(queued, "di")
    assert "due Sun 20 Dec" in text(queued, "bo")


def test_links_are_links_only_if_they_are_of_the_web(office):
    office.table("key_results", ",target\n", ",target,url\n")
    file = office.folder / "planning" / "key_results.csv"
    header, *rows = file.read_text().splitlines()
    rows = [f"{row},{'javascript:alert(1)' if row.startswith('K2') else ''}" for row in rows]
    file.write_text("\n".join([header, *rows, ""]))
    office.sync()
    assert "javascript" not in office.queue(keep=False).messages[0].content["html"]
    office.table("key_results", "javascript:alert(1)", "https://okr.example.com/k2?a=1&b=2")
    office.sync()
    (bo,) = [one for one in office.queue().messages if one.recipient == "bo@example.com"]
    assert 'href="https://okr.example.com/k2?a=1&amp;b=2"' in bo.content["html"]


# -- once ---------------------------------------------------------------------------------------------


def test_nobody_gets_the_same_set_of_gaps_of_a_meeting_twice(office):
    assert office.queue().count == 3
    for days in (0, 1, 5):
        office.be(on("11-20") + days * DAY)
        assert office.queue().count == 0


def test_a_set_that_has_changed_is_told_the_next_day_and_on_the_same_day_only_what_is_new(office):
    office.queue()
    office.all_sent()
    office.table("key_results", "K3,O2", "L1,O1,Three more shops,p2,2026-12-10,3\nK3,O2")
    office.sync()
    again = office.queue()
    assert recipients(again) == ["bo"]
    assert "Three more shops" in text(again, "bo")
    assert "Answer 90% of calls" not in text(again, "bo")
    assert "Another mail of today names 2 more." in text(again, "bo")
    office.be(office.at + DAY)
    assert office.queue().count == 0


def test_a_digest_that_still_waits_gives_way_to_a_newer_one(office):
    office.queue(due=timedelta(hours=2))
    office.table("key_results", "K3,O2", "L1,O1,Three more shops,p2,2026-12-10,3\nK3,O2")
    office.sync()
    again = office.queue(due=timedelta(hours=2))
    assert recipients(again) == ["bo"]
    assert "Answer 90% of calls" in text(again, "bo")
    with Ledger.of(office.settings) as ledger:
        states = sorted(one.state for one in ledger.told() if one.recipient == "bo@example.com")
    assert states == ["cancelled", "waiting"]


def test_on_a_reminder_day_everybody_is_told_once_more_however_often_it_is_prepared(office):
    office.queue()
    office.all_sent()
    office.be(on("12-10"))
    assert office.queue().count == 0
    office.be(on("12-11"))
    assert office.queue().count == 3
    assert office.queue().count == 0
    office.all_sent()
    office.be(on("12-11", 15))
    assert office.queue(reminder=True).count == 0
    office.be(on("12-12"))
    assert office.queue().count == 0
    office.be(on("12-15"))
    assert office.queue(reminder=True).count == 3


def test_what_still_waits_on_a_reminder_day_is_reminder_enough(office):
    office.queue()
    office.be(on("12-11"))
    assert office.queue().count == 0
    assert set(office.states().values()) == {"waiting"}


def test_on_a_reminder_day_the_view_and_the_meeting_do_not_tell_the_same_gap_twice(office):
    office.be(on("12-11", 3))
    nightly = office.queue(meeting=False)
    assert [one.kind for one in nightly.messages] == []
    assert office.queue(due=timedelta(hours=5)).count == 3


def test_what_the_digest_of_the_view_told_today_the_meetings_does_not_repeat(office):
    assert office.queue(meeting=False).recipients == 3
    assert office.queue().count == 0


def test_who_was_refused_is_tried_again_by_the_next_run(office):
    (first, *_) = office.queue().messages
    with Ledger.of(office.settings) as ledger:
        ledger.claim(first.key, office.at)
        ledger.message_event(first.key, "refused", office.at)
    again = office.queue()
    assert [one.recipient for one in again.messages] == [first.recipient]
    assert again.messages[0].key != first.key
    assert office.queue().count == 0


def test_provisional_gaps_are_told_to_nobody(office):
    told = office.settings.file.read_text().replace(
        "[sources.planning]", '[sources.lost]\nkind = "tables"\npath = "lost"\n\n[sources.planning]'
    )
    office.settings.file.write_text(told)
    office.reload()
    office.sync()
    queued = office.queue()
    assert "Answer 90% of calls" not in "".join(
        one.content["text"] for one in queued.messages if one.kind == "digest" and "[critical]" in one.content["text"]
    )
    assert recipients(queued) == ["bo", "di"]


def test_without_mail_turned_on_mails_are_made_and_nothing_is_remembered(office, tmp_path):
    office.write(enabled="false")
    queued = office.queue()
    assert (queued.count, queued.kept) == (3, False)
    assert office.queue().count == 3
    assert office.states() == {}
    files = mails.write_eml(queued.messages, tmp_path / "mails")
    assert [file.name for file in files] == sorted(file.name for file in files) or len(files) == 3
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    told = [file.read_bytes() for file in files]
    assert all(b"X-Unsent: 1" in one for one in told)
    assert [file.name for file in mails.write_eml(queued.messages, tmp_path / "mails")] == [file.name for file in files]


def test_what_is_only_looked_at_leaves_no_trace(office):
    assert office.queue(keep=False).count == 3
    assert office.states() == {}


# -- whom instead -------------------------------------------------------------------------------------


def test_a_deputy_is_told_until_the_day_and_for_whom(office):
    office.write(rest='[deputies]\np4 = { to = "Cy", until = 2026-11-20 }\n')
    queued = office.queue()
    assert recipients(queued) == ["bo", "cy"]
    assert "for 狄, whose deputy you are" in text(queued, "cy")
    assert "two people for a week" in text(queued, "cy")
    assert "secret" not in text(queued, "cy")
    office.be(on("11-21"))
    assert recipients(office.queue()) == ["cy", "di"]


def test_deputies_of_deputies_and_circles_of_them(office):
    office.write(rest='[deputies]\np4 = { to = "p3" }\np3 = { to = "p2" }\n')
    assert recipients(office.queue(keep=False)) == ["bo"]
    office.write(rest='[deputies]\np4 = { to = "p3" }\np3 = { to = "p4" }\n')
    assert recipients(office.queue(keep=False)) == ["bo", "cy", "di"]


def test_a_deputy_whom_nobody_knows_is_told_and_the_person_written_to(office):
    office.write(rest='[deputies]\np4 = { to = "Nobody" }\nNoone = { to = "Bo" }\n')
    assert recipients(office.queue()) == ["bo", "cy", "di"]
    ((code, values),) = office.report.notes
    assert (code, values["deputies"]) == ("mail_deputy_unknown", ["p4 → Nobody", "Noone → Bo"])


def test_whoever_cannot_be_written_to_is_in_one_list_for_the_hrbp(office):
    office.table("people", "bo@example.com", "bo at example")
    office.table("people", "di@example.com", '"di@example.com\nBcc: all@example.com"')
    office.sync()
    queued = office.queue()
    assert recipients(queued) == ["cy"]
    assert recipients(queued, "list") == ["ada"]
    assert queued.unreachable == 4
    told = text(queued, "ada", "list")
    assert "4 gaps with nobody to tell" in told
    assert "Bo has no usable address" in told
    assert "two people for a week" in told
    assert office.queue().count == 0


def test_without_an_hrbp_the_list_goes_to_ops_in_both_languages_where_theirs_is_unknown(office):
    office.table("people", "bo@example.com", "")
    rest = '[ops]\nemails = ["ops@example.com"]\n'
    office.write(hrbp='"Nobody"', rest=rest)
    office.sync()
    told = text(office.queue(keep=False), "ops", "list")
    assert "2 gaps with nobody to tell" in told
    file = office.settings.file
    file.write_text(file.read_text().replace('language = "en"\n', ""))
    office.reload()
    told = text(office.queue(), "ops", "list")
    assert told.index("2 项问题无人可通知") < told.index("2 gaps with nobody to tell")


def test_without_anybody_that_is_said(office):
    office.table("people", "bo@example.com", "")
    office.write(hrbp="")
    office.sync()
    assert office.queue().unreachable == 2
    assert office.notes() == ["mail_nobody_to_tell"]


def test_an_hrbp_whom_no_source_knows_reads_both_languages(office):
    office.write(hrbp='"hr@partner.example"')
    office.sync()
    queued = office.pack(leader=None)
    (message,) = queued.messages
    assert message.recipient == "hr@partner.example"
    assert "会前材料已备好" in message.content["text"]
    assert "The pack is ready" in message.content["text"]


def test_a_pilot_writes_to_its_units_only(office):
    office.table("people", "ada@example.com", "")
    office.write(more='only_units = ["North"]', rest='[ops]\nemails = ["ops@example.com"]\n')
    office.sync()
    queued = office.queue()
    assert recipients(queued) == ["cy"]
    assert queued.unreachable == 0
    office.write(more='only_units = ["市场部"]')
    assert recipients(office.queue(keep=False)) == ["bo", "di"]


def test_a_pilot_of_a_unit_that_there_is_not_is_refused_with_the_nearest(office):
    office.write(more='only_units = ["Nort"]')
    with pytest.raises(CallError) as refused:
        office.queue()
    assert (refused.value.code, refused.value.values["nearest"]) == ("unknown_unit", ["North"])
    assert office.states() == {}


def test_without_a_current_period_there_is_no_digest_of_the_view(office):
    office.settings.file.write_text(office.settings.file.read_text().replace('period = "2026Q4"\ntimezone', "timezone"))
    office.reload()
    office.be(datetime.fromisoformat("2027-02-01T08:00:00+08:00"))
    assert office.queue(meeting=False).count == 0
    assert office.notes() == ["mail_no_period"]


# -- pack ---------------------------------------------------------------------------------------------


def test_hrbps_get_page_and_workbook_and_the_leader_the_own_copy(office):
    queued = office.pack()
    by_kind = {one.kind: one for one in queued.messages}
    assert {kind: one.recipient for kind, one in by_kind.items()} == {
        "pack": "ada@example.com",
        "leader": "bo@example.com",
    }
    assert [file.rpartition("/")[2] for file in by_kind["pack"].content["attachments"]] == ["page.html", "all.xlsx"]
    assert [file.rpartition("/")[2] for file in by_kind["leader"].content["attachments"]] == ["leader.xlsx"]
    assert by_kind["pack"].content["subject"] == "Handshake of Market: readiness 60 of 100"
    assert "Requests answered: 1 of 2" in by_kind["pack"].content["text"]
    assert office.pack().count == 0
    office.all_sent()
    office.be(on("12-11"))
    assert (office.pack().count, office.pack().count) == (2, 0)


def test_without_an_hrbp_with_an_address_that_is_said(office):
    office.write(hrbp='"Nobody"')
    office.sync()
    assert recipients(office.pack(), "pack") == []
    assert office.notes() == ["mail_no_hrbp"]


@pytest.mark.parametrize("said", ["p4", "di@example.com"])
def test_an_hrbp_who_has_left_gets_no_pack(office, said):
    people = [f"{line},{'false' if line.startswith('p4') else 'true'}" for line in PEOPLE.splitlines()[1:]]
    told = "\n".join(["person_id,name,unit_id,email,locale,active", *people, ""])
    (office.folder / "planning" / "people.csv").write_text(told, encoding="utf-8")
    office.write(hrbp=f'"{said}", "Ada"')
    office.sync()
    assert recipients(office.pack(), "pack") == ["ada"]


def test_people_who_share_an_address_do_not_take_each_others_mail_away(office):
    people = PEOPLE.replace("bo@example.com", "team@example.com").replace("cy@example.com", "team@example.com")
    (office.folder / "planning" / "people.csv").write_text(people, encoding="utf-8")
    office.sync()
    assert recipients(office.queue(due=timedelta(hours=2))) == ["di", "team", "team"]
    office.table("key_results", "K3,O2", "L1,O1,Three more shops,p2,2026-12-10,3\nK3,O2")
    office.sync()
    office.queue(due=timedelta(hours=2))
    with Ledger.of(office.settings) as ledger:
        waiting = {one.person_id for one in ledger.told(state="waiting")}
    assert waiting == {"p2", "p3", "p4"}


def test_a_rehearsal_needs_an_address_and_is_remembered_by_nobody(office):
    with pytest.raises(CallError) as refused:
        office.queue(rehearsal=True)
    assert refused.value.code == "mail_rehearsal_needs_redirect"
    office.write(more='redirect_to = "me@example.com"')
    assert office.queue(rehearsal=True).count == office.queue(rehearsal=True).count == 3
    office.write()
    assert office.queue().count == 3


def test_the_meeting_is_the_one_that_was_named(office):
    assert {one.meeting_id for one in office.queue(keep=False).messages} == {MEETING}
    assert {one.meeting_id for one in office.queue(keep=False, meeting=False).messages} == {None}
