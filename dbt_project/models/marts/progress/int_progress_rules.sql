with

parameters as (
    select * from {{ ref('int_rule_parameters') }}
),

-- One row, also where the site declares none of these: then all is empty.
final as (
    select
        {{ rule_parameter('PROGRESS_RAG', 'improve_margin_pct') }},
        {{ rule_parameter('PROGRESS_RAG', 'improve_periods') }},
        {{ rule_parameter('PROGRESS_RAG', 'keep_missing_periods') }},
        {{ rule_parameter('PROGRESS_EUROSTAT', 'significant_from') }},
        {{ rule_parameter('PROGRESS_EUROSTAT', 'moderate_from') }},
        {{ rule_parameter('PROGRESS_EUROSTAT', 'insufficient_from') }},
        {{ rule_parameter('PROGRESS_EUROSTAT', 'min_change_pct') }},
        {{ rule_parameter('PROGRESS_LABEL', 'faster_from') }},
        {{ rule_parameter('PROGRESS_LABEL', 'in_line_from') }}
    from parameters
)

select * from final
