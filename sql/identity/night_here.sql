-- All records of the components that have news, with whom and of which household they were.
select people.record, people.person, people.household
from $people as people
left join $leaving as leaving on leaving.record = people.record
where
    leaving.record is null
    and people.component in (
        select component from $leaving as leaving
        union
        select people.component
        from $people as people
        inner join $moved as moved on moved.record = people.record
    )

union all

select record, cast(null as bigint) as person, cast(null as bigint) as household
from $news as news
