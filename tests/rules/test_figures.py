"""The figures on small literal cases, by the program and by the oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.rules.cases_figures import FIGURES, Figures
from tests.rules.oracle import Verdict, judge
from tests.rules.program import expected_of, said, sync

if TYPE_CHECKING:
    from pathlib import Path

KEYS = {"coverage": "unit_id", "handshakes": "handshake_id", "meetings": "meeting_id"}


def named(figures: Figures) -> str:
    return figures.name


def picked(verdict: Verdict, figures: Figures) -> dict[str, dict[str, dict[str, Any]]]:
    """Of each expected row the fields that are expected; nothing where there is no such row."""
    found = {}
    for part, key in KEYS.items():
        rows = getattr(verdict, part)
        rows = {row[key]: row for row in (rows if part == "meetings" else rows["Q4"])}
        found[part] = {
            name: {field: rows[name][field] for field in fields} if name in rows and fields else {}
            for name, fields in getattr(figures, part).items()
        }
        assert not any(
            name in rows for name, fields in getattr(figures, part).items() if not fields
        )
    return found


def expected(figures: Figures) -> dict[str, Any]:
    return {
        part: {
            name: {
                field: round(value, 6) if isinstance(value, float) else value
                for field, value in fields.items()
            }
            for name, fields in getattr(figures, part).items()
        }
        for part in KEYS
    }


@pytest.mark.parametrize("figures", FIGURES, ids=named)
def test_program(figures: Figures, tmp_path: Path) -> None:
    made = figures.case.enterprise()
    sync(tmp_path, made)

    verdict = said(tmp_path, made, judge(made))

    assert picked(verdict, figures) == expected(figures)


@pytest.mark.parametrize("figures", FIGURES, ids=named)
def test_oracle(figures: Figures) -> None:
    verdict = expected_of(judge(figures.case.enterprise()))

    assert picked(verdict, figures) == expected(figures)
