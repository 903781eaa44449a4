with

lines as (
    select
        extended.customer_id,
        substr(listed.line, 1, strpos(listed.line, '=') - 1) as attribute,
        substr(listed.line, strpos(listed.line, '=') + 1) as written
    from vault.customer_attributes as extended
    cross join unnest(split(extended.attributes, chr(10))) as listed (line)
)

select
    lines.customer_id,
    lines.attribute,
    replace(replace(replace(replace(lines.written, '\\', chr(1)), '\n', chr(10)), '\r', chr(13)), chr(1), '\') as value,
    case
        when declared.kind in ('integer', 'bigint', 'double') or starts_with(declared.kind, 'decimal')
            then try_cast(nullif(regexp_extract(lines.written, '^[+-]?[0-9]{1,18}([.][0-9]{1,15})?(e[+-]?[0-9]{1,3})?\z'), '') as double)
    end as number,
    case
        when declared.kind in ('date', 'timestamp')
            then try(cast(date_parse(substr(lines.written, 1, 10), '%Y-%m-%d') as date))
    end as day
from lines
inner join control.attribute as declared on declared.attribute = lines.attribute
