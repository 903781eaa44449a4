-- Most customers have one record with attributes, whose text is taken as it is. Only of the others the lines are looked
-- at one by one, so that a wide record costs nothing where nobody contradicts it.
with

given as (
    select
        matches.customer_id,
        records.record_key,
        records.trust,
        records.changed_at,
        records.attributes,
        count(*) over (partition by matches.customer_id) as givers
    from vault.source_customer as records
    inner join vault.customer_match as matches on matches.record_key = records.record_key
    where records.attributes is not null
),

lines as (
    select
        given.customer_id,
        given.record_key,
        given.trust,
        given.changed_at,
        listed.line,
        substr(listed.line, 1, strpos(listed.line, '=') - 1) as attribute
    from given
    cross join unnest(split(given.attributes, chr(10))) as listed (line)
    where given.givers > 1
),

ranked as (
    select
        customer_id,
        record_key,
        line,
        attribute,
        row_number() over (partition by customer_id, attribute order by trust desc, changed_at desc, record_key) as place
    from lines
)

select customer_id, attributes, record_key as given_by
from given
where givers = 1

union all

select
    customer_id,
    array_join(array_agg(line order by attribute), chr(10)) as attributes,
    array_join(array_agg(concat(attribute, '=', record_key) order by attribute), chr(10)) as given_by
from ranked
where place = 1
group by customer_id
