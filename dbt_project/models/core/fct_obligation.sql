-- depends_on: {{ ref('stg_clock') }}
{% set registries = ['forms', 'units', 'plans'] %}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_when_changed(['forms', 'units', 'plans']) }}",
    ],
    post_hook="{{ record_watermark() }}",
) }}

with

forms as (
    select * from {{ ref('stg_forms') }}
    where is_current
),

units as (
    select * from {{ ref('stg_units') }}
    where is_current
),

periods as (
    select *
    from {{ ref('int_periods') }}
    {% if is_incremental() and not have_changed(registries) -%}
        where
            {{ end_of_day('period_end') }}
            > {{ watermark('as_of', 'fct_obligation') }}
    {%- endif %}
),

-- A unit that is renamed, or a form that is due on another day, goes on.
form_stretches as (
    {{ joined_slices('forms', [
        'form_code', 'frequency', 'unit_kind', 'unit_level',
    ]) }}
),

unit_stretches as (
    {{ joined_slices('units', ['unit_code', 'unit_kind', 'level']) }}
),

-- least() and greatest() pass over missing dates: an open end stays open, and
-- so does a beginning where neither form nor unit has a first day.
duties as (
    select
        form_stretches.form_code,
        unit_stretches.unit_code,
        form_stretches.frequency,
        unit_stretches.unit_kind,
        unit_stretches.level,
        greatest(form_stretches.valid_from, unit_stretches.valid_from)
            as duty_from,
        least(form_stretches.valid_to, unit_stretches.valid_to) as duty_to
    from form_stretches
    inner join unit_stretches
        on
            (
                form_stretches.unit_kind is null
                or form_stretches.unit_kind = unit_stretches.unit_kind
            )
            and (
                form_stretches.unit_level is null
                or form_stretches.unit_level = unit_stretches.level
            )
),

-- When a period is due says the form as it is at its end.
due as (
    select
        forms.form_code,
        forms.due_days,
        forms.legal_basis,
        periods.period
    from forms
    inner join periods
        on
            forms.frequency = periods.frequency
            and coalesce(forms.valid_from <= periods.period_end, true)
            and coalesce(forms.valid_to >= periods.period_end, true)
    qualify
        row_number() over (
            partition by forms.form_code, periods.period
            order by
                forms.valid_from desc nulls last,
                forms.due_days desc nulls last
        ) = 1
),

final as (
    select
        duties.form_code,
        duties.unit_code,
        periods.period,
        periods.period_start,
        periods.period_end,
        {{ end_of_day('(periods.period_end + due.due_days)') }} as due_at,
        concat_ws(
            '; ',
            concat(
                duties.form_code, ' is due ', due.due_days,
                ' days after each period of frequency ', duties.frequency
            ),
            concat(
                'owed by each ', duties.unit_kind, ' of level ', duties.level,
                ' that is valid throughout ', periods.period
            ),
            due.legal_basis
        ) as reason
    from duties
    inner join periods
        on
            duties.frequency = periods.frequency
            and (
                duties.duty_from is null
                or duties.duty_from <= periods.period_start
            )
            and (
                duties.duty_to is null or duties.duty_to >= periods.period_end
            )
    inner join due
        on
            duties.form_code = due.form_code
            and periods.period = due.period
    -- Stretches that overlap oblige once.
    qualify
        row_number() over (
            partition by duties.form_code, duties.unit_code, periods.period
            order by
                duties.duty_from desc nulls last,
                duties.unit_kind asc nulls last,
                duties.level asc nulls last
        ) = 1
)

select * from final
