-- vault.claim says whose values win, for each group of columns; here they are put beside one another. A source that
-- gives whole names only has the given name in front, unless there is a comma.
with

given as (
    select
        record_key, false as edited, cast(null as varchar) as attribute_group, source, source_key,
        title, full_name, given_name, family_name, email_standard as email, phone_standard as phone, phone_kind,
        whatsapp, fax, website, social, birth_date, gender, address, city, region, postcode, country, company,
        job_title, department, language, marital_status, family_size, income_band, preferred_channel, special_needs,
        stage, billing_cycle, marketing_consent,
        if(first_touch is null, lead_source, nullif(element_at(split(first_touch, chr(10)), 2), '')) as lead_source,
        if(first_touch is null, lead_campaign, nullif(element_at(split(first_touch, chr(10)), 3), '')) as lead_campaign,
        if(first_touch is null, lead_referrer, nullif(element_at(split(first_touch, chr(10)), 4), '')) as lead_referrer,
        sale_source, collected_by,
        least(coalesce(created_at, first_seen_at), first_seen_at) as known_since,
        changed_at
    from vault.source_customer

    union all

    select
        record_key, true as edited, attribute_group, cast(null as varchar) as source, cast(null as varchar) as source_key,
        try(json_extract_scalar(given, '$.title')) as title,
        try(json_extract_scalar(given, '$.full_name')) as full_name,
        try(json_extract_scalar(given, '$.given_name')) as given_name,
        try(json_extract_scalar(given, '$.family_name')) as family_name,
        try(json_extract_scalar(given, '$.email')) as email,
        try(json_extract_scalar(given, '$.phone')) as phone,
        try(json_extract_scalar(given, '$.phone_kind')) as phone_kind,
        try(json_extract_scalar(given, '$.whatsapp')) as whatsapp,
        try(json_extract_scalar(given, '$.fax')) as fax,
        try(json_extract_scalar(given, '$.website')) as website,
        try(json_extract_scalar(given, '$.social')) as social,
        try(cast(date_parse(try(json_extract_scalar(given, '$.birth_date')), '%Y-%m-%d') as date)) as birth_date,
        try(json_extract_scalar(given, '$.gender')) as gender,
        try(json_extract_scalar(given, '$.address')) as address,
        try(json_extract_scalar(given, '$.city')) as city,
        try(json_extract_scalar(given, '$.region')) as region,
        try(json_extract_scalar(given, '$.postcode')) as postcode,
        try(json_extract_scalar(given, '$.country')) as country,
        try(json_extract_scalar(given, '$.company')) as company,
        try(json_extract_scalar(given, '$.job_title')) as job_title,
        try(json_extract_scalar(given, '$.department')) as department,
        try(json_extract_scalar(given, '$.language')) as language,
        try(json_extract_scalar(given, '$.marital_status')) as marital_status,
        try_cast(regexp_extract(try(json_extract_scalar(given, '$.family_size')), '^[0-9]{1,3}\z') as integer) as family_size,
        try(json_extract_scalar(given, '$.income_band')) as income_band,
        try(json_extract_scalar(given, '$.preferred_channel')) as preferred_channel,
        try(json_extract_scalar(given, '$.special_needs')) as special_needs,
        try(json_extract_scalar(given, '$.stage')) as stage,
        try(json_extract_scalar(given, '$.billing_cycle')) as billing_cycle,
        case try(json_extract_scalar(given, '$.marketing_consent')) when 'true' then true when 'false' then false end as marketing_consent,
        try(json_extract_scalar(given, '$.lead_source')) as lead_source,
        try(json_extract_scalar(given, '$.lead_campaign')) as lead_campaign,
        try(json_extract_scalar(given, '$.lead_referrer')) as lead_referrer,
        try(json_extract_scalar(given, '$.sale_source')) as sale_source,
        try(json_extract_scalar(given, '$.collected_by')) as collected_by,
        cast(null as timestamp(6)) as known_since,
        cast(null as timestamp(6)) as changed_at
    from vault.edit
    where kind = 'value'
),

known as (
    select
        matches.customer_id,
        nullif(array_join(array_sort(array_distinct(array_agg(given.full_name) filter (where given.full_name is not null))), chr(10)), '') as names,
        nullif(array_join(array_sort(array_distinct(array_agg(given.email) filter (where given.email is not null))), chr(10)), '') as emails,
        nullif(array_join(array_sort(array_distinct(array_agg(given.phone) filter (where given.phone is not null))), chr(10)), '') as phones,
        nullif(array_join(array_sort(array_distinct(array_agg(concat(given.source, ':', given.source_key)) filter (where given.source_key is not null))), chr(10)), '') as source_keys,
        count(distinct given.source) as sources,
        count(given.source) as records,
        min(given.known_since) as customer_since,
        max(given.changed_at) as changed_at
    from given
    inner join vault.customer_match as matches on matches.record_key = given.record_key
    group by matches.customer_id
),

won as (
    select
        claims.customer_id,
        max(case when claims.attribute_group = 'name' then given.title end) as title,
        max(case when claims.attribute_group = 'name' then given.full_name end) as full_name,
        max(case when claims.attribute_group = 'name' then given.given_name end) as given_name,
        max(case when claims.attribute_group = 'name' then given.family_name end) as family_name,
        max(case when claims.attribute_group = 'email' then given.email end) as email,
        max(case when claims.attribute_group = 'phone' then given.phone end) as phone,
        max(case when claims.attribute_group = 'phone' then given.phone_kind end) as phone_kind,
        max(case when claims.attribute_group = 'whatsapp' then given.whatsapp end) as whatsapp,
        max(case when claims.attribute_group = 'fax' then given.fax end) as fax,
        max(case when claims.attribute_group = 'website' then given.website end) as website,
        max(case when claims.attribute_group = 'social' then given.social end) as social,
        max(case when claims.attribute_group = 'birth_date' then given.birth_date end) as birth_date,
        max(case when claims.attribute_group = 'gender' then given.gender end) as gender,
        max(case when claims.attribute_group = 'address' then given.address end) as address,
        max(case when claims.attribute_group = 'address' then given.city end) as city,
        max(case when claims.attribute_group = 'address' then given.region end) as region,
        max(case when claims.attribute_group = 'address' then given.postcode end) as postcode,
        max(case when claims.attribute_group = 'country' then given.country end) as country,
        max(case when claims.attribute_group = 'company' then given.company end) as company,
        max(case when claims.attribute_group = 'job' then given.job_title end) as job_title,
        max(case when claims.attribute_group = 'job' then given.department end) as department,
        max(case when claims.attribute_group = 'language' then given.language end) as language,
        max(case when claims.attribute_group = 'family' then given.marital_status end) as marital_status,
        max(case when claims.attribute_group = 'family' then given.family_size end) as family_size,
        max(case when claims.attribute_group = 'income' then given.income_band end) as income_band,
        max(case when claims.attribute_group = 'channel' then given.preferred_channel end) as preferred_channel,
        max(case when claims.attribute_group = 'needs' then given.special_needs end) as special_needs,
        max(case when claims.attribute_group = 'stage' then given.stage end) as stage,
        max(case when claims.attribute_group = 'billing' then given.billing_cycle end) as billing_cycle,
        bool_or(case when claims.attribute_group = 'consent' then given.marketing_consent end) as marketing_consent,
        max(case when claims.attribute_group = 'lead_source' then given.lead_source end) as lead_source,
        max(case when claims.attribute_group = 'lead_source' then given.lead_campaign end) as lead_campaign,
        max(case when claims.attribute_group = 'lead_source' then given.lead_referrer end) as lead_referrer,
        max(case when claims.attribute_group = 'sale_source' then given.sale_source end) as sale_source,
        max(case when claims.attribute_group = 'collected_by' then given.collected_by end) as collected_by
    from vault.claim as claims
    inner join given
        on given.record_key = claims.record_key and given.edited = claims.edited
        and (not given.edited or given.attribute_group = claims.attribute_group)
    where claims.wins
    group by claims.customer_id
),

groups_proven as (
    select
        customer_id,
        attribute_group,
        max(case when wins then concat(
            '"record_key":"', record_key, '","source":"', source, '","data_set":"', data_set, '","pull_seq":', coalesce(cast(cast(pull_seq as bigint) as varchar), 'null'),
            ',"rule":"', rule, '","at":"', date_format(changed_at, '%Y-%m-%dT%H:%i:%sZ'), '"'
        ) end) as winner,
        coalesce(array_join(array_agg(concat('"', record_key, '"') order by place) filter (where not wins), ','), '') as losers
    from vault.claim
    group by customer_id, attribute_group
),

proven as (
    select
        customer_id,
        array_join(array_sort(array_agg(concat('"', attribute_group, '":{', winner, ',"losers":[', losers, ']}'))), ',') as listed
    from groups_proven
    where winner is not null
    group by customer_id
)

select
    known.customer_id,
    won.title,
    won.full_name,
    case
        when won.given_name is null and strpos(won.full_name, ',') = 0
            then nullif(element_at(split(regexp_replace(won.full_name, '^[ \t\n\r]+', ''), ' '), 1), '')
        else won.given_name
    end as given_name,
    won.family_name,
    won.email,
    won.phone,
    won.phone_kind,
    won.whatsapp,
    won.fax,
    won.website,
    won.social,
    won.birth_date,
    won.gender,
    won.address,
    won.city,
    won.region,
    won.postcode,
    won.country,
    won.company,
    won.job_title,
    won.department,
    won.language,
    won.marital_status,
    won.family_size,
    won.income_band,
    won.preferred_channel,
    won.special_needs,
    won.stage,
    won.billing_cycle,
    won.lead_source,
    won.lead_campaign,
    won.lead_referrer,
    won.sale_source,
    won.collected_by,
    won.marketing_consent,
    extended.attributes,
    known.names,
    known.emails,
    known.phones,
    known.source_keys,
    known.sources,
    known.records,
    known.customer_since,
    known.changed_at,
    concat('{', coalesce(proven.listed, ''), '}') as provenance
from known
left join won on won.customer_id = known.customer_id
left join proven on proven.customer_id = known.customer_id
left join vault.customer_attributes as extended on extended.customer_id = known.customer_id
