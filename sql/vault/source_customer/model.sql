select
    record_key,
    source,
    data_set,
    source_key,
    trust,
    title,
    full_name,
    given_name,
    family_name,
    name_standard,
    full_name_latin,
    given_name_latin,
    family_name_latin,
    email,
    email_standard,
    phone,
    phone_standard,
    phone_kind,
    whatsapp,
    fax,
    website,
    social,
    birth_date,
    gender,
    address,
    city,
    region,
    postcode,
    country,
    company,
    job_title,
    department,
    language,
    marital_status,
    family_size,
    income_band,
    preferred_channel,
    special_needs,
    stage,
    billing_cycle,
    lead_source,
    lead_campaign,
    nullif(
        regexp_replace(regexp_replace(lower(lead_referrer), '^([a-z][a-z0-9+.-]*://)?([^/?#@]*@)?(www[.])?', ''), '[/?#: ].*', ''), ''
    ) as lead_referrer,
    sale_source,
    collected_by,
    marketing_consent,
    attributes,
    created_at,
    pulled_at as first_seen_at,
    _as_of as first_as_of,
    -- Its moment and place stand in front, so that the least text is the first word; line ends would part it.
    case
        when coalesce(lead_source, lead_campaign, lead_referrer) is not null
            then concat(
                substr(date_format(_as_of, '%Y-%m-%d %H:%i:%s.%f'), 1, 23),
                lpad(cast(cast(_pull_seq as bigint) as varchar), 10, '0'), lpad(cast(cast(_batch as bigint) as varchar), 6, '0'), lpad(cast(cast(_row as bigint) as varchar), 10, '0'),
                chr(10), coalesce(replace(lead_source, chr(10), ' '), ''),
                chr(10), coalesce(replace(lead_campaign, chr(10), ' '), ''),
                chr(10), coalesce(
                    replace(
                        regexp_replace(regexp_replace(lower(lead_referrer), '^([a-z][a-z0-9+.-]*://)?([^/?#@]*@)?(www[.])?', ''), '[/?#: ].*', ''),
                        chr(10), ' '
                    ),
                    ''
                )
            )
    end as first_touch,
    -- A moment over a month ahead of its pull is no moment: it must not keep later words out, nor win as the newest.
    case
        when changed_at <= cast(date_add('day', 30, pulled_at) as timestamp(6)) then changed_at
        when created_at <= pulled_at then created_at
        else timestamp '1970-01-01 00:00:00'
    end as changed_at,
    if(_as_of <= cast(date_add('day', 30, pulled_at) as timestamp(6)), _as_of, pulled_at) as _as_of,
    _pull_seq, _batch, _row, _deleted
from conformed.customer
