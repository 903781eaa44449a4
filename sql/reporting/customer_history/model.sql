select
    versions.record_key,
    matched.customer_id,
    versions.source,
    versions.gender,
    case
        when versions.city is not null and versions.region is not null
            then concat(versions.city, ', ', versions.region)
        else coalesce(versions.city, versions.region)
    end as area,
    versions.country,
    versions.language,
    versions.lead_source,
    versions.sale_source,
    versions.collected_by,
    versions.email_standard is not null as reachable_email,
    versions.phone_standard is not null as reachable_sms,
    versions.marketing_consent,
    versions.changed_at,
    versions.known_at,
    versions.valid_from,
    versions.valid_to
from vault.source_customer_history as versions
left join reporting.customer_key as matched on matched.record_key = versions.record_key
