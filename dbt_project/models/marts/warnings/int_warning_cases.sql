with

rules as (
    select distinct
        rule_id,
        rule_version
    from {{ ref('stg_replayed_rules') }}
),

watched as (
    select
        target_key,
        source_kind,
        min(watched_from) as watched_from
    from {{ ref('stg_replayed_targets') }}
    group by target_key, source_kind
),

-- Of several replays the one that looked earliest counts.
warned as (
    select
        rule_id,
        rule_version,
        target_key,
        source_kind,
        min(first_warned_at) as first_warned_at
    from {{ ref('stg_replayed_warnings') }}
    group by rule_id, rule_version, target_key, source_kind
),

-- The plan's last period says how it ended.
outcomes as (
    select
        target_key,
        source_kind,
        status_raw <> 'achieved' as is_missed,
        known_from as outcome_known_at
    from {{ ref('indicator_progress') }}
    where elapsed_share >= 1 and status_raw <> 'not_rated'
    qualify
        row_number() over (
            partition by target_key, source_kind
            order by period asc nulls last
        ) = 1
),

final as (
    select
        rules.rule_id,
        rules.rule_version,
        outcomes.target_key,
        outcomes.source_kind,
        outcomes.is_missed,
        outcomes.outcome_known_at,
        warned.first_warned_at,
        warned.first_warned_at is not null as is_warned,
        cast(outcomes.outcome_known_at as date)
        - cast(warned.first_warned_at as date) as lead_days
    from outcomes
    inner join watched
        on
            outcomes.target_key = watched.target_key
            and outcomes.source_kind = watched.source_kind
            and outcomes.outcome_known_at > watched.watched_from
    cross join rules
    left join warned
        on
            rules.rule_id = warned.rule_id
            and rules.rule_version = warned.rule_version
            and outcomes.target_key = warned.target_key
            and outcomes.source_kind = warned.source_kind
            -- What is warned of once the end is known is no warning.
            and outcomes.outcome_known_at > warned.first_warned_at
)

select * from final
