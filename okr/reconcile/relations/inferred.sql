-- Texts repeated without a link: for each O and each of its words the nearest KR above with the same words.
create or replace temp table kr_words as
select k.kr_id, k.lo, k.hi, k.depth, k.reach, w.words
from key_result k
join title_words w on w.title = k.title
where k.person_id is null;

create or replace temp table objective_words as
select distinct o.objective_id, w.words, o.lo, o.reach
from objective o
join title_words w on w.title = o.title
union
select distinct o.objective_id, w.words, o.lo, o.reach
from key_result k
join objective o on o.objective_id = k.objective_id
join title_words w on w.title = k.title;

create or replace temp table inferred as
with nearest as (
    select o.objective_id, o.words, arg_min(k.kr_id, (-k.depth, k.kr_id)) as kr_id
    from objective_words o
    join kr_words k on k.words = o.words
    where o.lo > k.lo and o.lo <= k.hi and k.reach >= o.reach
    group by o.objective_id, o.words
)
select distinct n.objective_id, n.kr_id
from nearest n
where not exists (
    select 1 from merged.alignments a where a.objective_id = n.objective_id and a.parent_id = n.kr_id
);

insert into carry by name
select
    i.objective_id, 'kr' as parent_kind, i.kr_id as parent_id, null::double as share, null::timestamptz as updated_at,
    null as source, o.label, o.title, o.public, o.owner_ids, o.unit_id, o.unit_name, o.reach, o.lo,
    o.content_updated_at, t.* exclude (parent_kind, parent_id), true as below, false as stated
from inferred i
join objective o on o.objective_id = i.objective_id
join target t on t.parent_kind = 'kr' and t.parent_id = i.kr_id
