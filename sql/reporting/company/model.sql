-- Companies by the employers that golden records name: spellings that are the same but for the form at law, accents and short
-- words are one company, and so are those that a steward put together. What only looks alike is told as `similar_to`.
with

spellings as (
    select
        coalesce(decided.other_id, firms.company_id) as company_id,
        golden.company as spelling,
        coalesce(decided.other_id, firms.company_id) = firms.company_id as own,
        count(*) as contacts,
        cast(sum(standing.purchases) as bigint) as purchases,
        cast(sum(standing.net_amount) as decimal(18,4)) as net_amount,
        min(golden.customer_since) as known_since
    from vault.customer as golden
    inner join identity.company as firms on firms.name = golden.company
    inner join reporting.customer_standing as standing on standing.customer_id = golden.customer_id
    left join control.company_decision as decided on decided.together and decided.company_id = firms.company_id
    group by
        coalesce(decided.other_id, firms.company_id),
        golden.company,
        coalesce(decided.other_id, firms.company_id) = firms.company_id
),

ranked as (
    select
        company_id, spelling, contacts, purchases, net_amount, known_since,
        row_number() over (partition by company_id order by own desc, contacts desc, spelling) as place
    from spellings
),

companies as (
    select
        company_id,
        max(case when place = 1 then spelling end) as name,
        array_join(array_agg(spelling order by place), chr(10)) as spellings,
        cast(sum(contacts) as bigint) as contacts,
        cast(sum(purchases) as bigint) as purchases,
        cast(sum(net_amount) as decimal(18,4)) as net_amount,
        min(known_since) as known_since
    from ranked
    group by company_id
),

looking_alike as (
    select
        mine.company_id,
        nearly.other_id,
        nearly.similarity,
        nearly.alike,
        row_number() over (partition by mine.company_id order by nearly.similarity desc, theirs.contacts desc, nearly.other_id) as place
    from identity.company_like as nearly
    inner join companies as mine on mine.company_id = nearly.company_id
    inner join companies as theirs on theirs.company_id = nearly.other_id
    left join control.company_decision as apart
        on not apart.together
        and apart.company_id = least(nearly.company_id, nearly.other_id)
        and apart.other_id = greatest(nearly.company_id, nearly.other_id)
    where apart.company_id is null
        and (theirs.contacts > mine.contacts or (theirs.contacts = mine.contacts and nearly.other_id < nearly.company_id))
)

select
    companies.company_id,
    companies.name,
    companies.spellings,
    companies.contacts,
    companies.purchases,
    companies.net_amount,
    companies.known_since,
    looking_alike.other_id as similar_to,
    looking_alike.similarity,
    looking_alike.alike
from companies
left join looking_alike on looking_alike.company_id = companies.company_id and looking_alike.place = 1
