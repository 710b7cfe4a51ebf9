"""What of a delivery goes on, what is refused by itself, and what whole."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta

import polars as pl
import pytest

from schemas import QUARANTINE, TABLES, TableRefused
from schemas.models import legal


@pytest.mark.parametrize("table", TABLES)
def test_the_least_that_makes_a_row(room, table):
    found = room.judge(table, {})
    assert found.rows.schema == {
        **TABLES[table].dtypes,
        "source": pl.String,
        "scope": pl.String,
        "part": pl.String,
        "place": pl.String,
        "refused": pl.List(pl.String),
    }
    assert found.rows.height == 1
    assert found.rows["refused"].to_list() == [None]
    assert found.rows["source"].to_list() == ["planning"]
    assert found.quarantine.schema == QUARANTINE
    assert found.quarantine.height == 0


@pytest.mark.parametrize("table", TABLES)
def test_an_empty_table(room, table):
    found = room.judge_frame(table, room.frame(table, {}).clear())
    assert (found.rows.height, found.quarantine.height) == (0, 0)
    assert dict(found.rows.schema).items() >= TABLES[table].dtypes.items()


def test_a_whole_row(room):
    found = room.judge(
        "key_results",
        {
            "kr_id": " K1 ",
            "ordinal": "2",
            "title": "  续约率\u200b到 90% ",
            "owner_ids": "P1; P2",
            "member_ids": "",
            "due_on": "2026/11/30",
            "confidence": "70",
            "progress": "130%",
            "comparator": ">=",
            "target": "5,000",
            "updated_at": "2026-11-30 08:00",
        },
    )
    row = found.rows.to_dicts()[0]
    assert (
        row.items()
        >= {
            "kr_id": "K1",
            "ordinal": 2,
            "title": "续约率到 90%",
            "owner_ids": ["P1", "P2"],
            "member_ids": None,
            "due_on": date(2026, 11, 30),
            "confidence": 0.7,
            "progress": 1.3,
            "comparator": ">=",
            "target": 5000.0,
            "updated_at": datetime(2026, 11, 30, tzinfo=UTC),
            "url": None,
            "refused": None,
        }.items()
    )


# -- values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "column", "said", "code"),
    [
        ("key_results", "confidence", "高", "not_a_number"),
        ("key_results", "confidence", "130", "out_of_range"),
        ("key_results", "confidence", "-1%", "out_of_range"),
        ("key_results", "progress", "-1", "negative"),
        ("key_results", "ordinal", "1.5", "not_a_whole_number"),
        ("key_results", "due_on", "2026-11-31", "not_a_date"),
        ("key_results", "updated_at", "昨天", "not_a_time"),
        ("key_results", "target", "5 万", "not_a_number"),
        ("key_results", "rollup", "avg", "not_one_of"),
        ("key_results", "rollup", "Sum", "not_one_of"),  # exactly as in the contract
        ("key_results", "comparator", "≥", "not_one_of"),
        ("key_results", "owner_ids", "P1;P|2", "forbidden_character"),
        ("key_results", "owner_ids", "P1;" + "x" * 201, "too_long"),
        ("alignments", "share", "101", "out_of_range"),
        ("org_units", "leader_id", "P\u200b1", "forbidden_character"),
        ("org_units", "parent_id", "x" * 201, "too_long"),
        ("handshakes", "supporting_kr_id", "K1->K2", "forbidden_character"),
        ("handshakes", "response", "ok", "not_one_of"),
        ("people", "active", "maybe", "not_yes_or_no"),
        ("people", "locale", "fr", "not_one_of"),
    ],
)
def test_a_value_is_refused_by_itself(room, table, column, said, code):
    found = room.judge(table, {column: said})
    assert found.rows["refused"].to_list()[0][0] == column
    assert (found.refused_rows, found.merged) == (0, 0)
    told = found.quarantine.to_dicts()
    assert len(told) == 1
    assert (
        told[0].items()
        >= {
            "source": "planning",
            "scope": table,
            "table": table,
            "place": f"{table}.csv:2",
            "field": column,
            "value": said[:200],
            "code": code,
            "whole": False,
        }.items()
    )


@pytest.mark.parametrize("said", ["top_down", " top_down ", "", "  ", None])
def test_choices_are_trimmed(room, said):
    assert room.value("objectives", "origin", said) == ((said or "").strip() or None, None)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("true", True),
        ("FALSE", False),
        ("1", True),
        (" 0 ", False),
        ("Yes", True),
        ("no", False),
        ("是", True),
        ("否", False),
        ("", None),
        (None, None),
        (1.0, True),
        (0, False),
        (False, False),
    ],
)
def test_yes_and_no(room, said, meant):
    assert room.value("org_units", "active", said) == (meant, None)


@pytest.mark.parametrize(
    ("table", "column", "stands"),
    [
        ("org_units", "active", None),
        ("people", "active", None),
        ("people", "locale", None),
        ("objectives", "state", None),
        ("objectives", "visibility", None),
        ("alignments", "parent_kind", "kr"),
    ],
)
def test_where_nothing_stood_nothing_is_said_but_in_a_key(room, table, column, stands):
    assert room.value(table, column, None) == (stands, None)
    without = room.frame(table, {}).drop(column, strict=False)
    assert room.judge_frame(table, without).rows[column].to_list() == [stands]


def test_what_a_refused_value_means(room):
    """Nothing, but of a state that nobody can read nobody can say that it is published."""
    assert room.value("objectives", "state", "final") == ("draft", "not_one_of")
    assert room.value("objectives", "visibility", "secret") == (None, "not_one_of")
    assert room.value("org_units", "active", "maybe") == (None, "not_yes_or_no")
    assert room.value("people", "locale", "fr") == (None, "not_one_of")


def test_a_refused_comparator_takes_the_target_with_it(room):
    found = room.judge("key_results", {"comparator": "about", "target": "5"})
    row = found.rows.to_dicts()[0]
    assert (row["comparator"], row["target"]) == (None, None)
    assert row["refused"] == ["comparator", "target"]
    told = found.quarantine.select("field", "value", "code").rows()
    assert told == [("comparator", "about", "not_one_of"), ("target", "5", "comparator_refused")]


# What else is refused decides in which order polars hands out the refused columns.
@pytest.mark.parametrize("also", [{}, {"due_on": "x"}, {"rollup": "avg", "due_on": "x"}, {"confidence": "x"}])
def test_a_comparator_takes_its_target_also_where_other_targets_are_refused(room, also):
    found = room.judge(
        "key_results",
        {"kr_id": "K1", "comparator": "about", "target": "5", **also},
        {"kr_id": "K2", "comparator": ">=", "target": "x", **also},
        {"kr_id": "K3", "comparator": ">=", "target": "7", **also},
    )
    assert dict(found.rows.select("kr_id", "target").iter_rows()) == {"K1": None, "K2": None, "K3": 7.0}


@pytest.mark.parametrize(("target", "codes"), [("", []), ("x", ["not_a_number"])])
def test_a_target_that_was_not_there_or_not_legal_is_not_told_twice(room, target, codes):
    found = room.judge("key_results", {"comparator": "about", "target": target})
    assert found.rows["refused"].to_list() == [["comparator", "target"]]
    assert found.quarantine.filter(field="target")["code"].to_list() == codes


def test_refused_columns_stand_in_the_order_of_the_table(room):
    found = room.judge(
        "key_results",
        {"updated_at": "x", "target": "x", "confidence": "x", "owner_ids": "|"},
        {"kr_id": "K2"},
    )
    columns = ["owner_ids", "confidence", "target", "updated_at"]
    assert found.rows["refused"].to_list() == [columns, None]


def test_one_row_is_told_for_each_refused_value(room):
    found = room.judge("key_results", {"due_on": "x"}, {"kr_id": "K2", "due_on": "y", "weight": "z"})
    told = found.quarantine.select("record_id", "parent_id", "field", "value", "place").rows()
    assert told == [
        ("K1", "O1", "due_on", "x", "key_results.csv:2"),
        ("K2", "O1", "due_on", "y", "key_results.csv:3"),
        ("K2", "O1", "weight", "z", "key_results.csv:3"),
    ]


def test_the_exact_cell_is_told_where_the_source_knows_it(room):
    cells = {"due_on": "市场.xlsx!Q4!F7", "confidence": None}
    found = room.judge("key_results", {"due_on": "x", "confidence": "y", "weight": "z", "cells": cells})
    places = dict(found.quarantine.select("field", "place").rows())
    assert places == {
        "due_on": "市场.xlsx!Q4!F7",
        "confidence": "key_results.csv:2",
        "weight": "key_results.csv:2",
    }


def test_values_that_fill_the_sentences(room):
    found = room.judge(
        "key_results",
        {"rollup": "avg", "owner_ids": "P1;P\u202e2", "member_ids": "a|b", "updated_at": "x"},
    )
    values = {r["field"]: json.loads(r["values"]) for r in found.quarantine.to_dicts()}
    assert values == {
        "rollup": {"choices": ["sum", "min", "max"]},
        "owner_ids": {"character": "U+202E"},
        "member_ids": {"character": "|"},
        "updated_at": {},
    }


def test_a_long_value_is_told_in_part(room):
    found = room.judge("key_results", {"target": "1" * 300 + "x"})
    assert found.quarantine["value"].to_list() == ["1" * 200]


# -- rows -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("table", "column"), [(t.name, c) for t in TABLES.values() for c in t.needed_columns])
@pytest.mark.parametrize(("said", "is_empty"), [("", True), (" ", True), (None, True), ("|\x00", False)])
def test_a_row_without_what_makes_it_is_refused_whole(room, table, column, said, is_empty):
    found = room.judge(table, {column: said})
    assert found.rows.height == 0
    assert found.refused_rows == 1
    assert found.quarantine["whole"].to_list() == [True]
    assert found.quarantine["field"].to_list() == [column]
    assert (found.quarantine["code"].to_list() == ["empty"]) is is_empty
    if column in TABLES[table].key:
        assert found.quarantine["record_id"].to_list() == [None]


def test_a_person_given_and_refused_takes_the_objective_with_it(room):
    found = room.judge("objectives", {"person_id": "P;1"}, {"objective_id": "O2", "person_id": ""})
    assert found.rows["objective_id"].to_list() == ["O2"]
    assert found.quarantine.select("record_id", "row_unit", "field", "whole").rows() == [
        ("O1", "U1", "person_id", True)
    ]


def test_an_alignment_of_an_unknown_kind_is_refused_whole(room):
    found = room.judge("alignments", {"parent_kind": "KR"})
    assert found.rows.height == 0
    assert found.quarantine.select("field", "code", "whole").rows() == [("parent_kind", "not_one_of", True)]


def test_a_refused_row_still_tells_its_refused_values(room):
    found = room.judge("key_results", {"objective_id": "", "due_on": "x"})
    assert found.refused_rows == 1
    assert found.quarantine.select("field", "whole").rows() == [
        ("objective_id", True),
        ("due_on", False),
    ]


def test_what_is_said_in_words_may_be_empty(room):
    rows = room.frame("objectives", {"unit_id": None, "row": "a"}, {"objective_id": "O2"})
    found = room.judge_frame("objectives", rows.drop("period_id"), spoken=["unit_id", "period_id"])
    assert found.rows["objective_id"].to_list() == ["O1", "O2"]


def test_rows_whose_key_is_said_in_words_are_told_apart_by_their_names(room):
    rows = [{"parent_id": None, "row": name} for name in "abc"]
    found = room.judge("alignments", *rows, spoken=["parent_id"])
    assert found.rows["row"].to_list() == ["a", "b", "c"]


def test_stated_ids_are_ids(room):
    stated = [" O77 ", "a|b", "x" * 201, None]
    rows = [{"objective_id": f"O{n}", "stated_id": said} for n, said in enumerate(stated)]
    found = room.judge("objectives", *rows)
    assert found.rows["stated_id"].to_list() == ["O77", None, None, None]
    assert found.rows["refused"].to_list() == [None, ["stated_id"], ["stated_id"], None]
    assert found.quarantine["code"].to_list() == ["forbidden_character", "too_long"]


# -- keys -------------------------------------------------------------------------------------------


def test_equal_rows_are_one(room):
    found = room.judge("key_results", {"title": "a", "place": "x:12"}, {"title": "a", "place": "x:9"})
    assert found.rows["place"].to_list() == ["x:9"]
    assert (found.merged, found.quarantine.height) == (1, 0)


@pytest.mark.parametrize(
    "other",
    [{"title": "b"}, {"title": "a "}, {"title": None}, {"kr_id": " K1", "title": "a"}],
)
def test_rows_that_have_one_key_and_differ_as_written_are_all_refused(room, other):
    found = room.judge("key_results", {"title": "a"}, {"title": "a"}, other, {"kr_id": "K2"})
    assert found.rows["kr_id"].to_list() == ["K2"]
    assert (found.refused_rows, found.merged) == (3, 0)
    told = found.quarantine.select("record_id", "place", "field", "value", "code", "whole").rows()
    assert told == [("K1", f"key_results.csv:{n}", None, "K1", "duplicate_key", True) for n in (2, 3, 4)]
    assert json.loads(found.quarantine["values"][0]) == {
        "places": ["key_results.csv:2", "key_results.csv:3", "key_results.csv:4"],
        "count": 3,
    }


def test_keys_of_several_columns(room):
    found = room.judge(
        "alignments",
        {"share": "0.5"},
        {"share": "0.6"},
        {"parent_kind": "objective"},
        {"parent_id": "K2"},
        {"objective_id": "O2"},
    )
    assert found.quarantine["record_id"].to_list() == ["O1->kr:K1"] * 2
    assert found.rows.height == 3
    found = room.judge("dependencies", {}, {"updated_at": "2026-11-30"})
    assert found.quarantine["record_id"].to_list() == ["K1->K2"] * 2


def test_an_empty_kind_is_the_same_key_as_the_default(room):
    found = room.judge("alignments", {"parent_kind": ""}, {"parent_kind": "kr"})
    assert found.refused_rows == 2


def test_keys_that_are_none_are_not_compared(room):
    found = room.judge("key_results", {"kr_id": ""}, {"kr_id": "", "title": "x"})
    assert found.quarantine["code"].to_list() == ["empty", "empty"]


def test_a_key_in_one_form_and_another_is_one_key(room):
    found = room.judge("org_units", {"unit_id": "Café"}, {"unit_id": "Cafe\u0301"})
    assert found.refused_rows == 2


# -- tables -----------------------------------------------------------------------------------------


def test_unknown_columns_are_named_with_the_nearest(room):
    frame = room.frame("key_results", {"titel": "x", "Owner_IDs": "P1"})
    with pytest.raises(TableRefused) as refused:
        room.judge_frame("key_results", frame)
    assert refused.value.code == "unknown_column"
    assert refused.value.values == {
        "table": "key_results",
        "columns": ["titel", "Owner_IDs"],
        "nearest": ["title", "owner_ids"],
    }


@pytest.mark.parametrize("table", TABLES)
def test_needed_columns(room, table):
    for column in TABLES[table].needed_columns:
        with pytest.raises(TableRefused) as refused:
            room.judge_frame(table, room.frame(table, {}).drop(column))
        assert refused.value.code == "missing_column"
        assert refused.value.values == {"table": table, "columns": [column]}


def test_a_column_of_kinds_may_be_missing(room):
    frame = room.frame("alignments", {}).drop("parent_kind")
    assert room.judge_frame("alignments", frame).rows["parent_kind"].to_list() == ["kr"]


@pytest.mark.parametrize(
    ("table", "column", "said"),
    [("key_results", "kr_id", True), ("key_results", "objective_id", ["x"]), ("objectives", "person_id", b"x")],
)
def test_unreadable_types_of_what_makes_a_row(room, table, column, said):
    with pytest.raises(TableRefused) as refused:
        room.judge(table, {column: said})
    assert refused.value.code == "unreadable_type"
    assert refused.value.values.items() >= {"table": table, "column": column}.items()


@pytest.mark.parametrize(
    ("column", "said", "code", "value"),
    [
        ("title", {"zh": "x"}, "not_text", "{'zh': 'x'}"),
        ("title", b"x", "not_text", "b'x'"),
        ("title", ["x"], "not_text", "x"),
        ("due_on", 46356, "not_a_date", "46356"),
        ("due_on", True, "not_a_date", "true"),
        ("updated_at", time(8, 30), "not_a_time", "08:30:00"),
        ("target", True, "not_a_number", "true"),
        ("confidence", date(2026, 11, 30), "not_a_number", "2026-11-30"),
        ("ordinal", timedelta(days=1), "not_a_whole_number", "P1D"),
        ("owner_ids", [["x"]], "not_text", "[['x']]"),
        ("rollup", [1], "not_one_of", "1"),
    ],
)
def test_unreadable_types_of_what_a_row_can_do_without(room, column, said, code, value):
    """A table goes whole only for what makes its rows what they are; any other value by itself."""
    found = room.judge("key_results", {column: said}, {"kr_id": "K2", column: None})
    assert found.rows[column].to_list() == [None, None]
    assert found.rows["refused"].to_list() == [[column], None]
    assert found.quarantine.select("field", "code", "value", "whole").rows() == [(column, code, value, False)]


def test_typed_sources(room):
    found = room.judge(
        "key_results",
        {
            "kr_id": 7,
            "objective_id": 3.0,
            "ordinal": 2.0,
            "owner_ids": [1, 2],
            "due_on": datetime(2026, 11, 30, 12),
            "confidence": 70,
            "progress": None,
            "updated_at": datetime(2026, 11, 30, tzinfo=UTC),
        },
    )
    assert (
        found.rows.to_dicts()[0].items()
        >= {
            "kr_id": "7",
            "objective_id": "3",
            "ordinal": 2,
            "owner_ids": ["1", "2"],
            "due_on": date(2026, 11, 30),
            "confidence": 0.7,
            "updated_at": datetime(2026, 11, 30, tzinfo=UTC),
            "refused": None,
        }.items()
    )


def test_meetings_keep_their_own_offset(room):
    found = room.judge(
        "meetings",
        {},
        {"meeting_id": "M2", "starts_at": "2026-12-18T09:30:00"},
        {"meeting_id": "M3", "starts_at": "2026-12-18T09:30:00Z"},
        zone="Europe/Berlin",
    )
    assert found.rows["starts_at_offset"].to_list() == ["+08:00", "+01:00", "+00:00"]
    assert found.rows["starts_at"][0] == datetime(2026, 12, 18, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_a_model_made_of_its_declaration(table):
    schema = legal(TABLES[table]).to_schema()
    assert list(schema.columns) == list(TABLES[table].dtypes)
    needed = tuple(name for name, column in schema.columns.items() if not column.nullable)
    assert needed == TABLES[table].needed
