"""What somebody may have meant: the nearest known texts."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FEW = 5_000
"""So many known texts are all looked at; of more only neighbours in the order of beginnings and of ends."""

NEIGHBOURS = 40
LEAST_SCORE = 50.0


def nearest(asked: Sequence[str], known: Sequence[str], limit: int = 3) -> dict[str, list[str]]:
    """Return for each text the known ones that are most like it, best first.

    Comparisons are bounded: everybody with everybody would take minutes on a large enterprise.
    """
    from rapidfuzz import fuzz, process  # noqa: PLC0415 (only those who mistype pay for it)

    forwards = sorted(known)
    backwards = sorted(text[::-1] for text in known) if len(known) > FEW else []
    found: dict[str, list[str]] = {}
    for text in asked:
        choices: Sequence[str] = forwards
        if backwards:
            ends = (other[::-1] for other in _around(backwards, text[::-1]))
            choices = sorted({*_around(forwards, text), *ends})
        best = process.extract(text, choices, scorer=fuzz.ratio, limit=limit, score_cutoff=LEAST_SCORE)
        found[text] = [match[0] for match in best]
    return found


def _around(ordered: Sequence[str], text: str) -> Sequence[str]:
    place = bisect_left(ordered, text)
    return ordered[max(0, place - NEIGHBOURS) : place + NEIGHBOURS]
