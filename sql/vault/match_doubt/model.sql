select
    left_key,
    right_key,
    bits,
    household_bits,
    cast(null as bigint) as records
from identity.doubt

union all

select
    cluster_key as left_key,
    cluster_key as right_key,
    0e0 as bits,
    0e0 as household_bits,
    count(*) as records
from identity.cluster
where held
group by cluster_key
