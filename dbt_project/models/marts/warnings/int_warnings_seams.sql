{{ config(materialized='table', database='scratch') }}

with

touched as (
    select * from {{ ref('int_warnings_touched_targets') }}
),

confidential as (
    select * from {{ ref('int_confidential_targets') }}
),

told as (
    select
        target_key,
        max(last_end) as last_end
    from {{ source('ops', 'warning_series') }}
    where until_end = {{ no_end() }}
    group by target_key
),

-- What a warning may show depends on every mark of the series.
subjects as (
    select
        touched.subject_key,
        touched.from_end,
        coalesce(touched.from_end <= max(told.last_end), false)
        or touched.from_end = cast('0001-01-01' as date)
        or count(confidential.target_key) > 0 as is_rewound
    from touched
    left join told on touched.target_key = told.target_key
    left join confidential on touched.target_key = confidential.target_key
    group by touched.subject_key, touched.from_end
),

-- What comes after all that was judged continues from there. A figure of the
-- past is judged again from the start of its half-year: the state at the end of
-- each is kept, so that no restatement needs all history.
final as (
    select
        touched.subject_key,
        touched.target_key,
        subjects.is_rewound,
        case
            when subjects.is_rewound
                then {{ half_year_start('subjects.from_end') }}
            else subjects.from_end
        end as seam
    from touched
    inner join subjects on touched.subject_key = subjects.subject_key
)

select * from final
