-- Who is whom, and of which component before anything was cut.
select
    records.record,
    records.source_key,
    coalesce(components.label, records.record) as component,
    clusters.person
from $standard as records
inner join $clusters as clusters on clusters.record = records.record
left join $components as components on components.record = records.record
