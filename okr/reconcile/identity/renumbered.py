"""A source that changed all its ids overnight: what it says is known again by words and place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from okr.reconcile.identity import forms
from okr.reconcile.identity.kinds import KEY, TABLE
from okr.reconcile.identity.tokens import home
from okr.reconcile.matching import NEAR, Matching, Row, of_home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from okr.reconcile.identity.clusters import Clusters, Thing
    from okr.reconcile.identity.tokens import Said, Things
    from okr.reconcile.warehouse import Warehouse

LEAST = 3
"""A source with fewer things of a kind has not changed its ids, it has other things."""


def renumbered(house: Warehouse, kind: str, counted: Sequence[tuple[str, int, int]]) -> dict[str, int]:
    """Return the sources of which no id is left, and how many they had.

    Args:
        house: with the state before as `prev`.
        kind: of the things.
        counted: by source how many ids it states now, and how many of them it has ever stated.
    """
    found: dict[str, int] = {}
    for source, now, known in counted:
        if now < LEAST or known:
            continue
        before = house.value(
            f"select count(distinct {KEY[kind]}) from prev.store.{TABLE[kind]} "
            'where source = $source and "row" is null',
            source=source,
        )
        if before >= LEAST:
            found[source] = before
    return found


def by_place(kind: str, source: str, things: Things, clusters: Clusters) -> None:
    """Join what is left of a source's things with those it had: nearly the same words, else the same place."""
    if kind not in {"objective", "kr", "handshake"}:
        return
    new = [thing for thing in clusters.things.values() if not thing.known and source in thing.sources]
    gone = [thing for thing in clusters.things.values() if not thing.sources and source in thing.former]
    now, before = _in_order(kind, new, things), _in_order(kind, gone, things)
    matching = Matching([_row(kind, one) for one in before], [_row(kind, one) for one in now])
    place = {one.id: number for number, one in enumerate(before)}
    aside: set[int] = set()
    for number, one in enumerate(now):
        earlier = place.get(clusters.find(one.id))
        if earlier is not None:
            matching.pair(number, earlier, "words")
        elif clusters.find(one.id) != one.id or one.id in clusters.doubts:
            aside.add(number)
    matching.put_aside(aside, ())
    matching.alike(of_home, NEAR)
    matching.placed()
    for number, earlier in enumerate(matching.of):
        if earlier is not None and clusters.find(now[number].id) == now[number].id:
            clusters.join(now[number].id, before[earlier].id, matching.how[number] or "place")


def _in_order(kind: str, few: list[Thing], things: Things) -> list[Said]:
    said = [things[thing.id] for thing in few if thing.id in things]
    return sorted(said, key=lambda one: (str(home(kind, _of(one))), _of(one).get("ordinal") or 0, one.id))


def _of(said: Said) -> dict[str, Any]:
    return said.rows[0][1]


def _row(kind: str, said: Said) -> Row:
    row = _of(said)
    if kind == "handshake":
        return Row(row["kr_id"], row["party"], "", forms.titled(row["point"] or ""), row["point"] or "")
    where = home(kind, row)
    group = (row["unit_id"], row["period_id"]) if kind == "objective" else where
    return Row(group, where, "", forms.titled(row["title"] or ""), row["title"] or "")
