with

targets as (
    select * from {{ ref('fct_target') }}
    where is_current and unit_code is null
),

counting as (
    select
        parameter as indicator_code,
        value as counted_as
    from {{ ref('int_rule_parameters') }}
    where rule_id = 'PLAN_COUNTING'
),

-- Targets of regions: what single units owe is in indicator_progress.
-- The last period decides; a verified figure before an official one.
last_progress as (
    select *
    from {{ ref('indicator_progress') }}
    where status_raw <> 'not_rated' and unit_code is null
    qualify
        row_number() over (
            partition by target_key
            order by
                {{ period_end('period') }} desc nulls last,
                case source_kind
                    when 'verified' then 0 when 'official' then 1 else 2
                end asc nulls last
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
        coalesce(counting.counted_as, targets.indicator_code) as headline,
        last_progress.status_raw,
        case
            when targets.target_type = 'qualitative' then 'not_countable'
            when
                last_progress.target_key is null
                or {{ period_end('last_progress.period') }} < terms.target_end
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
    from summed
)

select * from final
