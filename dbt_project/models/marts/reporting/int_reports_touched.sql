{% set reader = 'reporting_discipline' %}
{{ config(
    materialized='table',
    pre_hook="{{ reset_watermark_of('reporting_discipline') }}",
) }}

{#- Each part reads the duties itself: what is used twice is copied first
    (docs/decisions/0026). -#}
with

clock as (
    select * from {{ ref('stg_clock') }}
),

-- Who owes what to whom has changed: then all is counted again. A unit may
-- also change by itself, on the day from which another line of it holds.
changed_duties as (
    select form_code as changed
    from {{ ref('stg_forms') }}
    where {{ is_unread(reader) }}
    union all
    select form_code as changed
    from {{ ref('stg_form_items') }}
    where {{ is_unread(reader) }}
    union all
    select unit_code as changed
    from {{ ref('stg_units') }}
    where
        {{ is_unread(reader) }}
        or (
            valid_from > {{ watermark('as_of', reader) }}
            and valid_from <= (select clock.as_of from clock)
        )
    union all
    -- The earliest plan says since when is owed what has no first day.
    select plan_code as changed
    from {{ ref('stg_plans') }}
    where {{ is_unread(reader) }} and {{ is_owed_since_the_first_plan() }}
),

touched as (
    select
        form_code,
        unit_code,
        period
    from (
        select
            *,
            received_at as known_from
        from {{ ref('fct_submission') }}
    ) as submissions
    where {{ is_unread_report(reader) }}
    union
    select
        form_code,
        unit_code,
        period
    from {{ ref('fct_observation') }}
    where form_code is not null and {{ is_unread_figure(reader) }}
    union
    -- Owed or due since the last look.
    select
        form_code,
        unit_code,
        period
    from {{ ref('fct_obligation') }}
    where
        period_end >= cast({{ watermark('as_of', reader) }} as date)
        or due_at > {{ watermark('as_of', reader) }}
    union
    select
        form_code,
        unit_code,
        period
    from {{ ref('fct_obligation') }}
    where exists (select 1 from changed_duties)
),

-- What a refused report calls its period or form may be anything at all.
final as (
    select
        obligations.form_code,
        obligations.unit_code,
        obligations.period,
        obligations.period_end
    from touched
    inner join {{ ref('fct_obligation') }} as obligations
        on
            touched.form_code = obligations.form_code
            and touched.unit_code = obligations.unit_code
            and touched.period = obligations.period
    where obligations.period >= {{ earliest_period('touched') }}
    union all
    -- One row without a form: what was counted before is forgotten, too.
    select
        cast(null as varchar) as form_code,
        cast(null as varchar) as unit_code,
        cast(null as varchar) as period,
        cast(null as date) as period_end
    where exists (select 1 from changed_duties)
)

select * from final
