{#- SDMX periods (2025, 2025-S1, 2025-Q3, 2025-07) as months and dates. -#}

{% macro period_months(period) -%}
    case
        when length({{ period }}) = 4 then 12
        when substr({{ period }}, 6, 1) = 'S' then 6
        when substr({{ period }}, 6, 1) = 'Q' then 3
        else 1
    end
{%- endmacro %}

{#- SDMX code of the length of a period. -#}
{% macro frequency_of(period) -%}
    case {{ period_months(period) }}
        when 12 then 'A' when 6 then 'S' when 3 then 'Q' else 'M'
    end
{%- endmacro %}

{% macro frequency_months(frequency) -%}
    case {{ frequency }}
        when 'A' then 12 when 'S' then 6 when 'Q' then 3 else 1
    end
{%- endmacro %}

{% macro period_start(period) -%}
    make_date(
        cast(substr({{ period }}, 1, 4) as integer),
        case
            when length({{ period }}) = 4 then 1
            when substr({{ period }}, 6, 1) = 'S'
                then cast(substr({{ period }}, 7, 1) as integer) * 6 - 5
            when substr({{ period }}, 6, 1) = 'Q'
                then cast(substr({{ period }}, 7, 1) as integer) * 3 - 2
            else cast(substr({{ period }}, 6, 2) as integer)
        end,
        1
    )
{%- endmacro %}

{% macro period_end(period) -%}
    last_day(
        {{ period_start(period) }} + to_months({{ period_months(period) }} - 1)
    )
{%- endmacro %}

{#- Its name as a number, in the same order. -#}
{% macro period_no(period) -%}
    (
        cast(substr({{ period }}, 1, 4) as integer) * 1000
        + case
            when length({{ period }}) = 4 then 0
            when substr({{ period }}, 6, 1) = 'Q'
                then 100 + cast(substr({{ period }}, 7, 1) as integer)
            when substr({{ period }}, 6, 1) = 'S'
                then 200 + cast(substr({{ period }}, 7, 1) as integer)
            else cast(substr({{ period }}, 6, 2) as integer)
        end
    )
{%- endmacro %}

{% macro period_of_no(period_no) -%}
    concat(
        {{ period_no }} // 1000,
        case
            when {{ period_no }} % 1000 = 0 then ''
            when {{ period_no }} % 1000 > 200
                then concat('-S', {{ period_no }} % 1000 - 200)
            when {{ period_no }} % 1000 > 100
                then concat('-Q', {{ period_no }} % 1000 - 100)
            else
                concat('-', right(concat('0', {{ period_no }} % 1000), 2))
        end
    )
{%- endmacro %}

{#- Whole months since year 0: the difference of two is a number of months. -#}
{% macro month_index(day) -%}
    (year({{ day }}) * 12 + month({{ day }}))
{%- endmacro %}

{#- Months of an indicator as steps of its own frequency. -#}
{% macro in_steps(months, of) -%}
    cast({{ months }} / {{ of }}.step_months as integer)
{%- endmacro %}

{#- Half-years in a row: the difference of two is a number of half-years. -#}
{% macro half_year(day) -%}
    (year({{ day }}) * 2 + case when month({{ day }}) > 6 then 1 else 0 end)
{%- endmacro %}

{% macro half_year_start(day) -%}
    make_date(year({{ day }}), case when month({{ day }}) > 6 then 7 else 1 end, 1)
{%- endmacro %}

{#- A day that is owed is owed until its last second, in UTC. -#}
{% macro end_of_day(day) -%}
    cast(cast({{ day }} as varchar) || ' 23:59:59' as timestamp)
{%- endmacro %}

{#- An ISO 8601 moment with its offset, as a timestamp in UTC. -#}
{% macro utc_timestamp(text) -%}
    timezone('UTC', cast({{ text }} as timestamptz))
{%- endmacro %}

{#- Period of a baseline; one without a period is of the year before the plan. -#}
{% macro base_period(baseline_period, plan_start) -%}
    coalesce(
        {{ baseline_period }}, cast(year({{ plan_start }}) - 1 as varchar)
    )
{%- endmacro %}

{#- Whether no form and no unit says since when it is valid: reports are then
    owed since the earliest plan. -#}
{% macro is_owed_since_the_first_plan() -%}
    not exists (
        select 1 from {{ ref('stg_forms') }} as dated
        where dated.is_current and dated.valid_from is not null
    )
    and not exists (
        select 1 from {{ ref('stg_units') }} as dated
        where dated.is_current and dated.valid_from is not null
    )
{%- endmacro %}
