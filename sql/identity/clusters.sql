-- The answer: each record with its person and its household, both named by their smallest record's number, and whether
-- the person is too large to be believed before somebody has looked.
select
    people.record,
    people.source_key,
    people.person,
    coalesce(households.label, people.person) as household,
    case when people.records > $held then 1 else 0 end as held
from (
    select
        records.record,
        records.source_key,
        coalesce(labels.label, records.record) as person,
        count(*) over (partition by coalesce(labels.label, records.record)) as records
    from $standard as records
    left join $labels as labels on labels.record = records.record
) as people
left join $households as households on households.record = people.person
