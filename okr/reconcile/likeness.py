"""What somebody may have meant: the nearest known texts."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import polars as pl

from schemas.normal import fold, fold_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FEW = 5_000
"""So many known texts are all looked at; of more only neighbours in the order of beginnings and of ends."""

NEIGHBOURS = 40
LEAST_SCORE = 50.0


def nearest(
    asked: Sequence[str], known: Iterable[str], limit: int = 3, *, always: bool = False
) -> dict[str, list[str]]:
    """Return for each text the known ones that are most like it, best first; case and width do not matter.

    Comparisons are bounded: everybody with everybody would take minutes on a large enterprise.

    Args:
        asked: what was written.
        known: what it may mean.
        limit: so many at most.
        always: of those that nothing is really like, the one that is least unlike.
    """
    from rapidfuzz import fuzz, process  # noqa: PLC0415 (only those who mistype pay for it)

    texts, folded = _in_order(known)
    behind = _backwards(folded) if len(texts) > FEW else []
    found: dict[str, list[str]] = {}
    for text in asked:
        said = fold_text(text)
        places: Sequence[int] = range(len(texts))
        if behind:
            ends = {place for _, place in _around(behind, (said[::-1], 0))}
            at = bisect_left(folded, said)
            places = sorted({*range(max(0, at - NEIGHBOURS), min(len(texts), at + NEIGHBOURS)), *ends})
        choices = [folded[place] for place in places]
        best = process.extract(said, choices, scorer=fuzz.ratio, limit=limit, score_cutoff=LEAST_SCORE)
        if not best and always:
            best = process.extract(said, choices, scorer=fuzz.ratio, limit=1)
        found[text] = [texts[places[match[2]]] for match in best]
    return found


def _in_order(known: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the known texts, and how they are compared, in the order of the latter."""
    texts = pl.Series("text", list(known), dtype=pl.String)
    ordered = pl.DataFrame([texts, fold(texts).alias("folded")]).unique().sort("folded", "text")
    return ordered["text"].to_list(), ordered["folded"].to_list()


def _backwards(folded: Sequence[str]) -> list[tuple[str, int]]:
    return sorted((text[::-1], place) for place, text in enumerate(folded))


def _around(ordered: Sequence[tuple[str, int]], key: tuple[str, int]) -> Sequence[tuple[str, int]]:
    place = bisect_left(ordered, key)
    return ordered[max(0, place - NEIGHBOURS) : place + NEIGHBOURS]
