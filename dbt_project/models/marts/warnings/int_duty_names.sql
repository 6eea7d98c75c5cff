with

duties as (
    select * from {{ ref('int_warnings_touched_duties') }}
),

units as (
    select * from {{ ref('dim_unit') }}
),

forms as (
    select
        form_code,
        name_en,
        coalesce(name_zh, name_en) as name_zh
    from {{ ref('stg_forms') }}
    where is_current
    qualify
        row_number() over (
            partition by form_code order by valid_from desc nulls last
        ) = 1
),

final as (
    select
        duties.form_code,
        duties.unit_code,
        units.region_code,
        units.valid_to as unit_valid_to,
        units.name_en as unit_name_en,
        coalesce(units.name_zh, units.name_en) as unit_name_zh,
        forms.name_en as form_name_en,
        forms.name_zh as form_name_zh
    from duties
    inner join units on duties.unit_code = units.unit_code
    inner join forms on duties.form_code = forms.form_code
)

select * from final
