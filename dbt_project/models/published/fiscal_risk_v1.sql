with

fiscal_risk as (
    select * from {{ ref('fiscal_risk') }}
),

final as (
    select
        region_code,
        period,
        source_kind,
        fiscal_key,
        region_level,
        explicit_debt,
        hidden_debt,
        explicit_debt_only,
        debt,
        resources,
        debt_ratio_pct,
        debt_class,
        next_class_from_pct,
        headroom_money,
        headroom_resources_drop_pct,
        revenue,
        expenditure,
        self_sufficiency,
        self_sufficiency_quintile,
        expenditure_per_capita,
        expenditure_cv_weighted,
        not_rated_reason,
        rule_version
    from fiscal_risk
)

select * from final
