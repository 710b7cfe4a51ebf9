"""Normal forms of text, ids and lists."""

from __future__ import annotations

import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import characters, normal

TROUBLE = st.sampled_from(
    [
        *" \t\n\r\x00\x0b\x85\x1c\u3000;|",
        *("\u200b", "\u202e", "\ufeff", "\u2066"),  # not to be seen
        *("e\u0301", "\u212b", "\uf900"),  # not in NFC
        *("ß", "Σ", "ς", "Ａ", "ﬁ"),  # case is not simple
        *("->", "é", "目标", "x", "a"),
    ]
)
ANY = st.one_of(st.text(max_size=8), st.lists(TROUBLE, max_size=6).map("".join))
TEXTS = st.lists(st.none() | ANY, max_size=6)


def series(values):
    return pl.Series(values, dtype=pl.String)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("  周活  ", "周活"),
        ("\u3000周活\u00a0", "周活"),  # Unicode's white space, not only ours
        ("", None),
        (" \t\n ", None),
        ("e\u0301", "é"),  # NFC
        ("a\tb", "a b"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a\x00b\x7fc", "abc"),
        ("in\u200bvisible\u202e", "invisible"),
        ("\ufeff \u200b x", "x"),
        ("\u200b", None),  # nothing to see is nothing
        ("e\u200b\u0301", "é"),  # what comes together only then is put together too
        ("👩🏽", "👩🏽"),
    ],
)
def test_text(said, meant):
    assert normal.text(series([said])).to_list() == [meant]


def plain_text(said: str) -> str | None:
    """The same, read from the contract."""
    for line_break in ("\r\n", "\r", "\x0b", "\x0c", "\x85"):
        said = said.replace(line_break, "\n")
    said = said.replace("\t", " ")
    kept = [c for c in said if (unicodedata.category(c) != "Cc" or c == "\n") and not is_invisible(c)]
    return unicodedata.normalize("NFC", "".join(kept)).strip() or None


def is_invisible(c: str) -> bool:
    return (
        unicodedata.bidirectional(c) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
        or "\u200b" <= c <= "\u200f"
        or "\u2060" <= c <= "\u206f"
        or c in "\ufeff\u180e\u061c"
    )


@given(TEXTS)
def test_text_as_plain_python_reads_the_contract(said):
    found = normal.text(series(said)).to_list()
    assert found == [None if one is None else plain_text(one) for one in said]


@given(TEXTS)
def test_normal_forms_change_nothing_the_second_time(said):
    for form in (normal.text, normal.ids, normal.trimmed):
        once = form(series(said))
        assert form(once).to_list() == once.to_list()
    for form in (normal.text_lists, normal.id_lists):
        once = form(series(said))
        assert form(once).to_list() == once.to_list()
        assert form(once.list.join(";")).to_list() == once.to_list()


@given(TEXTS)
def test_one_row_is_normal_whatever_stands_beside_it(said):
    """Fast paths look at whole columns; what they find must not depend on the company."""
    for form in (normal.text, normal.ids, normal.text_lists, normal.fold):
        together = form(series(said)).to_list()
        assert together == [form(series([one])).to_list()[0] for one in said]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("P1;P2", ["P1", "P2"]),
        (" P1 ; ;P2;", ["P1", "P2"]),
        ("P1", ["P1"]),
        ("e\u0301;x", ["é", "x"]),
        ("", None),
        (" ; ;", None),
        (None, None),
        (["P1", " P2 ", "", None], ["P1", "P2"]),
        ([], None),
        ([None, " "], None),
    ],
)
def test_lists(said, meant):
    dtype = pl.List(pl.String) if isinstance(said, list) else pl.String
    given_ = pl.Series([said], dtype=dtype)
    assert normal.id_lists(given_).to_list() == [meant]
    assert normal.text_lists(given_).to_list() == [meant]


def test_texts_in_lists_are_in_normal_form_and_ids_are_left_to_be_refused():
    said = series(["a\u200bb;c"])
    assert normal.text_lists(said).to_list() == [["ab", "c"]]
    assert normal.id_lists(said).to_list() == [["a\u200bb", "c"]]


@given(TEXTS)
def test_fold_is_fold_text(said):
    expected = [None if one is None else normal.fold_text(one) for one in said]
    assert normal.fold(series(said)).to_list() == expected


def test_fold():
    said = series(["ＭＡＲＫＥＴ ", "Straße", "ΣΑΣ", None])
    assert normal.fold(said).to_list() == ["market", "strasse", "σασ", None]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (pl.Series([12.0, 2.5, None]), ["12", "2.5", None]),
        (pl.Series([12, None]), ["12", None]),
        (pl.Series(["1.50", "2.00", "20"]).cast(pl.Decimal(10, 2)), ["1.5", "2", "20"]),
        (pl.Series([[1, 2], []]), [["1", "2"], []]),
        (pl.Series([True]), ["true"]),
        (pl.Series(["a"]).cast(pl.Categorical), ["a"]),
        (pl.Series([None], dtype=pl.Date), [None]),
    ],
)
def test_typed_sources_as_text(said, told):
    assert normal.as_text(said).to_list() == told


# -- the classes of characters, against Python's tables ------------------------------------------


@pytest.fixture(scope="module")
def everything():
    return [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]


def test_only_texts_with_a_suspicious_character_can_be_out_of_nfc(everything):
    second = {
        chr(int(parts[1], 16))
        for parts in (unicodedata.decomposition(c).split() for c in everything)
        if len(parts) == 2 and not parts[0].startswith("<")
    }
    second |= {chr(c) for c in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}  # Hangul
    suspicious = pl.Series(everything).str.contains(characters.MAYBE_NOT_NFC)
    missed = [
        c
        for c, is_suspicious in zip(everything, suspicious, strict=True)
        if not is_suspicious and (unicodedata.normalize("NFC", c) != c or unicodedata.combining(c) or c in second)
    ]
    assert missed == []


def test_only_texts_with_a_suspicious_character_fold_otherwise_than_they_are_lowered(everything):
    said = pl.Series(everything)
    lowered = said.str.normalize("NFKC").str.to_lowercase().str.strip_chars()
    odd = said.str.contains(characters.PLAIN_CASE)
    wrong = [
        c for c, low, is_odd in zip(everything, lowered, odd, strict=True) if not is_odd and low != normal.fold_text(c)
    ]
    assert wrong == []


def test_invisible_characters_are_what_unicode_says(everything):
    found = pl.Series(everything).str.contains(f"[{characters.INVISIBLE}]")
    assert found.to_list() == [is_invisible(c) or c in "\u200e\u200f" for c in everything]
