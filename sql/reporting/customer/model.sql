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
        golden.lead_campaign,
        golden.lead_referrer,
        case
            when coalesce(golden.lead_source, golden.lead_campaign, golden.lead_referrer) is not null
                then coalesce(words.channel, sites.channel, 'other')
        end as lead_channel,
        golden.sale_source,
        golden.collected_by,
        golden.email,
        golden.phone,
        golden.marketing_consent,
        golden.customer_since,
        golden.sources,
        golden.job_title,
        golden.company,
        run.country as home_country,
        coalesce(there.time_zone, here.time_zone) as time_zone,
        coalesce(there.today, here.today) as today
    from vault.customer as golden
    cross join control.run as run
    inner join control.place as here on here.country = ''
    left join control.place as there on there.country = upper(golden.country)
    left join control.lead_word as words on words.word = lower(golden.lead_source)
    left join control.lead_word as sites on sites.word = element_at(split(golden.lead_referrer, '.'), 1)
),

aged as (
    select
        customer_id, birth_date, gender, city, region, country, language, lead_source, lead_channel,
        lead_campaign, lead_referrer, sale_source, collected_by, email, phone, marketing_consent, customer_since, sources,
        job_title, company, home_country, time_zone, today,
        date_format(cast(birth_date as timestamp), '%m%d') as born,
        year(today) - year(birth_date)
            - if(
                date_format(cast(today as timestamp), '%m%d') < date_format(cast(birth_date as timestamp), '%m%d'),
                1,
                0
            ) as age
    from people
),

-- Each title once, in small letters between spaces, so that a word is found whole.
titles as (
    select
        job_title,
        concat(' ', regexp_replace(translate(lower(job_title), 'àáâãäåçèéêëìíîïñòóôõöøùúûüý', 'aaaaaaceeeeiiiinoooooouuuuy'), '[^0-9a-z]+', ' '), ' ') as told
    from vault.customer
    where job_title is not null
    group by job_title
),

words_found as (
    select
        titles.job_title,
        words.part,
        words.says,
        words.level,
        words.buying_role,
        words.otherwise,
        words.alone,
        row_number() over (partition by titles.job_title, words.part order by words.rank, length(words.word) desc) as place
    from titles
    inner join control.job_word as words on strpos(titles.told, concat(' ', words.word, ' ')) > 0
),

jobs as (
    select
        job_title,
        max(case when part = 'position' then says end) as position,
        max(case when part = 'area' then says end) as area,
        max(level) as level,
        bool_or(part = 'position' and alone) as alone,
        max(case when part = 'position' then buying_role end) as role_of_position,
        max(case when part = 'area' then buying_role end) as role_of_area,
        max(otherwise) as otherwise
    from words_found
    where place = 1
    group by job_title
),

disagreeing as (
    select
        customer_id,
        count(case when said_by > 1 then 1 end) as of_all,
        count(case when said_by > 1 and weak and not settled then 1 end) as of_weak,
        nullif(array_join(array_agg(attribute_group order by attribute_group) filter (where moves), ','), '') as moved
    from vault.discrepancy
    group by customer_id
)

select
    aged.customer_id,
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
    -- Of a year without 29 February it is 1 March.
    age >= 0 and (
        born = date_format(cast(today as timestamp), '%m%d')
        or (
            born = '0229'
            and date_format(cast(today as timestamp), '%m%d') = '0301'
            and date_format(cast(date_add('day', -1, cast(today as timestamp)) as timestamp), '%m%d') = '0228'
        )
    ) as birthday_today,
    gender,
    case
        when city is not null and region is not null then concat(city, ', ', region)
        else coalesce(city, region)
    end as area,
    coalesce(country, home_country) as country,
    language,
    time_zone,
    lead_source,
    lead_channel,
    lead_campaign,
    lead_referrer,
    sale_source,
    collected_by,
    email is not null as reachable_email,
    phone is not null as reachable_sms,
    marketing_consent,
    cast(customer_since as date) as customer_since,
    sources,
    coalesce(decided.other_id, firms.company_id) as company_id,
    case when jobs.alone then jobs.position else coalesce(concat(jobs.area, ' ', jobs.position), jobs.position, jobs.area) end as job_position,
    jobs.level as job_level,
    coalesce(jobs.role_of_position, jobs.role_of_area, jobs.otherwise) as buying_role,
    coalesce(disagreeing.of_all, 0) as disagreements,
    coalesce(disagreeing.of_weak, 0) as unsettled,
    disagreeing.moved as would_change
from aged
left join identity.company as firms on firms.name = aged.company
left join control.company_decision as decided on decided.together and decided.company_id = firms.company_id
left join jobs on jobs.job_title = aged.job_title
left join disagreeing on disagreeing.customer_id = aged.customer_id
