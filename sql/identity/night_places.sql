-- Addresses where somebody came, went, or is of another person than before.
select located.address
from (
    $now
) as located
inner join $here as here on here.record = located.record
left join $labels as labels on labels.record = located.record
where here.person is null or coalesce(labels.label, here.record) <> here.person

union

select located.address
from (
    $before
) as located
