"""Columns of long sheets, told briefly: most of what a row says of its place is its number.

A column is one of: a list of values; `{"value": v}`, one value for all rows; `{"letter": "D",
"lines": […]}`, a cell in each row, perhaps with `key` (an id rather than a place), `sign` and
`numbers` (behind it) and `label` (behind all); `{"words": […], "which": […]}`, values by number. `lines` may
be the number of a list among those of the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

Told = list[Any] | dict[str, Any]


def brief(columns: Mapping[str, Told]) -> dict[str, Any]:
    """Return the columns of a run with each list of lines told once."""
    known: dict[int, int] = {}
    lines: list[list[int]] = []
    told: dict[str, Told] = {}
    for name, column in columns.items():
        if isinstance(column, dict) and "lines" in column:
            number = known.setdefault(id(column["lines"]), len(lines))
            if number == len(lines):
                lines.append(column["lines"])
            column = {**column, "lines": number}  # noqa: PLW2901 - the same column, told briefly
        told[name] = column
    return {"columns": told, "lines": lines}


def full(run: Mapping[str, Any]) -> dict[str, Told]:
    """Return the columns of a run with their lists of lines."""
    return {
        name: {**column, "lines": run["lines"][column["lines"]]}
        if isinstance(column, dict) and "lines" in column
        else column
        for name, column in run["columns"].items()
    }


def spread(told: Told, height: int, key: str) -> list[Any]:
    """Return a column as a list."""
    if isinstance(told, list):
        return told
    if "value" in told:
        return [told["value"]] * height
    if "words" in told:
        words = told["words"]
        return [words[i] for i in told["which"]]
    before, behind = _around(told, key)
    if "numbers" in told:
        sign = told["sign"]
        return [f"{before}{line}{sign}{n}{behind}" for line, n in zip(told["lines"], told["numbers"], strict=True)]
    return [f"{before}{line}{behind}" for line in told["lines"]]


def series(name: str, told: Told, height: int, key: str, kind: Any) -> pl.Series:  # noqa: ANN401 - a type of polars
    """Return a column as a series of a type."""
    import polars as pl  # noqa: PLC0415 - the child processes have no use for it

    if isinstance(told, list):
        return pl.Series(name, told, dtype=kind)
    if "value" in told:
        return pl.Series(name, [told["value"]], dtype=kind).new_from_index(0, height)
    if "words" in told:
        words = pl.Series(name, told["words"], dtype=kind)
        return words.gather(pl.Series(told["which"], dtype=pl.UInt32))
    before, behind = _around(told, key)
    parts = [pl.lit(before), pl.Series(told["lines"], dtype=pl.Int64).cast(pl.String)]
    if "numbers" in told:
        parts += [pl.lit(told["sign"]), pl.Series(told["numbers"], dtype=pl.Int64).cast(pl.String)]
    if behind:
        parts.append(pl.lit(behind))
    return pl.select(pl.concat_str(*parts).alias(name)).to_series()


def _around(told: Mapping[str, Any], key: str) -> tuple[str, str]:
    before = f"{key}!{told['letter']}" if told.get("key") else told["letter"]
    return before, f" {told['label']}" if told.get("label") else ""
