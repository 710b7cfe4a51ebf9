"""What earlier runs had found can be asked later, and is then what was printed at that time."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from okr import settings as okr_settings
from okr.cli import columns
from okr.cli.values import json_row
from okr.errors import CallError
from okr.reconcile.reading import Reader
from okr.reconcile.warehouse import reading
from tests.rules.cases import asks, carries, kr, o, unit
from tests.rules.changes import Changer
from tests.rules.enterprises import enterprise
from tests.rules.program import sync
from tests.rules.test_memory import DAY, Company

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def printed(folder: Path, now: datetime, as_of: datetime | None = None) -> dict[str, Any]:
    """Everything that the lists print of the views that a run judged, as JSON, or why they do not."""
    found: dict[str, Any] = {}

    def ask(name: str, rows: Any) -> None:
        try:
            found[name] = rows()
        except CallError as error:
            found[name] = error.code.removesuffix("_then")

    with Reader(okr_settings.load(folder / "okr.toml")) as reader:
        asked = {"now": now, "as_of": as_of}
        for period in (None, "2026Q4", "2027Q1", "2026"):
            ask(f"gaps {period}", lambda p=period: findings(reader, period=p, **asked))
            ask(f"coverage {period}", lambda p=period: lines(reader.coverage(period=p, **asked), columns.COVERAGE))
        ask("handshakes", lambda: lines(reader.handshakes(**asked), columns.HANDSHAKES))
        ask("meetings", lambda: lines(reader.meetings(**asked), columns.MEETINGS))
        for row in reader.meetings(**asked):
            meeting = row["meeting_id"]
            ask(f"gaps of {meeting}", lambda m=meeting: findings(reader, meeting=m, **asked))
            ask(
                f"handshakes of {meeting}",
                lambda m=meeting: lines(reader.handshakes(meeting=m, **asked), columns.HANDSHAKES),
            )
        for unit_id in ("a", "u1", "top"):
            ask(f"unit {unit_id}", lambda u=unit_id: lines(reader.coverage(unit=u, **asked), columns.COVERAGE))
    return found


def findings(reader: Reader, **asked: Any) -> list[dict[str, Any]]:
    """The gaps; what they quote only where all of it is told: what is confidential by now is not told again."""
    rows = json.loads("".join(reader.gaps_json(**asked)))
    quoting = {"message_zh", "message_en", "detail"}
    return [{name: value for name, value in row.items() if name not in quoting} for row in rows]


def lines(rows: list[dict[str, Any]], of: Any) -> list[str]:
    return [json_row(row, of) for row in rows]


@pytest.mark.parametrize("seed", range(300, 302))
def test_as_of_is_what_was_printed_then(seed: int, tmp_path: Path) -> None:
    made = enterprise(seed)
    changer = Changer(made, seed)
    kept = {}
    for _ in range(4):
        sync(tmp_path, made)
        kept[made.rules.now] = printed(tmp_path, made.rules.now)
        made = changer.next(made)
    for then, found in kept.items():
        assert printed(tmp_path, made.rules.now, as_of=then + timedelta(hours=3)) == found


def test_figures_that_stay_cost_nothing(tmp_path: Path) -> None:
    company = Company(tmp_path)
    rows = [o("T", "top"), kr("T1", "T"), o("A", "a"), carries("A", "T1"), kr("A1", "A"), asks("h", "A1", "b")]

    def intervals() -> dict[str, int]:
        settings = okr_settings.load(tmp_path / "okr.toml")
        with reading(settings.warehouse.path, settings.engine) as house:
            names = ("coverage", "handshakes", "meetings", "carries")
            return {name: house.value(f"select count(*) from history.found_{name}") for name in names}

    company.run(*rows)
    first = intervals()
    assert first["handshakes"] == first["carries"] == 1
    company.run(*rows)
    assert intervals() == first
    company.run(*rows[:-1], asks("h", "A1", "b", response="clarify"))
    assert intervals() == {**first, "handshakes": 2}
    company.run(*rows)
    assert intervals() == {**first, "handshakes": 3}


def test_a_time_before_the_first_run_names_it(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.run(o("A", "a"))
    with Reader(okr_settings.load(tmp_path / "okr.toml")) as reader:
        asked = {"now": company.now, "as_of": company.now - DAY}
        for ask in (reader.coverage, reader.handshakes, reader.meetings, lambda **a: list(reader.gaps(**a))):
            with pytest.raises(CallError) as refused:
                ask(**asked)
            assert refused.value.code == "no_run_then"
            assert refused.value.values["first"] == company.now


def test_what_is_older_than_the_retention_is_forgotten(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.run(o("A", "a", confidence=None), o("B", "b"))
    first = company.now
    company.run(o("A", "a"))
    second = company.now
    company.run(o("A", "a"), o("B", "b"), now=second + 401 * DAY)
    settings = okr_settings.load(tmp_path / "okr.toml")
    with Reader(settings) as reader:
        with pytest.raises(CallError) as refused:
            reader.coverage(now=company.now, as_of=first)
        assert refused.value.values["first"] == second
        # The last run before the edge stays: of every time since then it is known how things stood.
        rows = reader.coverage(now=company.now, as_of=second + 2 * DAY)
    assert [row["unit_id"] for row in rows if row["objectives"]] == ["a"]
    with reading(settings.warehouse.path, settings.engine) as house:
        assert house.value("select count(*) from history.gaps where code = 'QL505'") == 0
        assert house.rows("select objective_id, from_run, to_run from history.objectives order by all") == [
            ("A", 1, None),
            ("B", 3, None),
        ]


def test_units_of_that_time_are_asked_by_their_names_of_that_time(tmp_path: Path) -> None:
    company = Company(tmp_path)
    rows = [o("A", "a"), kr("A1", "A")]
    company.run(*rows, unit("n", "a", name="旧名"), o("N", "n"))
    first = company.now
    company.run(*rows, unit("n", "b", name="新名"), o("N", "n"))
    with Reader(okr_settings.load(tmp_path / "okr.toml")) as reader:
        then = reader.coverage(now=company.now, as_of=first, unit="旧名")
        assert [(row["unit_id"], row["name"]) for row in then] == [("n", "旧名")]
        assert [row["unit_id"] for row in reader.coverage(now=company.now, as_of=first, unit="a")] == ["a", "a1", "n"]
        assert [row["unit_id"] for row in reader.coverage(now=company.now, unit="a")] == ["a", "a1"]
        with pytest.raises(CallError):
            reader.coverage(now=company.now, as_of=first, unit="新名")


def test_what_is_confidential_today_is_hidden_in_what_was(tmp_path: Path) -> None:
    company = Company(tmp_path)
    rows = [kr("A1", "A"), asks("h", "A1", "b", point="秘密")]
    company.run(o("A", "a"), *rows)
    first = company.now
    company.run(o("A", "a", visibility="private"), *rows)
    with Reader(okr_settings.load(tmp_path / "okr.toml")) as reader:
        (then,) = reader.handshakes(now=company.now, as_of=first)
    assert then["visibility"] == "private"


def test_what_was_confidential_then_is_told_as_it_was(tmp_path: Path) -> None:
    """A public O beside a private one keeps its title, and an id that is nobody's is no secret."""
    company = Company(tmp_path)
    company.run(o("A", "a"), o("B", "b", visibility="private"), kr("B1", "B"), carries("A", "B1"), carries("B", "gone"))
    with Reader(okr_settings.load(tmp_path / "okr.toml")) as reader:
        now = list(reader.gaps(now=company.now))
        assert {"AL105", "AL107"} <= {gap["code"] for gap in now}
        assert list(reader.gaps(now=company.now, as_of=company.now)) == now
