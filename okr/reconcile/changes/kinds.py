"""Which change of a value is which kind of change."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Values = Mapping[str, object]

FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    "unit": {"renamed": ("name",), "moved": ("parent_id",), "re-owned": ("leader_id",)},
    "meeting": {"re-dated": ("starts_at",), "moved": ("unit_id", "period_id")},
    "objective": {
        "reworded": ("title",),
        "re-owned": ("owner_ids",),
        "moved": ("unit_id", "person_id", "period_id"),
    },
    "kr": {
        "reworded": ("title",),
        "re-targeted": ("metric", "comparator", "target", "measure_unit", "baseline"),
        "re-dated": ("due_on",),
        "re-owned": ("owner_ids",),
        "moved": ("objective_id",),
    },
    "alignment": {"re-shared": ("share",)},
    "handshake": {
        "reworded": ("point",),
        "re-addressed": ("party",),
        "re-dated": ("needed_by",),
        "answered": ("response", "response_reason", "supporting_kr_id"),
        "decided": ("decision",),
        "moved": ("kr_id",),
    },
    "dependency": {},
}
"""By kind of thing, the kinds of change and the values by which they are known. Progress and confidence are none."""

SHOWN: dict[str, tuple[str, ...]] = {
    "unit": ("name", "parent_id"),
    "meeting": ("starts_at",),
    "objective": ("title",),
    "kr": ("title",),
    "alignment": ("target", "share"),
    "handshake": ("party", "point"),
    "dependency": ("target",),
}
"""What is told of a thing that was added or withdrawn."""

WHOLE = ("added", "restored", "withdrawn")
ORDER = (
    *WHOLE, "renamed", "reworded", "re-targeted", "re-dated", "re-owned", "re-shared", "re-addressed", "moved",
    "answered", "decided",
)  # fmt: skip

TOLD_BELOW = frozenset({"withdrawn", "restored", "reworded", "re-targeted", "re-dated", "moved"})
"""Changes of an O or a KR after which those who carry it have to look at theirs."""


def changes_of(kind: str, was: Values | None, now: Values | None, *, earlier: bool) -> Iterator[tuple[str, list[str]]]:
    """Hand out the kinds of change of one thing, each with the values that it shows.

    Args:
        kind: of the thing.
        was: its values at the earlier run; None: it was not there.
        now: its values now; None: it is not there.
        earlier: whether it was already there at some time before that.
    """
    counted = was is not None and bool(was["counts"])
    counts = now is not None and bool(now["counts"])
    if counted != counts:
        shown = list(SHOWN[kind])
        yield ("withdrawn" if counted else "restored" if earlier else "added"), shown
        return
    if was is None or now is None:
        return
    for change, fields in FIELDS[kind].items():
        differing = [name for name in fields if not same(was[name], now[name])]
        if differing:
            # A target is read as a whole: the metric beside the number that changed.
            yield change, list(fields) if change == "re-targeted" else differing


def same(before: object, after: object) -> bool:
    """Return whether two values mean the same; owners in another order are the same owners."""
    if isinstance(before, list) and isinstance(after, list):
        return sorted(before) == sorted(after)
    return (before or None) == (after or None) if isinstance(before or after, list) else before == after
