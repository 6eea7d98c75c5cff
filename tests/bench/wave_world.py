"""A simulated country in raw: 33,413 units × 20 indicators, month by month.

Everything is made by DuckDB itself from counters, so that 42 M rows take a
minute and any machine makes the same ones. What a wave is like:

- One form a month from every unit. 2 % of the units are silent, for two months
  at a time; 4 % are slow and send seven reports in ten after the day on which
  they are due, so that these come with the wave of the month after.
- 4 % of the figures are restated: 3 % one by one, up to three months back, and
  1 % because a unit sends its whole report of last month again.
- Figures have a season and a cycle of four years. Most series keep ahead of
  their path, 10 % lie a little behind it and 5 % about a tenth: with the swings
  15 to 20 % are off track in each month, and all colours occur.
- The statistical office brings 31 provinces × 4 monthly figures (three of them
  compared per head of the fourth) from the month before the plan on, and
  restates a tenth of the last three months.
- The plan runs for two years longer than the history: there is always an end to
  forecast.
"""

from __future__ import annotations

from ingestion.settings import SAMPLE_SITE

UNITS = 33_413
INDICATORS = 20
REVISED_PCT = 3
AGAIN_PCT = 1
START = "2020-01-01"

_RULES = SAMPLE_SITE / "registry" / "rules.csv"

TREE = """
create or replace temp table tree as
select
    i,
    case
        when i < 1 then 0 when i < 32 then 1 when i < 372 then 2
        when i < 3413 then 3 else 4
    end as level,
    case
        when i < 1 then null when i < 32 then 0 when i < 372 then 1 + i % 31
        when i < 3413 then 32 + i % 340 else 372 + i % 3041
    end as parent,
    format('U{:05d}', i) as unit_code,
    format('R{:05d}', if(level = 4, parent, i)) as region_code,
from range($units) as r (i)
"""

# What a unit does in the month `m`; a report that is late comes a wave later.
HABITS = """
create or replace temp macro is_silent(i, m) as hash(i, m // 2, 3) % 50 = 0;
create or replace temp macro is_late(i, m) as
    not is_silent(i, m) and hash(i, 11) % 25 = 0 and hash(i, m, 12) % 10 < 7;
create or replace temp macro is_in_time(i, m) as
    m >= 0 and not is_silent(i, m) and not is_late(i, m);
create or replace temp macro is_sent_again(i, m) as
    is_in_time(i, m) and is_in_time(i, m - 1) and hash(i, m, 5) % 100 < $again;
create or replace temp macro month_of(m) as
    strftime(date '$start' + to_months(m), '%Y-%m');

-- Percent by which the series `k` of `i` is ahead of its path.
create or replace temp macro ahead_pct(i, k) as case
    when hash(i, k) % 1000 < 15 then 45.0
    when hash(i, k) % 1000 < 65 then -8.0 - (hash(i, k, 1) % 5)::double
    when hash(i, k) % 1000 < 170 then -1.0 - (hash(i, k, 1) % 6)::double
    else 1.5 + (hash(i, k, 1) % 70)::double / 10
end;
-- A path of 60 % from the baseline to the end of the plan; a cycle of four years,
-- season and scatter are shares of it. Another `turn` is another report of the
-- same figure.
create or replace temp macro figure(baseline, i, k, m, turn) as round(
    baseline * (1 + 0.6 * (m + 1) / $plan) * (
        1
        + ahead_pct(i, k) / 100
        + 0.02 * sin(2 * pi() * (m + (hash(i, k, 3) % 48)::integer) / 48)
        + 0.012 * sin(2 * pi() * (m + (hash(i, k, 2) % 12)::integer) / 12)
        + 0.008 * ((hash(i, k, m, turn) % 201)::double / 100 - 1)
    ), 2
)::decimal(38, 10);
create or replace temp macro province_baseline(i, k) as
    (case k when 3 then 1000 else 4000 end)
    + (hash(i, k, 4) % 5000)::double;
"""

# registry -> the values of its columns; the rest of the columns stays empty.
REGISTRIES = {
    "regions": """
        select
            format('R{:05d}', i) as region_code, 'Simulated region ' || i as name_en,
            level::varchar as level,
            format('R{:05d}', parent) as parent_region_code,
        from tree where level < 4""",
    "region_groups": """
        select
            'bloc' as group_kind, 'B' || i % 4 as group_code,
            'Bloc ' || i % 4 as name_en, region_code,
        from tree where level = 1
        union all
        select 'basin', 'C' || i % 3, 'Basin ' || i % 3, region_code,
        from tree where level = 1 and i < 21""",
    "units": """
        select
            unit_code, 'Simulated unit ' || i as name_en, 'office' as unit_kind,
            level::varchar as level, format('U{:05d}', parent) as parent_unit_code,
            region_code,
        from tree""",
    "indicators": """
        select
            format('I{:02d}', i) as indicator_code, '1' as definition_version,
            'Simulated indicator ' || i as name_en, 'simulated' as domain,
            'NUMBER' as unit_measure, 'higher' as direction, 'M' as frequency,
            'sum' as aggregation, null as weight_indicator_code,
            'false' as is_key, '2' as decimals,
        from range($indicators) as r (i)
        union all
        select
            code, '1', 'Simulated ' || code, 'simulated', 'NUMBER', 'higher', 'M',
            if(code = 'INCOME', 'weighted_mean', 'sum'),
            if(code = 'INCOME', 'POPULATION', null), 'true', '2',
        from official""",
    "plans": """
        select
            'P' as plan_code, '1' as plan_version, 'Simulated plan' as name_en,
            'R00000' as region_code, $start as period_start,
            last_day($start::date + to_months($plan - 1))::varchar as period_end""",
    "forms": """
        select
            'F' as form_code, 'Simulated form' as name_en, 'M' as frequency,
            '10' as due_days, $start as valid_from""",
    "form_items": """
        select
            'F' as form_code, format('I{:02d}', i) as indicator_code,
            '_T' as breakdown, 'true' as compulsory,
        from range($indicators) as r (i)""",
    "rules": f"""
        from read_csv('{_RULES}', all_varchar = true)
        union all by name
        select
            'INEQUALITY_PAIR' as rule_id, '1' as rule_version,
            'REVENUE' as parameter, 'POPULATION' as value,
            'simulated' as source, 'own' as source_status""",
    "targets": """
        select
            'P' as plan_code, '1' as plan_version,
            format('I{:02d}', k.i) as indicator_code, '1' as definition_version,
            region_code, unit_code, 'level_floor' as target_type,
            (hash(tree.i, k.i, 6) % 5 = 0)::varchar as binding, '_T' as breakdown,
            '1000' as baseline_value, null as baseline_period,
            '1600' as target_value,
        from tree, range($indicators) as k (i)
        union all
        select
            'P', '1', code, '1', region_code, null, 'level_floor',
            (k = 0)::varchar, '_T', province_baseline(i, k)::varchar,
            strftime($start::date - 1, '%Y-%m'),
            (province_baseline(i, k) * 1.6)::varchar,
        from tree, official
        where level = 1 and code <> 'POPULATION'""",
}

OFFICIAL = """
create or replace temp table official as
select * from (
    values (0, 'GDP'), (1, 'REVENUE'), (2, 'INCOME'), (3, 'POPULATION')
) as codes (k, code)
"""

_COLUMNS = """
    $batch as batch_id, $batch as file_sha256, {own}
    null as row_key, '1' as definition_version, month_of(m) as period,
    '_T' as breakdown, 'NUMBER' as unit_measure, 'A' as obs_status,
    'F' as conf_status, null::timestamp as published_at,
    $at::timestamp as known_from, null::varchar as comment,
"""

# The figures of a wave: the month's, those of late reports, reports that come
# again, and figures restated one by one.
OBSERVATIONS = f"""
with reported as (
    select i, k, unit_code, region_code, $month as m, 0 as turn
    from tree, range($indicators) as n (k)
    where is_in_time(i, $month)
    union all
    select i, k, unit_code, region_code, $month - 1, 0
    from tree, range($indicators) as n (k)
    where $month > 0 and is_late(i, $month - 1)
    union all
    select i, k, unit_code, region_code, $month - 1, $month
    from tree, range($indicators) as n (k)
    where is_sent_again(i, $month)
    union all
    select * from (
        select
            i, k, unit_code, region_code,
            $month - 1 - (hash(i, k) % 3)::integer as m, $month as turn
        from tree, range($indicators) as n (k)
        where
            is_in_time(i, $month) and not is_sent_again(i, $month)
            and hash(i, k, $month, 7) % 100 < $revised
    )
    where is_in_time(i, m)
)
select
    'self_reported' as source_kind, 'net' as source_code,
    {_COLUMNS.format(own="format('s{}-{}-{}', $batch, i, m) as submission_id,")}
    'F' as form_code, k + 1 as row_number, unit_code, region_code,
    format('I{{:02d}}', k) as indicator_code,
    figure(1000.0, i, k, m, turn) as value,
from reported
"""

RELEASE = f"""
with published as (
    select region_code, i, k, code, m, 0 as turn
    from tree, official, (values ($month), (-1)) as months (m)
    where level = 1 and (m = $month or $month = 0)
    union all
    select * from (
        select
            region_code, i, k, code,
            $month - 1 - (hash(i, k, $month) % 3)::integer as m, $month as turn
        from tree, official
        where
            level = 1 and code <> 'POPULATION'
            and hash(i, k, $month, 8) % 10 = 0
    )
    where m >= 0
)
select
    'official' as source_kind, 'stat' as source_code,
    {_COLUMNS.format(own="null as submission_id, null as form_code,")}
    row_number() over (order by m, i, k) as row_number,
    null as unit_code, region_code, code as indicator_code,
    case
        when m < 0 then province_baseline(i, k)
        when k = 3 then round(province_baseline(i, k) * (1 + m / 2400), 2)
        else figure(province_baseline(i, k), i, k + 100, m, turn)
    end::decimal(38, 10) as value,
from published
"""

SUBMISSIONS = """
with reports as (
    select
        i, unit_code, $month as m,
        $at::timestamp - to_days((hash(i, $month) % 5)::integer) as received_at
    from tree where is_in_time(i, $month)
    union all
    select
        i, unit_code, $month - 1,
        $at::timestamp - to_days((hash(i, $month) % 15)::integer)
    from tree where $month > 0 and is_late(i, $month - 1)
    union all
    select i, unit_code, $month - 1, $at::timestamp
    from tree where is_sent_again(i, $month)
)
select
    format('s{}-{}-{}', $batch, i, m) as submission_id, $batch as batch_id,
    'net' as source_code, $batch as file_sha256, unit_code, 'F' as form_code,
    month_of(m) as period, received_at, $batch as sha256, 'accepted' as verdict,
    $indicators as rows_received, $indicators as rows_accepted,
    0 as rows_rejected, '1' as rule_set_version,
from reports
"""
