{#- A table: the joins of the mart must not hold the histories, too. -#}
{{ config(materialized='table') }}

with

scaled as (
    select * from {{ ref('int_forecast_chosen') }}
),

-- Everything on the scale of the model, the target included.
measured as (
    select
        *,
        case
            when scale = 'logit'
                then
                    ln(
                        (target_value - min_value) / (max_value - target_value)
                    )
            when path_shape = 'reduction' and target_value < 100
                then ln(1 - target_value / 100)
            when path_shape = 'growth' and target_value > -100
                then target_steps * ln(1 + target_value / 100)
            when path_shape not in ('reduction', 'growth') then target_value
        end as target_y,
        case path_shape
            when 'reduction' then -sense else sense
        end as sense_y,
        forecast_y - se_y * ({{ student_t_q90('df') }}) as low_y,
        forecast_y + se_y * ({{ student_t_q90('df') }}) as high_y
    from scaled
    where method_name <> 'none'
),

probable as (
    select
        *,
        sense_y * (target_y - forecast_y) / nullif(se_y, 0) as t
    from measured
),

told as (
    select
        *,
        {% for name in ['forecast', 'low', 'high'] -%}
            case
                when scale = 'logit'
                    then
                        min_value + (max_value - min_value)
                        / (1 + exp(-{{ name }}_y))
                when path_shape = 'reduction'
                    then 100 * (1 - exp({{ name }}_y))
                when path_shape = 'growth'
                    then 100 * (exp({{ name }}_y / target_steps) - 1)
                when path_shape in ('linear', 'constant')
                    then
                        least(
                            greatest(
                                {{ name }}_y, coalesce(min_value, {{ name }}_y)
                            ),
                            coalesce(max_value, {{ name }}_y)
                        )
                else {{ name }}_y
            end as {{ name }}_x,
        {% endfor -%}
        case
            when n_counted < min_points_p_miss or target_y is null then null
            when se_y = 0
                then
                    case
                        when sense_y * (target_y - forecast_y) > 0 then 1 else 0
                    end
            else {{ student_t_cdf('t', 'df') }}
        end as p_miss
    from probable
),

final as (
    select
        scaled.target_key,
        scaled.source_kind,
        scaled.step_no,
        round(told.forecast_x, 10) as forecast_value,
        round(
            told.se_y * case
                when told.scale = 'logit'
                    then
                        (told.forecast_x - told.min_value)
                        * (told.max_value - told.forecast_x)
                        / (told.max_value - told.min_value)
                when told.path_shape = 'reduction'
                    then 100 * exp(told.forecast_y)
                when told.path_shape = 'growth'
                    then
                        100 * exp(told.forecast_y / told.target_steps)
                        / told.target_steps
                else 1
            end,
            10
        ) as forecast_se,
        round(least(told.low_x, told.high_x), 10) as forecast_low80,
        round(greatest(told.low_x, told.high_x), 10) as forecast_high80,
        round(told.p_miss, 10) as p_miss,
        case
            when scaled.scale = 'plain' or scaled.method_name = 'none'
                then scaled.method_name
            else concat(scaled.method_name, '_', scaled.scale)
        end as forecast_method,
        scaled.n_points,
        case
            when scaled.method_name = 'drift' and scaled.scale = 'plain'
                then round(scaled.theil_sen_slope, 10)
        end as theil_sen_slope
    from scaled
    left join told
        on
            scaled.target_key = told.target_key
            and scaled.source_kind = told.source_kind
            and scaled.step_no = told.step_no
)

select * from final
