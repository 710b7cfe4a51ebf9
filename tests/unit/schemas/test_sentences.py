"""Every refusal has its sentence in both languages, and the values that fill it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

import okr.texts
from okr.texts import text
from schemas import TableRefused

FOLDER = Path(okr.texts.__file__).parent


@pytest.fixture(scope="module")
def refusals(room):
    """A refusal of every kind, as the quarantine has it."""
    rows = [
        {"kr_id": "", "confidence": "x", "ordinal": "1.5", "due_on": "x", "updated_at": "x"},
        {"confidence": "130", "progress": "-1", "comparator": "?", "target": "5", "owner_ids": "|"},
        {"kr_id": "K2", "title": "a"},
        {"kr_id": "K2", "title": "b"},
        {"kr_id": "x" * 201},
    ]
    found = [
        room.judge("key_results", *rows),
        room.judge("people", {"active": "maybe"}),
        room.judge("people", {"name": b"x"}),
    ]
    return [row for one in found for row in one.quarantine.to_dicts()]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_refusal_can_be_told(refusals, lang):
    told = tomllib.loads((FOLDER / lang / "quarantine.toml").read_text(encoding="utf-8"))
    assert {row["code"] for row in refusals} == set(told["quarantine"])
    for row in refusals:
        sentence = text(f"quarantine.{row['code']}", lang, **json.loads(row["values"]))
        assert not sentence.startswith("quarantine.")
        assert "{" not in sentence


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("column", [{"titel": "x"}, {"objective_id": ["x"]}, None])
def test_every_refused_table_can_be_told(room, lang, column):
    frame = room.frame("key_results", column or {})
    with pytest.raises(TableRefused) as refused:
        room.judge_frame("key_results", frame if column else frame.drop("kr_id"))
    sentence = text(f"error.{refused.value.code}", lang, **refused.value.values)
    assert "key_results" in sentence
    assert "{" not in sentence
