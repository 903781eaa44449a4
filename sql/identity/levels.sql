-- How two records compare: one level for each field, -1 where one of them has no value; of equal values also how rare
-- they are.
select
    l,
    r,
    rules,
    $levels
from (
    select
        pairs.l,
        pairs.r,
        pairs.rules,
        $compared
    from $pairs as pairs
    inner join $features as a on a.record = pairs.l
    inner join $features as b on b.record = pairs.r
) as compared
