-- Who is whom, and of which component before anything was cut.
select
    clusters.record,
    clusters.source_key,
    coalesce(components.label, clusters.record) as component,
    clusters.person,
    clusters.household,
    clusters.large,
    clusters.held
from $clusters as clusters
left join $components as components on components.record = clusters.record
