"""What earlier runs knew of identities, and what this one keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from datetime import datetime

    from okr.reconcile.warehouse import Warehouse


def carry_on(house: Warehouse) -> None:
    """Bring over which ids sources have used and which of them were joined; make `renamed`, still empty.

    `renamed` says what an id means that is not a canonical one: `kind`, `source` (whoever says it), `said`, `id`.
    """
    if _has(house, "identities"):
        house.run("insert into history.identities select * from prev.history.identities")
        house.run("insert into history.joined select * from prev.history.joined")
    else:  # a warehouse of an earlier program: nothing was joined
        house.run(
            "insert into history.identities "
            "select kind, id as own_id, source, source_id, how, since from prev.okr.identities"
        )
    house.run("create or replace temp table renamed (kind varchar, source varchar, said varchar, id varchar)")


def _has(house: Warehouse, name: str) -> bool:
    return bool(
        house.value(
            "select count(*) from duckdb_tables() "
            "where database_name = 'prev' and schema_name = 'history' and table_name = $name",
            name=name,
        )
    )


def proposals_before(house: Warehouse, kind: str) -> list[tuple[str, str, str, float, datetime]]:
    """Return the proposals of the last run: id, candidate, how, score, since."""
    if not _has(house, "joined"):
        return []
    return house.rows(
        "select id, candidate, how, score, since from prev.judged.identity_proposals where kind = $kind order by all",
        kind=kind,
    )


def joined(house: Warehouse, kind: str) -> dict[str, str]:
    """Return which own ids were found to be other things."""
    return dict(house.rows("select own_id, id from history.joined where kind = $kind", kind=kind))


def first_seen(house: Warehouse, kind: str, ids: list[str]) -> dict[str, datetime]:
    """Return since when things are known, by their canonical ids; those of this run are not among them."""
    with house.lent(asked=pl.DataFrame({"id": ids}, schema={"id": pl.String})):
        return dict(
            house.rows(
                "select own_id, min(since) from history.identities "
                "where kind = $kind and own_id in (select id from asked) group by own_id",
                kind=kind,
            )
        )


def keep(house: Warehouse, kind: str, found: list[tuple[str, str, str]], at: datetime) -> None:
    """Keep what this run joined: own id, the id that it means, how."""
    if found:
        house.add(
            "history.joined",
            pl.DataFrame(found, schema=["own_id", "id", "how"], orient="row").select(
                pl.lit(kind).alias("kind"), "own_id", "id", "how", pl.lit(at).alias("since")
            ),
        )


def lay_over(
    house: Warehouse, kind: str, decided: list[tuple[str, str, str, str]], sources: list[str], at: datetime
) -> int:
    """Fill `history.known_as` and `renamed` of a kind: what was joined, and over it what was decided.

    Args:
        house: with `history.joined` as it is now.
        kind: of the things.
        decided: source (empty: all), own id, the id that it means, how.
        sources: all that may say an id.
        at: the time of the run; what was decided before keeps its time.

    Returns:
        How many ids mean other ones.
    """
    frame = pl.DataFrame(decided, schema=dict.fromkeys(("source", "own_id", "id", "how"), pl.String), orient="row")
    house.run("delete from history.known_as where kind = $kind", kind=kind)
    with house.lent(decided=frame):
        house.run(
            "insert into history.known_as "
            "select kind, '', own_id, id, how, since from history.joined where kind = $kind "
            "and own_id not in (select own_id from decided where source = '')",
            kind=kind,
        )
        earlier = (
            "left join prev.history.known_as p on p.kind = $kind and p.source = d.source and p.own_id = d.own_id "
            "and p.id = d.id and p.how = d.how"
            if _has(house, "known_as")
            else ""
        )
        since = "coalesce(p.since, $at::timestamptz)" if earlier else "$at::timestamptz"
        house.run(
            f"insert into history.known_as select $kind, d.source, d.own_id, d.id, d.how, {since} "
            f"from decided d {earlier}",
            kind=kind,
            at=at,
        )
    house.run("delete from renamed where kind = $kind", kind=kind)
    with house.lent(speaking=pl.DataFrame({"source": sources}, schema={"source": pl.String})):
        house.run(
            "insert into renamed select k.kind, s.source, k.own_id, k.id from history.known_as k cross join speaking s "
            "where k.kind = $kind and k.source = '' and k.id <> k.own_id and not exists ("
            "select 1 from history.known_as o where o.kind = k.kind and o.own_id = k.own_id and o.source = s.source)",
            kind=kind,
        )
    house.run(
        "insert into renamed select kind, source, own_id, id from history.known_as where kind = $kind and source <> ''",
        kind=kind,
    )
    return house.value("select count(*) from renamed where kind = $kind", kind=kind)
