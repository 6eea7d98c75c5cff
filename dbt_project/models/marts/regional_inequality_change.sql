-- depends_on: {{ ref('stg_clock') }} {{ ref('int_progress_clock') }}
-- depends_on: {{ ref('int_inequality_touched') }}
{% set comparison = [
    'indicator_code', 'population_indicator_code', 'region_level',
    'group_kind', 'source_kind', 'months',
] %}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_comparisons_since() }}",
    ],
    post_hook="{{ record_watermark(
        ['regional_inequality_contribution'], 'int_progress_clock'
    ) }}",
) }}

with

contributions as (
    {{ contributions_since() }}
),

-- The period before is the last one of the same length for which the comparison
-- was computed: a region that was not in it then has no change to tell.
numbered as (
    select
        *,
        dense_rank() over (
            partition by {{ comparison | join(', ') }}
            order by period asc nulls last
        ) as period_number
    from contributions
),

-- A region that goes over to another group is still the same region.
followed as (
    select
        told.*,
        earlier.period as previous_period,
        earlier.theil_t_contribution as previous_contribution,
        earlier.population_share as previous_population_share,
        earlier.value_share as previous_value_share
    from numbered as told
    inner join numbered as earlier
        on
            {{ same_or_none(comparison, 'told', 'earlier') }}
            and told.period_number - 1 = earlier.period_number
            and (told.region_code is null) = (earlier.region_code is null)
            and coalesce(told.region_code, told.group_code)
            = coalesce(earlier.region_code, earlier.group_code)
    where told.period >= told.from_period
),

changed as (
    select
        *,
        theil_t_contribution - previous_contribution as moved,
        sum(
            case
                when region_code is not null
                    then theil_t_contribution - previous_contribution
            end
        ) over (
            partition by comparison_key, region_level, group_kind
        ) as total_change
    from followed
),

final as (
    select
        indicator_code,
        population_indicator_code,
        region_level,
        group_kind,
        period,
        source_kind,
        group_code,
        region_code,
        previous_period,
        round(moved, 10) as theil_t_change,
        round(total_change, 10) as total_theil_t_change,
        round(moved / nullif(total_change, 0), 10) as share_of_change,
        round(value_share - previous_value_share, 10) as value_share_change,
        round(population_share - previous_population_share, 10)
            as population_share_change
    from changed
)

select * from final
