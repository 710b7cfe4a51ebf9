"""Answers of the ledger through a run: first in precedence, taken as a whole, and told as what they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from okr import pipeline
from okr.ledger import Answer, Ledger
from okr.reconcile.reading import Reader
from okr.report import Listing
from okr.settings import load, now
from tests.end_to_end import enterprise

if TYPE_CHECKING:
    from okr.settings import Settings

SAID = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
HANDSHAKES = """\
handshake_id,kr_id,party,point,response,response_reason,responded_by,supporting_kr_id
H1,K3,M2,two people for a week,,,,
H2,K4,North,the data room,accepted,with pleasure,p3,K3
"""


def answer(handshake_id: str, response: str | None, **more: Any) -> Answer:
    content = {"response": response, "response_reason": None, "supporting_kr_id": None}
    content |= {name: more.pop(name) for name in list(more) if name in content}
    told = {"who": "Di", "how": "named", "said_at": SAID, "at": SAID, "source": "units", "scope": "a.xlsx"}
    told |= {"kind": "response", "content": content, "place": "a.xlsx!A!H7"}
    return Answer(handshake_id=handshake_id, **(told | more))


@pytest.fixture
def settings(tmp_path) -> Settings:
    file = enterprise.write(tmp_path)
    (tmp_path / "planning" / "handshakes.csv").write_text(HANDSHAKES, "utf-8")
    return load(file)


def run(settings: Settings, *answers: Answer) -> tuple[dict[str, dict[str, Any]], list[tuple[str, dict[str, Any]]]]:
    """Take answers in; returns the handshakes by id, and what was noted."""
    with Ledger.of(settings) as ledger:
        ledger.answer(answers)
    report = Listing()
    pipeline.sync(settings, report=report)
    with Reader(settings) as reader:
        return {row["handshake_id"]: row for row in reader.handshakes(now=now(settings))}, report.notes


def sql(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(settings.warehouse.path, read_only=True) as house:
        return house.sql(query).fetchall()


def told(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["response"], row["response_reason"], row["supporting_kr_id"], row["responded_by"]


def test_an_answer_stands_before_every_source_and_alone(settings):
    rows, _ = run(settings, answer("H2", "rejected", who="Cy"))
    # Nothing of what the table says beside its own answer stands with this one.
    assert told(rows["H2"]) == ("rejected", None, None, "p3")
    assert (rows["H2"]["answered_by"], rows["H2"]["answered_how"]) == ("Cy", "named")
    assert rows["H2"]["responded_at"] == "2026-11-19T09:00:00Z"
    assert told(rows["H1"]) == (None, None, None, None)
    assert sql(settings, "select source from okr.handshakes order by handshake_id") == [("planning",), ("planning",)]
    assert sql(settings, "select count(*) from okr.identities where source = 'ledger'") == [(0,)]
    assert sql(settings, "select count(*) from history.gaps where code = 'SY601'") == [(0,)]


def test_without_answers_a_source_has_its_say(settings):
    rows, _ = run(settings)
    assert told(rows["H2"]) == ("accepted", "with pleasure", "K3", "p3")
    assert rows["H2"]["answered_how"] is None


def test_an_answer_that_was_taken_back_leaves_the_request_open(settings):
    rows, _ = run(settings, answer("H2", None))
    assert told(rows["H2"]) == (None, None, None, None)
    assert rows["H2"]["standing"] == "unanswered"


def test_a_supporting_kr_may_be_named_in_words(settings):
    rows, _ = run(settings, answer("H1", "accepted", supporting_kr_id="O1-KR1"))
    assert told(rows["H1"]) == ("accepted", None, "K4", "p4")
    later = SAID + timedelta(hours=1)
    rows, _ = run(settings, answer("H1", "accepted", supporting_kr_id="sign 1 contract", said_at=later))
    assert rows["H1"]["supporting_kr_id"] == "K4"


def test_one_that_nobody_knows_is_refused_and_the_answer_stands(settings):
    rows, _ = run(settings, answer("H1", "accepted", supporting_kr_id="KR7"))
    assert told(rows["H1"]) == ("accepted", None, None, "p4")
    with Reader(settings) as reader:
        found = [row for row in reader.quarantine() if row["code"] == "unknown_supporting"]
    assert [(row["record_id"], row["field"], row["value"], row["place"]) for row in found] == [
        ("H1", "supporting_kr_id", "KR7", "a.xlsx!A!H7")
    ]


def test_who_answers_may_be_somebody_whom_no_source_knows(settings):
    rows, _ = run(settings, answer("H1", "clarify", who="Somebody Else", how="saved_by"))
    assert (rows["H1"]["responded_by"], rows["H1"]["answered_how"]) == ("Somebody Else", "saved_by")
    rows, _ = run(
        settings,
        answer(
            "H1", "accepted", who=None, how="unknown", scope="b.xlsx", said_at=datetime(2026, 11, 19, 12, tzinfo=UTC)
        ),
    )
    assert (rows["H1"]["response"], rows["H1"]["responded_by"], rows["H1"]["answered_how"]) == (
        "accepted",
        None,
        "unknown",
    )


def test_a_leaders_decision(settings):
    rows, _ = run(
        settings,
        answer("H1", "rejected"),
        answer("H1", None, kind="decision", content={"decision": "drop"}, who="Bo p2", scope="leader.xlsx"),
    )
    assert (rows["H1"]["decision"], rows["H1"]["decided_by"], rows["H1"]["standing"]) == ("drop", "p2", "decided")
    assert rows["H1"]["response"] == "rejected"


def test_answers_to_what_is_gone_are_kept_and_told_once(settings):
    at = now(settings)
    _, notes = run(settings, answer("H9", "accepted", at=at))
    assert [values for code, values in notes if code == "answers_to_nothing"] == [{"count": 1}]
    with Ledger.of(settings) as ledger:
        assert len(ledger.answers()) == 1


def test_two_that_differ_are_named_and_what_stood_before_stands(settings):
    rows, _ = run(
        settings, answer("H2", "rejected", scope="a.xlsx"), answer("H2", "clarify", scope="b.xlsx", place="b.xlsx!A!H7")
    )
    assert told(rows["H2"])[0] == "accepted"
    with Reader(settings) as reader:
        found = [
            (row["place"], row["values"]["others"]) for row in reader.quarantine() if row["code"] == "answers_differ"
        ]
    assert found == [("a.xlsx!A!H7", ["b.xlsx!A!H7"]), ("b.xlsx!A!H7", ["a.xlsx!A!H7"])]
