-- Rows against what other sources said of the same region and period before.
create table judged_source as
with

-- Of each source what it said last before the row.
told as (
    select
        usable.row_id,
        other.source_code as other_source,
        other.source_kind as other_kind,
        max(struct_pack(at := other.known_from, number := other.value))
            as newest,
    from usable
    inner join history_others as other
        on
            usable.region_code = other.region_code
            and usable.indicator_code = other.indicator_code
            and usable.definition_version = other.definition_version
            and usable.breakdown = other.breakdown
            and usable.period = other.period
            and usable.known_from > other.known_from
            and usable.source_code <> other.source_code
    where other.unit_code is null and other.value is not null
    group by all
),

-- The official number where there is one; of several the furthest.
chosen as (
    select
        usable.row_id,
        max(
            struct_pack(
                is_official := told.other_kind = 'official',
                gap := abs(
                    difference(
                        usable.number, struct_extract(told.newest, 'number')
                    )
                ),
                source := told.other_source,
                kind := told.other_kind,
                number := struct_extract(told.newest, 'number'),
                at := struct_extract(told.newest, 'at')
            )
        ) as pick,
    from usable
    inner join told on usable.row_id = told.row_id
    group by usable.row_id
),

final as (
    select
        usable.*,
        struct_extract(chosen.pick, 'source') as other_source,
        struct_extract(chosen.pick, 'kind') as other_kind,
        struct_extract(chosen.pick, 'number') as other_number,
        struct_extract(chosen.pick, 'at') as other_known,
        case
            when
                usable.unit_code is not null
                and usable.aggregation = 'sum'
                and usable.indicator_min >= 0
                then 100 * difference(
                    usable.number, struct_extract(chosen.pick, 'number')
                ) / nullif(abs(other_number)::double, 0)
        end as above_region_pct,
        case
            when usable.unit_code is null
                then 100 * abs(
                    difference(
                        usable.number, struct_extract(chosen.pick, 'number')
                    )
                ) / nullif(abs(other_number)::double, 0)
        end as sources_gap_pct,
    from usable
    inner join chosen on usable.row_id = chosen.row_id
)

select * from final
;
