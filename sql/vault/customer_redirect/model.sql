-- Who is not anybody's id any more leads to the customer that its founding record is of now; where that record is gone, to
-- who got most of its records, and on with them. An id that is somebody's again answers for itself.
with

alive as (
    select customer_id, min(founded_at) as founded_at
    from vault.customer_match
    group by customer_id
),

homes as (
    select
        concat('c', translate(lower(substr(to_hex(sha256(to_utf8(record_key))), 1, 20)), '0189', 'ghij')) as own_id,
        customer_id
    from vault.customer_match
),

moved as (
    select
        matches.previous_customer_id as old_customer_id,
        matches.customer_id,
        count(*) as records,
        min(matches.founded_at) as founded_at
    from vault.customer_match as matches
    where matches.previous_customer_id <> matches.customer_id
    group by matches.previous_customer_id, matches.customer_id
),

placed as (
    select
        moved.old_customer_id,
        moved.customer_id,
        alive.customer_id is null as gone,
        row_number() over (partition by moved.old_customer_id order by case when homes.customer_id = moved.customer_id then 0 else 1 end, moved.records desc, moved.founded_at, moved.customer_id) as place
    from moved
    left join alive on alive.customer_id = moved.old_customer_id
    left join homes on homes.own_id = moved.old_customer_id
),

told as (
    select old_customer_id, customer_id, case when gone and place = 1 then 'merge' else 'split' end as kind
    from placed
),

kept as (
    select
        earlier.old_customer_id,
        case when earlier.kind = 'merge' then coalesce(homes.customer_id, further.customer_id, earlier.customer_id) else earlier.customer_id end as customer_id,
        earlier.kind,
        earlier.run_id,
        earlier.happened_at
    from vault.customer_redirect as earlier
    left join homes on homes.own_id = earlier.old_customer_id
    left join told as further on further.old_customer_id = earlier.customer_id and further.kind = 'merge'
    left join told as newer
        on newer.old_customer_id = earlier.old_customer_id and newer.kind = 'merge' and newer.customer_id <> earlier.customer_id
    left join alive on alive.customer_id = earlier.old_customer_id
    where earlier.kind = 'split' or (newer.old_customer_id is null and alive.customer_id is null)
),

together as (
    select old_customer_id, customer_id, kind, run_id, happened_at
    from kept

    union all

    select told.old_customer_id, told.customer_id, told.kind, run.run_id, run.started_at as happened_at
    from told
    cross join control.run as run
),

ranked as (
    select
        old_customer_id,
        customer_id,
        kind,
        run_id,
        happened_at,
        row_number() over (partition by old_customer_id, customer_id order by kind, happened_at, run_id) as place
    from together
)

select old_customer_id, customer_id, kind, run_id, happened_at
from ranked
where place = 1
