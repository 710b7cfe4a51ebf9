"""Regular CSV files are read by polars, the others row by row: both must say the same."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from connectors.tables import csvfile
from connectors.tables.csvrows import read_rows
from okr.errors import SourceError

CELLS = st.text(alphabet="ab好,;\"\n\r\t  'x", max_size=5)


def _read(read, *arguments):
    try:
        raw = read(*arguments)
    except SourceError as error:
        return error.code, error.values
    return None if raw is None else (raw.frame.rows(), [(r.row, r.found) for r in raw.ragged])


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=6), st.integers(1, 4), st.data())
def test_what_polars_is_trusted_with_is_what_pythons_reader_says(rows, width, data):
    out = io.StringIO()
    writer = csv.writer(
        out,
        lineterminator=data.draw(st.sampled_from(["\n", "\r\n"])),
        quoting=data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
    )
    writer.writerows([["h"] * width, *rows])
    _agree(out.getvalue(), width)


@given(st.text(alphabet='ab,"\n\r', max_size=30), st.integers(1, 3))
def test_they_agree_on_any_text(text, width):
    _agree(",".join(["h"] * width) + "\n" + text, width)


def _agree(text: str, width: int) -> None:
    header = ["h"] * width
    fast = _read(csvfile._fast, text.encode(), header, ",")
    if fast is not None:
        assert fast == _read(read_rows, text.encode(), header, ",", "f.csv")


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=8))
def test_what_a_program_wrote_comes_back_row_by_row(rows):
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["a", "b", "c"], *rows])
    header = ["a", "b", "c"]
    raw = csvfile._fast(out.getvalue().encode(), header, ",") or read_rows(
        out.getvalue().encode(), header, ",", "f.csv"
    )
    expected = [
        (*(cell.replace("\r\n", "\n").replace("\r", "\n") or None for cell in row), number)
        for number, row in enumerate(rows, start=2)
        if any(row)
    ]
    assert raw.frame.rows() == expected
    assert raw.ragged == ()


def test_a_regular_file_takes_the_fast_road():
    text = 'a,b\r\n1,"x, y"\r\n2,\r\n\r\n\r\n'
    raw = csvfile._fast(text.encode(), ["a", "b"], ",")
    assert raw is not None
    assert raw.frame.rows() == [("1", "x, y", 2), ("2", None, 3)]
