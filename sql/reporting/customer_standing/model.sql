-- Where each person stands, by what is known and not by what was guessed: purchases, then the word of a source, then
-- that he came to us. And whether he counts as a customer, by the definition in force and by the one before, over the
-- same data.
with

lines as (
    select
        lines.order_record_key,
        cast(sum(coalesce(lines.line_amount, lines.quantity * lines.unit_price)) as decimal(18,4)) as net_amount,
        cast(sum(greatest(coalesce(lines.line_amount, lines.quantity * lines.unit_price), 0)) as decimal(18,4)) as given_amount,
        cast(sum(greatest(-coalesce(lines.line_amount, lines.quantity * lines.unit_price), 0)) as decimal(18,4)) as back_amount,
        cast(sum(coalesce(lines.line_amount, lines.quantity * lines.unit_price) - lines.quantity * products.unit_cost) as decimal(18,4)) as margin_amount
    from reporting.order_line as lines
    cross join control.run as run
    left join reporting.product as products
        on products.record_key = lines.product_record_key and products.currency = run.currency
    where lines.order_record_key is not null
    group by lines.order_record_key
),

credits as (
    select
        invoices.order_record_key,
        case when invoices.order_record_key is null then invoices.customer_record_key end as customer_record_key,
        cast(sum(abs(invoices.total_amount)) as decimal(18,4)) as amount
    from reporting.invoice as invoices
    cross join control.run as run
    where invoices.currency = run.currency
        and (invoices.total_amount < 0 or regexp_like(lower(invoices.kind), 'credit|return'))
        and coalesce(lower(invoices.status), '') not in ('draft', 'cancelled', 'canceled', 'void', 'voided')
    group by
        invoices.order_record_key,
        case when invoices.order_record_key is null then invoices.customer_record_key end
),

-- An order below nothing is a return, whatever its source calls it. Of one with lines that came back the total may be
-- before or after them: it is what it is nearer to.
orders as (
    select
        orders.record_key,
        orders.customer_record_key,
        orders.currency,
        coalesce(orders.ordered_at, orders.changed_at) as happened_at,
        coalesce(lower(orders.status), '') in ('returned', 'refunded') as came_back,
        coalesce(orders.total_amount, lines.net_amount, 0) < 0 as is_return,
        coalesce(orders.total_amount, lines.net_amount) as amount,
        case
            when orders.total_amount is null then lines.given_amount
            when lines.back_amount > 0
                and abs(orders.total_amount - lines.net_amount) <= abs(orders.total_amount - lines.given_amount)
                then orders.total_amount + lines.back_amount
            else orders.total_amount
        end as bought_amount,
        lines.back_amount,
        lines.margin_amount
    from reporting.sales_order as orders
    left join lines on lines.order_record_key = orders.record_key
    where coalesce(orders.total_amount, lines.net_amount, 0) < 0
        or coalesce(lower(orders.status), '') not in ('cancelled', 'canceled', 'void', 'voided', 'failed', 'rejected')
),

dealings as (
    select
        orders.customer_record_key,
        orders.happened_at,
        not orders.is_return as is_purchase,
        case when orders.currency = run.currency and not orders.is_return then orders.bought_amount end as bought_amount,
        case
            when orders.currency <> run.currency then null
            when orders.is_return then -orders.amount
            when orders.came_back then orders.bought_amount
            else greatest(coalesce(orders.back_amount, 0), coalesce(credits.amount, 0))
        end as returned_amount,
        case when orders.currency = run.currency and not orders.came_back then orders.margin_amount end as margin_amount,
        orders.is_return or orders.came_back or coalesce(orders.back_amount, 0) > 0 or credits.amount > 0 as has_return
    from orders
    cross join control.run as run
    left join credits on credits.order_record_key = orders.record_key

    union all

    select
        customer_record_key,
        cast(null as timestamp(6)) as happened_at,
        false as is_purchase,
        cast(null as decimal(18,4)) as bought_amount,
        amount as returned_amount,
        cast(null as decimal(18,4)) as margin_amount,
        true as has_return
    from credits
    where customer_record_key is not null
),

-- Days are those of the hub's time zone.
purchases as (
    select
        keys.customer_id,
        min(case when dealings.is_purchase then cast(date_add('minute', clock.minutes, dealings.happened_at) as timestamp(6)) end) as first_at,
        max(case when dealings.is_purchase then cast(date_add('minute', clock.minutes, dealings.happened_at) as timestamp(6)) end) as last_at,
        count(case when dealings.is_purchase then 1 end) as times,
        count(case when dealings.has_return then 1 end) as returns,
        cast(sum(coalesce(dealings.bought_amount, 0)) as decimal(18,4)) as bought_amount,
        cast(sum(coalesce(dealings.returned_amount, 0)) as decimal(18,4)) as returned_amount,
        cast(sum(dealings.margin_amount) as decimal(18,4)) as margin_amount
    from dealings
    inner join reporting.customer_key as keys on keys.record_key = dealings.customer_record_key
    left join control.clock as clock
        on dealings.happened_at >= clock.begins and dealings.happened_at < clock.ends
    group by keys.customer_id
),

days as (
    select cast(date_add('minute', clock.minutes, run.started_at) as date) as today
    from control.run as run
    inner join control.clock as clock on run.started_at >= clock.begins and run.started_at < clock.ends
),

-- What is still to be paid, by the source's own word or by what was paid for the invoice.
owing as (
    select
        keys.customer_id,
        cast(sum(invoices.open_amount) as decimal(18,4)) as open_amount,
        cast(sum(if(invoices.due_on < days.today, invoices.open_amount, 0)) as decimal(18,4)) as overdue_amount
    from (
        select
            invoices.customer_record_key,
            invoices.due_on,
            coalesce(invoices.open_amount, greatest(invoices.total_amount - coalesce(paid.amount, 0), 0)) as open_amount
        from reporting.invoice as invoices
        cross join control.run as run
        left join (
            select
                invoice_record_key,
                cast(sum(if(direction = 'out', -amount, amount)) as decimal(18,4)) as amount
            from reporting.payment
            where coalesce(lower(status), '') not in ('failed', 'cancelled', 'canceled', 'void', 'voided', 'rejected')
            group by invoice_record_key
        ) as paid on paid.invoice_record_key = invoices.record_key
        where invoices.supplier_record_key is null
            and invoices.currency = run.currency
            and invoices.total_amount > 0
            and not regexp_like(lower(invoices.kind), 'credit|return')
            and coalesce(lower(invoices.status), '') not in ('draft', 'cancelled', 'canceled', 'void', 'voided')
    ) as invoices
    inner join reporting.customer_key as keys on keys.record_key = invoices.customer_record_key
    cross join days
    group by keys.customer_id
),

complaints as (
    select keys.customer_id, count(*) as open_ones
    from reporting.ticket as tickets
    inner join reporting.customer_key as keys on keys.record_key = tickets.customer_record_key
    where regexp_like(lower(tickets.kind), 'complain|grievance')
        and tickets.solved_at is null
        and coalesce(lower(tickets.status), '') not in ('solved', 'resolved', 'closed', 'done', 'cancelled', 'canceled', 'withdrawn')
    group by keys.customer_id
),

-- Who came to us, and what he did with what was sent to him, by his kind of entry or how it ended.
comings as (
    select
        customer_id,
        cast(sum(came) as bigint) as times,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(replies) as bigint) as replies,
        cast(sum(bounces) as bigint) as bounces,
        cast(sum(unsubscribes) as bigint) as unsubscribes,
        max(last_response_at) as last_response_at,
        nullif(
            array_join(
                array_agg(concat(channel, ':', cast(cast(clicks + replies as bigint) as varchar)) order by clicks + replies desc, channel)
                    filter (where clicks + replies > 0),
                ','
            ),
            ''
        ) as responds_by
    from (
        select
            keys.customer_id,
            coalesce(lower(interactions.channel), 'other') as channel,
            count(case when interactions.direction = 'in' then 1 end) as came,
            count(case when marketed.did = 'click' then 1 end) as clicks,
            count(case when marketed.did = 'reply' then 1 end) as replies,
            count(case when marketed.did = 'bounce' then 1 end) as bounces,
            count(case when marketed.did = 'unsubscribe' then 1 end) as unsubscribes,
            max(
                case
                    when marketed.did in ('click', 'reply')
                        then cast(date_add('minute', clock.minutes, interactions.happened_at) as timestamp(6))
                end
            ) as last_response_at
        from reporting.interaction as interactions
        inner join reporting.customer_key as keys on keys.record_key = interactions.customer_record_key
        left join control.response_word as marketed
            on marketed.word = case
                when interactions.kind in ('order', 'ticket', 'payment') then ''
                when interactions.outcome is null or interactions.direction = 'in' then lower(interactions.kind)
                else lower(interactions.outcome)
            end
        left join control.clock as clock
            on interactions.happened_at >= clock.begins and interactions.happened_at < clock.ends
        group by keys.customer_id, coalesce(lower(interactions.channel), 'other')
    ) as by_channel
    group by customer_id
),

stages as (
    select
        golden.customer_id,
        coalesce(golden.email, golden.phone, golden.address) is not null as reached,
        date_diff('day', cast(purchases.last_at as date), cast(days.today as date)) as idle_days,
        purchases.first_at,
        purchases.last_at,
        purchases.times,
        purchases.returns,
        purchases.bought_amount,
        purchases.returned_amount,
        purchases.margin_amount,
        greatest(date_diff('day', cast(purchases.first_at as date), cast(days.today as date)), 30) as known_days,
        comings.clicks,
        comings.replies,
        comings.bounces,
        comings.unsubscribes,
        comings.last_response_at,
        comings.responds_by,
        case
            when
                date_diff('day', cast(purchases.last_at as date), cast(days.today as date)) <= rules.lapsed_after_days
                then 'customer'
            when purchases.last_at is not null then 'lapsed'
            when words.state <> 'prospect' then words.state
            when comings.times > 0 or golden.lead_source is not null then 'lead'
            else 'prospect'
        end as life_cycle,
        case
            when
                date_diff('day', cast(purchases.last_at as date), cast(days.today as date)) <= rules.lapsed_after_days
                then 'bought'
            when purchases.last_at is not null then 'bought long ago'
            when words.state <> 'prospect' then 'a source says so'
            when comings.times > 0 then 'came to us'
            when golden.lead_source is not null then 'has a lead source'
            else 'nothing but a record'
        end as life_cycle_reason
    from vault.customer as golden
    cross join days
    inner join control.customer_definition as rules on rules.in_force
    left join control.stage_word as words on words.word = lower(golden.stage)
    left join purchases on purchases.customer_id = golden.customer_id
    left join comings on comings.customer_id = golden.customer_id
),

known as (
    select
        keys.customer_id,
        rules.in_force,
        bool_or(coalesce(strpos(rules.sources, concat(',', keys.source, ',')), 0) > 0) as of_source,
        bool_and(coalesce(strpos(rules.never, concat(',', keys.source, ',')), 0) > 0) as of_never
    from reporting.customer_key as keys
    cross join control.customer_definition as rules
    group by keys.customer_id, rules.in_force
),

judged as (
    select
        stages.customer_id,
        rules.in_force,
        rules.version,
        case
            when known.of_never then 'not: known from a source that does not count'
            when rules.reachable and not stages.reached then 'not: cannot be reached'
            when rules.bought_within_days is null and rules.states is null and rules.sources is null then 'everybody'
            when stages.idle_days <= rules.bought_within_days then 'bought'
            when strpos(rules.states, concat(',', stages.life_cycle, ',')) > 0 then concat('is ', stages.life_cycle)
            when known.of_source then 'known to a source'
            else 'not: no rule fits'
        end as reason
    from stages
    cross join control.customer_definition as rules
    inner join known on known.customer_id = stages.customer_id and known.in_force = rules.in_force
)

select
    stages.customer_id,
    stages.life_cycle,
    stages.life_cycle_reason,
    cast(stages.first_at as date) as first_bought_on,
    cast(stages.last_at as date) as last_bought_on,
    cast(coalesce(stages.times, 0) as integer) as purchases,
    cast(coalesce(stages.returns, 0) as integer) as returns,
    coalesce(stages.bought_amount, 0) as bought_amount,
    coalesce(stages.returned_amount, 0) as returned_amount,
    coalesce(stages.bought_amount, 0) - coalesce(stages.returned_amount, 0) as net_amount,
    case
        when stages.times > 1
            then round(cast(date_diff('day', cast(stages.first_at as date), cast(stages.last_at as date)) as double) / nullif(stages.times - 1, 0), 1)
    end as days_between_purchases,
    cast(stages.idle_days as integer) as days_since_purchase,
    stages.margin_amount,
    -- Purchases a year, what one is worth, and how likely he is to come again: who is away for longer than usual less.
    cast(round(case
        when stages.times > 0
            then cast(greatest(cast(stages.bought_amount - stages.returned_amount as double), 0e0) * 365e0 as double)
                / nullif(stages.known_days, 0)
                * coalesce(least(1e0, cast(stages.known_days as double) / nullif(cast(stages.times * stages.idle_days as double), 0e0)), 1e0)
        else 0e0
    end, 2) as decimal(18,4)) as expected_year_amount,
    coalesce(owing.open_amount, 0) as open_amount,
    coalesce(owing.overdue_amount, 0) as overdue_amount,
    cast(coalesce(complaints.open_ones, 0) as integer) as open_complaints,
    cast(coalesce(stages.clicks, 0) as integer) as clicks,
    cast(coalesce(stages.replies, 0) as integer) as replies,
    cast(coalesce(stages.bounces, 0) as integer) as bounces,
    cast(coalesce(stages.unsubscribes, 0) as integer) as unsubscribes,
    cast(stages.last_response_at as date) as last_response_on,
    stages.responds_by,
    judged.version,
    not starts_with(judged.reason, 'not: ') as counts,
    judged.reason,
    earlier.version as version_before,
    not starts_with(earlier.reason, 'not: ') as counts_before,
    earlier.reason as reason_before
from stages
inner join judged on judged.customer_id = stages.customer_id and judged.in_force
inner join judged as earlier on earlier.customer_id = stages.customer_id and not earlier.in_force
left join owing on owing.customer_id = stages.customer_id
left join complaints on complaints.customer_id = stages.customer_id
