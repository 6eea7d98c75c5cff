{#- Each part reads the table itself: what is used twice is copied first
    (docs/decisions/0026). -#}
{% set progress = ref('int_warned_progress') %}
{% set carried %}
    target_key, source_kind, period, period_end, status_raw, gap_pct, known_from,
    comes_next
{% endset %}
{% set rank %}when 'red' then 2 when 'yellow' then 1 else 0{% endset %}

with

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
    from {{ progress }} as newer
    inner join {{ progress }} as older
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
        case status_raw when 'red' then 3.0 when 'yellow' then 1.0 else 0.0 end
            as measure,
        cast(null as varchar) as compared_with
    from {{ progress }}
    union all
    -- Green to yellow and yellow to red are one step each.
    select
        'EW_STATUS_WORSENING' as rule_id,
        {{ carried }},
        cast(
            case status_held {{ rank }} end - case status_before {{ rank }} end
            as double
        ) as measure,
        status_before as compared_with
    from {{ progress }}
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
    from {{ progress }}
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
    from {{ progress }}
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
