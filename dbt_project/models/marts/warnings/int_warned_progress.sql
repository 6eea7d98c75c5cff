{#- A table: several steps read it, each the rows that it needs. -#}
{{ config(materialized='table', database='scratch') }}

{% set in_order %}
    over (
        partition by target_key, source_kind
        order by period_end asc nulls last, period asc nulls last
        rows between unbounded preceding and unbounded following
    )
{% endset %}

with

kept as (
    select * from {{ ref('int_warned_series_before') }}
),

-- The bound of all of them first: it spares reading the history. What is judged
-- anew goes back further than what is new, and is little: each is read for
-- itself. What is not rated says nothing, neither for nor against.
rated as (
    {% for which in ['', 'not '] -%}
        select
            seams.subject_key,
            seams.is_rewound,
            progress.target_key,
            progress.plan_version,
            progress.definition_version,
            progress.source_kind,
            progress.period,
            progress.period_end,
            progress.progress_share,
            progress.elapsed_share,
            progress.status_raw,
            -- Held, so that a status that swings is not told at every swing.
            case
                when progress.status_held <> 'not_rated'
                    then progress.status_held
                else progress.status_raw
            end as status_held,
            progress.p_miss,
            progress.gap_pct,
            progress.known_from
        from {{ ref('indicator_progress') }} as progress
        inner join {{ ref('int_warnings_seams') }} as seams
            on progress.target_key = seams.target_key
        where
            {{ which }}seams.is_rewound
            and progress.status_raw <> 'not_rated'
            and progress.period_end >= seams.seam
            and progress.period_end >= {{ earliest(
                'bound.seam', ref('int_warnings_seams'),
                which ~ 'bound.is_rewound'
            ) }}
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

-- Only where several periods are judged is there an order among them.
several as (
    select target_key
    from rated
    group by target_key
    having bool_or(is_rewound) or count(*) > 1
),

placed as (
    select
        *,
        lag(status_held) {{ in_order }} as status_before,
        not is_rewound and count(*) {{ in_order }} = 1 as comes_next
    from rated
    where target_key in (select several.target_key from several)
    union all
    select
        *,
        cast(null as varchar) as status_before,
        true as comes_next
    from rated
    where target_key not in (select several.target_key from several)
),

final as (
    select
        placed.* exclude (placed.is_rewound)
        replace (
            coalesce(placed.status_before, kept.status_held) as status_before
        )
    from placed
    left join kept
        on
            placed.target_key = kept.target_key
            and placed.source_kind = kept.source_kind
)

select * from final
