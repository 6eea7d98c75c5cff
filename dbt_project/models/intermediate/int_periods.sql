with recursive

clock as (
    select * from {{ ref('stg_clock') }}
),

starts as (
    select valid_from from {{ ref('stg_forms') }}
    where is_current
    union all
    select valid_from from {{ ref('stg_units') }}
    where is_current
),

-- Where nothing has a first day, nothing is asked for before there is a plan.
first_plan as (
    select min(period_start) as period_start from {{ ref('stg_plans') }}
    where is_current
),

months (month_start) as (
    select
        cast(
            date_trunc(
                'year',
                coalesce(
                    min(starts.valid_from), min(first_plan.period_start)
                )
            ) as date
        ) as month_start
    from first_plan
    left join starts on true
    union all
    select cast(months.month_start + to_months(1) as date) as month_start
    from months
    inner join clock on months.month_start < clock.as_of
),

periods as (
    select
        'A' as frequency,
        cast(year(month_start) as varchar) as period,
        month_start as period_start
    from months
    where month(month_start) = 1
    union all
    select
        'S' as frequency,
        concat(
            year(month_start), '-S', if(month(month_start) = 1, 1, 2)
        ) as period,
        month_start as period_start
    from months
    where month(month_start) in (1, 7)
    union all
    select
        'Q' as frequency,
        concat(year(month_start), '-Q', quarter(month_start)) as period,
        month_start as period_start
    from months
    where month(month_start) in (1, 4, 7, 10)
    union all
    select
        'M' as frequency,
        substr(cast(month_start as varchar), 1, 7) as period,
        month_start as period_start
    from months
),

final as (
    select
        periods.frequency,
        periods.period,
        periods.period_start,
        {{ period_end('periods.period') }} as period_end
    from periods
    cross join clock
    where {{ end_of_day(period_end('periods.period')) }} <= clock.as_of
)

select * from final
