-- Persons of one household: a pair that is one by its scores, or the same address, unless a crowd has it.
with

persons as (
    select records.record, coalesce(labels.label, records.record) as person
    from $features as records
    left join $labels as labels on labels.record = records.record
),

addresses as (
    $addresses
),

smallest as (
    select address, min(person) as person
    from addresses
    group by address
    having count(*) > 1 and count(*) <= $crowd
)

select a.person as l, b.person as r
from $posteriors as posteriors
inner join persons as a on a.record = posteriors.l
inner join persons as b on b.record = posteriors.r
where posteriors.household >= $threshold and a.person <> b.person

union all

select smallest.person as l, addresses.person as r
from smallest
inner join addresses on addresses.address = smallest.address and addresses.person <> smallest.person
