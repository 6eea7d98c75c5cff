-- depends_on: {{ ref('int_reports_touched') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_touched_reports(['form_code', 'unit_code', 'period']) }}",
) }}

with

clock as (
    select * from {{ ref('stg_clock') }}
),

touched as (
    select * from {{ ref('int_reports_touched') }}
),

-- The bound of all of them first: it spares reading the history.
obligations as (
    select obligations.*
    from {{ ref('fct_obligation') }} as obligations
    inner join touched
        on
            obligations.form_code = touched.form_code
            and obligations.unit_code = touched.unit_code
            and obligations.period = touched.period
    where
        obligations.period_end >= {{ earliest('bound.period_end', 'touched') }}
),

submissions as (
    select submissions.*
    from {{ ref('fct_submission') }} as submissions
    inner join touched
        on
            submissions.form_code = touched.form_code
            and submissions.unit_code = touched.unit_code
            and submissions.period = touched.period
    where
        submissions.verdict <> 'rejected'
        and submissions.period >= {{ earliest_period('touched') }}
),

observations as (
    select observations.*
    from {{ ref('fct_observation') }} as observations
    inner join touched
        on
            observations.form_code = touched.form_code
            and observations.unit_code = touched.unit_code
            and observations.period = touched.period
    where
        observations.period_end >= {{ earliest('bound.period_end', 'touched') }}
),

required_items as (
    select
        form_code,
        indicator_code,
        breakdown
    from {{ ref('stg_form_items') }}
    where is_current and compulsory
),

-- Early, late or repeated: the first report that was not rejected counts.
first_reports as (
    select
        form_code,
        unit_code,
        period,
        min(received_at) as first_received_at,
        count(*) as n_submissions
    from submissions
    group by form_code, unit_code, period
),

required_cells as (
    select
        form_code,
        count(*) as required_cells
    from required_items
    group by form_code
),

-- A cell that its form told without a value afterwards; one that another form
-- told again is still answered.
withdrawn as (
    select
        observation_key,
        form_code,
        max(known_from) as withdrawn_at
    from observations
    where value is null
    group by observation_key, form_code
),

accepted_cells as (
    select
        observations.form_code,
        observations.unit_code,
        observations.period,
        count(
            distinct concat_ws(
                '|', observations.indicator_code, observations.breakdown
            )
        ) as accepted_cells
    from observations
    inner join required_items
        on
            observations.form_code = required_items.form_code
            and observations.indicator_code = required_items.indicator_code
            and observations.breakdown = required_items.breakdown
    left join withdrawn
        on
            observations.observation_key = withdrawn.observation_key
            and observations.form_code = withdrawn.form_code
    where
        observations.value is not null
        and coalesce(observations.known_from > withdrawn.withdrawn_at, true)
    group by
        observations.form_code, observations.unit_code, observations.period
),

final as (
    select
        obligations.form_code,
        obligations.unit_code,
        obligations.period,
        obligations.period_start,
        obligations.period_end,
        obligations.due_at,
        obligations.due_at <= clock.as_of as is_due,
        first_reports.first_received_at,
        first_reports.first_received_at is not null as is_reported,
        coalesce(first_reports.first_received_at <= obligations.due_at, false)
            as is_on_time,
        greatest(
            cast(first_reports.first_received_at as date)
            - cast(obligations.due_at as date),
            case when first_reports.first_received_at is not null then 0 end
        ) as days_late,
        coalesce(first_reports.n_submissions, 0) as n_submissions,
        coalesce(required_cells.required_cells, 0) as required_cells,
        coalesce(accepted_cells.accepted_cells, 0) as accepted_cells
    from obligations
    cross join clock
    left join first_reports
        on
            obligations.form_code = first_reports.form_code
            and obligations.unit_code = first_reports.unit_code
            and obligations.period = first_reports.period
    left join required_cells
        on obligations.form_code = required_cells.form_code
    left join accepted_cells
        on
            obligations.form_code = accepted_cells.form_code
            and obligations.unit_code = accepted_cells.unit_code
            and obligations.period = accepted_cells.period
)

select * from final
