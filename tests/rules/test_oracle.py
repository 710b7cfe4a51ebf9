"""The program and an independent reading of the contract agree on enterprises made by chance."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.rules.enterprises import enterprise
from tests.rules.oracle import Enterprise, Table, judge
from tests.rules.pools import ALL_CODES
from tests.rules.program import differences, expected_of, said, sync

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = range(int(os.environ.get("OKR_ORACLE_SEEDS", "24")))


@pytest.mark.parametrize("seed", SEEDS)
def test_program_and_oracle_agree(seed: int, tmp_path: Path) -> None:
    made = enterprise(seed)
    sync(tmp_path, made)

    expected = expected_of(judge(made))

    assert differences(said(tmp_path, made, expected), expected) == []


def test_the_enterprises_are_nasty_enough() -> None:
    """Every rule fires in a good share of the enterprises that are compared."""
    fired: Counter[str] = Counter()
    for seed in range(100):
        verdict = judge(enterprise(seed))
        fired.update({gap["code"] for found in verdict.gaps.values() for gap in found})

    assert [code for code in ALL_CODES if fired[code] < 8] == []


@pytest.mark.parametrize("seed", [3, 11])
def test_order_of_rows_and_a_second_run_change_nothing(seed: int, tmp_path: Path) -> None:
    made = enterprise(seed)
    sync(tmp_path, made)
    expected = expected_of(judge(made))
    first = said(tmp_path, made, expected)

    sync(tmp_path, made)
    second = said(tmp_path, made, expected)
    sync(tmp_path, shuffled(made, seed))
    third = said(tmp_path, made, expected)

    assert second == first
    assert third == first


def shuffled(made: Enterprise, seed: int) -> Enterprise:
    """The same rows in another order, under columns in another order."""
    dice = Random(seed)

    def mixed(content: Table) -> Table:
        columns = dice.sample(content.columns, len(content.columns))
        rows = dice.sample(content.rows, len(content.rows))
        return replace(content, columns=tuple(columns), rows=tuple(rows))

    sources = {
        source: {table: mixed(content) for table, content in tables.items()} for source, tables in made.sources.items()
    }
    return replace(made, sources=sources)
