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
    from {{ ref('stg_submissions') }}
),

units as (
    select * from {{ ref('stg_units') }}
),

changed_units as (
    select unit_code
    from units
    where {{ is_unread(reader) }}
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
    from {{ ref('stg_forms') }}
    where {{ is_unread(reader) }}
),

changed_rules as (
    select rule_id
    from {{ ref('stg_rules') }}
    where {{ is_unread(reader) }}
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
    where
        unit_code in (select changed_units.unit_code from changed_units)
        or form_code in (select changed_forms.form_code from changed_forms)
        or exists (select 1 from changed_rules)
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
