-- Names of firms that are nearly alike and not the same, both ways; `alike` says how, `similarity` is the share of the letters
-- that agree. What more than $cap names share leads to no pair.
with

pairs as (
    select distinct a.company_id, b.company_id as other_id, a.name_key as one, b.name_key as two, a.spelt as l, b.spelt as r
    from $keys as a
    inner join $keys as b on b.rule = a.rule and b.company_id <> a.company_id
    inner join (select rule from $keys group by rule having count(*) between 2 and $cap) as usual on usual.rule = a.rule
),

measured as (
    select company_id, other_id, one, two, l, r, levenshtein_distance(one, two) as d, greatest(length(one), length(two)) as n
    from pairs
),

compared as (
    select
        company_id,
        other_id,
        1e0 - cast(d as double) / nullif(n, 0) as similarity,
        $alike as alike
    from measured
)

select company_id, other_id, cast(round(similarity * 1e3) as integer) as similarity, alike
from compared
where alike is not null
