"""Effective coverage: how much of a KR is carried by OKRs that are themselves carried, down to the last."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from okr.reconcile.warehouse import Warehouse

WEIGHTS = """
-- The share of each carrier: what is not stated divides equally what the stated leave of 1. An alignment within
-- a circle is left out, and its share with it.
create or replace temp table weighted as
with open_carrier as (
    select c.*
    from carrier c
    left join objective_circle a on a.id = c.objective_id
    left join objective_circle b on b.id = c.parent_objective_id
    where a.circle is distinct from b.circle or a.circle is null
),
rest as (
    select kr_id, greatest(0, 1 - coalesce(sum(share), 0)) / nullif(count(*) - count(share), 0) as share
    from open_carrier
    group by kr_id
)
select c.kr_id, c.objective_id, coalesce(c.share, r.share) as share
from open_carrier c
join rest r on r.kr_id = c.kr_id
"""

OF_KRS = """
insert into effective_kr
select k.kr_id, case when k.has_carriers_to_be then least(1, coalesce(fsum(w.share * e.effective), 0)) else 1 end
from key_result k
left join weighted w on k.has_carriers_to_be and w.kr_id = k.kr_id
left join effective_objective e on e.objective_id = w.objective_id
where k.depth = $depth
group by k.kr_id, k.has_carriers_to_be
"""

OF_OBJECTIVES = """
insert into effective_objective
select o.objective_id, case when o.masked then 1 else coalesce(favg(e.effective), 0) end
from objective o
left join key_result k on k.objective_id = o.objective_id and k.depth = $depth
left join effective_kr e on e.kr_id = k.kr_id
where o.depth = $depth
group by o.objective_id, o.masked
"""


def effective_coverage(house: Warehouse) -> None:
    """Make `effective_kr` (RULES, Figures).

    Carriers are strictly below, so one pass from the deepest holders up meets every carrier before what it carries.
    """
    house.run("create or replace temp table effective_kr (kr_id varchar, effective double)")
    house.run("create or replace temp table effective_objective (objective_id varchar, effective double)")
    house.run(WEIGHTS)
    for (depth,) in house.rows("select distinct depth from objective order by depth desc"):
        house.run(OF_KRS, depth=depth)
        house.run(OF_OBJECTIVES, depth=depth)
