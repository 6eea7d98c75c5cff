-- What the registries say about the codes that rows name: small tables, some
-- of whose columns only a person reads who is told what was wrong.

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

-- OBS_VALUE_TYPE, type.<indicator>: a numeric value type of DHIS2.
create table known_indicator as
select
    indicator_context.indicator_code,
    string_agg(
        indicator_context.definition_version, ', '
        order by indicator_context.definition_version asc nulls last
    ) as indicator_versions,
    min(rule_parameter.value) as value_type,
from indicator_context
left join rule_parameter
    on
        rule_parameter.rule_id = 'OBS_VALUE_TYPE'
        and rule_parameter.parameter
        = 'type.' || indicator_context.indicator_code
group by indicator_context.indicator_code
;

-- Units that rows of a release name, by the period they speak of.
create table named_unit as
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
        (select kind from judged_batch) <> 'submission'
        and unit_code is not null
        -- Without a registry of units there is nothing to hold it against.
        and exists (select 1 from registry_units)
) as named
left join unit_span on named.unit_code = unit_span.unit_code
left join period_context on named.period = period_context.period
group by named.unit_code, named.period
;

-- Only where a form names breakdowns of an indicator are others excluded.
create table form_breakdown as
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
;
