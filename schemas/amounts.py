"""Numbers as people and tables write them: plain, with thousands separators, as percentages.

A bare share, confidence or progress up to 1 is a fraction, above 1 a percentage; with a `%` it is
a percentage in any case. Targets, baselines and weights are as given.
"""

from __future__ import annotations

import polars as pl

PLAIN = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
GROUPED = r"^[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?$"
PERCENT = r"\s*%$"


def numbers(series: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Plain numbers (Float64), never rescaled, and where one stands that cannot be read.

    Args:
        series: texts, or any type of number.
    """
    if series.dtype == pl.String:
        return _from_text(series, percent=False)
    values = _finite(series.cast(pl.Float64))
    return values, _lost(values, series)


def fractions(series: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Fractions (Float64) of shares, confidence and progress, and where one cannot be read.

    Args:
        series: texts, or any type of number.
    """
    if series.dtype == pl.String:
        return _from_text(series, percent=True)
    values = _finite(series.cast(pl.Float64))
    above = (values > 1).fill_null(value=False)
    return _hundredths(values, values.cast(pl.String), above), _lost(values, series)


def whole_numbers(series: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Whole numbers (Int64), and where something stands that is none.

    Args:
        series: texts, or any type of number.
    """
    if series.dtype.is_integer():
        values = series.cast(pl.Int64, strict=False)
        return values, _lost(values, series)
    if series.dtype == pl.String:
        values = series.cast(pl.Int64, strict=False)
        if not _lost(values, series).any():
            return values, _lost(values, series)
    values, unread = numbers(series)
    whole = (values == values.round()) & (values.abs() < 2**53)
    counted = pl.select(pl.when(whole).then(values).cast(pl.Int64)).to_series()
    return counted, unread | _lost(counted, values)


def _lost(values: pl.Series, raw: pl.Series) -> pl.Series:
    """Where there was something and now is nothing."""
    return values.is_null() & raw.is_not_null()


def _finite(values: pl.Series) -> pl.Series:
    """Null where there is no finite number; one zero only, for -0.0 would be another content."""
    finite = values.is_finite()
    if not finite.all():
        values = pl.select(pl.when(finite).then(values)).to_series()
    zero = values == 0
    if not zero.any():
        return values
    return pl.select(pl.when(zero).then(0.0).otherwise(values)).to_series()


def _hundredths(values: pl.Series, texts: pl.Series, where: pl.Series) -> pl.Series:
    """Divide some values by 100 so that 33.3 becomes the very number that 0.333 is.

    A whole number divided by 100 is the nearest binary fraction. Of others the quotient may be its
    neighbour, so they are read again, with the point moved.
    """
    if not where.any():
        return values
    # By a whole column: polars divides by a single number as it multiplies by its inverse, which
    # makes 0.7000000000000001 of 70.
    quotients = values / pl.Series([100.0]).new_from_index(0, values.len())
    divided = quotients.zip_with(where, values)
    broken = (where & (values != values.round())).arg_true()
    if broken.len() == 0:
        return divided
    moved = (texts.gather(broken) + "e-2").cast(pl.Float64, strict=False)
    return divided.scatter(broken, moved.zip_with(moved.is_not_null(), divided.gather(broken)))


def _from_text(series: pl.Series, *, percent: bool) -> tuple[pl.Series, pl.Series]:
    """Read texts as most of them are written, and what is left with more and more patience."""
    values = _finite(series.cast(pl.Float64, strict=False))
    unread = _lost(values, series)
    if percent:
        values = _hundredths(values, series, (values > 1).fill_null(value=False))
    for read in (_tidied, _spelt_out):
        rows = unread.arg_true()
        if rows.len() == 0:
            break
        said = series.gather(rows).str.strip_chars()
        found = read(said, percent=percent)
        values = values.scatter(rows, found)
        unread = unread.scatter(rows, found.is_null() & (said != ""))
    return values, unread


def _tidied(said: pl.Series, *, percent: bool) -> pl.Series:
    """Read plain numbers and percentages: whole columns often have a space or a sign in each row."""
    if not percent:
        return _finite(said.cast(pl.Float64, strict=False))
    bare = said.str.strip_suffix("%")
    values = _finite(bare.cast(pl.Float64, strict=False))
    above = (values > 1).fill_null(value=False)
    return _hundredths(values, bare, values.is_not_null() & (said.str.ends_with("%") | above))


def _spelt_out(said: pl.Series, *, percent: bool) -> pl.Series:
    """Read what is no number at first sight: thousands, full-width digits, `70 %`."""
    said = said.str.normalize("NFKC").str.strip_chars().str.replace_all("−", "-", literal=True)
    bare = said.str.replace(PERCENT, "") if percent else said
    grouped = bare.str.contains(GROUPED)
    bare = bare.zip_with(~grouped, bare.str.replace_all(",", "", literal=True))
    plain = pl.select(pl.when(bare.str.contains(PLAIN)).then(bare)).to_series()
    values = _finite(plain.cast(pl.Float64, strict=False))
    if not percent:
        return values
    hundredths = said.str.contains(PERCENT) | (values > 1).fill_null(value=False)
    return _hundredths(values, bare, hundredths & values.is_not_null())
