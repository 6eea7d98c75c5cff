-- depends_on: {{ ref('int_progress_touched') }} {{ ref('int_target_terms') }}
-- depends_on: {{ ref('int_progress_rules') }}
{#- What the held status must remember of the periods before those that are
    computed again: the last rating of each series that a silence has not ended.
    Without it one new month would need all months before it. -#}
{{ config(materialized='table', database='scratch') }}

{% set mart = past('marts', 'indicator_progress') %}

{% if mart -%}
    with

    touched as (
        select
            touched.target_key,
            touched.from_end,
            terms.first_month
        from {{ ref('int_progress_touched') }} as touched
        inner join {{ ref('int_target_terms') }} as terms
            on touched.target_key = terms.target_key
        where touched.from_end > cast('0001-01-01' as date)
    ),

    -- Silence ends what it outlasts: so far back a rating can lie, counted in
    -- periods of each length. No further is the mart read, and each series no
    -- further than that before its own first period that is computed again.
    bounds as (
        select
            {{ earliest('bound.from_end', 'touched') }} as from_end,
            rules.keep_missing_periods + 2 as periods_back
        from {{ ref('int_progress_rules') }} as rules
    ),

    ratings as (
        {% for frequency, months in [
            ('A', 12), ('S', 6), ('Q', 3), ('M', 1),
        ] -%}
            select
                target_key,
                source_kind,
                period,
                period_end,
                status_raw,
                status_held,
                improving_run,
                on_schedule_run,
                {{ months }} as months_in_period,
                {{ month_index('period_end') }} + {{ months }} * (
                    select bounds.periods_back from bounds
                ) as counts_until
            from {{ mart }}
            where
                frequency = '{{ frequency }}'
                and status_raw <> 'not_rated'
                -- As a date: with a moment no block would be passed over.
                and period_end >= (
                    select
                        cast(
                            bounds.from_end - to_months(
                                cast(
                                    {{ months }} * bounds.periods_back
                                    as integer
                                )
                            ) as date
                        )
                    from bounds
                )
            {{ 'union all' if not loop.last }}
        {% endfor -%}
    ),

    final as (
        select
            told.target_key,
            told.source_kind,
            told.period,
            cast(
                ceil(
                    (
                        {{ month_index('told.period_end') }} + 1
                        - touched.first_month
                    ) / told.months_in_period
                ) as integer
            ) as place,
            told.status_raw,
            told.status_held,
            told.improving_run,
            told.on_schedule_run
        from ratings as told
        inner join touched on told.target_key = touched.target_key
        where
            told.period_end < touched.from_end
            and told.counts_until >= {{ month_index('touched.from_end') }}
        qualify
            row_number() over (
                partition by
                    told.target_key, told.source_kind, told.months_in_period
                order by told.period_end desc nulls last
            ) = 1
    )

    select * from final
{%- else -%}
    select
        cast(null as varchar) as target_key,
        cast(null as varchar) as source_kind,
        cast(null as varchar) as period,
        cast(null as integer) as place,
        cast(null as varchar) as status_raw,
        cast(null as varchar) as status_held,
        cast(null as integer) as improving_run,
        cast(null as integer) as on_schedule_run
    where false
{%- endif %}
