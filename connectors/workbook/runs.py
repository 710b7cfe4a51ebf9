"""Columns of long sheets, told briefly: most of what a row says of its place is its number.

A column is one of: a list of values; `{"value": v}`, one value for all rows; `{"letter": "D",
"lines": […]}`, a cell in each row, perhaps with `key` (an id rather than a place), `sign` and
`numbers` (behind it) and `label` (behind all); `{"words": […], "which": […]}`, values by number. `lines` may
be the number of a list among those of the run. Long lists of texts are told as one text: `{"texts": …}`.
"""

from __future__ import annotations

from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

_LONG = 1000
_BETWEEN = "\ue000"
_NULL = "\ue001"
"""Two signs for private use, which nobody writes; where somebody does, the list is told as it is."""

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
        elif isinstance(column, list) and len(column) > _LONG:
            column = _joined(column)  # noqa: PLW2901 - see above
        told[name] = column
    return {"columns": told, "lines": lines}


def _joined(column: list[Any]) -> Told:
    """Return a list of texts as one text, where no text holds the signs between them."""
    kinds = set(map(type, column))
    if not kinds <= {str, type(None)}:
        return column
    told = _BETWEEN.join([_NULL if text is None else text for text in column])
    apart = told.count(_BETWEEN) == len(column) - 1 and told.count(_NULL) == column.count(None)
    return {"texts": told} if apart else column


def _apart(told: str) -> list[str | None]:
    texts = told.split(_BETWEEN)
    return [None if text == _NULL else text for text in texts] if _NULL in told else list(texts)


def counted(column: list[Any]) -> dict[str, Any]:
    """Tell a column of few different values by their numbers."""
    words: dict[Any, int] = {}
    return {"which": [words.setdefault(value, len(words)) for value in column], "words": list(words)}


def full(run: Mapping[str, Any]) -> dict[str, Told]:
    """Return the columns of a run with their lists of lines."""
    told: dict[str, Told] = {}
    for name, column in run["columns"].items():
        if isinstance(column, dict) and "lines" in column:
            told[name] = {**column, "lines": run["lines"][column["lines"]]}
        elif isinstance(column, dict) and "texts" in column:
            told[name] = _apart(column["texts"])
        else:
            told[name] = column
    return told


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
        return values(name, told, kind)
    if "value" in told:
        return pl.Series(name, [told["value"]], dtype=kind).new_from_index(0, height)
    if "words" in told:
        words = values(name, told["words"], kind)
        return words.gather(pl.Series(told["which"], dtype=pl.UInt32))
    before, behind = _around(told, key)
    parts = [pl.lit(before), pl.Series(told["lines"], dtype=pl.Int64).cast(pl.String)]
    if "numbers" in told:
        parts += [pl.lit(told["sign"]), pl.Series(told["numbers"], dtype=pl.Int64).cast(pl.String)]
    if behind:
        parts.append(pl.lit(behind))
    return pl.select(pl.concat_str(*parts).alias(name)).to_series()


def values(name: str, told: list[Any], kind: Any) -> pl.Series:  # noqa: ANN401 - a type of polars
    """Return a list of values as a series; lists of texts take a shorter road than polars has."""
    import polars as pl  # noqa: PLC0415 - see above

    if kind != pl.List(pl.String):
        return pl.Series(name, told, dtype=kind)
    import pyarrow as pa  # noqa: PLC0415 - see above

    ends = list(accumulate(map(len, told), initial=0))
    texts = pa.array(list(chain.from_iterable(told)), pa.large_string())
    lists = pa.LargeListArray.from_arrays(pa.array(ends, pa.int64()), texts)
    return pl.Series(name, pl.from_arrow(lists), dtype=kind)


def _around(told: Mapping[str, Any], key: str) -> tuple[str, str]:
    before = f"{key}!{told['letter']}" if told.get("key") else told["letter"]
    return before, f" {told['label']}" if told.get("label") else ""
