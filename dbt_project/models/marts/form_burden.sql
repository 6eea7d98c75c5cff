-- depends_on: {{ ref('stg_clock') }} {{ ref('stg_units') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_burdened_years() }}",
    ],
    post_hook="{{ record_watermark(['fct_obligation', 'dim_unit']) }}",
) }}

with

-- Only years with a period that has ended since.
touched as (
    select distinct every.period_start
    from {{ ref('int_periods') }} as every
    where
        year(every.period_start) in ({{ burdened_years() }})
),

obligations as (
    select
        owed.unit_code,
        year(owed.period_start) as report_year,
        owed.form_code,
        count(*) as n_reports
    from {{ ref('fct_obligation') }} as owed
    inner join touched on owed.period_start = touched.period_start
    group by
        owed.unit_code, year(owed.period_start), owed.form_code
),

items as (
    select
        form_code,
        indicator_code,
        breakdown,
        compulsory
    from {{ ref('stg_form_items') }}
    where is_current
),

units as (
    select * from {{ ref('dim_unit') }}
),

-- Thousands of units owe the same: what a set of forms asks is reckoned once.
loads as (
    select
        unit_code,
        report_year,
        count(*) as n_forms,
        sum(n_reports) as n_reports,
        {{ text_list("concat(form_code, ' ', n_reports)") }} as forms_owed
    from obligations
    group by unit_code, report_year
),

sets as (
    select distinct
        loads.forms_owed,
        obligations.form_code,
        obligations.n_reports
    from loads
    inner join obligations
        on
            loads.unit_code = obligations.unit_code
            and loads.report_year = obligations.report_year
),

-- Of several forms that ask the same, the one that asks most often would do.
cells as (
    select
        sets.forms_owed,
        items.indicator_code,
        items.breakdown,
        count(*) as n_forms,
        sum(sets.n_reports) as n_cells,
        sum(case when items.compulsory then sets.n_reports else 0 end)
            as n_compulsory_cells,
        sum(sets.n_reports) - max(sets.n_reports) as n_repeated_cells,
        {{ text_list('sets.form_code', ' ') }} as form_codes
    from sets
    inner join items on sets.form_code = items.form_code
    group by sets.forms_owed, items.indicator_code, items.breakdown
),

asked as (
    select
        forms_owed,
        sum(n_cells) as n_cells,
        sum(n_compulsory_cells) as n_compulsory_cells,
        count(*) filter (where n_forms > 1) as n_duplicate_asks,
        sum(n_repeated_cells) as n_repeated_cells,
        {{ text_list(
            "case when n_forms > 1 then"
            ~ " concat(indicator_code, ' ', breakdown, ': ', form_codes) end",
            '; '
        ) }} as duplicate_asks
    from cells
    group by forms_owed
),

final as (
    select
        loads.unit_code,
        loads.report_year,
        units.level as unit_level,
        loads.n_forms,
        cast(loads.n_reports as bigint) as n_reports,
        cast(coalesce(asked.n_cells, 0) as bigint) as n_cells,
        cast(coalesce(asked.n_compulsory_cells, 0) as bigint)
            as n_compulsory_cells,
        coalesce(asked.n_duplicate_asks, 0) as n_duplicate_asks,
        cast(coalesce(asked.n_repeated_cells, 0) as bigint)
            as n_repeated_cells,
        asked.duplicate_asks
    from loads
    inner join units on loads.unit_code = units.unit_code
    left join asked on loads.forms_owed = asked.forms_owed
)

select * from final
