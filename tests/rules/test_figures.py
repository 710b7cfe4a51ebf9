"""The figures on small literal cases, by the program and by the oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.rules.cases import apart, together
from tests.rules.cases_figures import FIGURES, Figures
from tests.rules.oracle import Verdict, judge
from tests.rules.program import expected_of, said, sync

if TYPE_CHECKING:
    from pathlib import Path

KEYS = {"coverage": "unit_id", "handshakes": "handshake_id", "meetings": "meeting_id"}
ALL = {f"f{place}:": figures for place, figures in enumerate(FIGURES)}
ALONE = [figures for figures in FIGURES if figures.case.alone]
TOGETHER = {tag: figures for tag, figures in ALL.items() if not figures.case.alone}


def named(figures: Figures) -> str:
    return figures.name


def rows_of(verdict: Verdict, part: str) -> list[dict[str, Any]]:
    return verdict.meetings if part == "meetings" else getattr(verdict, part)["Q4"]


def check(rows: dict[str, list[dict[str, Any]]], figures: Figures) -> None:
    """The expected fields of the expected rows; no row where none is expected."""
    for part, key in KEYS.items():
        found = {row[key]: row for row in rows[part]}
        for name, fields in getattr(figures, part).items():
            assert (name in found) == bool(fields), (part, name)
            for field, value in fields.items():
                wanted = round(value, 6) if isinstance(value, float) else value
                assert found[name][field] == wanted, (part, name, field)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """What the program says of an enterprise of all the cases that get on with one another."""
    folder = tmp_path_factory.mktemp("figures")
    made = together({tag: figures.case for tag, figures in TOGETHER.items()})
    sync(folder, made)
    return said(folder, made, judge(made))


@pytest.mark.parametrize("tag", TOGETHER, ids=[each.name for each in TOGETHER.values()])
def test_program(tag: str, everything: Verdict) -> None:
    check({part: apart(tag, rows_of(everything, part)) for part in KEYS}, TOGETHER[tag])


@pytest.mark.parametrize("figures", ALONE, ids=named)
def test_program_alone(figures: Figures, tmp_path: Path) -> None:
    made = figures.case.enterprise()
    sync(tmp_path, made)

    verdict = said(tmp_path, made, judge(made))

    check({part: rows_of(verdict, part) for part in KEYS}, figures)


@pytest.mark.parametrize("figures", FIGURES, ids=named)
def test_oracle(figures: Figures) -> None:
    verdict = expected_of(judge(figures.case.enterprise()))

    check({part: rows_of(verdict, part) for part in KEYS}, figures)
