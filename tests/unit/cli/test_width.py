"""Wide characters take two columns, and no text is wider than its place or loses a character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr.cli.layout import GAP, Need, widths
from okr.cli.width import padded, width, wrapped

TEXTS = st.text(alphabet="ab c7-._/!，。“”（）市场部承接e\u0301「」", max_size=60)


@pytest.mark.parametrize(
    ("text", "columns"),
    [("", 0), ("abc", 3), ("市场部", 6), ("O2-KR3 承接", 11), ("e\u0301", 1), ("ＡＢ", 4)],
)
def test_width_counts_columns_of_a_terminal(text, columns):
    assert width(text) == columns


def test_padded_fills_up_to_columns_not_characters():
    assert padded("市场", 6) == "市场  "
    assert padded("市场部", 4) == "市场部"


@given(TEXTS, st.integers(min_value=4, max_value=40))
def test_wrapped_text_fits_and_loses_nothing_but_white_space(text, columns):
    lines = wrapped(text, columns)
    assert "".join("".join(lines).split()) == "".join(text.split())
    # Punctuation that clings may stand over by what it clings to; nothing else does.
    assert all(width(line) <= columns for line in lines)


def test_a_word_wider_than_the_line_is_torn_behind_a_sign():
    assert wrapped("机器人产品部OKR-2026Q4.xlsx", 16) == ["机器人产品部", "OKR-2026Q4.xlsx"]
    assert wrapped("objectives_and_more.csv", 12) == ["objectives_", "and_more.csv"]


def test_an_indented_paragraph_stays_indented():
    assert wrapped("  okr demo   shows", 12) == ["  okr demo", "  shows"]


NEEDS = st.lists(
    st.builds(
        Need,
        heading=st.sampled_from(["Unit", "In effect", "单元", "What is open, and what closes it"]),
        widest=st.integers(min_value=0, max_value=300),
        ratio=st.none() | st.integers(min_value=1, max_value=7),
    ),
    min_size=1,
    max_size=8,
)


@given(NEEDS, st.integers(min_value=60, max_value=160))
def test_columns_fit_the_page_wherever_that_can_be(needs, page):
    chosen = widths(needs, page)
    least = sum(need.least for need in needs)
    room = page - GAP * (len(needs) - 1)
    assert sum(chosen) <= max(room, least)
    for need, columns in zip(needs, chosen, strict=True):
        assert need.least <= columns <= need.natural


def test_a_table_with_room_is_no_wider_than_its_text():
    assert widths([Need("Unit", 3, 1), Need("KRs", 2, None)], 100) == [4, 3]
