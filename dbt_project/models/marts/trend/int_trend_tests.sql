{# Pairs are of one season: a January is compared with a January, as in the
   seasonal test of Hirsch and Slack (1984). A year has one season. #}
with

series as (
    select
        target_key,
        source_kind,
        seasons,
        unnest(points) as told
    from {{ ref('int_trend_series') }}
),

-- Values that stand t times take (t - 1)(2t + 5) from the variance, each.
points as (
    select
        target_key,
        source_kind,
        seasons,
        told.step_no,
        told.x,
        told.step_no % seasons as season,
        count(*) over (
            partition by target_key, source_kind, told.step_no % seasons
        ) as n_of_season,
        count(*) over (
            partition by
                target_key, source_kind, told.step_no % seasons, told.x
        ) as n_tied,
        rank() over (
            partition by target_key, source_kind order by told.x asc nulls last
        ) as x_rank,
        count(*) over (partition by target_key, source_kind, told.x) as n_same,
        row_number() over (
            partition by target_key, source_kind
            order by told.step_no asc nulls last
        ) as place,
        count(*) over (partition by target_key, source_kind) as n
    from series
),

-- Twice the distances of place and of mean rank from the middle: whole numbers,
-- which add up to the same in any order.
spread as (
    select
        target_key,
        source_kind,
        sum(
            (n_of_season - 1) * (2 * n_of_season + 5)
            - (n_tied - 1) * (2 * n_tied + 5)
        ) as variance_times_18,
        max(n_tied) > 1 as has_ties,
        sum((2 * place - n - 1) * (2 * x_rank + n_same - n - 2)) as covaried,
        sum((2 * place - n - 1) * (2 * place - n - 1)) as place_varied,
        sum(
            (2 * x_rank + n_same - n - 2) * (2 * x_rank + n_same - n - 2)
        ) as rank_varied
    from points
    group by target_key, source_kind
),

pairs as (
    select
        earlier.target_key,
        earlier.source_kind,
        sum(sign(later.x - earlier.x)) as s,
        list_sort(list(
            (later.x - earlier.x) * earlier.seasons
            / (later.step_no - earlier.step_no)
        )) as slopes
    from points as earlier
    inner join points as later
        on
            earlier.target_key = later.target_key
            and earlier.source_kind = later.source_kind
            and earlier.season = later.season
            and earlier.step_no < later.step_no
    group by earlier.target_key, earlier.source_kind
),

final as (
    select
        spread.target_key,
        spread.source_kind,
        cast(pairs.s as integer) as s,
        pairs.slopes,
        spread.variance_times_18 / 18.0 as variance,
        spread.has_ties,
        cast(spread.covaried as double) / nullif(
            sqrt(cast(spread.place_varied as double) * spread.rank_varied), 0
        ) as spearman
    from spread
    left join pairs
        on
            spread.target_key = pairs.target_key
            and spread.source_kind = pairs.source_kind
)

select * from final
