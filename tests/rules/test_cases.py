"""Each rule on small literal cases: when it speaks, when it is silent, and where the border is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from okr import settings as okr_settings
from okr.reconcile.reading import Reader
from tests.rules import cases_alignment, cases_handshakes, cases_inference, cases_quality
from tests.rules.cases import NOW, Case, apart, together
from tests.rules.oracle import judge
from tests.rules.program import sync

if TYPE_CHECKING:
    from pathlib import Path

ROOMS = (cases_alignment, cases_inference, cases_handshakes, cases_quality)
CASES = {f"c{place}:": case for place, case in enumerate(case for room in ROOMS for case in room.CASES)}
ALONE = {tag: case for tag, case in CASES.items() if case.alone}
TOGETHER = {tag: case for tag, case in CASES.items() if not case.alone}


def names(cases: dict[str, Case]) -> list[str]:
    return [f"{case.codes.split()[0]} {case.name}" for case in cases.values()]


def found(folder: Path) -> list[dict[str, Any]]:
    with Reader(okr_settings.load(folder / "okr.toml")) as reader:
        return list(reader.gaps(now=NOW))


@pytest.fixture(scope="module")
def all_gaps(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the program finds in an enterprise of all the cases that get on with one another."""
    folder = tmp_path_factory.mktemp("cases")
    sync(folder, together(TOGETHER))
    return found(folder)


@pytest.mark.parametrize("tag", TOGETHER, ids=names(TOGETHER))
def test_program(tag: str, all_gaps: list[dict[str, Any]]) -> None:
    assert TOGETHER[tag].picked(apart(tag, all_gaps)) == TOGETHER[tag].expected


@pytest.mark.parametrize("case", ALONE.values(), ids=names(ALONE))
def test_program_alone(case: Case, tmp_path: Path) -> None:
    sync(tmp_path, case.enterprise())

    assert case.picked(found(tmp_path)) == case.expected


@pytest.mark.parametrize("case", CASES.values(), ids=names(CASES))
def test_oracle(case: Case) -> None:
    """The oracle is worth comparing with only where it reads the cases as they are meant."""
    verdict = judge(case.enterprise())

    assert case.picked(verdict.gaps["Q4"]) == case.expected
