{% set carried %}
    target_key, source_kind, period, period_end, status_raw, gap_pct, known_from
{% endset %}

with

kept as (
    select * from {{ ref('int_warned_series_before') }}
),

ranked as (
    select
        progress.*,
        case progress.status_raw
            when 'red' then 3
            when 'yellow' then 1
            else 0
        end as status_rank,
        coalesce(
            lag(progress.status_held) over (
                partition by progress.target_key, progress.source_kind
                order by
                    progress.period_end asc nulls last,
                    progress.period asc nulls last
            ),
            kept.status_held
        ) as status_before
    from {{ ref('int_warned_progress') }} as progress
    left join kept
        on
            progress.target_key = kept.target_key
            and progress.source_kind = kept.source_kind
),

-- Green to yellow and yellow to red are one step each.
stepped as (
    select
        *,
        case status_held when 'red' then 2 when 'yellow' then 1 else 0 end
        - case status_before when 'red' then 2 when 'yellow' then 1 else 0 end
            as steps_lost
    from ranked
),

-- A promise of several definitions or versions has as many targets; few have.
promised_anew as (
    select subject_key
    from {{ ref('int_warnings_seams') }}
    group by subject_key
    having count(*) > 1
),

-- The same promise in the same period under an older definition.
switched as (
    select
        newer.*,
        older.definition_version as compared_with,
        round(100 * (newer.progress_share - older.progress_share), 10)
            as points_gained
    from ranked as newer
    inner join ranked as older
        on
            newer.subject_key = older.subject_key
            and newer.plan_version = older.plan_version
            and newer.source_kind = older.source_kind
            and newer.period = older.period
            and {{ version_place('newer.definition_version') }}
            > {{ version_place('older.definition_version') }}
    where
        newer.subject_key in (
            select promised_anew.subject_key from promised_anew
        )
    qualify
        row_number() over (
            partition by newer.target_key, newer.source_kind, newer.period
            order by
                {{ version_place('older.definition_version') }} asc nulls last
        ) = 1
),

final as (
    select
        'EW_OFF_TRACK' as rule_id,
        {{ carried }},
        cast(status_rank as double) as measure,
        cast(null as varchar) as compared_with
    from ranked
    union all
    select
        'EW_STATUS_WORSENING' as rule_id,
        {{ carried }},
        cast(steps_lost as double) as measure,
        status_before as compared_with
    from stepped
    where status_before is not null
    union all
    select
        'EW_BEHIND_SCHEDULE' as rule_id,
        {{ carried }},
        case
            when status_raw = 'achieved' then 0.0
            else round(100 * (elapsed_share - progress_share), 10)
        end as measure,
        cast(null as varchar) as compared_with
    from ranked
    where progress_share is not null
    union all
    -- Once met or ended there is nothing left to forecast.
    select
        'EW_FORECAST_MISS' as rule_id,
        {{ carried }},
        case
            when status_raw = 'achieved' or elapsed_share >= 1 then 0.0
            else p_miss
        end as measure,
        cast(null as varchar) as compared_with
    from ranked
    where
        p_miss is not null or status_raw = 'achieved' or elapsed_share >= 1
    union all
    select
        'EW_DEFINITION_SWITCH' as rule_id,
        {{ carried }},
        points_gained as measure,
        compared_with
    from switched
    where points_gained is not null
)

select * from final
