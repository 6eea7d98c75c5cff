-- What the past says about each row, in the columns that the rules read.
--   OBS_CUMULATIVE_FALLS, cumulative.<indicator>: year or always
--   OBS_STOCK_FLOW, flow.<stock indicator>: flow indicator
create or replace table due_facts as
with

declared as (
    select
        rule_id,
        substr(parameter, strpos(parameter, '.') + 1) as indicator_code,
        value as declaration,
    from rule_parameter
    where
        rule_id in ('OBS_CUMULATIVE_FALLS', 'OBS_STOCK_FLOW')
        and parameter like '%.%'
),

flows as (
    select
        stock.row_id,
        min(flow.number) as flow_number,
        any_value(flow.indicator_code) as flow_indicator,
    from declared
    inner join series_row as stock
        on declared.indicator_code = stock.indicator_code
    inner join series_row as flow
        on
            declared.declaration = flow.indicator_code
            and stock.report = flow.report
            and stock.owner = flow.owner
            and stock.region_code = flow.region_code
            and stock.breakdown = flow.breakdown
            and stock.period = flow.period
            and stock.known_from = flow.known_from
    where declared.rule_id = 'OBS_STOCK_FLOW'
    group by stock.row_id
),

compared as (
    select
        series_row.*,
        own.* exclude (row_id),
        peers.peers,
        peers.peers_median,
        peers.period as peers_period,
        revised.revised_number,
        revised.revised_known,
        revised.twin_submission,
        revised.twin_value,
        flows.flow_number,
        flows.flow_indicator,
        log10(nullif(abs(series_row.number)::double, 0)) as size,
        -- Steady: the own past stays within a factor of five.
        own.own_positive >= 3
        and own.own_positive = own.own_points
        and own.own_spread <= 0.7 as own_is_steady,
        peers.peers >= 5 and peers.peers_log_mad <= 0.25 as peers_are_alike,
        peers.peers_log_median,
        peers.peers_log_mad,
        (own.last_start + to_months(series_row.months))::date
        = series_row.period_start as last_is_previous,
        cumulative.declaration as cumulative,
    from series_row
    inner join due_series
        on series_row.series_id = due_series.series_id
    left join series_own as own on series_row.row_id = own.row_id
    left join series_revised as revised on series_row.row_id = revised.row_id
    left join flows on series_row.row_id = flows.row_id
    left join declared as cumulative
        on
            series_row.indicator_code = cumulative.indicator_code
            and cumulative.rule_id = 'OBS_CUMULATIVE_FALLS'
    left join peer_fact as peers
        on
            series_row.source_kind = peers.source_kind
            and series_row.peer_group = peers.peer_group
            and series_row.indicator_code = peers.indicator_code
            and series_row.definition_version = peers.definition_version
            and series_row.breakdown = peers.breakdown
            and period_before(series_row.period) = peers.period
    where
        own.row_id is not null
        or revised.row_id is not null
        or peers.peers >= 5
),

-- How many powers of ten the row is away from what was to be expected.
measured as (
    select
        *,
        case
            when own_is_steady then size - log10(nullif(own_median::double, 0))
            when coalesce(own_points, 0) < 3 and peers_are_alike
                then size - peers_log_median
        end as distance,
    from compared
),

final as (
    select
        *,
        case
            when
                abs(distance - round(distance))
                <= case when own_is_steady then 0.3 else 0.5 end
                and (
                    abs(round(distance)) >= 3
                    or (own_is_steady and own_spread <= 0.4)
                )
                then round(distance)::integer
        end as slip,
        case
            when slip is null or slip = 0
                then abs(difference(number, own_median)) / nullif(
                    greatest(
                        1.4826 * own_mad,
                        abs(own_median)::double
                        * getvariable('obs_jump_own_floor')
                    ),
                    0
                )
        end as own_jump_measured,
        case when own_points >= 6 then own_jump_measured end as own_jump,
        case
            when
                peers >= 8
                and coalesce(own_points, 0) < 3
                and coalesce(slip, 0) = 0
                then abs(size - peers_log_median)
                / greatest(1.4826 * peers_log_mad, 0.1)
        end as peers_jump,
        case
            when
                cumulative = 'always'
                or (
                    cumulative = 'year'
                    and date_part('year', last_start)
                    = date_part('year', period_start)
                )
                then last_number
        end as cumulative_floor,
        case
            when last_is_previous and flow_number is not null
                then coalesce(
                    try(abs(number - last_number - flow_number))::double,
                    abs(
                        number::double - last_number::double
                        - flow_number::double
                    )
                ) / (3 * rounding + 1e-9)
        end as flow_gap,
        case
            when revised_number <> number then known_from
        end as revision_known,
        case when last_is_previous then last_number end as previous_number,
    from measured
)

select * from final
;
