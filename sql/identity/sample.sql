-- Pairs of records that have values enough and nothing to do with each other: each with each of a few records that are
-- picked by their number's remainder, which is as good as by lot and the same on each engine.
with

picked as (
    select record
    from (
        select record, row_number() over (order by mod(record * 2654435761, 4294967296)) as place
        from $features
        where $telling
    ) as shuffled
    where place <= $sample
)

select a.record as l, b.record as r, cast(0 as bigint) as rules
from picked as a
inner join picked as b on a.record < b.record
