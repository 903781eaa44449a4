-- Persons of one household: a pair that is one by its scores, or the same address. What a crowd has is nobody's home: who
-- share such an address are a household by their scores only if they share a telephone or an e-mail address as well.
with

homes as (
    select addresses.address, min(addresses.person) as person
    from $addresses as addresses
    left join $crowds as crowds on crowds.address = addresses.address
    where crowds.address is null
    group by addresses.address
    having count(*) > 1
),

crowded as (
    select addresses.address, addresses.person
    from $addresses as addresses
    inner join $crowds as crowds on crowds.address = addresses.address
),

scored as (
    select posteriors.l as left_record, posteriors.r as right_record, coalesce(a.label, posteriors.l) as l, coalesce(b.label, posteriors.r) as r
    from $posteriors as posteriors
    left join $labels as a on a.record = posteriors.l
    left join $labels as b on b.record = posteriors.r
    where posteriors.household >= $threshold
),

by_a_crowd as (
    select distinct scored.left_record, scored.right_record
    from scored
    inner join crowded as a on a.person = scored.l
    inner join crowded as b on b.person = scored.r and b.address = a.address
),

strangers as (
    select by_a_crowd.left_record, by_a_crowd.right_record
    from by_a_crowd
    inner join $features as a on a.record = by_a_crowd.left_record
    inner join $features as b on b.record = by_a_crowd.right_record
    where not ($in_touch)
)

select distinct scored.l, scored.r
from scored
left join strangers on strangers.left_record = scored.left_record and strangers.right_record = scored.right_record
where scored.l <> scored.r and strangers.left_record is null

union all

select homes.person as l, addresses.person as r
from homes
inner join $addresses as addresses on addresses.address = homes.address and addresses.person <> homes.person
