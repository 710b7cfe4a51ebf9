"""Each rule on small literal cases: when it speaks, when it is silent, and where the border is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from okr import settings as okr_settings
from okr.reconcile.reading import Reader
from tests.rules import cases_alignment, cases_handshakes, cases_inference, cases_quality
from tests.rules.cases import NOW, Case
from tests.rules.oracle import judge
from tests.rules.program import sync

if TYPE_CHECKING:
    from pathlib import Path

ROOMS = (cases_alignment, cases_inference, cases_handshakes, cases_quality)
CASES = [case for room in ROOMS for case in room.CASES]


def named(case: Case) -> str:
    return f"{case.codes.split()[0]} {case.name}"


@pytest.mark.parametrize("case", CASES, ids=named)
def test_program(case: Case, tmp_path: Path) -> None:
    sync(tmp_path, case.enterprise())

    with Reader(okr_settings.load(tmp_path / "okr.toml")) as reader:
        assert case.picked(list(reader.gaps(now=NOW))) == case.expected


@pytest.mark.parametrize("case", CASES, ids=named)
def test_oracle(case: Case) -> None:
    """The oracle is worth comparing with only where it reads the cases as they are meant."""
    verdict = judge(case.enterprise())

    assert case.picked(verdict.gaps["Q4"]) == case.expected
