-- A run writes the golden records that read otherwise than in their newest version here. Which pull brought a value
-- again, and when, is no other version.
with

before as (
    select
        customer_id, gone, title, full_name, given_name, family_name, email, phone, phone_kind, whatsapp, fax,
        website, social, birth_date, gender, address, city, region, postcode, country, company, job_title,
        department, language, marital_status, family_size, income_band, preferred_channel, special_needs, stage,
        billing_cycle, lead_source, lead_campaign, lead_referrer, sale_source, collected_by, marketing_consent, attributes, names, emails, phones, source_keys,
        sources, records, customer_since
    from (
        select
            customer_id, gone, title, full_name, given_name, family_name, email, phone, phone_kind, whatsapp, fax,
            website, social, birth_date, gender, address, city, region, postcode, country, company, job_title,
            department, language, marital_status, family_size, income_band, preferred_channel, special_needs, stage,
            billing_cycle, lead_source, lead_campaign, lead_referrer, sale_source, collected_by, marketing_consent, attributes, names, emails, phones,
            source_keys, sources, records, customer_since,
            row_number() over (partition by customer_id order by valid_from desc) as place
        from vault.customer_version
    ) as versions
    where place = 1
),

differing as (
    select
        customer_id, title, full_name, given_name, family_name, email, phone, phone_kind, whatsapp, fax, website,
        social, birth_date, gender, address, city, region, postcode, country, company, job_title, department,
        language, marital_status, family_size, income_band, preferred_channel, special_needs, stage, billing_cycle,
        lead_source, lead_campaign, lead_referrer, sale_source, collected_by, marketing_consent, attributes, names, emails, phones, source_keys, sources,
        records, customer_since
    from vault.customer

    except

    select
        customer_id, title, full_name, given_name, family_name, email, phone, phone_kind, whatsapp, fax, website,
        social, birth_date, gender, address, city, region, postcode, country, company, job_title, department,
        language, marital_status, family_size, income_band, preferred_channel, special_needs, stage, billing_cycle,
        lead_source, lead_campaign, lead_referrer, sale_source, collected_by, marketing_consent, attributes, names, emails, phones, source_keys, sources,
        records, customer_since
    from before
    where not gone
),

founders as (
    select customer_id, min(record_key) as record_key
    from vault.customer_match
    group by customer_id
)

select
    golden.customer_id,
    founders.record_key,
    run.started_at as valid_from,
    false as gone,
    golden.title, golden.full_name, golden.given_name, golden.family_name, golden.email, golden.phone,
    golden.phone_kind, golden.whatsapp, golden.fax, golden.website, golden.social, golden.birth_date, golden.gender,
    golden.address, golden.city, golden.region, golden.postcode, golden.country, golden.company, golden.job_title,
    golden.department, golden.language, golden.marital_status, golden.family_size, golden.income_band,
    golden.preferred_channel, golden.special_needs, golden.stage, golden.billing_cycle, golden.lead_source,
    golden.lead_campaign, golden.lead_referrer, golden.sale_source, golden.collected_by, golden.marketing_consent, golden.attributes, golden.names, golden.emails, golden.phones,
    golden.source_keys, golden.sources, golden.records, golden.customer_since, golden.changed_at, golden.provenance
from vault.customer as golden
inner join differing on differing.customer_id = golden.customer_id
left join founders on founders.customer_id = golden.customer_id
cross join control.run as run

union all

select
    before.customer_id,
    cast(null as varchar) as record_key,
    run.started_at as valid_from,
    true as gone,
    cast(null as varchar) as title,
    cast(null as varchar) as full_name,
    cast(null as varchar) as given_name,
    cast(null as varchar) as family_name,
    cast(null as varchar) as email,
    cast(null as varchar) as phone,
    cast(null as varchar) as phone_kind,
    cast(null as varchar) as whatsapp,
    cast(null as varchar) as fax,
    cast(null as varchar) as website,
    cast(null as varchar) as social,
    cast(null as date) as birth_date,
    cast(null as varchar) as gender,
    cast(null as varchar) as address,
    cast(null as varchar) as city,
    cast(null as varchar) as region,
    cast(null as varchar) as postcode,
    cast(null as varchar) as country,
    cast(null as varchar) as company,
    cast(null as varchar) as job_title,
    cast(null as varchar) as department,
    cast(null as varchar) as language,
    cast(null as varchar) as marital_status,
    cast(null as integer) as family_size,
    cast(null as varchar) as income_band,
    cast(null as varchar) as preferred_channel,
    cast(null as varchar) as special_needs,
    cast(null as varchar) as stage,
    cast(null as varchar) as billing_cycle,
    cast(null as varchar) as lead_source,
    cast(null as varchar) as lead_campaign,
    cast(null as varchar) as lead_referrer,
    cast(null as varchar) as sale_source,
    cast(null as varchar) as collected_by,
    cast(null as boolean) as marketing_consent,
    cast(null as varchar) as attributes,
    cast(null as varchar) as names,
    cast(null as varchar) as emails,
    cast(null as varchar) as phones,
    cast(null as varchar) as source_keys,
    cast(null as integer) as sources,
    cast(null as integer) as records,
    cast(null as timestamp(6)) as customer_since,
    cast(null as timestamp(6)) as changed_at,
    cast(null as varchar) as provenance
from before
left join vault.customer as alive on alive.customer_id = before.customer_id
cross join control.run as run
where not before.gone and alive.customer_id is null
