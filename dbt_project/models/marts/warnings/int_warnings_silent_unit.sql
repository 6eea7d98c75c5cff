with

clock as (
    select * from {{ ref('stg_clock') }}
),

-- Silences that know the same last report are one run.
duties as (
    select
        *,
        lead(first_received_at) over in_order as next_received_at,
        max(case when is_reported then place end) over in_order
            as heard_last
    from {{ ref('int_duty_ledger') }}
    window in_order as (
        partition by form_code, unit_code order by place asc nulls last
    )
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
    from duties
    where not is_reported
    group by form_code, unit_code, heard_last
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
        duties.period,
        duties.due_at as last_seen_at,
        names.region_code,
        names.unit_name_en,
        names.unit_name_zh,
        names.form_name_en,
        names.form_name_zh,
        -- A unit that has ceased to be is silent no more.
        coalesce(
            duties.next_received_at,
            case
                when {{ end_of_day('names.unit_valid_to') }} < clock.as_of
                    then {{ end_of_day('names.unit_valid_to') }}
            end
        ) as resolved_at,
        {{ escalation(
            'raised.n_periods - raised.yellow_after', 'raised.escalate_every'
        ) }} as escalation_level
    from raised
    inner join duties
        on
            raised.form_code = duties.form_code
            and raised.unit_code = duties.unit_code
            and raised.last_place = duties.place
    inner join names
        on
            raised.form_code = names.form_code
            and raised.unit_code = names.unit_code
    cross join clock
)

select * from final
