with

clock as (
    select * from {{ ref('stg_clock') }}
),

told as (
    select * from {{ ref('stg_rules') }}
),

rules as (
    select told.*
    from told
    cross join clock
    where
        told.is_current
        and coalesce(told.valid_from <= cast(clock.as_of as date), true)
        and coalesce(told.valid_to >= cast(clock.as_of as date), true)
),

-- When each version was first told, or began later. One that is told again,
-- with its source put right, does not come back by that.
begun as (
    select
        rule_id,
        rule_version,
        greatest(min(known_from), min(valid_from)) as begun_at
    from told
    group by rule_id, rule_version
),

-- Of several versions of a rule the one that began last is in force.
in_force as (
    select
        rules.rule_id,
        rules.rule_version
    from rules
    inner join begun
        on
            rules.rule_id = begun.rule_id
            and rules.rule_version = begun.rule_version
    qualify
        row_number() over (
            partition by rules.rule_id
            order by
                begun.begun_at desc nulls last,
                {{ version_place('rules.rule_version') }} desc nulls last
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
