"""The trees of units and of periods, and who leads: what SQL says badly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

UNIT = {
    "unit_id": pl.String,
    "name": pl.String,
    "parent_id": pl.String,
    "leader_id": pl.String,
    "active": pl.Boolean,
    "lo": pl.Int64,
    "hi": pl.Int64,
    "depth": pl.Int64,
    "told_id": pl.String,
    "has_active_below": pl.Boolean,
    "misplaced": pl.String,
}


@dataclass
class Tree:
    """A forest in the order of a walk through it.

    `parents`: the parent of each node, None for a root. `misplaced`: nodes that are roots only because their
    parent is unknown (`unknown_parent`) or because they lie in a circle of parents (`parent_circle`).
    """

    parents: dict[str, str | None]
    misplaced: dict[str, str]
    order: list[str] = field(default_factory=list)
    depth: dict[str, int] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)


def plant(stated: Mapping[str, str | None]) -> Tree:
    """Make a forest of stated parents.

    A node whose parent is unknown, or that lies in a circle of parents, is a root (RULES, Refusals); what
    hangs below a circle keeps its parent.
    """
    misplaced = {
        node: "unknown_parent" for node, parent in stated.items() if parent is not None and parent not in stated
    }
    misplaced |= dict.fromkeys(_circular(stated), "parent_circle")
    tree = Tree({node: None if node in misplaced else parent for node, parent in stated.items()}, misplaced)
    children: dict[str | None, list[str]] = {}
    for node in sorted(tree.parents):
        children.setdefault(tree.parents[node], []).append(node)
    _walk(tree, children)
    return tree


def _circular(stated: Mapping[str, str | None]) -> set[str]:
    """Return the nodes from which going up comes back to themselves."""
    circular: set[str] = set()
    seen: set[str] = set()
    for start in stated:
        path: list[str] = []
        on_path: set[str] = set()
        node: str | None = start
        while node is not None and node in stated and node not in seen:
            seen.add(node)
            path.append(node)
            on_path.add(node)
            node = stated[node]
        if node in on_path:
            circular.update(path[path.index(node) :])  # type: ignore[arg-type]
    return circular


def _walk(tree: Tree, children: Mapping[str | None, list[str]]) -> None:
    """Number the nodes so that those below a node are a range behind it."""
    waiting: list[tuple[str, bool]] = [(node, False) for node in reversed(children.get(None, []))]
    while waiting:
        node, done = waiting.pop()
        if done:
            tree.last[node] = len(tree.order) - 1
            continue
        parent = tree.parents[node]
        tree.depth[node] = 0 if parent is None else tree.depth[parent] + 1
        tree.first[node] = len(tree.order)
        tree.order.append(node)
        waiting.append((node, True))
        waiting.extend((child, False) for child in reversed(children.get(node, [])))


def units(
    rows: Iterable[tuple[str, str | None, str | None, str | None, bool]], active_people: set[str]
) -> pl.DataFrame:
    """Return the relation `unit`.

    Args:
        rows: unit_id, name, parent_id as stated, leader_id, active.
        active_people: ids of known, active people.

    Returns:
        UNIT: `lo` and `hi` number the holders: a holder h is below a unit u if `u.lo < h.lo <= u.hi`; a person's
        Os in u stand at `u.lo + 1` (their `hi` too), between u and its first child. `told_id` is the leader
        who is told of what the unit has to close: its own, if active, else the nearest active one above.
    """
    facts = {row[0]: row for row in rows}
    tree = plant({unit_id: row[2] for unit_id, row in facts.items()})
    told: dict[str, str | None] = {}
    below = dict.fromkeys(tree.order, 0)
    for node in tree.order:
        leader, parent = facts[node][3], tree.parents[node]
        told[node] = leader if leader in active_people else told[parent] if parent is not None else None
    for node in reversed(tree.order):
        parent = tree.parents[node]
        if parent is not None:
            below[parent] += below[node] + (1 if facts[node][4] else 0)
    return pl.DataFrame(
        [
            (
                node,
                facts[node][1] or node,
                tree.parents[node],
                facts[node][3],
                facts[node][4],
                2 * tree.first[node],
                2 * tree.last[node] + 1,
                2 * tree.depth[node],
                told[node],
                below[node] > 0,
                tree.misplaced.get(node),
            )
            for node in tree.order
        ],
        schema=UNIT,
        orient="row",
    )


def lowest_common(
    parents: Mapping[str, str | None], pairs: Iterable[tuple[str, str]]
) -> list[tuple[str, str, str | None]]:
    """Return for each pair of units the lowest unit above both (or itself one of them), None without one."""
    found = []
    for a, b in pairs:
        above: set[str] = set()
        node: str | None = a
        while node is not None:
            above.add(node)
            node = parents[node]
        node = b
        while node is not None and node not in above:
            node = parents[node]
        found.append((a, b, node))
    return found
