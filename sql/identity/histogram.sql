-- Pairs by their two scores in tenths of a bit.
select
    cast(round(cast(person as double) / 100e0) as bigint) as person,
    cast(round(cast(household as double) / 100e0) as bigint) as household,
    count(*) as pairs
from $scores
group by 1, 2
