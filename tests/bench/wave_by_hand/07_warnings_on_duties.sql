-- Warnings on reports that stay away or come late: every unit has a report that
-- has fallen due since the last wave, so all are judged anew.

create temp table ledger as
select
    owed.form_code, owed.unit_code, owed.period, owed.due_at, sent.received_at,
    sent.received_at is not null as is_reported,
    coalesce(sent.received_at > owed.due_at, false) as is_late,
from core.fct_obligation as owed
left join (
    select form_code, unit_code, period, min(received_at) as received_at
    from core.fct_submission where verdict <> 'rejected' group by all
) as sent using (form_code, unit_code, period)
where owed.due_at <= getvariable('as_of');

create temp table silence as
select
    form_code, unit_code,
    max(due_at) as last_due_at,
    max_by(period, due_at) as period,
    min_by(period, due_at) as first_period,
    count(*) as n_periods,
    min(due_at) as first_raised_at,
    arg_max_null(next_received_at, due_at) as resolved_at,
    listed(list_sort(list(struct_pack(period := period, due_at := due_at))))
        as periods,
from (
    select
        *,
        max(case when is_reported then due_at end) over unit as heard_until,
        lead(received_at) over unit as next_received_at,
    from ledger
    window unit as (partition by form_code, unit_code order by due_at)
)
where not is_reported
group by form_code, unit_code, heard_until
having count(*) >= rule('EW_SILENT_UNIT', 'yellow_after')
qualify row_number() over (
    partition by form_code, unit_code order by max(due_at) desc
) = 1;

set variable late_window = rule('EW_LATE_UNIT', 'window')::bigint;

create temp table lateness as
select
    form_code, unit_code,
    max(due_at) as last_due_at,
    max_by(period, due_at) as period,
    min_by(period, due_at) as first_period,
    max_by(n_late, due_at) as n_late,
    max_by(n_reported, due_at) as n_reported,
    min(due_at) as first_raised_at,
    arg_max_null(next_at, due_at) as resolved_at,
    count(*) as run_length,
from (
    select
        *,
        max(case when not is_bad then due_at end) over (
            partition by form_code, unit_code order by due_at
        ) as good_until,
    from (
        select
            *,
            row_number() over unit as place,
            sum(is_late::integer) over last as n_late,
            sum(is_reported::integer) over last as n_reported,
            lead(coalesce(received_at, due_at)) over unit as next_at,
            place >= getvariable('late_window') and n_reported > 0
            and 100 * n_late / getvariable('late_window')
            >= rule('EW_LATE_UNIT', 'late_share_pct') as is_bad,
        from ledger
        window
            unit as (partition by form_code, unit_code order by due_at),
            last as (
                partition by form_code, unit_code order by due_at
                rows between getvariable('late_window') - 1 preceding
                and current row
            )
    )
)
where is_bad
group by form_code, unit_code, good_until
qualify row_number() over (
    partition by form_code, unit_code order by max(due_at) desc
) = 1;

delete from marts.warned_otherwise
where rule_id in ('EW_SILENT_UNIT', 'EW_LATE_UNIT');

insert into marts.warned_otherwise by name
select
    'EW-' || substr(md5(concat_ws('|', rule_id, form_code, told.unit_code)), 1, 12)
        as warning_id,
    rule_id, limits.rule_version,
    null as plan_code, null as plan_version, null as indicator_code,
    units.region_code, told.unit_code, form_code, period, severity,
    'F' as conf_status,
    first_raised_at, last_due_at as last_seen_at, resolved_at,
    told.unit_code as responsible_unit_code,
    coalesce(floor(passed / nullif(limits.escalate_every, 0)), 0)::integer
        as escalation_level,
    units.name_en || ' ' || told_en as headline_en,
    coalesce(units.name_zh, units.name_en) || told_zh as headline_zh,
    json_merge_patch(
        evidence, json_object('parameters', limits.as_json::json)
    )::varchar as evidence,
from (
    select
        'EW_SILENT_UNIT' as rule_id, form_code, unit_code, period, last_due_at,
        first_raised_at, resolved_at,
        case
            when n_periods >= rule('EW_SILENT_UNIT', 'red_after') then 'red'
            when n_periods >= rule('EW_SILENT_UNIT', 'orange_after') then 'orange'
            else 'yellow'
        end as severity,
        n_periods - rule('EW_SILENT_UNIT', 'yellow_after') as passed,
        format(
            'has sent no report on {} for {} due periods in a row ({} to {})',
            forms.name_en, n_periods, first_period, period
        ) as told_en,
        format(
            '连续{}期未报送{}（{}至{}）', n_periods,
            coalesce(forms.name_zh, forms.name_en), first_period, period
        ) as told_zh,
        json_object(
            'consecutive_periods', n_periods, 'first_period', first_period,
            'last_period', period, 'periods', periods
        ) as evidence,
    from silence inner join raw.registry_forms as forms using (form_code)
    union all
    select
        'EW_LATE_UNIT', form_code, unit_code, period, last_due_at,
        first_raised_at, resolved_at, 'yellow', run_length - 1,
        format(
            'sent {} of the last {} due reports on {} after the deadline (to {})',
            n_late, getvariable('late_window'), forms.name_en, period
        ),
        format(
            '最近{}期{}中有{}期逾期报送（截至{}）', getvariable('late_window'),
            coalesce(forms.name_zh, forms.name_en), n_late, period
        ),
        json_object(
            'late_periods', n_late, 'reported_periods', n_reported,
            'window_periods', getvariable('late_window'),
            'first_period', first_period, 'last_period', period
        ),
    from lateness inner join raw.registry_forms as forms using (form_code)
) as told
inner join limits using (rule_id)
inner join core.dim_unit as units on told.unit_code = units.unit_code;
