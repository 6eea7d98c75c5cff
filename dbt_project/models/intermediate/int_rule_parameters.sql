with

rules as (
    select * from {{ ref('stg_rules') }}
    where is_current
),

-- Of several versions of a rule the one that became known last is in force.
in_force as (
    select
        rule_id,
        rule_version
    from rules
    group by rule_id, rule_version
    qualify
        row_number() over (
            partition by rule_id
            order by
                max(known_from) desc nulls last,
                rule_version desc nulls last
        ) = 1
),

final as (
    select
        rules.rule_id,
        rules.rule_version,
        rules.parameter,
        rules.value,
        rules.source,
        rules.source_status,
        rules.known_from
    from rules
    inner join in_force
        on
            rules.rule_id = in_force.rule_id
            and rules.rule_version = in_force.rule_version
)

select * from final
