"""The enterprises that speed is measured on are what they say they are."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from benchmarks.enterprise import LEVELS, tables
from schemas import TABLES


@pytest.mark.parametrize("krs", [1, 34, 36, 1_000, 20_000])
def test_it_has_as_many_krs_as_asked_for_and_no_key_twice(krs):
    made = tables(krs)
    assert made["key_results"].height == krs
    for name, frame in made.items():
        assert set(frame.columns) <= set(TABLES[name].columns)
        assert not frame.select(TABLES[name].key).is_duplicated().any()


def test_the_same_numbers_give_the_same_enterprise_and_another_seed_another():
    one, same, other = tables(2_000, seed=1), tables(2_000, seed=1), tables(2_000, seed=2)
    for name, frame in one.items():
        assert_frame_equal(frame, same[name])
    assert not one["alignments"].equals(other["alignments"])


def test_nothing_is_wrong_where_the_density_is_nought():
    made = tables(5_000, density=0.0)
    krs, links = made["key_results"], made["alignments"]
    own = made["objectives"].filter(pl.col("person_id").is_null())
    of_units = krs.join(own, on="objective_id", how="semi")
    assert of_units.join(links, left_on="kr_id", right_on="parent_id", how="anti").height <= 35
    assert krs["owner_ids"].null_count() == 0
    assert made["handshakes"]["response"].null_count() == 0


def test_the_tree_is_no_deeper_than_said():
    parents = dict(tables(100_000)["org_units"].select("unit_id", "parent_id").iter_rows())
    deepest = max(parents, key=lambda unit: int(unit[1:]))
    steps = 0
    while (deepest := parents[deepest]) is not None:
        steps += 1
    assert steps < LEVELS
