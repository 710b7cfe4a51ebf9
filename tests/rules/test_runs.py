"""Second and third runs with changes: what runs remember, compared with the oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.rules.changes import Changer
from tests.rules.enterprises import enterprise
from tests.rules.oracle import Memory, judge
from tests.rules.program import differences, expected_of, said, sync

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seed", range(200, 205))
def test_runs_remember_what_the_oracle_remembers(seed: int, tmp_path: Path) -> None:
    made = enterprise(seed)
    changer, memory = Changer(made, seed), Memory()
    for run in range(4):
        sync(tmp_path, made)
        expected = expected_of(judge(made, memory))
        found = differences(said(tmp_path, made, expected), expected)
        assert found == [], f"run {run}"
        made = changer.next(made)
