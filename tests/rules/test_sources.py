"""The same enterprise out of three sources as out of one: the same gaps, figures and history."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from okr import settings as okr_settings
from okr.reconcile.reading import Reader
from tests.rules.oracle import Enterprise, Memory, Verdict, judge
from tests.rules.program import differences, expected_of, said, sync
from tests.rules.splitting import SOURCES, Split, clear, put_back

EXAMPLES = int(os.environ.get("OKR_SPLIT_EXAMPLES", "4"))


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
@given(seed=st.integers(0, 10_000), own_ids=st.booleans())
def test_split_over_three_sources_it_is_the_same(seed: int, own_ids: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check(Path(folder), seed, own_ids=own_ids)


@pytest.mark.parametrize("seed", [1, 2])
def test_with_ids_of_their_own(seed: int, tmp_path: Path) -> None:
    check(tmp_path, seed, own_ids=True)


@pytest.mark.parametrize("seed", [3, 4])
def test_contradictions_are_just_those_conflicts(seed: int, tmp_path: Path) -> None:
    """What the sources contradict each other in is found also where they call nothing alike, and nothing else."""
    dice = Random(seed)
    made = clear(seed)
    split = Split.of(made.sources["planning"], dice)
    otherwise = split.contradicted(dice)
    numbers = dict(zip(SOURCES, dice.sample([1, 2, 3], 3), strict=True))
    made = replace(made, rules=replace(made.rules, precedence=numbers, fields={"target": ("c",)}))
    sources = split.sources(own_ids=True, otherwise=otherwise)
    written = replace(made, sources=sources, rules=asked(made, sources, own_ids=True))
    sync(tmp_path, written)

    alike = split.sources(own_ids=False, otherwise=otherwise)
    expected = expected_of(judge(replace(made, sources=alike)))
    found = said(tmp_path, written, under_ids_of(tmp_path, expected))

    assert any(gap["code"] == "SY601" for gaps in expected.gaps.values() for gap in gaps)
    assert differences(under_true_ids(found), under_true_ids(expected)) == []


def check(folder: Path, seed: int, *, own_ids: bool) -> None:
    """Two runs, each split anew: what is known under one id stays known under it, wherever it stands now."""
    dice, memory = Random(seed), Memory()
    made = clear(seed)
    for run in range(2):
        split = Split.of(made.sources["planning"], dice)
        sources = split.sources(own_ids=own_ids)
        written = replace(made, sources=sources, rules=asked(made, sources, own_ids=own_ids))
        sync(folder, written)
        expected = expected_of(judge(made, memory))
        found = said(folder, written, under_ids_of(folder, expected))
        assert differences(under_true_ids(found), under_true_ids(expected)) == [], f"seed {seed}, run {run}"
        made = changed(made, dice)


def under_ids_of(folder: Path, expected: Verdict) -> Verdict:
    """The periods to be asked for, by the program's ids."""
    with Reader(okr_settings.load(folder / "okr.toml")) as reader:
        known = {put_back({"id": id_})["id"]: id_ for (id_,) in reader.house.rows("select period_id from okr.periods")}
    return Verdict(known.get(expected.current or ""), {known[period]: [] for period in expected.gaps})


def under_true_ids(verdict: Verdict) -> Verdict:
    """The records under the true ids, in an order that does not depend on those of sources."""

    def back(rows: list) -> list:
        return sorted((put_back(row) for row in rows), key=lambda row: repr([row.get(name) for name in NAMED]))

    def views(of: dict) -> dict:
        return {put_back({"id": period})["id"]: back(rows) for period, rows in of.items()}

    gaps, coverage, handshakes = (views(part) for part in (verdict.gaps, verdict.coverage, verdict.handshakes))
    current = put_back({"id": verdict.current})["id"]
    return Verdict(current, gaps, coverage, handshakes, back(verdict.meetings))


NAMED = ("code", "subject_kind", "subject_id", "counterparty_unit_id", "unit_id", "handshake_id", "meeting_id")
EDITED = {
    "objectives": {"state": ["published", "draft", "masked"], "confidence": [0.1, 0.9]},
    "key_results": {"target": [5.0, 30.0], "due_on": [date(2026, 11, 30), date(2026, 12, 31)], "progress": [0.6]},
    "handshakes": {"response": ["accepted", "clarify", "rejected"], "needed_by": [date(2026, 11, 30)]},
    "alignments": {"share": [0.5, 1.0]},
}


def changed(made: Enterprise, dice: Random) -> Enterprise:
    """The enterprise a day later: some values are others, nothing is called otherwise."""
    tables = dict(made.sources["planning"])
    for table, columns in EDITED.items():
        if table in tables:
            content = tables[table]
            rows = tuple(
                {**row, column: dice.choice(values)}
                if dice.random() < 0.3
                and (column := dice.choice(list(columns))) in content.columns
                and (values := columns[column])
                else row
                for row in content.rows
            )
            tables[table] = replace(content, rows=rows)
    rules = replace(made.rules, now=made.rules.now + timedelta(days=1))
    return replace(made, sources={"planning": tables}, rules=rules)


def asked(made: Enterprise, sources: dict, *, own_ids: bool):
    """The rules under ids that a source knows."""
    if not own_ids:
        return made.rules

    def known(table: str, key: str, id_: str | None) -> str | None:
        for source in SOURCES:
            for row in sources[source][table].rows if table in sources[source] else ():
                if row[key] == f"{id_}!{source}":
                    return row[key]
        return id_

    meetings = tuple(
        {
            **row,
            "unit": known("org_units", "unit_id", row["unit"]),
            "period": known("periods", "period_id", row["period"]),
        }
        for row in made.rules.meetings
    )
    return replace(made.rules, period=known("periods", "period_id", made.rules.period), meetings=meetings)
