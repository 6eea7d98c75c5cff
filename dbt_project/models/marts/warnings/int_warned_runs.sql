{#- Read once, by int_warnings, which keeps it. Each part reads the tables
    itself: what is used twice is copied first (docs/decisions/0026). -#}

{% set newest %}
    {{ earliest(
        'bound.seam', ref('int_warnings_seams'), 'not bound.is_rewound'
    ) }}
{% endset %}

with

told_before as (
    select * exclude (is_told_before)
    from {{ ref('int_progress_runs') }}
    where is_told_before
),

-- What to show of the last period of a run. Runs that have ended with an
-- earlier period are told as they were before. What is judged anew goes back
-- further than what is new, and is little: each is read for itself.
told_now as (
    {% for which in ['>=', '<'] -%}
        select
            runs.* exclude (runs.is_told_before)
            replace (
                struct_pack(
                    value := progress.value,
                    value_to_date := progress.value_to_date,
                    path_value := progress.path_value,
                    gap_pct := progress.gap_pct,
                    progress_share := progress.progress_share,
                    elapsed_share := progress.elapsed_share,
                    status_raw := progress.status_raw,
                    status_held := case
                        when progress.status_held <> 'not_rated'
                            then progress.status_held
                        else progress.status_raw
                    end,
                    p_miss := progress.p_miss,
                    forecast_value := progress.forecast_value,
                    forecast_low80 := progress.forecast_low80,
                    forecast_high80 := progress.forecast_high80,
                    forecast_method := progress.forecast_method,
                    n_points := progress.n_points,
                    observation_key := progress.observation_key
                ) as figures
            )
        from {{ ref('int_progress_runs') }} as runs
        inner join {{ ref('indicator_progress') }} as progress
            on
                runs.target_key = progress.target_key
                and runs.source_kind = progress.source_kind
                and runs.period = progress.period
        where
            not runs.is_told_before
            and progress.period_end {{ which }} {{ newest }}
            {% if which == '<' -%}
                and {{ period_end('runs.period') }} < {{ newest }}
                and progress.period_end >= {{ earliest(
                    'bound.seam', ref('int_warnings_seams')
                ) }}
            {%- endif %}
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

final as (
    select * from told_before
    union all
    select * from told_now
)

select * from final
