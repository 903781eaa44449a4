-- What two names of firms must share to be compared: start, end, both ends, sound, or a word; of short names less. `spelt` is
-- the name in words, `name_key` the same without spaces, which makes two spellings one company.
select distinct firms.company_id, firms.name_key, firms.spelt, keyed.rule
from (
    select company_id, name_key, min(spelt) as spelt
    from $company
    group by company_id, name_key
) as firms
cross join unnest(split(concat(
    'b', substr(name_key, 1, 4), ' e', substr(name_key, greatest(1, length(name_key) - 3)),
    ' o', substr(name_key, 1, 2), substr(name_key, greatest(1, length(name_key) - 1)), ' s', $sound,
    case when length(name_key) < 9 then concat(' f', substr(name_key, 1, 3), ' l', substr(name_key, greatest(1, length(name_key) - 2))) else '' end,
    ' ', firms.spelt
), ' ')) as keyed (rule)
where length(keyed.rule) > 3
