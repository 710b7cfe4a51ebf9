"""How wide the columns of a table are, so that it fits the page without cutting anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from okr.cli.width import width

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = 2
"""Columns between two columns of a table."""
NARROWEST = 14
"""A column that gives way is not made narrower than this, as long as it can be helped."""


@dataclass(frozen=True)
class Need:
    """What a column needs.

    Attributes:
        heading: its heading.
        widest: the width of its widest cell.
        ratio: which part of the room it takes that the others leave; None: it does not give way,
            but its heading may be broken into lines.
    """

    heading: str
    widest: int
    ratio: int | None

    @property
    def natural(self) -> int:
        """Its width where there is room for everything."""
        return max(width(self.heading), self.widest)

    @property
    def least(self) -> int:
        """Its width where there is little room."""
        if self.ratio is not None:
            return min(self.natural, NARROWEST)
        return max(self.widest, *(width(word) for word in self.heading.split(" ")))


def widths(needs: Sequence[Need], page: int) -> list[int]:
    """The width of each column on a page so many columns wide.

    Headings are broken into lines before cells are.
    """
    room = page - GAP * (len(needs) - 1)
    chosen = [need.natural for need in needs]
    fixed = [at for at, need in enumerate(needs) if need.ratio is None]
    giving = [at for at, need in enumerate(needs) if need.ratio is not None]
    while sum(chosen) > room:
        # A column at a time, the one with the longest heading over the shortest cells first.
        at = max(fixed, key=lambda at: chosen[at] - needs[at].least, default=None)
        if at is None or chosen[at] == needs[at].least:
            break
        chosen[at] -= 1
    left = room - sum(chosen[at] for at in fixed)
    for at, share in zip(giving, _shared([needs[at] for at in giving], left), strict=True):
        chosen[at] = share
    return chosen


def _shared(needs: Sequence[Need], room: int) -> list[int]:
    """Room shared by ratio: nobody gets more than they can use, nor less than they must have."""
    chosen = [need.least for need in needs]
    left = room - sum(chosen)
    while left > 0:
        open_ = [at for at, need in enumerate(needs) if chosen[at] < need.natural]
        if not open_:
            break
        # A column at a time, the one that is furthest behind its share first.
        at = min(open_, key=lambda at: chosen[at] / (needs[at].ratio or 1))
        chosen[at] += 1
        left -= 1
    return chosen
