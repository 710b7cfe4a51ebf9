"""What runs remember, on literal histories: contents, first sight, what is resolved or reopened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from okr import settings as okr_settings
from okr.reconcile.reading import Reader
from tests.rules.cases import NOW, Case, Placed, asks, at, carries, kr, o, period
from tests.rules.program import sync

if TYPE_CHECKING:
    from pathlib import Path

    from okr.pipeline import SyncResult

DAY = timedelta(days=1)


class Company:
    """A company through several runs, a day apart unless another time is said."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, NOW - DAY

    def run(self, *rows: Placed, now: datetime | None = None, **rules: Any) -> SyncResult:
        self.now = now or self.now + DAY
        case = Case("", "", list(rows), rules={"now": self.now, **rules})
        return sync(self.folder, case.enterprise())

    def gaps(self, code: str, **asked: Any) -> list[tuple[str, datetime]]:
        """Subject and first sight of the open gaps of a code."""
        with Reader(okr_settings.load(self.folder / "okr.toml")) as reader:
            found = list(reader.gaps(**{"codes": (code,), "now": self.now, **asked}))
        return [(gap["subject_id"], datetime.fromisoformat(gap["first_seen"])) for gap in found]


BASE = [o("T", "top"), o("A", "a"), carries("A", "T1", updated_at=at("11-01"))]


def test_a_changed_kr_makes_what_carries_it_stale(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.run(*BASE, kr("T1", "T"))
    assert company.gaps("AL108") == []

    company.run(*BASE, kr("T1", "T", title="别的"))
    changed = company.now
    assert company.gaps("AL108") == [("A->kr:T1", changed)]

    company.run(*BASE, kr("T1", "T", title="别的", progress=0.5, confidence=0.9))
    assert company.gaps("AL108") == [("A->kr:T1", changed)]

    looked = carries("A", "T1", updated_at=changed)
    company.run(*BASE[:2], looked, kr("T1", "T", title="别的"))
    assert company.gaps("AL108") == []


def test_changed_and_changed_back_is_a_change(tmp_path: Path) -> None:
    company = Company(tmp_path)
    first = kr("T1", "T", content_updated_at=at("10-01"))
    company.run(*BASE, first)
    company.run(*BASE, kr("T1", "T", target=5.0, content_updated_at=at("10-01")))
    changed = company.now
    between = carries("A", "T1", updated_at=company.now + DAY / 2)
    company.run(*BASE[:2], between, first)
    assert company.gaps("AL108") == [("A->kr:T1", changed)]

    later = carries("A", "T1", updated_at=company.now)
    company.run(*BASE[:2], later, first)
    assert company.gaps("AL108") == []


def test_progress_is_no_content(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.run(*BASE, kr("T1", "T", progress=0.1))
    company.run(*BASE, kr("T1", "T", progress=0.2, confidence=0.3, member_ids=["w-a"], weight=2.0))

    assert company.gaps("AL108") == []


def test_what_vanished_and_came_back_as_it_was_has_not_changed(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.run(*BASE, kr("T1", "T"))
    company.run(*BASE)
    company.run(*BASE, kr("T1", "T"))
    assert company.gaps("AL108") == []

    company.run(*BASE)
    company.run(*BASE, kr("T1", "T", title="别的"))
    assert company.gaps("AL108") == [("A->kr:T1", company.now)]


def test_an_alignment_without_any_time_dates_from_the_run_that_first_saw_it(tmp_path: Path) -> None:
    company = Company(tmp_path)
    rows = [o("T", "top"), o("A", "a")]
    company.run(*rows, kr("T1", "T"))
    company.run(*rows, kr("T1", "T", title="别的"))
    company.run(*rows, kr("T1", "T", title="别的"), carries("A", "T1"))
    assert company.gaps("AL108") == []

    company.run(*rows, kr("T1", "T", title="又是别的"), carries("A", "T1"))
    assert company.gaps("AL108") == [("A->kr:T1", company.now)]


def test_a_response_is_stale_once_the_request_changes(tmp_path: Path) -> None:
    company = Company(tmp_path)
    rows = [o("A", "a"), kr("A1", "A")]
    company.run(*rows, asks("h", "A1", "b", response="accepted", responded_at=at("11-19")))
    assert company.gaps("HS211") == []

    answered = {"response": "accepted", "responded_at": at("11-19"), "point": "更多人"}
    company.run(*rows, asks("h", "A1", "b", **answered))
    changed = company.now
    assert company.gaps("HS211") == [("h", changed)]

    again = {**answered, "responded_at": changed + DAY}
    company.run(*rows, asks("h", "A1", "b", **again))
    assert company.gaps("HS211") == []

    company.run(o("A", "a"), kr("A1", "A", due_on=None), asks("h", "A1", "b", **again))
    assert company.gaps("HS211") == [("h", changed)]


def test_a_gap_that_comes_again_keeps_its_first_sight(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.run(o("A", "a", confidence=None))
    first = company.now
    assert company.run(o("A", "a")).resolved >= 1
    assert company.gaps("QL505") == []
    assert company.run(o("A", "a", confidence=None)).opened >= 1

    assert company.gaps("QL505") == [("A", first)]


def test_only_a_run_that_judged_the_view_resolves(tmp_path: Path) -> None:
    company = Company(tmp_path)
    rows = [period("N", "2027-01-01", "2027-03-31"), o("A", "a", confidence=None)]
    company.run(*rows)
    first = company.now
    elsewhere = company.run(*rows, period="N")
    assert elsewhere.judged == ["N"]
    assert elsewhere.resolved == 0
    company.run(*rows)

    assert company.gaps("QL505") == [("A", first)]


def test_a_gap_whose_period_has_ended_has_lapsed_and_is_not_resolved(tmp_path: Path) -> None:
    company = Company(tmp_path)
    rows = [period("N", "2027-01-01", "2027-03-31"), o("A", "a", confidence=None)]
    company.run(*rows)
    result = company.run(*rows, now=at("12-31") + 5 * DAY)

    assert result.current_period == "N"
    assert result.resolved == 0
    assert company.gaps("QL505") == []


def test_as_of_tells_what_a_run_had_found(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.run(o("A", "a", confidence=None))
    first = company.now
    company.run(o("A", "a"))

    assert company.gaps("QL505", as_of=first) == [("A", first)]
    assert company.gaps("QL505", as_of=first + DAY / 2) == [("A", first)]
    assert company.gaps("QL505", as_of=first + DAY) == []


def test_every_view_finds_for_itself(tmp_path: Path) -> None:
    company = Company(tmp_path)
    meeting = {"meeting_id": "m", "unit_id": "top", "period_id": "Y", "starts_at": NOW + DAY}
    company.run(("meetings", meeting), o("A", "a", period_id="Y", confidence=None))

    assert company.gaps("QL505", period="Y") == company.gaps("QL505", period="Q4")
