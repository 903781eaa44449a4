-- A month is known by its distance from the month of the run: -1 is the last full one, 0 the first to be forecast.
-- A forecast is made twice from the same text: from all full months (cut 0), and without the last three (cut -3),
-- which shows how wrong it would have been.
with

run as (
    select
        cast(date_trunc('month', started_at) as date) as this_month,
        year(started_at) * 12 + month(started_at) as this_number
    from control.run
),

numbers as (
    select cast(ones.n + 9 * nines.n as integer) as n
    from (values (1), (2), (3), (4), (5), (6), (7), (8), (9)) as ones (n)
    cross join (values (0), (1), (2), (3)) as nines (n)
),

sold as (
    select
        orders.currency,
        year(orders.ordered_at) * 12 + month(orders.ordered_at) - run.this_number as place,
        cast(sum(cast(orders.total_amount as double)) as double) as amount
    from reporting.sales_order as orders
    cross join run
    where orders.total_amount is not null
        and orders.currency is not null
        and coalesce(orders.status, '') not in ('cancelled', 'returned')
        and year(orders.ordered_at) * 12 + month(orders.ordered_at) - run.this_number between -36 and -1
    group by orders.currency, year(orders.ordered_at) * 12 + month(orders.ordered_at) - run.this_number
),

begun as (
    select
        currency,
        min(place) as first_place
    from sold
    group by currency
),

months as (
    select
        begun.currency,
        -numbers.n as place,
        coalesce(sold.amount, 0e0) as amount
    from begun
    inner join numbers on -numbers.n >= begun.first_place
    left join sold on sold.currency = begun.currency and sold.place = -numbers.n
),

cuts as (
    select cast(c as integer) as cut
    from (values (0), (-3)) as given (c)
),

-- The line through the months before a cut, by least squares, and the drift from one year to the next.
fits as (
    select
        months.currency,
        cuts.cut,
        count(*) as n,
        cast(sum(cast(months.place as double)) as double) as sx,
        cast(sum(cast(months.place as double) * cast(months.place as double)) as double) as sxx,
        cast(sum(months.amount) as double) as sy,
        cast(sum(cast(months.place as double) * months.amount) as double) as sxy,
        cast(sum(case when months.place - cuts.cut >= -12 then months.amount else 0e0 end) as double) as this_year,
        cast(sum(case when months.place - cuts.cut between -24 and -13 then months.amount else 0e0 end) as double) as last_year,
        max(case when months.place - cuts.cut = -1 then months.amount end) as last_amount
    from months
    inner join cuts on months.place < cuts.cut
    group by months.currency, cuts.cut
),

lines as (
    select
        fits.currency,
        fits.cut,
        fits.n,
        whole.n as whole_n,
        fits.sy,
        fits.sx,
        cast(cast(fits.n as double) * fits.sxy - fits.sx * fits.sy as double)
            / nullif(cast(fits.n as double) * fits.sxx - fits.sx * fits.sx, 0e0) as slope,
        cast(fits.this_year - fits.last_year as double) / 12e0 as drift,
        fits.last_amount
    from fits
    inner join fits as whole on whole.currency = fits.currency and whole.cut = 0
),

places as (
    select
        lines.currency,
        lines.cut,
        lines.n,
        lines.whole_n,
        lines.cut + numbers.n - 1 as place,
        lines.last_amount,
        lines.drift,
        cast(lines.sy - lines.slope * lines.sx as double) / nullif(lines.n, 0)
            + lines.slope * cast(lines.cut + numbers.n - 1 as double) as on_line
    from lines
    inner join numbers on numbers.n <= 6
    where lines.whole_n >= 6
),

forecasts as (
    select
        places.currency,
        places.cut,
        places.place,
        places.whole_n,
        places.last_amount,
        greatest(
            case
                when places.whole_n < 24 and places.n >= 3 then places.on_line
                when places.whole_n >= 24 and places.n >= 24 then year_before.amount + places.drift
            end,
            0e0
        ) as amount
    from places
    left join months as year_before
        on year_before.currency = places.currency
        and year_before.place = places.place - 12
),

errors as (
    select
        forecasts.currency,
        cast(sum(abs(forecasts.amount - months.amount)) as double) as missed,
        cast(sum(abs(forecasts.last_amount - months.amount)) as double) as missed_naive,
        cast(sum(months.amount) as double) as amount,
        count(forecasts.amount) as tested
    from forecasts
    inner join months on months.currency = forecasts.currency and months.place = forecasts.place
    where forecasts.cut = -3
    group by forecasts.currency
)

select
    cast(date_add('month', forecasts.place, run.this_month) as date) as month,
    forecasts.currency,
    cast(round(forecasts.amount, 2) as decimal(18,4)) as amount,
    case when forecasts.whole_n >= 24 then 'seasonal_naive_drift' else 'linear_trend' end as method,
    cast(forecasts.whole_n as integer) as months,
    case when errors.tested = 3 then round(cast(errors.missed as double) / nullif(errors.amount, 0e0), 4) end
        as backtest_error,
    case when errors.tested = 3 then round(cast(errors.missed_naive as double) / nullif(errors.amount, 0e0), 4) end
        as naive_error,
    cast(date_add('month', begun.first_place, run.this_month) as date) as made_from,
    cast(date_add('month', -1, run.this_month) as date) as made_to
from forecasts
inner join begun on begun.currency = forecasts.currency
left join errors on errors.currency = forecasts.currency
cross join run
where forecasts.cut = 0 and forecasts.amount is not null
