with

compared as (
    select
        customer_id,
        attribute_group,
        record_key,
        value_print,
        place,
        wins,
        rule,
        would_win,
        first_value(value_print) over (partition by customer_id, attribute_group order by place) as top_print
    from vault.claim
)

select
    customer_id,
    attribute_group,
    max(case when wins then record_key end) as record_key,
    max(case when place = 1 then rule end) as rule,
    count(distinct value_print) as said_by,
    nullif(array_join(array_agg(record_key order by place) filter (where value_print <> top_print), chr(10)), '') as others,
    bool_or(place = 1 and rule in ('edit', 'pin')) as settled,
    bool_or(place = 1 and rule in ('recent', 'first', 'complete', 'key')) as weak,
    bool_or(would_win is not null)
        and coalesce(max(case when wins then value_print end), '') <> coalesce(max(case when would_win then value_print end), '') as moves,
    case
        when
            bool_or(would_win is not null)
            and coalesce(max(case when wins then value_print end), '') <> coalesce(max(case when would_win then value_print end), '')
            then max(case when would_win then record_key end)
    end as next_record_key
from compared
group by customer_id, attribute_group
having
    count(distinct value_print) > 1
    or (
        bool_or(would_win is not null)
        and coalesce(max(case when wins then value_print end), '') <> coalesce(max(case when would_win then value_print end), '')
    )
