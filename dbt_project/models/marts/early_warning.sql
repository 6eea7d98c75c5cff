{#- A view: what stands is the warnings themselves; answers, escalation and the
    passing of a day move only what is shown of them. -#}
{{ config(materialized='view') }}

with

clock as (
    select * from {{ ref('stg_clock') }}
),

warnings as (
    select * from {{ ref('int_warnings') }}
),

acknowledgements as (
    select * from {{ ref('stg_acknowledgements') }}
    where is_current
),

ancestors as (
    select * from {{ ref('bridge_unit_ancestor') }}
),

-- An answer holds for the warning as it was when it was given: not for a later
-- outbreak, not for a worse severity, not past its own end.
answered as (
    select
        warnings.warning_id,
        acknowledgements.acknowledged_at,
        acknowledgements.acknowledged_by,
        acknowledgements.why,
        acknowledgements.acknowledged_until
    from warnings
    cross join clock
    inner join acknowledgements
        on
            warnings.warning_id = acknowledgements.warning_id
            and warnings.first_raised_at <= acknowledgements.acknowledged_at
    where
        warnings.resolved_at is null
        and {{ severity_rank('acknowledgements.severity') }}
        >= {{ severity_rank('warnings.severity') }}
        and (
            acknowledgements.acknowledged_until is null
            or {{ end_of_day('acknowledgements.acknowledged_until') }}
            >= clock.as_of
        )
    qualify
        row_number() over (
            partition by warnings.warning_id
            order by acknowledgements.acknowledged_at desc nulls last
        ) = 1
),

-- One step up the unit tree for each level; above the top there is nobody.
escalated as (
    select
        warnings.warning_id,
        max_by(ancestors.ancestor_unit_code, ancestors.depth)
            as escalated_to_unit_code
    from warnings
    inner join ancestors
        on
            warnings.responsible_unit_code = ancestors.unit_code
            and warnings.escalation_level >= ancestors.depth
    group by warnings.warning_id
),

final as (
    select
        warnings.warning_id,
        warnings.rule_id,
        warnings.rule_version,
        warnings.plan_code,
        warnings.plan_version,
        warnings.indicator_code,
        warnings.region_code,
        warnings.unit_code,
        warnings.form_code,
        warnings.period,
        warnings.severity,
        case
            when warnings.resolved_at is not null then 'resolved'
            when answered.warning_id is not null then 'acknowledged'
            else 'open'
        end as state,
        warnings.conf_status,
        warnings.first_raised_at,
        warnings.last_seen_at,
        warnings.resolved_at,
        answered.acknowledged_at,
        answered.acknowledged_by,
        answered.why as acknowledged_why,
        answered.acknowledged_until,
        warnings.responsible_unit_code,
        warnings.escalation_level,
        escalated.escalated_to_unit_code,
        warnings.headline_en,
        warnings.headline_zh,
        warnings.evidence
    from warnings
    left join answered on warnings.warning_id = answered.warning_id
    left join escalated on warnings.warning_id = escalated.warning_id
)

select * from final
