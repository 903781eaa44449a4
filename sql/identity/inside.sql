-- All pairs inside components of three and more, also those that no key had found.
with

sizes as (
    select label
    from $labels
    group by label
    having count(*) > 2 and count(*) <= $most
)

select a.record as l, b.record as r, cast(0 as bigint) as rules
from $labels as a
inner join sizes on sizes.label = a.label
inner join $labels as b on b.label = a.label and a.record < b.record
