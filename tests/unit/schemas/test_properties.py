"""What holds of every delivery, whatever stands in it."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import TABLES, Form
from schemas.forms import FEW_ROWS
from schemas.models import failures, legal

if TYPE_CHECKING:
    import random

SAID = {
    Form.ID: [f"X{n}" for n in range(4)] + [" X1 ", "e\u0301", "", None, "a;b", "a->b", "\u200b"],
    Form.IDS: ["P1", "P1; P2;", "", None, "P|1", ";", "x" * 201],
    Form.TEXT: ["周活", " a\u200b ", "", None, "\t", "e\u0301"],
    Form.TEXTS: ["a;b", "a\u200b;", "", None],
    Form.SHARE: ["0.7", "70%", "70 %", "高", "130", "", None, "-1", "nan"],
    Form.PROGRESS: ["0.7", "70%", "1.3", "-1", "x", "", None],
    Form.NUMBER: ["5,000", "-0", "x", "", None, "inf"],
    Form.WHOLE: ["1", "2.0", "1.5", "x", "", None],
    Form.DATE: ["2026-11-30", "2026/11/30", "2026-02-30", "", None],
    Form.TIME: ["2026-11-30T08:00:00Z", "2026-11-30 08:00", "2026-11-30", "x", "", None],
    Form.FLAG: ["true", "否", "maybe", "", None],
}


@st.composite
def deliveries(draw):
    """A table's name and raw rows; every fourth value or so is illegal, keys often meet."""
    table = TABLES[draw(st.sampled_from(list(TABLES)))]
    row = st.fixed_dictionaries(
        {
            column.name: st.sampled_from([*column.choices, " ", "else", None] if column.choices else SAID[column.form])
            for column in table.declared
        }
    )
    rows = draw(st.lists(row, max_size=6))
    rows += draw(st.lists(st.sampled_from(rows), max_size=3)) if rows else []
    return table.name, [{**row, "place": f"f:{n}", "scope": "s", "part": "p"} for n, row in enumerate(rows)]


def frame_of(table, rows):
    names = [*TABLES[table].columns, "place", "scope", "part"]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))


@settings(max_examples=50)
@given(deliveries())
def test_no_row_is_lost(room, delivery):
    table, rows = delivery
    found = room.judge_frame(table, frame_of(table, rows))
    assert found.rows.height + found.refused_rows + found.merged == len(rows)
    whole = found.quarantine.filter("whole")
    assert whole["place"].n_unique() == found.refused_rows
    assert not set(whole["place"]) & set(found.rows["place"])
    # What a row says of its refusals and what the quarantine says is the same, but for targets
    # that were empty when their comparator took them.
    said = {(r["place"], f) for r in found.rows.to_dicts() for f in r["refused"] or ()}
    values = found.quarantine.filter(~pl.col("whole")).filter(pl.col("place").is_in(found.rows["place"].implode()))
    assert {(p, f) for p, f in values.select("place", "field").rows()} <= said
    assert {f for _, f in said - set(values.select("place", "field").rows())} <= {"target"}


@settings(max_examples=50)
@given(deliveries())
def test_what_comes_out_is_legal(room, delivery):
    table, rows = delivery
    found = room.judge_frame(table, frame_of(table, rows))
    canonical = found.rows.select(list(TABLES[table].dtypes))
    legal(TABLES[table]).validate(canonical, lazy=True)
    assert failures(TABLES[table], canonical).height == 0
    keys = found.rows.select(TABLES[table].key)
    assert keys.n_unique() == keys.height


@settings(max_examples=50)
@given(deliveries())
def test_what_comes_out_stays_as_it_is(room, delivery):
    table, rows = delivery
    once = room.judge_frame(table, frame_of(table, rows)).rows
    again = room.judge_frame(table, once.select(*TABLES[table].columns, "place", "scope", "part"))
    columns = [*TABLES[table].columns, "place"]
    percentages = [c.name for c in TABLES[table].declared if c.form is Form.PROGRESS]
    # A progress above 1 would be read as a percentage: bare numbers are what people write.
    same = [name for name in columns if name not in percentages]
    assert again.rows.select(same).equals(once.select(same))
    assert again.quarantine.height == 0


@settings(max_examples=50)
@given(deliveries(), st.randoms())
def test_the_order_of_rows_does_not_matter(room, delivery, chance: random.Random):
    table, rows = delivery
    shuffled = list(rows)
    chance.shuffle(shuffled)
    one = room.judge_frame(table, frame_of(table, rows))
    other = room.judge_frame(table, frame_of(table, shuffled))
    assert sorted(map(repr, one.rows.rows())) == sorted(map(repr, other.rows.rows()))
    assert sorted(map(repr, one.quarantine.rows())) == sorted(map(repr, other.quarantine.rows()))


@settings(max_examples=50)
@given(deliveries())
def test_a_row_alone_fares_as_in_company(room, delivery):
    """But for its key, nothing of a row depends on the rows beside it."""
    table, rows = delivery
    together = room.judge_frame(table, frame_of(table, rows))
    for row in together.rows.to_dicts():
        raw = [r for r in rows if r["place"] == row["place"]]
        assert room.judge_frame(table, frame_of(table, raw)).rows.to_dicts() == [row]


ID = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from("ab-> ;|\u200b\u200e\u202e\u2066\ufeff\u2060\u061c\x00\n\te\u0301"),
    ),
    max_size=8,
)


def plain_reading(said: str) -> str | None:
    """The id, or None where it is refused or empty, as the contract has it."""
    said = unicodedata.normalize("NFC", said).strip()
    forbidden = (
        any(unicodedata.category(c) == "Cc" for c in said)
        or any("\u200b" <= c <= "\u200f" or "\u2060" <= c <= "\u206f" for c in said)
        or any(c in ";|\ufeff\u180e\u061c\u202a\u202b\u202c\u202d\u202e" for c in said)
        or "->" in said
    )
    return None if forbidden or not 1 <= len(said) <= 200 else said


@given(st.lists(st.one_of(ID, st.integers(199, 202).map(lambda n: "é" * n)), min_size=1, max_size=5))
def test_ids_are_legal_as_plain_python_reads_the_contract(room, said):
    # Python strips some control characters (U+001C to U+001F) as white space; they refuse ids.
    said = [one for one in said if not set(one) & set("\x1c\x1d\x1e\x1f")]
    rows = [{"unit_id": f"U{n}", "leader_id": one} for n, one in enumerate(said)]
    if rows:
        found = room.judge("org_units", *rows)
        assert found.rows["leader_id"].to_list() == [plain_reading(one) for one in said]


@pytest.mark.slow
def test_large_tables_go_the_same_way(room):
    """Large tables are read by several threads."""
    rows = [
        {"kr_id": f"K{n}", "confidence": "x" if n % 7 == 0 else "70", "owner_ids": f"P{n};P1"}
        for n in range(FEW_ROWS + 1)
    ]
    frame = room.frame("key_results", *rows)
    whole = room.judge_frame("key_results", frame)
    parts = [room.judge_frame("key_results", part) for part in frame.iter_slices(FEW_ROWS // 2)]
    assert whole.rows.equals(pl.concat([part.rows for part in parts]))
    assert whole.quarantine.equals(pl.concat([part.quarantine for part in parts]))
