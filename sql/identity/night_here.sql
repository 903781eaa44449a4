-- All records of the components that have news.
select records.record
from $standard as records
left join $people as people on people.record = records.record
where
    records.record in (select record from $moved)
    or people.component in (
        select component from $leaving
        union
        select people.component
        from $people as people
        inner join $moved as moved on moved.record = people.record
    )
