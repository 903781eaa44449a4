-- The keys that they share.
with

near as (
    select keys.record, keys.rule, keys.value
    from $keys as keys
    where keys.record in (
        select l from $suspects as suspects
        union
        select r from $suspects as suspects
    )
)

select suspects.l, suspects.r, a.rule, a.value
from $suspects as suspects
inner join near as a on a.record = suspects.l
inner join near as b on b.record = suspects.r and b.rule = a.rule and b.value = a.value
