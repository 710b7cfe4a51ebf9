-- Per KR: who carries it, and whether its O is carried as a whole from below.
create or replace temp table carrier as
select parent_id as kr_id, objective_id, share, parent_objective_id
from carry
where parent_kind = 'kr' and below;

create or replace temp table carried as
select kr_id, count(*) as carriers, count(share) as shares, sum(share) as share
from carrier
group by kr_id;

create or replace temp table carried_whole as
select parent_id as objective_id, bool_or(coalesce(s.finer_links, true)) as finer_links
from carry
left join store.sources s on s.source = carry.source
where parent_kind = 'objective' and below
group by parent_id;

-- `standing`: carried; whole (AL103); dropped (AL101 where the holder has carriers to be).
create or replace temp table kr_standing as
select
    k.*, coalesce(c.carriers, 0) as carriers, c.shares, c.share,
    case when c.kr_id is not null then 'carried' when w.objective_id is not null then 'whole' else 'dropped' end as standing,
    w.finer_links
from key_result k
left join carried c on c.kr_id = k.kr_id
left join carried_whole w on w.objective_id = k.objective_id
