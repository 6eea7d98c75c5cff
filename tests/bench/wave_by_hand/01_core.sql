-- What comes in: raw is appended to, core gets the new vintages, the month's
-- duties and the reports that were sent.

create temp table fresh as
select
    md5(concat_ws(
        '|', source_kind, source_code, coalesce(unit_code, ''), region_code,
        indicator_code, definition_version, period, breakdown
    )) as observation_key,
    (period || '-01')::date as period_start,
    last_day((period || '-01')::date) as period_end,
    *,
from (
    select *, getvariable('net_seq') as load_seq,
    from read_parquet(getvariable('observations'))
    union all by name
    select *, getvariable('stat_seq') as load_seq,
    from read_parquet(getvariable('release'))
);

insert into raw.observation by name
select * exclude (observation_key, period_start, period_end) from fresh;

update core.fct_observation as told
set known_to = fresh.known_from, is_current = false
from fresh
where
    told.is_current
    and told.period_end >= (select min(period_end) from fresh)
    and told.observation_key = fresh.observation_key;

insert into core.fct_observation by name
select *, null as known_to, true as is_current from fresh;

create temp table sent as
select
    md5(concat_ws('|', source_code, unit_code, form_code, period)) as report_key,
    *,
    getvariable('net_seq') as load_seq,
from read_parquet(getvariable('submissions'));

insert into raw.submission by name
select * exclude (report_key) from sent;

create temp table tried as
select report_key, max(attempt) as attempts
from core.fct_submission
where report_key in (select report_key from sent)
group by report_key;

update core.fct_submission as told
set
    superseded_by = sent.submission_id,
    superseded_at = sent.received_at,
    is_current = false
from sent
where told.is_current and told.report_key = sent.report_key;

insert into core.fct_submission by name
select
    sent.*,
    coalesce(tried.attempts, 0) + 1 as attempt,
    coalesce(found.n_errors, 0) as n_errors,
    coalesce(found.n_warnings, 0) as n_warnings,
    coalesce(found.n_waived, 0) as n_waived,
    null as superseded_by, null as superseded_at, true as is_current,
from sent
left join tried using (report_key)
left join (
    select
        submission_id, batch_id,
        count(*) filter (where severity = 'error') as n_errors,
        count(*) filter (where severity = 'warning') as n_warnings,
        count(*) filter (where severity = 'waived') as n_waived,
    from raw.rejection
    group by submission_id, batch_id
) as found using (submission_id, batch_id);

insert into core.fct_obligation by name
select
    forms.form_code, units.unit_code, months.period, months.period_start,
    months.period_end,
    (months.period_end + forms.due_days::integer)::date + time '23:59:59' as due_at,
    format(
        '{} is due {} days after each period of frequency M; owed by each {}'
        ' of level {} that is valid throughout {}',
        forms.form_code, forms.due_days, units.unit_kind, units.level,
        months.period
    ) as reason,
from raw.registry_forms as forms
cross join core.dim_unit as units
cross join (
    select distinct period, period_start, period_end
    from fresh where period = getvariable('period')
) as months;
