with

clock as (
    select * from {{ ref('stg_clock') }}
),

-- Silences that follow on each other are one run.
silences as (
    select
        *,
        place - row_number() over (
            partition by form_code, unit_code order by place asc nulls last
        ) as run_no
    from {{ ref('int_duty_ledger') }}
    where not is_reported
),

names as (
    select * from {{ ref('int_duty_names') }}
),

rule as (
    select * from {{ ref('int_rules') }}
    where rule_id = 'EW_SILENT_UNIT'
),

runs as (
    select
        form_code,
        unit_code,
        max(place) as last_place,
        count(*) as n_periods,
        min_by(period, place) as first_period,
        min(due_at) as first_raised_at,
        list(struct_pack(
            period := period, due_at := due_at
        )) as periods
    from silences
    group by form_code, unit_code, run_no
),

-- The newest silence that was long enough to be told.
raised as (
    select
        runs.*,
        rule.rule_id,
        rule.rule_version,
        rule.yellow_after,
        rule.escalate_every,
        rule.parameters_json,
        case
            when runs.n_periods >= rule.red_after then 'red'
            when runs.n_periods >= rule.orange_after then 'orange'
            else 'yellow'
        end as severity
    from runs
    cross join rule
    where runs.n_periods >= rule.yellow_after
    qualify
        row_number() over (
            partition by runs.form_code, runs.unit_code
            order by runs.last_place desc nulls last
        ) = 1
),

final as (
    select
        raised.* exclude (periods),
        list_slice(
            list_sort(raised.periods), -{{ periods_in_evidence() }}, -1
        ) as periods,
        silences.period,
        silences.due_at as last_seen_at,
        names.region_code,
        names.unit_name_en,
        names.unit_name_zh,
        names.form_name_en,
        names.form_name_zh,
        -- A unit that has ceased to be is silent no more.
        coalesce(
            next_duty.first_received_at,
            case
                when {{ end_of_day('names.unit_valid_to') }} < clock.as_of
                    then {{ end_of_day('names.unit_valid_to') }}
            end
        ) as resolved_at,
        {{ escalation(
            'raised.n_periods - raised.yellow_after', 'raised.escalate_every'
        ) }} as escalation_level
    from raised
    inner join silences
        on
            raised.form_code = silences.form_code
            and raised.unit_code = silences.unit_code
            and raised.last_place = silences.place
    left join {{ ref('int_duty_ledger') }} as next_duty
        on
            raised.form_code = next_duty.form_code
            and raised.unit_code = next_duty.unit_code
            and raised.last_place + 1 = next_duty.place
    inner join names
        on
            raised.form_code = names.form_code
            and raised.unit_code = names.unit_code
    cross join clock
)

select * from final
