-- The keys of what came and of what went, numbered: numbers are cheaper to group than texts.
select row_number() over () as bucket, rule, value
from (
    select rule, value from $keys as keys
    union
    select rule, value from (
$before
    ) as keys
) as keys
