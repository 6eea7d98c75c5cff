with

form_burden as (
    select * from {{ ref('form_burden') }}
),

final as (
    select
        unit_code,
        report_year,
        unit_level,
        n_forms,
        n_reports,
        n_cells,
        n_compulsory_cells,
        n_duplicate_asks,
        n_repeated_cells,
        duplicate_asks
    from form_burden
)

select * from final
