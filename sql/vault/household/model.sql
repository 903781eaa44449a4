with

persons as (
    select
        matches.customer_id,
        min(matches.founded_at) as founded_at,
        min(matches.founding_record_key) as founding_record_key,
        min(clusters.household_key) as household_key
    from vault.customer_match as matches
    inner join identity.cluster as clusters on clusters.record_key = matches.record_key
    where not matches.held
    group by matches.customer_id
),

homes as (
    select
        customer_id,
        first_value(customer_id) over (partition by household_key order by founded_at, founding_record_key rows between unbounded preceding and unbounded following) as founder,
        count(*) over (partition by household_key) as persons
    from persons
)

select
    concat('h', substr(founder, 2)) as household_id,
    customer_id,
    case when customer_id = founder then 'founder' else 'member' end as role
from homes
where persons > 1
