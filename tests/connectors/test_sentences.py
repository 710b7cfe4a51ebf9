"""Every code that a connector may say has a sentence in both languages, filled by its values."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import connectors
from connectors.sql.faults import FAULTS
from okr.texts import known, text

ROOMS = [path for path in Path(connectors.__file__).parent.rglob("*.py") if "workbook" not in path.parts]
SAID = {
    "error": r'(?:SourceError|RunError|SettingsError)\(\s*"(\w+)"|Failure\(\w+, "(\w+)"'
    r'|ok=False, code="(\w+)"',
    "note": r'report\.note\(\s*"(\w+)"|ok=True,\s*code="(\w+)"|\(\("(read_as\w+)"|\("(unknown_table\w+)"',
    "quarantine": r'code="(ragged_row)"',
}


def codes(family: str) -> set[str]:
    """The codes of a family that stand in the source."""
    found = set()
    for path in ROOMS:
        for groups in re.findall(SAID[family], path.read_text(encoding="utf-8")):
            found.update(code for code in ([groups] if isinstance(groups, str) else groups) if code)
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("family", sorted(SAID))
def test_every_code_has_a_sentence(family, language):
    assert codes(family)
    assert [code for code in codes(family) if not known(f"{family}.{code}", language)] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_fault_of_a_database_is_told_with_what_it_said(language):
    for code in {fault.code for fault in FAULTS} | {"sql_failed"}:
        sentence = text(f"error.{code}", language, table="people", reason="why not")
        assert "why not" in sentence
        assert "{" not in sentence
