"""Normal forms of texts, ids and lists: whole columns in, whole columns out.

Nearly all text is in normal form already. So each function first asks the whole column one cheap
question, whether there is anything to mend, and touches only the rows where there may be.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import polars as pl

from schemas import characters

if TYPE_CHECKING:
    from collections.abc import Callable

SEPARATOR = ";"

_OPAQUE = pl.Struct | pl.Binary | pl.Object
"""Types that no cell of a table has: what Parquet or a database holds there is only quoted."""


def text(series: pl.Series) -> pl.Series:
    r"""Text in normal form.

    NFC, trimmed, no control characters but line breaks (as \n; a tab becomes a space), no
    zero-width or bidirectional characters; empty text is null.

    Args:
        series: any number of texts (String).
    """
    return _empty_to_null(_mended(series, characters.MAYBE_NOT_NORMAL, _mend_text))


def ids(series: pl.Series) -> pl.Series:
    """Ids as they are compared: NFC and trimmed; empty is null. Whether they are legal is not said.

    Args:
        series: any number of ids (String).
    """
    return _empty_to_null(_mended(series, characters.MAYBE_NOT_NORMAL, _mend_id))


def trimmed(series: pl.Series) -> pl.Series:
    """Text without white space around it, else as it is; empty is null."""
    return _empty_to_null(series.str.strip_chars())


def id_lists(series: pl.Series) -> pl.Series:
    """Lists of ids, each as `ids` has it. Empty items are dropped, an empty list is null.

    Args:
        series: texts with `;` between the items, or real lists (List(String)).
    """
    return _lists(series, _mend_id)


def text_lists(series: pl.Series) -> pl.Series:
    """Lists of texts, each as `text` has it. Empty items are dropped, an empty list is null.

    Args:
        series: texts with `;` between the items, or real lists (List(String)).
    """
    return _lists(series, _mend_text)


def fold(series: pl.Series) -> pl.Series:
    """Texts as names are compared: NFKC, case folded, trimmed.

    Equal to `fold_text` on each, but fast where case is simple (ASCII, Chinese, Japanese, Korean).
    """
    ascii_only = series.str.len_bytes().sum() == series.str.len_chars().sum()
    wide = series if ascii_only else series.str.normalize("NFKC")
    folded = wide.str.to_lowercase().str.strip_chars()
    odd = series.str.contains(characters.PLAIN_CASE).fill_null(value=False).arg_true()
    if odd.len() == 0:
        return folded
    said = pl.Series([fold_text(one) for one in series.gather(odd)], dtype=pl.String)
    return folded.clone().scatter(odd, said)


def fold_text(said: str) -> str:
    """A text as names are compared: NFKC, case folded, trimmed."""
    return unicodedata.normalize("NFKC", said).casefold().strip()


def as_text(series: pl.Series) -> pl.Series:
    """What a typed source says, as text: 12 and 12.0 are `12`, times are ISO 8601.

    Args:
        series: texts, numbers, booleans, dates, times or lists of them; lists stay lists.
    """
    dtype = series.dtype
    if dtype == pl.String or dtype == pl.List(pl.String):
        return series
    if _is_opaque(dtype):
        said = [None if value is None else str(value) for value in series.to_list()]
        return pl.Series(series.name, said, dtype=pl.String)
    if isinstance(dtype, pl.List | pl.Array):
        inner = as_text(series.explode(empty_as_null=True)).dtype
        listed = series if isinstance(dtype, pl.List) else series.arr.to_list()
        return listed.list.eval(_as_text(pl.element(), dtype.inner)).cast(pl.List(inner))
    frame = pl.DataFrame([series.alias("said")])
    return frame.select(_as_text(pl.col("said"), dtype)).to_series().alias(series.name)


def joined(series: pl.Series) -> pl.Series:
    """Any column as one text a row, lists with `;` between their items."""
    said = as_text(series)
    return said.list.join(SEPARATOR, ignore_nulls=True) if isinstance(said.dtype, pl.List) else said


def _is_opaque(dtype: pl.DataType) -> bool:
    if isinstance(dtype, pl.List | pl.Array):
        return isinstance(dtype.inner, pl.List | pl.Array | _OPAQUE)
    return isinstance(dtype, _OPAQUE)


def _as_text(said: pl.Expr, dtype: object) -> pl.Expr:
    if isinstance(dtype, pl.Float32 | pl.Float64):
        whole = (said.round() == said) & (said.abs() < 2**53)
        return (
            pl.when(whole)
            .then(pl.when(whole).then(said).cast(pl.Int64).cast(pl.String))
            .otherwise(said.cast(pl.String))
        )
    if isinstance(dtype, pl.Decimal):
        return said.cast(pl.String).str.replace(r"\.0*$|(\.[0-9]*?)0+$", "$1")
    if isinstance(dtype, pl.Date | pl.Datetime | pl.Duration):
        return said.dt.to_string("iso")
    return said.cast(pl.String)


def _empty_to_null(series: pl.Series) -> pl.Series:
    full = series != ""
    if full.all():  # null is neither full nor not
        return series
    return pl.select(pl.when(full).then(series)).to_series().alias(series.name)


def _mended(series: pl.Series, suspicious: str, mend: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """Mend only the suspects; most of them are well once they are trimmed."""
    rows = series.str.contains(suspicious).fill_null(value=False).arg_true()
    if rows.len() == 0:
        return series
    said = series.gather(rows).str.strip_chars()
    still = said.str.contains(suspicious).arg_true()
    if still.len():
        ill = pl.DataFrame([said.gather(still).alias("said")])
        said = said.scatter(still, ill.select(mend(pl.col("said"))).to_series())
    return series.clone().scatter(rows, said)


def _mend_text(said: pl.Expr) -> pl.Expr:
    return (
        said.str.replace_all(characters.LINE_BREAKS, "\n")
        .str.replace_all("\t", " ", literal=True)
        .str.replace_all(characters.UNWANTED, "")
        .str.normalize("NFC")
        .str.strip_chars()
    )


def _mend_id(said: pl.Expr) -> pl.Expr:
    return said.str.normalize("NFC").str.strip_chars()


UNTIDY = rf"\s|;;|^;|;$|{characters.MAYBE_NOT_NORMAL}"
"""A list as text without any of these has only items in normal form, none of them empty."""


def _lists(series: pl.Series, mend: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    items = pl.element()
    full = items.filter(items.is_not_null() & (items != ""))
    if isinstance(series.dtype, pl.List):
        mended = series.list.eval(mend(items)).list.eval(full)
        return pl.select(pl.when(mended.list.len() > 0).then(mended)).to_series()

    def tidy(said: pl.Expr) -> pl.Expr:
        return said.str.split(SEPARATOR).list.eval(mend(items)).list.eval(full).list.join(SEPARATOR)

    texts = _mended(series, UNTIDY, tidy)
    return _empty_to_null(texts).str.split(SEPARATOR)
