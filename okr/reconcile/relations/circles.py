"""Circles: strongly connected components of Os that carry each other, of KRs that wait for each other."""

from __future__ import annotations

import polars as pl

CIRCLE = {"id": pl.String, "circle": pl.String}


def circles(edges: pl.DataFrame) -> pl.DataFrame:
    """Return every node that lies in a circle, with the circle's name, its least id.

    Args:
        edges: two text columns, `from_id` and `to_id`.

    Returns:
        CIRCLE: a circle is a strongly connected component of more than one node, or a node with an edge to itself.
    """
    left = _peeled(edges.select("from_id", "to_id").unique())
    import networkx as nx  # noqa: PLC0415 - only a run needs it, not who reads what it found

    graph = nx.DiGraph()
    graph.add_edges_from(left.iter_rows())
    found: list[tuple[str, str]] = []
    for component in nx.strongly_connected_components(graph):
        node = min(component)
        if len(component) > 1 or graph.has_edge(node, node):
            found += [(member, node) for member in sorted(component)]
    return pl.DataFrame(found, schema=CIRCLE, orient="row")


def _peeled(edges: pl.DataFrame) -> pl.DataFrame:
    """Take away, whole columns at a time, edges whose start is never reached or whose end leads nowhere.

    A healthy tree of OKRs is gone after as many rounds as it has levels; what is left is small.
    """
    while True:
        before = edges.height
        edges = edges.join(edges.select(from_id="to_id").unique(), on="from_id", how="semi")
        edges = edges.join(edges.select(to_id="from_id").unique(), on="to_id", how="semi")
        if edges.height == before:
            return edges
        # A long chain loses two edges a round: rather walk it than peel it.
        if before - edges.height < before // 100:
            return edges
