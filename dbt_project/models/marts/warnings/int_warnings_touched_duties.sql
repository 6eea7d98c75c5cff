{#- After the targets, whose model resets the watermark: two transactions may
    not delete the same row. -#}
-- depends_on: {{ ref('int_warnings_touched_targets') }}
{% set reader = 'int_warnings' %}
{{ config(materialized='table') }}

with

clock as (
    select * from {{ ref('int_warnings_clock') }}
),

duties as (
    select
        form_code,
        unit_code,
        due_at
    from {{ ref('fct_obligation') }}
),

submissions as (
    select
        *,
        received_at as known_from
    from {{ ref('fct_submission') }}
),

forms as (
    select * from {{ ref('stg_forms') }}
),

units as (
    select * from {{ ref('stg_units') }}
),

changed_units as (
    select unit_code
    from units
    where {{ is_unread(reader) }} or {{ has_passed('valid_from', reader) }}
    union
    -- A unit that has ended since the last look.
    select units.unit_code
    from units
    cross join clock
    where
        {{ end_of_day('units.valid_to') }} < clock.as_of
        and {{ end_of_day('units.valid_to') }}
        >= {{ watermark('as_of', reader) }}
),

changed_forms as (
    select form_code
    from forms
    where {{ is_unread(reader) }}
),

-- What has no first day is owed since the first day that any form or unit has,
-- or since the earliest plan: their news move all that is owed since ever.
changed_starts as (
    select unit_code as changed
    from units
    where {{ is_unread(reader) }}
    union all
    select form_code as changed
    from changed_forms
    union all
    select plan_code as changed
    from {{ ref('stg_plans') }}
    where {{ is_unread(reader) }} and {{ is_owed_since_the_first_plan() }}
),

changed_rules as (
    select rule_id
    from {{ ref('stg_rules') }}
    where {{ is_unread_slice(reader) }}
),

-- A report that stays away is an event on the day on which it was due.
touched as (
    select
        duties.form_code,
        duties.unit_code
    from duties
    cross join clock
    where
        duties.due_at <= clock.as_of
        and duties.due_at > {{ watermark('as_of', reader) }}
    union
    select
        form_code,
        unit_code
    from submissions
    where {{ is_unread(reader) }}
    union
    select
        form_code,
        unit_code
    from duties
    where exists (select 1 from changed_rules)
    union
    -- Whether anything is owed now or not: what was owed has to be forgotten.
    select
        forms.form_code,
        units.unit_code
    from forms
    cross join units
    where
        units.unit_code in (
            select changed.unit_code from changed_units as changed
        )
        or forms.form_code in (
            select changed.form_code from changed_forms as changed
        )
        or (
            forms.valid_from is null and units.valid_from is null
            and exists (select 1 from changed_starts)
        )
),

final as (
    select
        form_code,
        unit_code,
        {{ duty_key() }} as subject_key
    from touched
    where
        form_code is not null and unit_code is not null
        and {{ is_in_share(duty_key()) }}
)

select * from final
