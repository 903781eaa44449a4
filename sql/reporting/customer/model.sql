with

people as (
    select
        golden.customer_id,
        golden.birth_date,
        golden.gender,
        golden.city,
        golden.region,
        golden.country,
        golden.language,
        golden.lead_source,
        golden.sale_source,
        golden.collected_by,
        golden.email,
        golden.phone,
        golden.marketing_consent,
        golden.customer_since,
        golden.sources,
        run.country as home_country,
        run.time_zone,
        year(run.started_at) - year(golden.birth_date)
            - if(
                date_format(run.started_at, '%m%d') < date_format(cast(golden.birth_date as timestamp), '%m%d'),
                1,
                0
            ) as age
    from vault.customer as golden
    cross join control.run as run
)

select
    customer_id,
    case
        when age < 0 then null
        when age < 18 then '0-17'
        when age < 25 then '18-24'
        when age < 35 then '25-34'
        when age < 45 then '35-44'
        when age < 55 then '45-54'
        when age < 65 then '55-64'
        when age >= 65 then '65+'
    end as age_band,
    date_format(cast(birth_date as timestamp), '%m-%d') as birth_month_day,
    gender,
    case
        when city is not null and region is not null then concat(city, ', ', region)
        else coalesce(city, region)
    end as area,
    coalesce(country, home_country) as country,
    language,
    time_zone,
    lead_source,
    sale_source,
    collected_by,
    email is not null as reachable_email,
    phone is not null as reachable_sms,
    marketing_consent,
    cast(customer_since as date) as customer_since,
    sources
from people
