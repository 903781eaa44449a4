-- The numbers of records that changed or went, with what they were of.
select people.record, people.component, people.household
from $people as people
inner join (
    select source_key from $changed as changed
    union
    select source_key from $gone as gone
) as news on news.source_key = people.source_key
