with

measures as (
    select * from {{ ref('int_progress_measures') }}
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
        measures.*,
        {{ level_at('measures.measure') }} as risk_level
    from measures
    inner join rules on measures.rule_id = rules.rule_id
),

final as (
    select
        *,
        risk_level > 0 as is_bad
    from judged
)

select * from final
