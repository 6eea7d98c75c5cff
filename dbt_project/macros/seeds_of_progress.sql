{#-
  What indicator_progress must remember of the periods before those that it
  computes again: the last rating of each series that a silence has not ended.
  Without it one new month would need all months before it.
-#}

{% macro seed_table() -%}
    {{ api.Relation.create(
        database=target.database, schema='ops', identifier='progress_seed'
    ) }}
{%- endmacro %}

{% macro forget_seeds() -%}
    {%- if execute -%}
        delete from {{ seed_table() }}
    {%- endif -%}
{%- endmacro %}

{#- The mart itself, without ref(): it is made after what reads its past. -#}
{% macro keep_seeds() -%}
    {%- set mart = adapter.get_relation(
        target.database, 'marts', 'indicator_progress'
    ) if execute else none -%}
    {%- if mart is not none and not flags.FULL_REFRESH -%}
        insert into {{ seed_table() }} by name
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
        )

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
    {%- endif -%}
{%- endmacro %}
