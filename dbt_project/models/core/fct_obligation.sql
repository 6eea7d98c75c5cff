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

-- least() and greatest() pass over missing dates: an open end stays open, and
-- so does a beginning where neither form nor unit has a first day.
duties as (
    select
        forms.form_code,
        units.unit_code,
        forms.frequency,
        forms.due_days,
        forms.legal_basis,
        units.unit_kind,
        units.level,
        greatest(forms.valid_from, units.valid_from) as duty_from,
        least(forms.valid_to, units.valid_to) as duty_to
    from forms
    inner join units
        on
            (forms.unit_kind is null or forms.unit_kind = units.unit_kind)
            and (forms.unit_level is null or forms.unit_level = units.level)
),

final as (
    select
        duties.form_code,
        duties.unit_code,
        periods.period,
        periods.period_start,
        periods.period_end,
        {{ end_of_day('(periods.period_end + duties.due_days)') }} as due_at,
        concat_ws(
            '; ',
            concat(
                duties.form_code, ' is due ', duties.due_days,
                ' days after each period of frequency ', duties.frequency
            ),
            concat(
                'owed by each ', duties.unit_kind, ' of level ', duties.level,
                ' that is valid throughout ', periods.period
            ),
            duties.legal_basis
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
    -- Slices that overlap oblige once.
    qualify
        row_number() over (
            partition by duties.form_code, duties.unit_code, periods.period
            order by
                duties.duty_from desc nulls last,
                duties.due_days desc nulls last,
                duties.unit_kind asc nulls last,
                duties.level asc nulls last
        ) = 1
)

select * from final
