-- Which record's values the golden record takes, for each group of columns. The groups and their rules are rows of
-- control.survivorship (source '' for all, a row more for a source that has its own trust or may not win), so that a
-- rule is no text here. A record without a value is no candidate: nulls never win. A steward's edit wins over all. A
-- group for which another rule is proposed has a second set of rows, and is ranked by these too.
with

-- A value that more records share than the rule allows is nobody's own: any other wins over it.
shared as (
    select 'email' as attribute_group, email_standard as shared_value, count(*) as records
    from vault.source_customer
    where email_standard is not null
    group by email_standard

    union all

    select 'phone' as attribute_group, phone_standard as shared_value, count(*) as records
    from vault.source_customer
    where phone_standard is not null
    group by phone_standard

    union all

    select 'whatsapp' as attribute_group, whatsapp as shared_value, count(*) as records
    from vault.source_customer
    where whatsapp is not null
    group by whatsapp
),

-- Of edits that a merge has brought together the newest holds; a pin holds while its record is the customer's.
edits as (
    select customer_id, attribute_group, kind, record_key, value_from, given, edited_at
    from (
        select
            matches.customer_id,
            edits.attribute_group,
            edits.kind,
            edits.record_key,
            edits.value_from,
            edits.given,
            edits.edited_at,
            row_number() over (
                partition by matches.customer_id, edits.attribute_group
                order by edits.edited_at desc, edits.record_key
            ) as place
        from vault.edit as edits
        inner join vault.customer_match as matches on matches.record_key = edits.record_key
        left join vault.customer_match as pinned on pinned.record_key = edits.value_from
        where edits.kind = 'value' or pinned.customer_id = matches.customer_id
    ) as ranked
    where place = 1
),

-- The newest proof of a group holds: of values that a merge has brought together only one is the proved one.
proofs as (
    select customer_id, attribute_group, salt, print
    from (
        select
            matches.customer_id,
            verified.attribute_group,
            verified.salt,
            verified.print,
            row_number() over (
                partition by matches.customer_id, verified.attribute_group
                order by verified.verified_at desc, verified.record_key
            ) as place
        from vault.verified as verified
        inner join vault.customer_match as matches on matches.record_key = verified.record_key
    ) as ranked
    where place = 1
),

people as (
    select
        rules.policy,
        matches.customer_id,
        rules.attribute_group,
        records.record_key,
        records.source,
        records.data_set,
        records._pull_seq as pull_seq,
        records.changed_at,
        coalesce(own.trust, records.trust) as trust,
        coalesce(own.barred, records.trust = 0) as barred,
        rules.shared_most,
        rules.rule_1,
        rules.rule_2,
        rules.rule_3,
        rules.rule_4,
        -- What a record said of itself from the first is as old as the record; what it said later is as old as the word.
        case
            when rules.attribute_group = 'lead_source'
                and substr(records.first_touch, 1, 23) > substr(date_format(records.first_as_of, '%Y-%m-%d %H:%i:%s.%f'), 1, 23)
                then cast(date_parse(substr(records.first_touch, 1, 19), '%Y-%m-%d %H:%i:%s') as timestamp(6))
            else least(coalesce(records.created_at, records.first_seen_at), records.first_seen_at)
        end as known_since,
        case rules.attribute_group
            when 'name' then coalesce(records.name_standard, lower(records.full_name))
            when 'email' then records.email_standard
            when 'phone' then records.phone_standard
            when 'whatsapp' then records.whatsapp
            when 'fax' then records.fax
            when 'website' then lower(records.website)
            when 'social' then lower(records.social)
            when 'birth_date' then date_format(cast(records.birth_date as timestamp), '%Y-%m-%d')
            when 'gender' then lower(records.gender)
            when 'address' then case
                when coalesce(records.address, records.city, records.region, records.postcode) is not null
                    then lower(concat(coalesce(records.address, ''), '|', coalesce(records.city, ''), '|', coalesce(records.region, ''), '|', coalesce(records.postcode, '')))
            end
            when 'country' then lower(records.country)
            when 'company' then lower(records.company)
            when 'job' then case
                when coalesce(records.job_title, records.department) is not null
                    then lower(concat(coalesce(records.job_title, ''), '|', coalesce(records.department, '')))
            end
            when 'language' then lower(records.language)
            when 'family' then case
                when records.marital_status is not null or records.family_size is not null
                    then lower(concat(coalesce(records.marital_status, ''), '|', coalesce(cast(cast(records.family_size as integer) as varchar), '')))
            end
            when 'income' then records.income_band
            when 'channel' then lower(records.preferred_channel)
            when 'needs' then lower(records.special_needs)
            when 'stage' then lower(records.stage)
            when 'billing' then lower(records.billing_cycle)
            when 'consent' then case when records.marketing_consent then 'yes' when not records.marketing_consent then 'no' end
            when 'lead_source' then case
                when records.first_touch is not null then substr(records.first_touch, strpos(records.first_touch, chr(10)) + 1)
                when coalesce(records.lead_source, records.lead_campaign, records.lead_referrer) is not null
                    then concat(coalesce(records.lead_source, ''), chr(10), coalesce(records.lead_campaign, ''), chr(10), coalesce(records.lead_referrer, ''))
            end
            when 'sale_source' then records.sale_source
            when 'collected_by' then records.collected_by
        end as value_text,
        case rules.attribute_group
            when 'name' then
                if(records.title is not null, 1, 0) + if(records.given_name is not null, 1, 0) + if(records.family_name is not null, 1, 0)
            when 'phone' then if(records.phone_kind is not null, 1, 0)
            when 'address' then
                if(records.address is not null, 1, 0) + if(records.city is not null, 1, 0) + if(records.region is not null, 1, 0) + if(records.postcode is not null, 1, 0)
            when 'job' then if(records.job_title is not null, 1, 0) + if(records.department is not null, 1, 0)
            when 'family' then if(records.marital_status is not null, 1, 0) + if(records.family_size is not null, 1, 0)
            else 0
        end as parts
    from vault.source_customer as records
    inner join vault.customer_match as matches on matches.record_key = records.record_key
    inner join control.survivorship as rules on rules.source = ''
    left join control.survivorship as own
        on own.source = records.source and own.attribute_group = rules.attribute_group and own.policy = rules.policy
),

candidates as (
    select
        people.policy,
        people.customer_id,
        people.attribute_group,
        people.record_key,
        people.source,
        people.data_set,
        people.pull_seq,
        people.changed_at,
        people.known_since,
        people.trust,
        people.parts,
        people.barred,
        people.value_text,
        people.rule_1,
        people.rule_2,
        people.rule_3,
        people.rule_4,
        false as edited,
        if(edits.record_key is not null, 1, 0) as chosen,
        if(shared.records > people.shared_most, 1, 0) as common,
        if(lower(to_hex(sha256(to_utf8(concat(proofs.salt, '|', people.value_text))))) = proofs.print, 1, 0) as proved,
        row_number() over (
            partition by people.policy, people.customer_id, people.attribute_group, people.value_text, people.source
            order by people.record_key
        ) as voice
    from people
    left join edits
        on edits.customer_id = people.customer_id and edits.attribute_group = people.attribute_group
        and edits.kind = 'pin' and edits.value_from = people.record_key
    left join proofs
        on proofs.customer_id = people.customer_id and proofs.attribute_group = people.attribute_group
    left join shared on shared.attribute_group = people.attribute_group and shared.shared_value = people.value_text
    where people.value_text is not null
),

counted as (
    select
        policy, customer_id, attribute_group, record_key, source, data_set, pull_seq, changed_at, known_since, trust, parts,
        barred, value_text, rule_1, rule_2, rule_3, rule_4, edited, chosen, common, proved,
        count(case when voice = 1 then source end) over (
            partition by policy, customer_id, attribute_group, value_text
        ) as voices
    from candidates

    union all

    select
        rules.policy, edits.customer_id, edits.attribute_group, edits.record_key, 'hub' as source, 'edits' as data_set,
        cast(null as bigint) as pull_seq, edits.edited_at as changed_at, edits.edited_at as known_since, 100 as trust,
        0 as parts, false as barred, edits.given as value_text, cast(null as varchar) as rule_1, cast(null as varchar) as rule_2,
        cast(null as varchar) as rule_3, cast(null as varchar) as rule_4, true as edited, 2 as chosen, 0 as common,
        0 as proved, 1 as voices
    from edits
    inner join control.survivorship as rules on rules.source = '' and rules.attribute_group = edits.attribute_group
    where edits.kind = 'value'
),

scored as (
    select
        policy,
        customer_id,
        attribute_group,
        record_key,
        edited,
        source,
        data_set,
        pull_seq,
        changed_at,
        value_text,
        barred,
        chosen,
        common,
        rule_1,
        rule_2,
        rule_3,
        rule_4,
        case rule_1 when 'verified' then cast(proved as double) when 'trust' then cast(trust as double) when 'recent' then to_unixtime(changed_at) when 'first' then -to_unixtime(known_since) when 'complete' then cast(parts as double) when 'agreed' then cast(voices as double) else 0e0 end as score_1,
        case rule_2 when 'verified' then cast(proved as double) when 'trust' then cast(trust as double) when 'recent' then to_unixtime(changed_at) when 'first' then -to_unixtime(known_since) when 'complete' then cast(parts as double) when 'agreed' then cast(voices as double) else 0e0 end as score_2,
        case rule_3 when 'verified' then cast(proved as double) when 'trust' then cast(trust as double) when 'recent' then to_unixtime(changed_at) when 'first' then -to_unixtime(known_since) when 'complete' then cast(parts as double) when 'agreed' then cast(voices as double) else 0e0 end as score_3,
        case rule_4 when 'verified' then cast(proved as double) when 'trust' then cast(trust as double) when 'recent' then to_unixtime(changed_at) when 'first' then -to_unixtime(known_since) when 'complete' then cast(parts as double) when 'agreed' then cast(voices as double) else 0e0 end as score_4,
        -- Of two words of one moment about consent the no holds.
        if(attribute_group = 'consent' and value_text = 'yes', 1, 0) as bold
    from counted
),

ranked as (
    select
        policy, customer_id, attribute_group, record_key, edited, source, data_set, pull_seq, changed_at, value_text,
        barred, chosen, common, rule_1, rule_2, rule_3, rule_4, score_1, score_2, score_3, score_4,
        row_number() over (partition by policy, customer_id, attribute_group order by chosen desc, barred, common, score_1 desc, score_2 desc, score_3 desc, score_4 desc, changed_at desc, bold, record_key) as place
    from scored
),

beside_the_first as (
    select
        policy, customer_id, attribute_group, record_key, edited, source, data_set, pull_seq, changed_at, value_text,
        barred, chosen, common, rule_1, rule_2, rule_3, rule_4, score_1, score_2, score_3, score_4, place,
        first_value(chosen) over (partition by policy, customer_id, attribute_group order by place) as top_chosen,
        first_value(barred) over (partition by policy, customer_id, attribute_group order by place) as top_barred,
        first_value(common) over (partition by policy, customer_id, attribute_group order by place) as top_common,
        first_value(score_1) over (partition by policy, customer_id, attribute_group order by place) as top_score_1,
        first_value(score_2) over (partition by policy, customer_id, attribute_group order by place) as top_score_2,
        first_value(score_3) over (partition by policy, customer_id, attribute_group order by place) as top_score_3,
        first_value(score_4) over (partition by policy, customer_id, attribute_group order by place) as top_score_4,
        first_value(changed_at) over (partition by policy, customer_id, attribute_group order by place) as top_changed_at
    from ranked
),

lost as (
    select
        policy, customer_id, attribute_group, record_key, edited, source, data_set, pull_seq, changed_at, value_text, barred,
        chosen, place,
        case
            when place = 1 then null
            when top_chosen = 2 then 'edit'
            when top_chosen > chosen then 'pin'
            when barred and not top_barred then 'barred'
            when common > top_common then 'shared'
            when top_score_1 > score_1 then rule_1
            when top_score_2 > score_2 then rule_2
            when top_score_3 > score_3 then rule_3
            when top_score_4 > score_4 then rule_4
            when top_changed_at > changed_at then 'recent'
            else 'key'
        end as lost_by
    from beside_the_first
),

judged as (
    select
        policy,
        customer_id,
        attribute_group,
        record_key,
        edited,
        source,
        data_set,
        pull_seq,
        changed_at,
        value_text,
        place,
        place = 1 and (chosen > 0 or not barred) as wins,
        coalesce(
            lost_by,
            case chosen when 2 then 'edit' when 1 then 'pin' end,
            lead(lost_by) over (partition by policy, customer_id, attribute_group order by place),
            'only'
        ) as rule
    from lost
),

-- What another policy would do stands beside each candidate; where none is proposed there is one row of it, and null.
beside_the_proposal as (
    select
        policy, customer_id, attribute_group, record_key, edited, source, data_set, pull_seq, changed_at, value_text, place,
        wins, rule,
        bool_or(case when policy = 'next' then wins end) over (
            partition by customer_id, attribute_group, record_key, edited
        ) as would_win
    from judged
)

select
    customer_id,
    attribute_group,
    record_key,
    edited,
    source,
    data_set,
    pull_seq,
    changed_at,
    lower(to_hex(md5(to_utf8(value_text)))) as value_print,
    place,
    wins,
    rule,
    would_win
from beside_the_proposal
where policy = 'now'
