"""Circles, by walking from everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable


def reachable(edges: dict, start: Hashable) -> set:
    """Everything that one or more steps lead to."""
    found: set = set()
    todo = list(edges.get(start, ()))
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo += edges.get(node, ())
    return found


def circles(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """For each node in a circle, the circle's least id."""
    edges: dict[str, set[str]] = {}
    for one, other in pairs:
        edges.setdefault(one, set()).add(other)
    reach = {node: reachable(edges, node) for node in edges}
    return {
        node: min(other for other in reach[node] if node in reach.get(other, ()))
        for node in edges
        if node in reach[node]
    }
