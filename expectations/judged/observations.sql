-- Each row with all that its rules need, so that a rule is a simple
-- expectation on columns of one table. An empty fact: the rule does not apply.
-- The widest table of a judgement: what rules do not read is not in it.
create table described_observation as
with

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

measured as (
    select
        *,
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
        measured.* exclude (source_kind, source_code, batch_id),
        submission_context.unit_code as submission_unit_code,
        -- A release may name a form itself.
        coalesce(submission_context.form_code, measured.form_code)
            as submission_form_code,
        submission_context.period as submission_period,
        submission_context.unit_region_code,
        known_indicator.indicator_code as registered_indicator,
        case
            when known_indicator.indicator_code is not null
                then (indicator_context.indicator_code is not null)::integer
        end as definitions_found,
        indicator_context.unit_measure as indicator_unit_measure,
        indicator_context.frequency as indicator_frequency,
        indicator_context.max_value as indicator_max,
        indicator_context.decimals as indicator_decimals,
        case
            when
                asked_forms.form_code is not null
                and known_indicator.indicator_code is not null
                then coalesce(form_item_counts.form_items, 0)
        end as form_items_found,
        list_contains(form_breakdown.breakdowns, measured.breakdown)::integer
            as breakdown_found,
        (
            period_context.period_end
            >= coalesce(indicator_context.in_force_from, date '0001-01-01')
            and period_context.period_start
            <= coalesce(indicator_context.in_force_until, date '9999-12-31')
        )::integer as definition_in_force,
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
            when named_unit.unit_code is not null
                then (named_unit.registered_unit is not null)::integer
        end as units_found,
        named_unit.unit_valid,
        period_context.frequency as period_frequency,
        case
            when measured.obs_status is distinct from 'F'
                then period_context.period_start
        end as observed_period_start,
        -- The day of a submission's rows stands in its envelope.
        case
            when measured.submission_id is null
                then timezone(
                    getvariable('time_zone'),
                    timezone('UTC', measured.known_from)
                )::date
        end as known_on,
        case
            when list_contains(getvariable('missing_statuses'), obs_status)
                then obs_status
        end as missing_status,
        -- What is no number at all breaks another rule; a type that nobody
        -- knows fits nothing.
        case
            when
                known_indicator.value_type is not null
                and measured.number is not null
                then coalesce(
                    case known_indicator.value_type
                        when 'NUMBER' then true
                        when 'PERCENTAGE' then measured.number between 0 and 100
                        when 'UNIT_INTERVAL'
                            then measured.number between 0 and 1
                        when 'INTEGER'
                            then regexp_full_match(
                                measured.value, '0|-?[1-9][0-9]*'
                            )
                        when 'INTEGER_POSITIVE'
                            then regexp_full_match(
                                measured.value, '[1-9][0-9]*'
                            )
                        when 'INTEGER_NEGATIVE'
                            then regexp_full_match(
                                measured.value, '-[1-9][0-9]*'
                            )
                        when 'INTEGER_ZERO_OR_POSITIVE'
                            then regexp_full_match(
                                measured.value, '0|[1-9][0-9]*'
                            )
                    end,
                    false
                )::integer
        end as value_type_fits,
        case when indicator_context.min_value = 0 then measured.number end
            as number_never_negative,
        case
            when indicator_context.min_value <> 0
                then indicator_context.min_value
        end as lowest_number,
        1::bigint as copies,
    from measured
    cross join judged_batch
    left join submission_context
        on measured.submission_id = submission_context.submission_id
    left join period_context on measured.period = period_context.period
    left join known_indicator
        on measured.indicator_code = known_indicator.indicator_code
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
    left join form_breakdown
        on
            coalesce(submission_context.form_code, measured.form_code)
            = form_breakdown.form_code
            and measured.indicator_code = form_breakdown.indicator_code
    left join registered_regions
        on measured.region_code = registered_regions.region_code
    left join named_unit
        on
            measured.submission_id is null
            and measured.unit_code = named_unit.unit_code
            and measured.period is not distinct from named_unit.period
)

select * from final
;

-- How many rows speak of the same point; vintages of one point in one release
-- differ in known_from. Hashes that stand once are counted in a third of the
-- time that the points themselves take, and few are left.
update described_observation
set copies = repeated.copies
from (
    with

    points as (
        select
            rowid as row_id,
            hash(
                submission_id, unit_code, indicator_code, definition_version,
                region_code, period, breakdown, known_from
            ) as point_hash,
        from described_observation
    ),

    suspects as (
        select point_hash
        from points
        group by point_hash
        having count(*) > 1
    )

    select
        suspected.rowid as row_id,
        count(*) over (
            partition by
                suspected.submission_id,
                suspected.unit_code,
                suspected.indicator_code,
                suspected.definition_version,
                suspected.region_code,
                suspected.period,
                suspected.breakdown,
                suspected.known_from
        ) as copies,
    from described_observation as suspected
    where
        suspected.rowid in (
            select points.row_id
            from points
            where points.point_hash in (select point_hash from suspects)
        )
) as repeated
where described_observation.rowid = repeated.row_id and repeated.copies > 1
;

-- What follows from a row's own cells alone is worked out where it is read.
-- No variables here: other connections, which read this view too, lack them.
create view judged_observation as
select
    described.rowid as row_id,
    judged_batch.source_kind,
    judged_batch.source_code,
    judged_batch.batch_id,
    described.*,
    coalesce(period, '') as period_text,
    case
        when published_at is not null
            then coalesce(try_cast(published_at as timestamptz)::varchar, '')
    end as published_at_read,
    -- An empty text is no value; formats that know nulls may still send one.
    nullif(value, '') as value_sent,
    coalesce(nullif(value, ''), missing_status) as value_or_reason,
    case
        when number is null then null
        when not contains(value, '.') then 0
        else length(rtrim(split_part(value, '.', 2), '0'))
    end as decimals_sent,
from described_observation as described
cross join (
    select
        source_kind,
        source_code,
        batch_id,
    from judged_batch
) as judged_batch
;

-- What the reasons of a failing row quote, beside its own cells.
create view explained_observation as
with

failing as (
    select *
    from judged_observation
    where row_id in (select row_id from failing_row)
),

final as (
    select
        failing.*,
        known_indicator.indicator_versions,
        known_indicator.value_type,
        indicator_context.min_value as indicator_min,
        indicator_context.origin as indicator_origin,
        indicator_context.in_force_from,
        indicator_context.in_force_until,
        form_breakdown.breakdowns_asked,
        named_unit.unit_validity,
    from failing
    left join known_indicator
        on failing.indicator_code = known_indicator.indicator_code
    left join indicator_context
        on
            failing.indicator_code = indicator_context.indicator_code
            and failing.definition_version
            = indicator_context.definition_version
    left join form_breakdown
        on
            failing.submission_form_code = form_breakdown.form_code
            and failing.indicator_code = form_breakdown.indicator_code
    left join named_unit
        on
            failing.submission_id is null
            and failing.unit_code = named_unit.unit_code
            and failing.period is not distinct from named_unit.period
)

select * from final
;
