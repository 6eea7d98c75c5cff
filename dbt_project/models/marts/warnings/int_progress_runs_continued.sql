{#- Runs of series of which one period is new, after all others: nearly all in
    most waves. To look at that period alone takes a fraction of what it takes to
    line up the periods of a series. -#}

{#- In the order of their names: periods of two lengths may come out of it. -#}
{% set periods %}
    list_append(
        coalesce(before.periods, []), {{ period_of_run('judged.') }}
    )
{% endset %}

with

judged as (
    select * from {{ ref('int_progress_judged') }}
    where comes_next
),

-- Nothing can be added to a run that is over.
before as (
    select * from {{ source('ops', 'warning_run') }}
    where until_end = {{ no_end() }} and resolved_at is null
),

-- A bad period begins a run or goes on with it; a good one ends it.
final as (
    select
        judged.rule_id,
        judged.target_key,
        judged.source_kind,
        judged.period_end as last_end,
        {{ no_end() }} as until_end,
        case
            when judged.is_bad then judged.period else before.period
        end as period,
        not judged.is_bad as is_told_before,
        case
            when judged.is_bad then judged.risk_level else before.risk_level
        end as risk_level,
        case
            when judged.is_bad then judged.measure else before.measure
        end as measure,
        case
            when judged.is_bad then judged.compared_with
            else before.compared_with
        end as compared_with,
        cast(judged.is_bad as bigint) + coalesce(before.n_periods, 0)
            as n_periods,
        coalesce(before.first_period, judged.period) as first_period,
        least(
            before.first_raised_at,
            case when judged.is_bad then judged.known_from end
        ) as first_raised_at,
        greatest(
            before.last_seen_at,
            case when judged.is_bad then judged.known_from end
        ) as last_seen_at,
        case
            when not judged.is_bad
                then greatest(before.last_seen_at, judged.known_from)
        end as resolved_at,
        case
            when judged.is_bad
                then
                    case
                        when
                            {{ period_no('judged.period') }}
                            < before.periods[-1].period_no
                            then list_slice(
                                list_sort({{ periods }}),
                                -{{ periods_in_evidence() }}, -1
                            )
                        else list_slice(
                            {{ periods }}, -{{ periods_in_evidence() }}, -1
                        )
                    end
            else before.periods
        end as periods,
        case when not judged.is_bad then before.figures end as figures
    from judged
    left join before
        on
            judged.rule_id = before.rule_id
            and judged.target_key = before.target_key
            and judged.source_kind = before.source_kind
    where judged.is_bad or before.target_key is not null
)

select * from final
