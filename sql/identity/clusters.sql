-- The answer: each record with its person and its household, both named by their smallest record's number; whether the
-- person is too large to be believed before somebody has looked, and whether nobody has said of one of its records that it
-- may be (a decision of that record with itself).
with

people as (
    select records.record, records.source_key, coalesce(labels.label, records.record) as person
    from $standard as records
    left join $labels as labels on labels.record = records.record
)

select
    people.record,
    people.source_key,
    people.person,
    coalesce(households.label, people.person) as household,
    case when crowds.person is not null then 1 else 0 end as large,
    case when crowds.believed = 0 then 1 else 0 end as held
from people
left join (
    select labels.label as person, count(believed.record) as believed
    from $labels as labels
    left join (
        select records.record
        from $decided as decided
        inner join $standard as records on records.source_key = decided.left_key
        where decided.left_key = decided.right_key and decided.together = 1
    ) as believed on believed.record = labels.record
    group by labels.label
    having count(*) > $held
) as crowds on crowds.person = people.person
left join $households as households on households.record = people.person
