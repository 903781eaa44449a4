-- Who is whom now: anew in households that have news, as it was elsewhere.
with

settled as (
    select
        home.record,
        home.component,
        home.label as person,
        coalesce(households.label, home.label) as household,
        case when crowds.person is not null then 1 else 0 end as large
    from $home as home
    left join $households as households on households.record = home.label
    left join (select label as person from $home as home group by label having count(*) > $held) as crowds on crowds.person = home.label
),

everybody as (
    select
        people.record,
        people.source_key,
        coalesce(settled.component, people.component) as component,
        coalesce(settled.person, people.person) as person,
        coalesce(settled.household, people.household) as household,
        coalesce(settled.large, people.large) as large
    from $people as people
    left join $leaving as leaving on leaving.record = people.record
    left join settled on settled.record = people.record
    where leaving.record is null

    union all

    select news.record, news.source_key, settled.component, settled.person, settled.household, settled.large
    from $news as news
    inner join settled on settled.record = news.record
),

believed as (
    select distinct coalesce(home.label, named.person) as person
    from $decided as decided
    inner join $named as named on named.source_key = decided.left_key
    left join $home as home on home.record = named.record
    where decided.left_key = decided.right_key and decided.together = 1
)

select
    everybody.record,
    everybody.source_key,
    everybody.component,
    everybody.person,
    everybody.household,
    everybody.large,
    case when everybody.large = 1 and believed.person is null then 1 else 0 end as held
from everybody
left join believed on believed.person = everybody.person
