-- depends_on: {{ ref('stg_clock') }} {{ ref('int_progress_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_keys('int_alignment_touched', 'target_key') }}",
    ],
    post_hook="{{ record_watermark(
        [
            'int_alignment_children', 'dim_indicator', 'dim_region',
            'dim_unit', 'fct_target_waiver',
        ],
        'int_progress_clock'
    ) }}",
) }}

with

targets as (
    select targets.*
    from {{ ref('fct_target') }} as targets
    inner join {{ ref('int_alignment_touched') }} as touched
        on targets.target_key = touched.target_key
    where targets.is_current
),

indicators as (
    select * from {{ ref('dim_indicator') }}
),

children as (
    select * from {{ ref('int_alignment_children') }}
),

asked as (
    select * from {{ ref('int_alignment_asked') }}
),

sums as (
    select * from {{ ref('int_alignment_sums') }}
),

-- Which way is more: a cap asks for no more, everything else for no less.
parents as (
    select
        targets.*,
        indicators.aggregation,
        targets.target_type = 'level_cap'
        or (
            targets.target_type in ('cum_total', 'maintain')
            and indicators.direction = 'lower'
        ) as is_upper_limit,
        case
            when targets.target_type = 'cum_reduction' then 'intensity'
            when
                targets.target_type in ('level_floor', 'level_cap', 'cum_total')
                and indicators.aggregation in ('sum', 'last')
                then 'sum'
            when
                targets.target_type in (
                    'level_floor', 'level_cap', 'maintain', 'avg_growth_floor'
                )
                and indicators.aggregation in ('mean', 'weighted_mean')
                then 'weighted_mean'
            else 'none'
        end as alignment_method
    from targets
    left join indicators
        on
            targets.indicator_code = indicators.indicator_code
            and targets.definition_version = indicators.definition_version
),

compared as (
    select
        parents.target_key,
        children.child_kind,
        children.child_code,
        children.is_conflicting_horizon,
        not children.is_same_definition as is_other_definition,
        children.is_same_definition
        and children.is_same_type
        and parents.alignment_method <> 'sum'
        and case
            when parents.is_upper_limit
                then children.target_value > parents.target_value
            else children.target_value < parents.target_value
        end as is_weaker
    from parents
    inner join children on parents.target_key = children.parent_key
),

counted as (
    select
        target_key,
        child_kind,
        count(*) as n_children,
        count(*) filter (where is_weaker) as n_weaker,
        count(*) filter (where is_conflicting_horizon) as n_conflicting,
        count(*) filter (where is_other_definition) as n_other_definition,
        {{ text_list('case when is_weaker then child_code end') }}
            as weaker_children,
        {{ text_list(
            'case when is_conflicting_horizon then child_code end'
        ) }}
            as conflicting_children
    from compared
    group by target_key, child_kind
),

joined as (
    select
        parents.*,
        asked.child_kind,
        asked.n_expected,
        coalesce(counted.n_children, 0) as n_children,
        asked.n_missing,
        asked.missing_children,
        asked.n_waived,
        asked.waived_children,
        coalesce(counted.n_weaker, 0) as n_weaker,
        counted.weaker_children,
        coalesce(counted.n_conflicting, 0) as n_conflicting,
        counted.conflicting_children,
        coalesce(counted.n_other_definition, 0) as n_other_definition,
        case
            when parents.alignment_method = 'sum'
                then cast(sums.total as double)
            when
                parents.alignment_method = 'weighted_mean'
                and sums.n_weighted = sums.n_children
                then sums.weighted_mean
            when
                parents.alignment_method = 'intensity'
                and sums.n_intensity = sums.n_children
                then sums.intensity_fall_pct
        end as children_value
    from parents
    inner join asked on parents.target_key = asked.parent_key
    left join counted
        on
            parents.target_key = counted.target_key
            and asked.child_kind = counted.child_kind
    left join sums
        on
            parents.target_key = sums.parent_key
            and asked.child_kind = sums.child_kind
),

checked as (
    select
        *,
        case
            when is_upper_limit
                then children_value <= cast(target_value as double) + 1e-9
            else children_value >= cast(target_value as double) - 1e-9
        end as is_met_together
    from joined
),

final as (
    select
        plan_code,
        plan_version,
        indicator_code,
        definition_version,
        region_code,
        unit_code,
        breakdown,
        child_kind,
        target_key,
        target_type,
        binding,
        target_value,
        alignment_method,
        round(children_value, 10) as children_value,
        round(children_value - cast(target_value as double), 10) as gap,
        is_met_together,
        case
            when n_children = 0 then 'no children'
            when alignment_method = 'none'
                then 'targets of this type do not add up'
            when children_value is null then 'weights are missing'
        end as not_computed_reason,
        n_expected,
        n_children,
        n_missing,
        missing_children,
        n_waived,
        waived_children,
        n_weaker,
        weaker_children,
        n_conflicting,
        conflicting_children,
        n_other_definition,
        case
            when not is_met_together or n_conflicting > 0 then false
            when binding and n_missing > n_waived then false
            when n_weaker > 0 and is_met_together is null then false
            else true
        end as is_aligned
    from checked
)

select * from final
