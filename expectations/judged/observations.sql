-- Each row with all that its rules need, so that a rule is a simple
-- expectation on columns of one table. An empty fact: the rule does not apply.
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
from registry_indicators
group by indicator_code, definition_version
;

create table judged_observation as
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
        case
            when
                regexp_full_match(value, '-?[0-9]{1,28}([.][0-9]{1,10})?')
                then value::decimal(38, 10)
        end as number,
    from sent_row
),

final as (
    select
        measured.*,
        submission_context.unit_code as submission_unit_code,
        submission_context.form_code as submission_form_code,
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
        registered_regions.region_code as registered_region,
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
        on submission_context.form_code = asked_forms.form_code
    left join form_item_counts
        on
            submission_context.form_code = form_item_counts.form_code
            and measured.indicator_code = form_item_counts.indicator_code
    left join registered_regions
        on measured.region_code = registered_regions.region_code
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

-- All of it stands in judged_observation; a wave of rows is kept once.
drop table sent_row
;
