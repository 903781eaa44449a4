-- The person of each record: anew where there are news, as it was elsewhere.
select
    records.record,
    case
        when here.record is not null then coalesce(labels.label, records.record)
        else people.person
    end as label
from $standard as records
left join $here as here on here.record = records.record
left join $labels as labels on labels.record = records.record
left join $people as people on people.record = records.record
