-- depends_on: {{ ref('int_aggregate_touched') }} {{ ref('stg_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='aggregate_key',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_keys('int_aggregate_touched', 'aggregate_key') }}",
    ],
    post_hook="{{ record_watermark([
        'fct_observation', 'dim_indicator', 'dim_region',
        'bridge_region_group',
    ]) }}",
) }}

with

members as (
    select * from {{ ref('int_aggregate_members') }}
),

figures as (
    select * from {{ ref('int_aggregate_values') }}
),

expected as (
    select
        period_end,
        group_kind,
        group_code,
        member_level,
        count(*) as n_members
    from members
    group by period_end, group_kind, group_code, member_level
),

-- Stocks ('last') add up over regions as flows do; only over time do they
-- differ.
summed as (
    select
        figures.aggregate_key,
        figures.source_kind,
        figures.indicator_code,
        figures.definition_version,
        figures.period,
        figures.period_end,
        figures.breakdown,
        figures.aggregation,
        figures.weight_indicator_code,
        members.group_kind,
        members.group_code,
        members.member_level,
        count(*) as n_reported,
        count(figures.weight) as n_used,
        sum(figures.value) as total,
        sum(cast(figures.value as double) * cast(figures.weight as double))
            as weighted_total,
        sum(
            case
                when figures.weight is not null
                    then cast(figures.weight as double)
            end
        ) as weight_total
    from figures
    inner join members
        on
            figures.region_code = members.region_code
            and figures.period_end = members.period_end
    group by
        figures.aggregate_key, figures.source_kind, figures.indicator_code,
        figures.definition_version, figures.period, figures.period_end,
        figures.breakdown, figures.aggregation,
        figures.weight_indicator_code, members.group_kind,
        members.group_code, members.member_level
),

final as (
    select
        summed.group_kind,
        summed.group_code,
        summed.member_level,
        summed.indicator_code,
        summed.definition_version,
        summed.source_kind,
        summed.period,
        summed.breakdown,
        summed.aggregate_key,
        summed.aggregation,
        summed.weight_indicator_code,
        case
            when summed.aggregation in ('sum', 'last')
                then round(cast(summed.total as double), 10)
            else
                round(
                    summed.weighted_total / nullif(summed.weight_total, 0), 10
                )
        end as value,
        expected.n_members,
        summed.n_reported,
        summed.n_used,
        round(1.0 * summed.n_used / expected.n_members, 10) as coverage_share,
        summed.n_used = expected.n_members as is_complete,
        summed.period_end
    from summed
    inner join expected
        on
            summed.period_end = expected.period_end
            and summed.group_kind = expected.group_kind
            and summed.group_code = expected.group_code
            and summed.member_level = expected.member_level
)

select * from final
