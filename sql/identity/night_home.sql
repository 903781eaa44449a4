-- All records of households that have news, with the persons that they are now.
select
    people.record,
    case when here.record is not null then coalesce(components.label, people.record) else people.component end as component,
    case when here.record is not null then coalesce(labels.label, people.record) else people.person end as label
from $people as people
left join $leaving as leaving on leaving.record = people.record
left join $here as here on here.record = people.record
left join $components as components on components.record = people.record
left join $labels as labels on labels.record = people.record
where
    leaving.record is null
    and people.household in (
        select household from $leaving as leaving
        union
        select household from $here as here where household is not null
        union
        select people.household
        from $people as people
        inner join $stirred as stirred on stirred.record = people.record
    )

union all

select news.record, coalesce(components.label, news.record) as component, coalesce(labels.label, news.record) as label
from $news as news
left join $components as components on components.record = news.record
left join $labels as labels on labels.record = news.record
