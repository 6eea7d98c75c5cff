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

        -- No period is longer than a year, and silence ends what it outlasts.
        bounds as (
            select
                min(touched.from_end)
                - to_months(
                    cast(
                        12 * (any_value(rules.keep_missing_periods) + 2) as integer
                    )
                )
                    as first_end
            from touched
            cross join {{ ref('int_progress_rules') }} as rules
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
                    ) / {{ period_months('told.period') }}
                ) as integer
            ) as place,
            told.status_raw,
            told.status_held,
            told.improving_run,
            told.on_schedule_run
        from {{ mart }} as told
        inner join touched on told.target_key = touched.target_key
        where
            told.period_end < touched.from_end
            and told.period_end >= (select first_end from bounds)
            and told.status_raw <> 'not_rated'
        qualify
            row_number() over (
                partition by
                    told.target_key, told.source_kind,
                    {{ period_months('told.period') }}
                order by told.period_end desc nulls last
            ) = 1
    {%- endif -%}
{%- endmacro %}
