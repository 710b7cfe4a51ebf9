"""The real program, run on a folder, and what it prints, made comparable."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from okr import pipeline
from okr import settings as okr_settings
from okr.reconcile.reading import Reader
from okr.report import Listing
from tests.rules.oracle import Enterprise, Verdict
from tests.rules.writing import write

if TYPE_CHECKING:
    from pathlib import Path

Record = dict[str, Any]

UNTOLD = {"message_zh", "message_en", "detail"}
TIMES = {"first_seen", "starts_at"}


def sync(folder: Path, made: Enterprise) -> pipeline.SyncResult:
    """Write the enterprise into the folder and take it in."""
    settings = okr_settings.load(write(made, folder))
    return pipeline.sync(settings, report=Listing(), sources=None)


def said(folder: Path, made: Enterprise, expected: Verdict) -> Verdict:
    """What the program's reader says of every view that the oracle judged."""
    settings = okr_settings.load(folder / "okr.toml")
    now = made.rules.now
    verdict = Verdict(expected.current)
    with Reader(settings) as reader:
        for period in expected.gaps:
            found = reader.gaps(period=period, now=now)
            verdict.gaps[period] = [plain(each) for each in found]
            rows = reader.coverage(period=period, now=now)
            verdict.coverage[period] = [plain(each) for each in rows]
        if expected.current in expected.gaps:
            rows = reader.handshakes(now=now)
            verdict.handshakes[expected.current] = [plain(each) for each in rows]
        verdict.meetings = [plain(each) for each in reader.meetings(now=now)]
    return verdict


def plain(record: Record) -> Record:
    """A record without its sentences, its times and numbers in one form."""
    return {key: value_of(key, value) for key, value in record.items() if key not in UNTOLD}


def value_of(key: str, value: Any) -> Any:
    if key in TIMES and value is not None:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return time.astimezone(UTC)
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value


def expected_of(verdict: Verdict) -> Verdict:
    """The oracle's verdict in the same form, of what the program can be asked."""
    return Verdict(
        verdict.current,
        {period: [plain(each) for each in found] for period, found in verdict.gaps.items()},
        {period: [plain(each) for each in rows] for period, rows in verdict.coverage.items()},
        {
            period: [plain(each) for each in rows]
            for period, rows in verdict.handshakes.items()
            if period == verdict.current
        },
        [plain(each) for each in verdict.meetings],
    )


def differences(said: Verdict, expected: Verdict) -> list[str]:
    """Every record that only one of both has, in a few words; empty where they agree."""
    found = []
    for part in ("gaps", "coverage", "handshakes"):
        for period in getattr(expected, part):
            found += compare(f"{part} {period}", getattr(said, part)[period], getattr(expected, part)[period])
    return found + compare("meetings", said.meetings, expected.meetings)


def compare(where: str, said: list[Record], expected: list[Record]) -> list[str]:
    if expected:  # columns beyond the contract's may be added
        said = [{key: row[key] for key in expected[0] if key in row} for row in said]
    if said == expected:
        return []
    found = [f"{where}: only the program: {each}" for each in said if each not in expected]
    found += [f"{where}: only the oracle: {each}" for each in expected if each not in said]
    return found or [f"{where}: same records, another order"]
