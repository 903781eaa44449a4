-- All records of now by their numbers.
select record, source_key
from $people as people
where record not in (select record from $retired)

union all

select record, source_key
from $news as news
