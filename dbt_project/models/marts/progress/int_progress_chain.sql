with recursive

links as (
    select
        target_key,
        source_kind,
        period_no,
        value,
        case path_shape
            when 'growth' then 1 + value / 100
            when 'reduction' then 1 - value / 100
        end as factor
    from {{ ref('int_progress_steps') }}
    where
        path_shape in ('growth', 'reduction', 'sum')
        and value is not null
        and period_no is not null
),

-- Period by period, in order: the same bytes on every run, and a missing
-- period ends the chain.
chain (target_key, source_kind, period_no, factor, total) as (
    select
        target_key,
        source_kind,
        period_no,
        factor,
        value as total
    from links
    where period_no = 1
    union all
    select
        links.target_key,
        links.source_kind,
        links.period_no,
        chain.factor * links.factor as factor,
        chain.total + links.value as total
    from chain
    inner join links
        on
            chain.target_key = links.target_key
            and chain.source_kind = links.source_kind
            and chain.period_no + 1 = links.period_no
),

final as (
    select
        target_key,
        source_kind,
        period_no,
        factor,
        total
    from chain
)

select * from final
