-- What the cap dropped, by rule: a placeholder, a call centre's number, a block of flats. Keys, records under them, and
-- the pairs that were not made.
select
    rule,
    count(*) as keys,
    cast(sum(records) as bigint) as records,
    cast(sum(records * (records - 1)) as bigint) as twice_the_pairs,
    max(records) as largest
from $buckets as buckets
where records > $cap
group by rule
order by rule
