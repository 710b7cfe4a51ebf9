-- Os of roots, and all from which carrying leads to one, in whatever direction and over any number of steps.
create or replace temp table traced as
with recursive edge as (
    select distinct objective_id, parent_objective_id from carry
),
reached (objective_id) as (
    select objective_id from objective where at_root
    union
    select e.objective_id from edge e join reached r on r.objective_id = e.parent_objective_id
)
select objective_id from reached
