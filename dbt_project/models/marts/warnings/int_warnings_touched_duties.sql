{#- After the targets, whose model resets the watermark: two transactions may
    not delete the same row. -#}
-- depends_on: {{ ref('int_warnings_touched_targets') }}
{% set reader = 'int_warnings' %}
{% set warned = past('intermediate', 'int_warnings') %}
{{ config(materialized='table') }}

{#- Each part reads the duties itself: what is used twice is copied first
    (docs/decisions/0026). -#}
with

clock as (
    select * from {{ ref('int_warnings_clock') }}
),

submissions as (
    select *
    from (
        select
            *,
            received_at as known_from
        from {{ ref('fct_submission') }}
    ) as dated
    where {{ is_unread_report(reader) }}
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

late_rule as (
    select * from {{ ref('int_rules') }}
    where rule_id = 'EW_LATE_UNIT'
),

-- A report that stays away is an event on the day on which it was due.
fell_due as (
    select
        duties.form_code,
        duties.unit_code,
        bool_and(duties.is_on_time) as is_punctual
    from {{ ref('int_obligation_reports') }} as duties
    cross join clock
    where
        duties.due_at <= clock.as_of
        and duties.due_at > {{ watermark('as_of', reader) }}
    group by duties.form_code, duties.unit_code
),

-- Where a window of late reports is full, a report in time makes none bad. Of
-- the last years only: who has too few then is looked at again.
full_windows as (
    select
        form_code,
        unit_code
    from {{ ref('int_obligation_reports') }}
    where
        due_at <= {{ watermark('as_of', reader) }}
        and due_at > {{ watermark('as_of', reader) }} - interval 2 years
    group by form_code, unit_code
    having
        count(*) >= (
            select coalesce(max(late_rule.window_periods), 0) from late_rule
        )
),

open_warnings as (
    {% if warned -%}
        select
            form_code,
            unit_code
        from {{ warned }}
        where subject_kind = 'duty' and resolved_at is null
    {%- else -%}
        select
            form_code,
            unit_code
        from {{ ref('int_obligation_reports') }}
        where false
    {%- endif %}
),

-- Nothing is told anew of a unit that goes on reporting in time.
unchanged as (
    select
        fell_due.form_code,
        fell_due.unit_code
    from fell_due
    inner join full_windows
        on
            fell_due.form_code = full_windows.form_code
            and fell_due.unit_code = full_windows.unit_code
    where
        fell_due.is_punctual
        and not exists (
            select 1 from late_rule
            where late_rule.late_share_pct <= 0
        )
        and (fell_due.form_code, fell_due.unit_code) not in (
            select
                open_warnings.form_code,
                open_warnings.unit_code
            from open_warnings
        )
),

touched as (
    select
        form_code,
        unit_code
    from fell_due
    where
        (form_code, unit_code) not in (
            select
                unchanged.form_code,
                unchanged.unit_code
            from unchanged
        )
    union
    -- A report on a duty that was looked at before.
    select
        submissions.form_code,
        submissions.unit_code
    from submissions
    inner join {{ ref('int_obligation_reports') }} as duties
        on
            submissions.form_code = duties.form_code
            and submissions.unit_code = duties.unit_code
            and submissions.period = duties.period
    where
        duties.due_at <= {{ watermark('as_of', reader) }}
        and duties.period >= {{ earliest_period('submissions') }}
    union
    select
        form_code,
        unit_code
    from {{ ref('int_obligation_reports') }}
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
