{% set key %}
    plan_code, plan_version, indicator_code, definition_version,
    region_code, unit_code, coalesce(breakdown, '_T')
{% endset %}

with

source as (
    {{ visible_vintages('targets', key) }}
),

final as (
    select
        plan_code,
        plan_version,
        indicator_code,
        definition_version,
        region_code,
        unit_code,
        target_type,
        cast(binding as boolean) as binding,
        strictness,
        coalesce(breakdown, '_T') as breakdown,
        cast(baseline_value as decimal(38, 10)) as baseline_value,
        baseline_period,
        cast(target_value as decimal(38, 10)) as target_value,
        target_period,
        reference_indicator_code,
        responsible_unit_code,
        official_label,
        cast(official_label_on as date) as official_label_on,
        document_no,
        reason,
        source_status,
        source,
        {{ vintage_columns(key) }}
    from source
)

select * from final
