-- No two versions of a record hold at once.
select record_key
from (
    select
        record_key,
        valid_to,
        lead(valid_from) over (partition by record_key order by valid_from) as next_from
    from reporting.customer_history
) as versions
where next_from is not null and (valid_to is null or valid_to > next_from);
