-- Who lives where.
select distinct located.address, coalesce(labels.label, located.record) as person
from (
    $located
) as located
left join $labels as labels on labels.record = located.record
