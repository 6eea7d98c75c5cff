with

-- New figures of the present weaken no target.
touched as (
    select * from {{ ref('int_warnings_seams') }}
    where is_rewound
),

terms as (
    select
        target_key,
        sense
    from {{ ref('int_target_terms') }}
),

rule as (
    select * from {{ ref('int_rules') }}
    where rule_id = 'EW_TARGET_WEAKENED'
),

-- Every figure that the promise has ever had, in the order in which it became
-- known; of versions known at one instant the later version comes later.
vintages as (
    select
        touched.subject_key,
        targets.*,
        terms.sense,
        row_number() over (
            partition by touched.subject_key, targets.definition_version
            order by
                targets.known_from asc nulls last,
                targets.plan_version asc nulls last
        ) as place
    from {{ ref('fct_target') }} as targets
    inner join touched on targets.target_key = touched.target_key
    inner join terms on targets.target_key = terms.target_key
    where targets.target_value is not null
),

-- Weaker than the strongest figure that was ever promised.
compared as (
    select
        *,
        sense * max(sense * target_value) over earlier as strongest_value,
        coalesce(bool_or(binding) over earlier, false) and not binding
            as has_lost_binding
    from vintages
    window
        earlier as (
            partition by subject_key, definition_version
            order by place asc nulls last
            rows between unbounded preceding and 1 preceding
        )
),

-- Of a strongest figure of 0 no share can be given.
measured as (
    select
        *,
        case
            when coalesce(sense * (strongest_value - target_value), 0) <= 0
                then 0
            else
                round(
                    100.0
                    * sense
                    * cast(strongest_value - target_value as double)
                    / nullif(abs(cast(strongest_value as double)), 0),
                    10
                )
        end as weaker_pct
    from compared
),

-- To give up a target of 0 is more than any share of it.
judged as (
    select
        measured.*,
        rule.rule_id,
        rule.rule_version,
        rule.parameters_json,
        case
            when measured.has_lost_binding then 3
            when measured.weaker_pct is null
                then {{ level_at("cast('infinity' as double)") }}
            when measured.weaker_pct > 0
                then {{ level_at('measured.weaker_pct') }}
            else 0
        end as risk_level
    from measured
    cross join rule
),

placed as (
    select
        *,
        place - row_number() over (
            partition by subject_key, definition_version, risk_level > 0
            order by place asc nulls last
        ) as run_id,
        lead(known_from) over (
            partition by subject_key, definition_version
            order by place asc nulls last
        ) as next_known_from
    from judged
),

runs as (
    select
        subject_key,
        definition_version,
        max(place) as last_place,
        count(*) as n_vintages,
        min(known_from) as first_raised_at
    from placed
    where risk_level > 0
    group by subject_key, definition_version, run_id
    qualify
        row_number() over (
            partition by subject_key, definition_version
            order by max(place) desc nulls last
        ) = 1
),

final as (
    select
        placed.*,
        runs.n_vintages,
        runs.first_raised_at,
        placed.next_known_from as resolved_at,
        {{ severity_of(
            'placed.risk_level', '(placed.binding or placed.has_lost_binding)'
        ) }} as severity
    from runs
    inner join placed
        on
            runs.subject_key = placed.subject_key
            and runs.definition_version = placed.definition_version
            and runs.last_place = placed.place
)

select * from final
