"""Numbers, and what a bare number means where a fraction is wanted."""

from __future__ import annotations

import math
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import amounts


def one(read, said, dtype=pl.String):
    values, unread = read(pl.Series([said], dtype=dtype))
    return "refused" if unread[0] else values[0]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("0.7", 0.7),
        ("70%", 0.7),
        ("70", 0.7),
        ("70 %", 0.7),
        ("７０％", 0.7),
        (" 0.7 ", 0.7),
        ("0.5%", 0.005),
        ("1", 1.0),
        ("1%", 0.01),
        ("100", 1.0),
        ("130", 1.3),
        ("130%", 1.3),
        ("1.5", 0.015),
        ("1,200", 12.0),
        ("33.3%", 0.333),
        ("5e1", 0.5),
        (".5", 0.5),
        ("−5%", -0.05),  # a minus as typographers write it
        ("", None),
        ("  ", None),
        (None, None),
        ("高", "refused"),
        ("7,0", "refused"),
        ("70%%", "refused"),
        ("%", "refused"),
        ("nan", "refused"),
        ("inf", "refused"),
        ("1e400", "refused"),
        ("1_000", "refused"),
        ("0x10", "refused"),
    ],
)
def test_fractions(said, meant):
    assert one(amounts.fractions, said) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("5,000", 5000.0),
        ("1,234,567.5", 1234567.5),
        ("-3", -3.0),
        ("+3", 3.0),
        ("70", 70.0),
        ("1E+06", 1e6),
        ("５０００", 5000.0),
        ("-0", 0.0),
        ("", None),
        ("70%", "refused"),  # never rescaled, so nobody knows which number is meant
        ("5,00", "refused"),
        ("5 万", "refused"),
        ("Infinity", "refused"),
    ],
)
def test_plain_numbers(said, meant):
    found = one(amounts.numbers, said)
    assert found == meant
    assert found in {None, "refused"} or math.copysign(1, found) == (-1 if meant < 0 else 1)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("3", 3),
        ("3.0", 3),
        (" 3 ", 3),
        ("1,000", 1000),
        ("３", 3),
        ("-1", -1),
        ("3.5", "refused"),
        ("x", "refused"),
        ("9" * 20, "refused"),
        ("", None),
        (None, None),
    ],
)
def test_whole_numbers(said, meant):
    assert one(amounts.whole_numbers, said) == meant


@pytest.mark.parametrize(
    ("read", "said", "dtype", "meant"),
    [
        (amounts.fractions, 70, pl.Int8, 0.7),
        (amounts.fractions, 1, pl.Int64, 1.0),
        (amounts.fractions, 33.3, pl.Float64, 0.333),
        (amounts.fractions, Decimal("0.25"), pl.Decimal(10, 2), 0.25),
        (amounts.fractions, math.nan, pl.Float64, "refused"),
        (amounts.numbers, math.inf, pl.Float64, "refused"),
        (amounts.numbers, 2**40, pl.UInt64, float(2**40)),
        (amounts.whole_numbers, 3.0, pl.Float64, 3),
        (amounts.whole_numbers, 3.5, pl.Float64, "refused"),
        (amounts.whole_numbers, 2**63, pl.UInt64, "refused"),
    ],
)
def test_typed_numbers(read, said, dtype, meant):
    assert one(read, said, dtype) == meant


@given(st.decimals(min_value=1, max_value=10_000, places=3, allow_nan=False))
def test_all_forms_of_a_percentage_are_equal(number):
    """To the last bit: two sources that say the same must not be in conflict."""
    fraction = float(number / 100)
    for said in (f"{number}%", f"{number} %", f"{number}％", f"{number:,}%"):
        assert one(amounts.fractions, said) == fraction
    if number > 1:
        assert one(amounts.fractions, str(number)) == fraction
        assert one(amounts.fractions, float(number), pl.Float64) == fraction
    if fraction <= 1:
        assert one(amounts.fractions, str(number / 100)) == fraction


@settings(max_examples=40)
@given(st.lists(st.sampled_from(["70", "70%", "33.3", "0.2", "x", "", None, "1,000", "nan"])))
def test_a_number_is_the_same_whatever_stands_beside_it(said):
    for read in (amounts.fractions, amounts.numbers, amounts.whole_numbers):
        values, unread = read(pl.Series(said, dtype=pl.String))
        together = ["refused" if u else v for v, u in zip(values, unread, strict=True)]
        assert together == [one(read, single) for single in said]
