{#- A view: what stands is the warnings themselves, those on progress as
    figures; words, answers, escalation and the passing of a day move only what
    is shown of them. -#}
{{ config(materialized='view') }}

with

clock as (
    select * from {{ ref('stg_clock') }}
),

standing as (
    select * from {{ ref('int_warnings') }}
),

progress as (
    select * from {{ ref('int_told_progress') }}
),

acknowledgements as (
    select * from {{ ref('stg_acknowledgements') }}
    where is_current
),

ancestors as (
    select * from {{ ref('bridge_unit_ancestor') }}
),

warnings as (
    select * from standing
    union all by name
    select * from progress
),

-- Lists of what is few: the warnings themselves are read once, row by row.
answers as (
    select
        warning_id,
        list(struct_pack(
            acknowledged_at := acknowledged_at,
            acknowledged_by := acknowledged_by,
            why := why,
            acknowledged_until := acknowledged_until,
            severity := severity
        ) order by acknowledged_at desc nulls last) as given
    from acknowledgements
    group by warning_id
),

chains as (
    select
        unit_code,
        list(ancestor_unit_code order by depth asc nulls last) as upwards
    from ancestors
    group by unit_code
),

answered as (
    select
        warnings.*,
        case
            when warnings.resolved_at is null
                then {{ standing_answer('answers.given', 'warnings') }}
        end as answer
    from warnings
    cross join clock
    left join answers on warnings.warning_id = answers.warning_id
),

-- One step up the unit tree for each level; above the top there is nobody.
escalated as (
    select
        answered.*,
        answered.answer.acknowledged_at,
        answered.answer.acknowledged_by,
        answered.answer.why as acknowledged_why,
        answered.answer.acknowledged_until,
        chains.upwards[
            least(answered.escalation_level + 1, len(chains.upwards))
        ] as escalated_to_unit_code
    from answered
    left join chains on answered.responsible_unit_code = chains.unit_code
),

final as (
    select
        warning_id,
        rule_id,
        rule_version,
        plan_code,
        plan_version,
        indicator_code,
        region_code,
        unit_code,
        form_code,
        period,
        severity,
        case
            when resolved_at is not null then 'resolved'
            when answer is not null then 'acknowledged'
            else 'open'
        end as state,
        conf_status,
        first_raised_at,
        last_seen_at,
        resolved_at,
        acknowledged_at,
        acknowledged_by,
        acknowledged_why,
        acknowledged_until,
        responsible_unit_code,
        escalation_level,
        escalated_to_unit_code,
        headline_en,
        headline_zh,
        evidence
    from escalated
)

select * from final
