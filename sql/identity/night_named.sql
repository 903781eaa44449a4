-- The records that decisions name, with whom they were.
with

told as (
    select left_key as source_key from $decided as decided
    union
    select right_key as source_key from $decided as decided
)

select people.record, people.source_key, people.person
from $people as people
inner join told on told.source_key = people.source_key
left join $leaving as leaving on leaving.record = people.record
where leaving.record is null

union all

select news.record, news.source_key, cast(null as bigint) as person
from $news as news
inner join told on told.source_key = news.source_key
