-- Who is whom now.
select
    records.record,
    records.source_key,
    case
        when here.record is not null then coalesce(components.label, records.record)
        else before.component
    end as component,
    clusters.person
from $standard as records
inner join $clusters as clusters on clusters.record = records.record
left join $here as here on here.record = records.record
left join $components as components on components.record = records.record
left join $before as before on before.record = records.record
