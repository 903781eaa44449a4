-- Persons of one household: a pair that is one by its scores, or the same address, unless a crowd has it.
with

addresses as (
    $addresses
),

smallest as (
    select address, min(person) as person
    from addresses
    group by address
    having count(*) > 1 and count(*) <= $crowd
)

select pairs.l, pairs.r
from (
    select coalesce(a.label, posteriors.l) as l, coalesce(b.label, posteriors.r) as r
    from $posteriors as posteriors
    left join $labels as a on a.record = posteriors.l
    left join $labels as b on b.record = posteriors.r
    where posteriors.household >= $threshold
) as pairs
where pairs.l <> pairs.r

union all

select smallest.person as l, addresses.person as r
from smallest
inner join addresses on addresses.address = smallest.address and addresses.person <> smallest.person
