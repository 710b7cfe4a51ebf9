"""Answers in the ledger: added, never changed; of each request the latest counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr.ledger import Answer, Ledger, standing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


def answer(response: str | None = "accepted", minutes: float = 0, scope: str = "a.xlsx", **more: Any) -> Answer:
    said_at = NOON + timedelta(minutes=minutes)
    told: dict[str, Any] = {
        "handshake_id": "h1", "kind": "response", "content": {"response": response}, "who": "Ada", "how": "named",
        "said_at": said_at, "at": NOON + timedelta(days=1), "source": "units", "scope": scope, "place": f"{scope}!A!H7",
    }  # fmt: skip
    return Answer(**(told | more))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as opened:
        yield opened


def test_what_was_answered_is_kept_as_it_was_said(ledger):
    told = answer("rejected", content={"response": "rejected", "response_reason": "没人\x00"}, who=None, how="unknown")
    ledger.answer([told])
    (kept,) = ledger.answers()
    assert kept.content == {"response": "rejected", "response_reason": "没人"}
    assert (kept.who, kept.how, kept.said_at, kept.at) == (None, "unknown", NOON, NOON + timedelta(days=1))
    assert (kept.entry_id, kept.claimed) == (1, True)


def test_a_workbook_that_says_the_same_again_is_no_new_answer(ledger):
    assert len(ledger.answer([answer()])) == 1
    assert ledger.answer([answer(), answer(minutes=90), answer(scope="copy.xlsx")]) == []
    assert len(ledger.answer([answer(minutes=91, scope="copy.xlsx"), answer("clarify", 95)])) == 2
    assert [one.content["response"] for one in ledger.answers()] == ["accepted", "accepted", "clarify"]


def test_saving_a_workbook_again_does_not_bring_its_answer_back(ledger):
    """Somebody answers in one copy, somebody else later in another; opening the first one changes nothing."""
    ledger.answer([answer("accepted", 0, "a.xlsx")])
    ledger.answer([answer("rejected", 10, "b.xlsx")])
    ledger.answer([answer("accepted", 20, "a.xlsx"), answer("rejected", 10, "b.xlsx")])
    (found,) = standing(ledger.answers())
    assert found.counts is not None
    assert found.counts.content == {"response": "rejected"}


def test_the_latest_counts_whatever_came_in_first(ledger):
    ledger.answer([answer("rejected", 10, "b.xlsx")])
    ledger.answer([answer("accepted", 0, "a.xlsx")])
    (found,) = standing(ledger.answers())
    assert found.counts is not None
    assert (found.counts.content["response"], found.refused) == ("rejected", ())


def test_two_that_differ_within_a_minute_are_refused_and_both_named():
    told = [answer("clarify", -30, "first.xlsx"), answer("accepted", 0, "a.xlsx"), answer("rejected", 0.9, "b.xlsx")]
    (found,) = standing(told)
    assert [one.scope for one in found.refused] == ["a.xlsx", "b.xlsx"]
    assert found.counts is told[0]
    (found,) = standing([*told, answer("accepted", 5, "a.xlsx")])
    assert found.refused == ()
    assert found.counts is not None
    assert found.counts.scope == "a.xlsx"


def test_two_that_agree_are_one():
    (found,) = standing([answer(), answer(scope="b.xlsx", minutes=0.5)])
    assert (found.refused, found.counts and found.counts.scope) == ((), "b.xlsx")


def test_whoever_corrects_a_workbook_at_once_is_no_rival():
    (found,) = standing([answer("accepted"), answer("rejected", 0.5)])
    assert found.refused == ()
    assert found.counts is not None
    assert found.counts.content["response"] == "rejected"


def test_kinds_and_requests_stand_by_themselves():
    told = [
        answer(),
        answer(None, 0.1, "b.xlsx", kind="decision", content={"decision": "drop"}),
        answer("clarify", handshake_id="h2"),
    ]
    assert [(one.handshake_id, one.kind, one.refused) for one in standing(told)] == [
        ("h1", "decision", ()), ("h1", "response", ()), ("h2", "response", ())
    ]  # fmt: skip


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["accepted", "clarify", "rejected", None]), st.integers(0, 12), st.sampled_from("abc")
        ),
        min_size=1,
        max_size=12,
    )
)
def test_what_counts_is_never_older_than_what_nobody_contests(told):
    """Told one by one or all at once: the same answer counts; one is refused only beside another of its minute."""
    answers = [answer(response, minutes / 3, scope, entry_id=n) for n, (response, minutes, scope) in enumerate(told, 1)]
    (found,) = standing(answers)
    (again,) = standing(list(reversed(answers)))
    assert found == again
    last = max(one.said_at for one in answers)
    if not found.refused:
        assert found.counts is not None
        assert found.counts.said_at == last
        return
    assert len({one.content["response"] for one in found.refused}) > 1
    assert len({one.scope for one in found.refused}) > 1
    assert all(last - one.said_at < timedelta(minutes=1) for one in found.refused)
    if found.counts is not None:
        assert last - found.counts.said_at >= timedelta(minutes=1)
