-- Values are taken from the record of the most trusted source that has one; among equals from the newest. The parts of
-- a name, and those of an address, come from one record together. A source that gives whole names only has the given
-- name in front, unless there is a comma.
with

records as (
    select
        matches.customer_id,
        people.record_key,
        people.source,
        people.source_key,
        people.trust,
        people.full_name,
        people.given_name,
        people.family_name,
        people.email_standard as email,
        people.phone_standard as phone,
        people.birth_date,
        people.gender,
        people.address,
        people.city,
        people.region,
        people.postcode,
        people.country,
        people.company,
        people.language,
        people.lead_source,
        people.sale_source,
        people.collected_by,
        people.marketing_consent,
        least(coalesce(people.created_at, people.first_seen_at), people.first_seen_at) as known_since,
        people.changed_at,
        case when people.full_name is not null then people.record_key end as has_name,
        case when coalesce(people.address, people.city, people.region, people.postcode) is not null then people.record_key end as has_address
    from vault.source_customer as people
    inner join vault.customer_match as matches on matches.record_key = people.record_key
),

chosen as (
    select
        customer_id,
        record_key,
        first_value(has_name) ignore nulls over (partition by customer_id order by trust desc, changed_at desc, record_key rows between unbounded preceding and unbounded following) as name_from,
        first_value(has_address) ignore nulls over (partition by customer_id order by trust desc, changed_at desc, record_key rows between unbounded preceding and unbounded following) as address_from,
        first_value(case when email is not null then record_key end) ignore nulls over (partition by customer_id order by trust desc, changed_at desc, record_key rows between unbounded preceding and unbounded following) as email_from,
        first_value(case when phone is not null then record_key end) ignore nulls over (partition by customer_id order by trust desc, changed_at desc, record_key rows between unbounded preceding and unbounded following) as phone_from,
        first_value(case when birth_date is not null then record_key end) ignore nulls over (partition by customer_id order by trust desc, changed_at desc, record_key rows between unbounded preceding and unbounded following) as birth_date_from,
        first_value(case when gender is not null then record_key end) ignore nulls over (partition by customer_id order by trust desc, changed_at desc, record_key rows between unbounded preceding and unbounded following) as gender_from,
        first_value(case when country is not null then record_key end) ignore nulls over (partition by customer_id order by trust desc, changed_at desc, record_key rows between unbounded preceding and unbounded following) as country_from,
        first_value(case when company is not null then record_key end) ignore nulls over (partition by customer_id order by trust desc, changed_at desc, record_key rows between unbounded preceding and unbounded following) as company_from,
        first_value(case when language is not null then record_key end) ignore nulls over (partition by customer_id order by trust desc, changed_at desc, record_key rows between unbounded preceding and unbounded following) as language_from,
        first_value(case when lead_source is not null then record_key end) ignore nulls over (partition by customer_id order by known_since, record_key rows between unbounded preceding and unbounded following) as lead_source_from,
        first_value(case when sale_source is not null then record_key end) ignore nulls over (partition by customer_id order by known_since, record_key rows between unbounded preceding and unbounded following) as sale_source_from,
        first_value(case when collected_by is not null then record_key end) ignore nulls over (partition by customer_id order by known_since, record_key rows between unbounded preceding and unbounded following) as collected_by_from,
        first_value(case when marketing_consent is not null then record_key end) ignore nulls over (partition by customer_id order by changed_at desc, marketing_consent, record_key rows between unbounded preceding and unbounded following) as consent_from
    from records
),

golden as (
    select
        records.customer_id,
        max(case when records.record_key = chosen.name_from then records.full_name end) as full_name,
        max(case when records.record_key = chosen.name_from then records.given_name end) as given_name,
        max(case when records.record_key = chosen.name_from then records.family_name end) as family_name,
        max(case when records.record_key = chosen.email_from then records.email end) as email,
        max(case when records.record_key = chosen.phone_from then records.phone end) as phone,
        max(case when records.record_key = chosen.birth_date_from then records.birth_date end) as birth_date,
        max(case when records.record_key = chosen.gender_from then records.gender end) as gender,
        max(case when records.record_key = chosen.address_from then records.address end) as address,
        max(case when records.record_key = chosen.address_from then records.city end) as city,
        max(case when records.record_key = chosen.address_from then records.region end) as region,
        max(case when records.record_key = chosen.address_from then records.postcode end) as postcode,
        max(case when records.record_key = chosen.country_from then records.country end) as country,
        max(case when records.record_key = chosen.company_from then records.company end) as company,
        max(case when records.record_key = chosen.language_from then records.language end) as language,
        max(case when records.record_key = chosen.lead_source_from then records.lead_source end) as lead_source,
        max(case when records.record_key = chosen.sale_source_from then records.sale_source end) as sale_source,
        max(case when records.record_key = chosen.collected_by_from then records.collected_by end) as collected_by,
        bool_or(case when records.record_key = chosen.consent_from then records.marketing_consent end) as marketing_consent,
        nullif(array_join(array_sort(array_distinct(array_agg(records.full_name) filter (where records.full_name is not null))), chr(10)), '') as names,
        nullif(array_join(array_sort(array_distinct(array_agg(records.email) filter (where records.email is not null))), chr(10)), '') as emails,
        nullif(array_join(array_sort(array_distinct(array_agg(records.phone) filter (where records.phone is not null))), chr(10)), '') as phones,
        nullif(array_join(array_sort(array_distinct(array_agg(concat(records.source, ':', records.source_key)) filter (where records.source_key is not null))), chr(10)), '') as source_keys,
        count(distinct records.source) as sources,
        count(*) as records,
        min(records.known_since) as customer_since,
        max(records.changed_at) as changed_at,
        max(chosen.name_from) as name_from,
        max(chosen.address_from) as address_from,
        max(chosen.email_from) as email_from,
        max(chosen.phone_from) as phone_from,
        max(chosen.birth_date_from) as birth_date_from,
        max(chosen.gender_from) as gender_from,
        max(chosen.company_from) as company_from,
        max(chosen.language_from) as language_from
    from records
    inner join chosen on chosen.record_key = records.record_key
    group by records.customer_id
)

select
    customer_id,
    full_name,
    case
        when given_name is null and strpos(full_name, ',') = 0
            then nullif(element_at(split(regexp_replace(full_name, '^[ \t\n\r]+', ''), ' '), 1), '')
        else given_name
    end as given_name,
    family_name,
    email,
    phone,
    birth_date,
    gender,
    address,
    city,
    region,
    postcode,
    country,
    company,
    language,
    lead_source,
    sale_source,
    collected_by,
    marketing_consent,
    names,
    emails,
    phones,
    source_keys,
    sources,
    records,
    customer_since,
    changed_at,
    concat(
        '{"name":', coalesce(concat('"', name_from, '"'), 'null'),
        ',"address":', coalesce(concat('"', address_from, '"'), 'null'),
        ',"email":', coalesce(concat('"', email_from, '"'), 'null'),
        ',"phone":', coalesce(concat('"', phone_from, '"'), 'null'),
        ',"birth_date":', coalesce(concat('"', birth_date_from, '"'), 'null'),
        ',"gender":', coalesce(concat('"', gender_from, '"'), 'null'),
        ',"company":', coalesce(concat('"', company_from, '"'), 'null'),
        ',"language":', coalesce(concat('"', language_from, '"'), 'null'),
        '}'
    ) as provenance
from golden
