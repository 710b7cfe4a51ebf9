"""Titles that are the same words, and titles that name units."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from schemas.normal import fold_text

if TYPE_CHECKING:
    from collections.abc import Iterable

LEAST = 4
"""A rest of fewer characters equals nothing."""


_KEPT = re.compile(r"(?<=\d)[^\s](?=\d)|(?<=\d)%|-(?=\d)")
_SPARED = 0xF0000
"""Punctuation that stays is moved to a private plane of Unicode while the rest is deleted."""


@cache
def _deleting() -> dict[int, str | None]:
    """Return the translation that deletes white space and punctuation, and brings back what was spared."""
    # All punctuation of Unicode 17 lies below this.
    found: dict[int, str | None] = {}
    for code in range(0x20000):
        char = chr(code)
        if char.isspace():
            found[code] = None
        elif unicodedata.category(char).startswith("P"):
            found[code] = None
            found[_SPARED + code] = char
    return found


def _spare(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(_SPARED + code) if code in _deleting() else match[0]


@cache
def _label() -> re.Pattern[str]:
    # A `.` before a digit ends no label: "O1.5" is a number.
    return re.compile(r"\s*(?:kr|o|目标|关键结果)\s*\d*\s*(?:[:、)]|\.(?!\d))")


def words(title: str) -> str | None:
    """Return what a title says, so that titles of the same words are equal; None where it says too little.

    Source: RULES, "Inferred": NFKC, case folding, dropping a leading label, white space and punctuation, but for
    punctuation directly, as written, between two digits, `%` directly behind a digit and `-` directly before one.
    """
    said = unicodedata.normalize("NFKC", title).casefold()
    label = _label().match(said)
    if label:
        said = said[label.end() :]
    said = _KEPT.sub(_spare, said).translate(_deleting())
    return said if len(said) >= LEAST else None


def title_words(titles: pl.Series) -> pl.DataFrame:
    """Return `title` and `words` for every distinct title that says enough.

    Whole columns at a time where that says the same as `words`; the few others one by one.
    """
    distinct = titles.drop_nulls().unique().to_frame("title").lazy()
    said = distinct.with_columns(words=_in_columns(pl.col("title")), odd=_is_odd(pl.col("title"))).collect()
    odd = said.filter(pl.col("odd")).get_column("title")
    by_hand = pl.DataFrame(
        {
            "title": odd,
            "words": pl.Series([words(title) for title in odd.to_list()], dtype=pl.String),
        }
    )
    plain = said.filter(~pl.col("odd") & (pl.col("words").str.len_chars() >= LEAST)).select("title", "words")
    return pl.concat([plain, by_hand.drop_nulls()])


_MARK = "\uf8ff"
"""Stands before punctuation that stays, while the columns are worked on."""


@cache
def _odd_characters() -> str:
    """Return a pattern of the characters whose case folding is more than lower case, or that we use as a mark.

    Lower case of a capital sigma depends on where it stands.
    """
    found = [
        chr(code)
        for code in range(0x20000)
        if (folded := unicodedata.normalize("NFKC", chr(code))).casefold() != folded.lower()
    ]
    return "[" + "".join(f"\\x{{{ord(char):x}}}" for char in [*found, "Σ", _MARK]) + "]"


def _is_odd(title: pl.Expr) -> pl.Expr:
    return title.str.contains(_odd_characters())


def _in_columns(title: pl.Expr) -> pl.Expr:
    """Say what `words` says by expressions; the engine knows no look-around, so what stays is marked first."""
    said = title.str.normalize("NFKC").str.to_lowercase()
    said = said.str.replace(r"^\s*(?:kr|o|目标|关键结果)\s*\d*\s*(?:[:、)]|\.(?:(\D)|$))", "$1")
    between = r"(\d)(\p{P})(\d)"
    for _ in range(2):  # neighbours share a digit, and a pass takes every other one
        said = said.str.replace_all(between, f"${{1}}{_MARK}${{2}}${{3}}")
    said = said.str.replace_all(r"(\d)%", f"${{1}}{_MARK}%")
    said = said.str.replace_all(rf"(^|[^{_MARK}])-(\d)", f"${{1}}{_MARK}-${{2}}")
    return said.str.replace_all(rf"{_MARK}(\p{{P}})|[\s\p{{P}}]", "${1}")


def named_units(titles: pl.DataFrame, names: Iterable[tuple[str, str]]) -> pl.DataFrame:
    """Return which units the titles name.

    Args:
        titles: `kr_id`, `title`.
        names: a name or alias of an active unit, and the unit's id.

    Returns:
        `kr_id`, `unit_id`, distinct. Longest names first; text once matched is not matched again; a name that
        several units share uses up its text and names none; a Latin letter or digit at the name's end needs a
        neighbour that is none.
    """
    meant: dict[str, set[str]] = {}
    for name, unit_id in names:
        said = fold_text(name)
        if len(said) >= 2:
            meant.setdefault(said, set()).add(unit_id)
    schema = {"kr_id": pl.String, "unit_id": pl.String}
    if not meant or not titles.height:
        return pl.DataFrame(schema=schema)
    patterns = sorted(meant)
    distinct = titles.select("title").drop_nulls().unique()
    hits = (
        _folded(distinct)
        .with_columns(hit=pl.col("said").str.extract_many(patterns, overlapping=True))
        .filter(pl.col("hit").list.len() > 0)
    )
    found = [
        (title, unit_id)
        for title, said, hit in hits.iter_rows()
        for unit_id in _meant_by(said, sorted(set(hit), key=lambda name: (-len(name), name)), meant)
    ]
    by_title = pl.DataFrame(found, schema={"title": pl.String, "unit_id": pl.String}, orient="row")
    return titles.join(by_title, on="title").select("kr_id", "unit_id").unique()


def _folded(titles: pl.DataFrame) -> pl.DataFrame:
    """Add `said`: NFKC, case folded."""
    said = titles.with_columns(
        said=pl.col("title").str.normalize("NFKC").str.to_lowercase(), odd=_is_odd(pl.col("title"))
    )
    odd = said.filter(pl.col("odd")).with_columns(
        said=pl.col("title").map_elements(_folded_title, return_dtype=pl.String)
    )
    return pl.concat([said.filter(~pl.col("odd")), odd]).drop("odd")


def _folded_title(title: str) -> str:
    return unicodedata.normalize("NFKC", title).casefold()


def _meant_by(said: str, names: list[str], meant: dict[str, set[str]]) -> set[str]:
    """Return the units that a title names, given the names that stand anywhere in it, longest first."""
    used = [False] * len(said)
    units: set[str] = set()
    for name in names:
        start = said.find(name)
        while start >= 0:
            end = start + len(name)
            if any(used[start:end]) or not _stands_alone(said, start, end):
                start = said.find(name, start + 1)
                continue
            used[start:end] = [True] * len(name)
            if len(meant[name]) == 1:
                units |= meant[name]
            start = said.find(name, end)
    return units


def _stands_alone(said: str, start: int, end: int) -> bool:
    if start > 0 and _latin(said[start]) and _latin(said[start - 1]):
        return False
    return not (end < len(said) and _latin(said[end - 1]) and _latin(said[end]))


@cache
def _latin(char: str) -> bool:
    return char.isdecimal() or (char.isalpha() and unicodedata.name(char, "").startswith("LATIN "))


NUMERALS = "零〇一二两三四五六七八九十百千万亿半"
MEASURES = (
    "个家项次名人位元块成倍天日周月季年秒分点级件单台套篇份场款条门间城省市国户组轮期类"
    "种座批页字吨米步层版支笔股辆颗处遍"
)
MEASURABLE = rf"\p{{Nd}}|[{NUMERALS}][{MEASURES}]|百分之[{NUMERALS}]"
"""A KR's title that holds this says a number (QL503)."""

_REACHING = "达到|达|提升至|提升到|提升|提高至|提高到|提高|降低至|降低到|降低|降至|降到|reaches|reach|increase|decrease"
_COUNTED = "".join(char for char in MEASURES if char not in "年月日周季期")
LIKE_KR = rf"\p{{Nd}}(?:%|[{_COUNTED}])|(?:>=|<=|>|<|≥|≤|{_REACHING})\p{{Nd}}"
"""An O's title (NFKC, lower case, without white space) that holds this reads like a KR (QL506)."""


def compact(titles: pl.Series) -> pl.DataFrame:
    """Return `title` and `compact`: NFKC, case folded, without white space."""
    said = pl.col("title").str.normalize("NFKC").str.to_lowercase().str.replace_all(r"\s", "")
    return titles.drop_nulls().unique().to_frame("title").with_columns(compact=said)
