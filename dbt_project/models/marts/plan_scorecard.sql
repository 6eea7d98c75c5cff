-- depends_on: {{ ref('stg_clock') }} {{ ref('int_progress_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_touched_plans() }}",
    ],
    post_hook="{{ record_watermark(
        ['int_judged_touched', 'indicator_progress'],
        'int_progress_clock'
    ) }}",
) }}

with

touched_plans as (
    select distinct
        plan_code,
        plan_version,
        region_code
    from {{ ref('int_judged_touched') }}
),

targets as (
    select targets.*
    from {{ ref('fct_target') }} as targets
    inner join touched_plans
        on {{ same(
            ['plan_code', 'plan_version', 'region_code'],
            'targets', 'touched_plans'
        ) }}
    where targets.is_current and targets.unit_code is null
),

counting as (
    select
        parameter as indicator_code,
        value as counted_as
    from {{ ref('int_rule_parameters') }}
    where rule_id = 'PLAN_COUNTING'
),

-- Targets of regions: what single units owe is in indicator_progress. Found
-- first: with all conditions at once the engine looks at each of every row.
of_last_year as materialized (
    select * from {{ ref('indicator_progress') }}
    where
        unit_code is null
        and status_raw <> 'not_rated'
        and period_end >= (
            select cast(max(newest.period_end) - interval 1 year as date)
            from {{ ref('indicator_progress') }} as newest
        )
),

-- Few targets are silent for longer, in the kinds that count: mostly none, and
-- no history is read.
silent as (
    select target_key from targets
    where
        target_key not in (
            select of_last_year.target_key from of_last_year
            where {{ kind_place('of_last_year.source_kind') }} is not null
        )
),

rated as (
    select * from of_last_year
    union all
    select progress.*
    from {{ ref('indicator_progress') }} as progress
    inner join silent on progress.target_key = silent.target_key
    where progress.unit_code is null and progress.status_raw <> 'not_rated'
),

-- The last period decides, and of its kinds of figures the site's rule.
last_progress as (
    select progress.*
    from rated as progress
    inner join targets on progress.target_key = targets.target_key
    where
        {{ kind_place('progress.source_kind') }} is not null
    qualify
        row_number() over (
            partition by progress.target_key
            order by
                progress.period_end desc nulls last,
                {{ kind_place('progress.source_kind') }} asc nulls last
        ) = 1
),

terms as (
    select * from {{ ref('int_target_terms') }}
),

-- Parts of one indicator of the plan are counted apart and together; what
-- only restates another target is shown in progress and not counted.
judged as (
    select
        targets.plan_code,
        targets.plan_version,
        targets.region_code,
        targets.target_key,
        targets.binding,
        last_progress.source_kind,
        coalesce(counting.counted_as, targets.indicator_code) as headline,
        last_progress.status_raw,
        case
            when targets.target_type = 'qualitative' then 'not_countable'
            when
                last_progress.target_key is null
                or last_progress.period_end < terms.target_end
                then 'open'
            when
                last_progress.status_raw = 'achieved'
                and last_progress.value_to_date <> last_progress.target_value
                then 'over_fulfilled'
            when last_progress.status_raw = 'achieved' then 'met'
            else 'missed'
        end as outcome
    from targets
    inner join terms on targets.target_key = terms.target_key
    left join counting on targets.indicator_code = counting.indicator_code
    left join last_progress on targets.target_key = last_progress.target_key
    where coalesce(counting.counted_as, '') <> 'NOT_COUNTED'
),

-- An indicator with parts is only as good as the worst of them.
headlines as (
    select
        plan_code,
        plan_version,
        region_code,
        headline as counted_key,
        bool_or(binding) as binding,
        case min(
            case outcome
                when 'missed' then 1 when 'open' then 2
                when 'not_countable' then 3 when 'met' then 4 else 5
            end
        )
            when 1 then 'missed' when 2 then 'open'
            when 3 then 'not_countable' when 4 then 'met'
            else 'over_fulfilled'
        end as outcome,
        max(case status_raw when 'red' then 2 when 'yellow' then 1 end)
            as worst
    from judged
    group by plan_code, plan_version, region_code, headline
),

counted as (
    select
        'indicator' as counting,
        plan_code,
        plan_version,
        region_code,
        binding,
        outcome,
        worst
    from headlines
    union all
    select
        'sub_indicator' as counting,
        plan_code,
        plan_version,
        region_code,
        binding,
        outcome,
        case status_raw when 'red' then 2 when 'yellow' then 1 end as worst
    from judged
),

-- What the score rests on, to be seen beside it.
kinds as (
    select
        plan_code,
        plan_version,
        region_code,
        {{ text_list('source_kind') }} as source_kinds
    from judged
    group by plan_code, plan_version, region_code
),

summed as (
    select
        plan_code,
        plan_version,
        region_code,
        counting,
        count(*) as n_total,
        count(*) filter (where binding) as n_binding,
        {% for name in [
            'over_fulfilled', 'met', 'missed', 'open', 'not_countable',
        ] -%}
            count(*) filter (where outcome = '{{ name }}') as n_{{ name }},
        {% endfor -%}
        count(*) filter (where worst = 2) as n_red,
        count(*) filter (where worst = 2 and binding) as n_red_binding,
        count(*) filter (where worst = 1) as n_yellow
    from counted
    group by plan_code, plan_version, region_code, counting
),

scored as (
    select
        summed.*,
        kinds.source_kinds
    from summed
    inner join kinds
        on {{ same(
            ['plan_code', 'plan_version', 'region_code'], 'summed', 'kinds'
        ) }}
),

final as (
    select
        *,
        n_over_fulfilled + n_met as n_completed,
        round(
            100 * (n_over_fulfilled + n_met)
            / nullif(n_over_fulfilled + n_met + n_missed, 0),
            10
        ) as completion_pct,
        round(
            100 * n_over_fulfilled
            / nullif(n_over_fulfilled + n_met + n_missed, 0),
            10
        ) as over_fulfilled_pct
    from scored
)

select * from final
