"""What is written to other systems: tables with a key, and how they differ from what stands there.

A view is compared in its flat form: lists joined by `;`, as in every table that we export, and no empty text.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from connectors.protocol import CheckLine

PREFIX = "okr_"
"""Before the name of every table that we write into a database."""

MARK = "okr-handshake"
"""By this our own tables and folders are known from other people's."""

_BATCH = 50_000


@dataclass(frozen=True)
class Outgoing:
    """A table as it is to stand outside: its name, the columns that tell its rows apart, its rows."""

    name: str
    key: tuple[str, ...]
    frame: pl.DataFrame

    def structure(self) -> dict[str, str]:
        """What kind of value each column holds."""
        return {name: kind(dtype) for name, dtype in self.frame.schema.items()}

    def flat(self) -> pl.DataFrame:
        """The rows in the form in which they are compared, by their key."""
        return flat(self.frame).sort(self.key)


@dataclass(frozen=True)
class Stamp:
    """Which run the views are of, and when they are written."""

    run_id: str
    run_at: datetime
    written_at: datetime


@dataclass(frozen=True)
class TableChange:
    """How one table differs from what stands outside. The frames are flat and sorted by key.

    Attributes:
        view: as it is to be.
        digest: of its rows.
        before: the columns that stand there, by kind; None: the table is not there yet.
        added: rows that are new.
        removed: rows that are no more.
        earlier: rows that change, as they stand there.
        later: the same rows, as they are to be, in the same order.
    """

    view: Outgoing
    digest: str
    before: Mapping[str, str] | None
    added: pl.DataFrame
    removed: pl.DataFrame
    earlier: pl.DataFrame
    later: pl.DataFrame

    @property
    def reshaped(self) -> bool:
        """Whether the table is new, or its columns or its key change."""
        return self.before != shape(self.view)

    def counts(self) -> dict[str, int]:
        """How many rows are added, changed and removed."""
        return {"add": self.added.height, "change": self.later.height, "remove": self.removed.height}


class Session(Protocol):
    """Holds a place alone, so that nobody writes there between comparing and writing."""

    def compare(self, views: Sequence[Outgoing]) -> list[TableChange]:
        """How each view differs from what stands there; those that do not differ are left out."""
        ...

    def write(self, views: Sequence[Outgoing], changes: Sequence[TableChange], stamp: Stamp) -> None:
        """Carry out the changes, all of them or none: a reader sees the old state or the new one."""
        ...


class Outlet(Protocol):
    """A place outside that views are written to. It holds no connection between calls.

    Every failure is a `RunError` whose code begins with `target_`.
    """

    @property
    def local(self) -> bool:
        """Whether it is on this machine, so that a rehearsal may write to it."""
        ...

    def compare(self, views: Sequence[Outgoing]) -> list[TableChange]:
        """As `Session.compare`; reads only."""
        ...

    def writing(self) -> AbstractContextManager[Session]:
        """Take the place; whoever comes second waits for a while and is then refused."""
        ...

    def check(self, names: Collection[str]) -> Iterator[CheckLine]:
        """Say whether it can be reached, and views of these names written to it. Changes nothing."""
        ...


def kind(dtype: pl.DataType | type[pl.DataType]) -> str:
    """The kind of value of a polars type, as a structure names it."""
    if isinstance(dtype, pl.Datetime):
        return "time"
    return {
        pl.String: "text",
        pl.Int64: "whole",
        pl.Float64: "fraction",
        pl.Boolean: "flag",
        pl.Date: "date",
        pl.List: "list",
    }[dtype.base_type()]


def shape(view: Outgoing) -> dict[str, str]:
    """The columns by kind, a key's column marked: what must be equal for rows to be exchanged alone."""
    return {name: f"{kind} key" if name in view.key else kind for name, kind in view.structure().items()}


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows with lists joined, without empty texts and without what no database takes in a text."""
    chosen = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.List):
            column = column.list.join(";", ignore_nulls=True)
        if isinstance(dtype, pl.List) or dtype == pl.String:
            column = column.str.replace_all("\x00", "", literal=True)
            column = pl.when(column != "").then(column)
        chosen.append(column.alias(name))
    return frame.select(chosen)


def digest(rows: pl.DataFrame) -> str:
    """The hash of flat rows that are sorted by key."""
    hashed = hashlib.sha256(json.dumps(rows.columns).encode())
    for part in rows.iter_slices(_BATCH):
        hashed.update(part.write_csv(include_header=False, quote_style="non_numeric").encode())
    return hashed.hexdigest()[:32]


def compared(
    view: Outgoing, known: str | None, before: Mapping[str, str] | None, present: Present
) -> TableChange | None:
    """How a view differs from what stands outside; None: not at all.

    Args:
        view: as it is to be.
        known: the digest of the rows that were written last.
        before: the columns that stand there, as `shape` tells them; None: there is no table.
        present: reads the columns of these names that stand there; called only where it is needed.
    """
    rows = view.flat()
    fresh = digest(rows)
    if known == fresh and before == shape(view):
        return None
    there = _there(view, rows, before, present)
    key = list(view.key)
    others = [name for name in rows.columns if name not in view.key]
    both = rows.join(there, on=key, how="inner", suffix="\x00", maintain_order="left")
    differs = [pl.col(name).ne_missing(pl.col(f"{name}\x00")) for name in others]
    both = both.filter(pl.any_horizontal(differs)) if differs else both.clear()
    return TableChange(
        view,
        fresh,
        before,
        added=rows.join(there, on=key, how="anti", maintain_order="left"),
        removed=there.join(rows, on=key, how="anti", maintain_order="left").sort(key),
        earlier=both.select(*key, *(pl.col(f"{name}\x00").alias(name) for name in others)).select(rows.columns),
        later=both.select(rows.columns),
    )


class Present(Protocol):
    """Reads what stands outside of one table."""

    def __call__(self, columns: Mapping[str, str]) -> pl.DataFrame:
        """The rows, with these columns by kind, flat."""
        ...


def _there(view: Outgoing, rows: pl.DataFrame, before: Mapping[str, str] | None, present: Present) -> pl.DataFrame:
    """What stands outside, with the columns of the view; what cannot be compared counts as not there."""
    wanted = shape(view)
    same = {name: told for name, told in wanted.items() if before is not None and before.get(name) == told}
    keys = [name for name, told in (before or {}).items() if told.endswith(" key")]
    if sorted(keys) != sorted(view.key) or not set(view.key) <= set(same):
        return rows.clear()
    structure = view.structure()
    found = present({name: structure[name] for name in same})
    return found.select(
        pl.col(name).cast(dtype) if name in same else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in rows.schema.items()
    )
