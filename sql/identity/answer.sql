-- The answer by the records' own keys: persons and households are named by the smallest key of theirs.
select
    source_key as record_key,
    min(source_key) over (partition by person) as cluster_key,
    min(source_key) over (partition by household) as household_key,
    held = 1 as held
from $clusters
