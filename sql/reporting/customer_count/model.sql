-- How many count, as each run found it, by the definition in force and by the one before. Between two runs the count by
-- one version differs by the data alone; within one run the two versions differ by the rule alone.
with

known as (
    select customer_id, count(*) as records, count(*) - count(distinct source) as spare
    from reporting.customer_key
    group by customer_id
),

counted as (
    select
        standing.version, standing.version_before, standing.life_cycle, standing.counts, standing.reason,
        standing.counts_before, standing.reason_before,
        count(*) as people, cast(sum(known.records) as bigint) as records, cast(sum(known.spare) as bigint) as spare
    from reporting.customer_standing as standing
    inner join known on known.customer_id = standing.customer_id
    group by
        standing.version, standing.version_before, standing.life_cycle, standing.counts, standing.reason,
        standing.counts_before, standing.reason_before
)

select
    run.started_at as counted_at,
    counted.version,
    counted.version_before,
    rules.rule,
    counted.life_cycle,
    counted.counts,
    counted.reason,
    counted.counts_before,
    counted.reason_before,
    counted.people,
    counted.records,
    counted.spare
from counted
cross join control.run as run
inner join control.customer_definition as rules on rules.in_force
