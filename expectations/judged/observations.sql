-- Each row with all that its rules need, so that a rule is a simple
-- expectation on columns of one table. An empty fact: the rule does not apply.
-- No registry says from when to when a definition is in force; `rules` may:
-- OBS_DEFINITION_NOT_IN_FORCE, from.<indicator>.<version> or until.….
create table definition_span as
select
    substr(parameter, strpos(parameter, '.') + 1) as definition,
    min(try_cast(value as date)) filter (parameter like 'from.%')
        as in_force_from,
    max(try_cast(value as date)) filter (parameter like 'until.%')
        as in_force_until,
from rule_parameter
where rule_id = 'OBS_DEFINITION_NOT_IN_FORCE'
group by all
;

create table indicator_context as
select
    indicator_code,
    definition_version,
    min(unit_measure) as unit_measure,
    min(frequency) as frequency,
    min(min_value::decimal(38, 10)) as min_value,
    min(max_value::decimal(38, 10)) as max_value,
    min(decimals::decimal(38, 10)::integer) as decimals,
    'registry indicators, row ' || indicator_code
    || ' version ' || definition_version
    || coalesce(', known ' || min(known_from), '') as origin,
    min(aggregation) as aggregation,
    min(definition_span.in_force_from) as in_force_from,
    min(definition_span.in_force_until) as in_force_until,
from registry_indicators
left join definition_span
    on
        definition_span.definition
        = indicator_code || '.' || definition_version
group by indicator_code, definition_version
;

create table described_observation as
with

indicator_versions as (
    select
        indicator_code,
        string_agg(
            definition_version, ', '
            order by definition_version asc nulls last
        ) as indicator_versions,
    from indicator_context
    group by indicator_code
),

registered_regions as (
    select distinct region_code from registry_regions
),

-- Units that rows of a release name, by the period they speak of.
named_units as (
    select
        named.unit_code,
        named.period,
        max(unit_span.unit_code) as registered_unit,
        max(
            (
                unit_span.valid_from <= period_context.period_end
                and unit_span.valid_to >= period_context.period_start
            )::integer
        ) as unit_valid,
        string_agg(
            unit_span.span, '; ' order by unit_span.span_number asc nulls last
        ) as unit_validity,
    from (
        select distinct
            unit_code,
            period,
        from sent_row
        where
            submission_id is null
            and unit_code is not null
            -- Without a registry of units there is nothing to hold it against.
            and exists (select 1 from registry_units)
    ) as named
    left join unit_span on named.unit_code = unit_span.unit_code
    left join period_context on named.period = period_context.period
    group by named.unit_code, named.period
),

asked_forms as (
    select distinct form_code from registry_forms
),

form_item_counts as (
    select
        form_code,
        indicator_code,
        count(*) as form_items,
    from registry_form_items
    group by form_code, indicator_code
),

-- Only where a form names breakdowns of an indicator are others excluded.
form_breakdowns as (
    select
        form_code,
        indicator_code,
        array_agg(distinct coalesce(breakdown, '_T')) as breakdowns,
        string_agg(
            distinct coalesce(breakdown, '_T'), ', '
            order by coalesce(breakdown, '_T') asc nulls last
        ) as breakdowns_asked,
    from registry_form_items
    group by form_code, indicator_code
    having count(breakdown) > 0
),

-- Vintages of one point in one release differ in known_from.
copy_counts as (
    select
        coalesce(submission_id, '') as submission_key,
        coalesce(indicator_code, '') as indicator_key,
        coalesce(definition_version, '') as version_key,
        coalesce(region_code, '') as region_key,
        coalesce(period, '') as period_key,
        coalesce(breakdown, '') as breakdown_key,
        known_from,
        count(*) as copies,
    from sent_row
    group by all
    having count(*) > 1
),

-- An empty text is no value; formats that know nulls may still send one.
measured as (
    select
        *,
        nullif(value, '') as value_sent,
        -- DuckDB casts text to 38 digits two hundred times slower than to 18.
        case
            when
                regexp_full_match(value, '-?[0-9]{1,8}([.][0-9]{1,10})?')
                then value::decimal(18, 10)::decimal(38, 10)
            when
                regexp_full_match(value, '-?[0-9]{1,14}([.][0-9]{1,4})?')
                then value::decimal(18, 4)::decimal(38, 10)
            when
                regexp_full_match(value, '-?[0-9]{1,28}([.][0-9]{1,10})?')
                then value::decimal(38, 10)
        end as number,
        -- A day without a time begins in the time zone of the site.
        case
            when length(published_at) = 10
                then timezone(
                    getvariable('time_zone'),
                    try_cast(published_at as timestamp)
                )
            else try_cast(published_at as timestamptz)
        end as embargo_ends_at,
    from sent_row
),

final as (
    select
        measured.*,
        submission_context.unit_code as submission_unit_code,
        -- A release may name a form itself.
        coalesce(submission_context.form_code, measured.form_code)
            as submission_form_code,
        submission_context.period as submission_period,
        submission_context.unit_region_code,
        indicator_versions.indicator_code as registered_indicator,
        indicator_versions.indicator_versions,
        case
            when indicator_versions.indicator_code is not null
                then (indicator_context.indicator_code is not null)::integer
        end as definitions_found,
        indicator_context.unit_measure as indicator_unit_measure,
        indicator_context.frequency as indicator_frequency,
        indicator_context.min_value as indicator_min,
        indicator_context.max_value as indicator_max,
        indicator_context.decimals as indicator_decimals,
        indicator_context.origin as indicator_origin,
        case
            when
                asked_forms.form_code is not null
                and indicator_versions.indicator_code is not null
                then coalesce(form_item_counts.form_items, 0)
        end as form_items_found,
        form_breakdowns.breakdowns_asked,
        list_contains(form_breakdowns.breakdowns, measured.breakdown)::integer
            as breakdown_found,
        indicator_context.aggregation,
        (
            period_context.period_end
            >= coalesce(indicator_context.in_force_from, date '0001-01-01')
            and period_context.period_start
            <= coalesce(indicator_context.in_force_until, date '9999-12-31')
        )::integer as definition_in_force,
        indicator_context.in_force_from,
        indicator_context.in_force_until,
        submission_context.due_at,
        period_context.period_start,
        judged_batch.moment,
        case
            when
                measured.conf_status = 'E'
                and coalesce(
                    measured.embargo_ends_at > judged_batch.moment, true
                )
                then measured.conf_status
        end as embargo_status,
        registered_regions.region_code as registered_region,
        case
            when named_units.unit_code is not null
                then (named_units.registered_unit is not null)::integer
        end as units_found,
        named_units.unit_valid,
        named_units.unit_validity,
        coalesce(measured.period, '') as period_text,
        period_context.frequency as period_frequency,
        case
            when measured.obs_status is distinct from 'F'
                then period_context.period_start
        end as observed_period_start,
        timezone(
            getvariable('time_zone'), timezone('UTC', measured.known_from)
        )::date as known_on,
        case
            when measured.published_at is not null
                then coalesce(
                    try_cast(measured.published_at as timestamptz)::varchar, ''
                )
        end as published_at_read,
        coalesce(
            measured.value_sent,
            case
                when missing_status.code is not null then missing_status.code
            end
        ) as value_or_reason,
        case when indicator_context.min_value = 0 then measured.number end
            as number_never_negative,
        case
            when indicator_context.min_value <> 0
                then indicator_context.min_value
        end as lowest_number,
        case
            when measured.number is not null
                then length(rtrim(split_part(measured.value, '.', 2), '0'))
        end as decimals_sent,
        coalesce(copy_counts.copies, 1) as copies,
    from measured
    cross join judged_batch
    left join submission_context
        on measured.submission_id = submission_context.submission_id
    left join period_context on measured.period = period_context.period
    left join indicator_versions
        on measured.indicator_code = indicator_versions.indicator_code
    left join indicator_context
        on
            measured.indicator_code = indicator_context.indicator_code
            and measured.definition_version
            = indicator_context.definition_version
    left join asked_forms
        on
            coalesce(submission_context.form_code, measured.form_code)
            = asked_forms.form_code
    left join form_item_counts
        on
            coalesce(submission_context.form_code, measured.form_code)
            = form_item_counts.form_code
            and measured.indicator_code = form_item_counts.indicator_code
    left join form_breakdowns
        on
            coalesce(submission_context.form_code, measured.form_code)
            = form_breakdowns.form_code
            and measured.indicator_code = form_breakdowns.indicator_code
    left join registered_regions
        on measured.region_code = registered_regions.region_code
    left join named_units
        on
            measured.submission_id is null
            and measured.unit_code = named_units.unit_code
            and measured.period is not distinct from named_units.period
    left join missing_status on measured.obs_status = missing_status.code
    left join copy_counts
        on
            coalesce(measured.submission_id, '') = copy_counts.submission_key
            and coalesce(measured.indicator_code, '')
            = copy_counts.indicator_key
            and coalesce(measured.definition_version, '')
            = copy_counts.version_key
            and coalesce(measured.region_code, '') = copy_counts.region_key
            and coalesce(measured.period, '') = copy_counts.period_key
            and coalesce(measured.breakdown, '') = copy_counts.breakdown_key
            and measured.known_from = copy_counts.known_from
)

select * from final
;

-- Counting rows by a window would keep the pass above on one core.
create view judged_observation as
select
    rowid as row_id,
    *,
from described_observation
;
