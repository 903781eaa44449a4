-- The keys of what came and of what went.
select rule, value from $keys as keys
union
select rule, value from (
$before
) as keys
