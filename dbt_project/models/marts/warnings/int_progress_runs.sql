with

measures as (
    select * from {{ ref('int_progress_measures') }}
),

progress as (
    select * from {{ ref('int_warned_progress') }}
),

-- EW_OFF_TRACK is judged by the limits of PROGRESS_RAG already.
rules as (
    select
        rule_id,
        case when rule_id = 'EW_OFF_TRACK' then 1 else yellow_at end
            as yellow_at,
        case when rule_id = 'EW_OFF_TRACK' then 2 else orange_at end
            as orange_at,
        case when rule_id = 'EW_OFF_TRACK' then 2 else red_at end as red_at
    from {{ ref('int_rules') }}
),

judged as (
    select
        measures.rule_id,
        measures.target_key,
        measures.source_kind,
        measures.period,
        measures.measure,
        measures.compared_with,
        progress.period_end,
        progress.status_raw,
        progress.gap_pct,
        progress.known_from,
        {{ level_at('measures.measure') }} as risk_level
    from measures
    inner join rules on measures.rule_id = rules.rule_id
    inner join progress
        on
            measures.target_key = progress.target_key
            and measures.source_kind = progress.source_kind
            and measures.period = progress.period
),

numbered as (
    select
        *,
        risk_level > 0 as is_bad,
        row_number() over (
            partition by rule_id, target_key, source_kind
            order by period_end asc nulls last, period asc nulls last
        ) as place
    from judged
),

-- Neighbours of one kind share the difference of the two numberings.
placed as (
    select
        *,
        place - row_number() over (
            partition by rule_id, target_key, source_kind, is_bad
            order by place asc nulls last
        ) as run_id,
        lead(is_bad) over (
            partition by rule_id, target_key, source_kind
            order by place asc nulls last
        ) as next_is_bad,
        lead(known_from) over (
            partition by rule_id, target_key, source_kind
            order by place asc nulls last
        ) as next_known_from
    from numbered
),

-- A figure may come after that of a later period; a warning is never
-- resolved before it was last seen.
final as (
    select
        rule_id,
        target_key,
        source_kind,
        max_by(period, place) as period,
        max_by(risk_level, place) as risk_level,
        max_by(measure, place) as measure,
        max_by(compared_with, place) as compared_with,
        count(*) as n_periods,
        min_by(period, place) as first_period,
        min(known_from) as first_raised_at,
        max(known_from) as last_seen_at,
        case
            when max(next_known_from) filter (where not next_is_bad) is not null
                then
                    greatest(
                        max(next_known_from) filter (where not next_is_bad),
                        max(known_from)
                    )
        end as resolved_at,
        {{ json_list(['period', 'status_raw', 'gap_pct']) }}
            as periods_json
    from placed
    where is_bad
    group by rule_id, target_key, source_kind, run_id
    qualify
        row_number() over (
            partition by rule_id, target_key, source_kind
            order by max(place) desc nulls last
        ) = 1
)

select * from final
