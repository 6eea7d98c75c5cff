{#- A table: the joins of the mart must not hold the histories, too. -#}
{{ config(materialized='table', database='scratch') }}

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
                when {{ name }}_y is null then null
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
        target_key,
        source_kind,
        step_no,
        round(forecast_x, 10) as forecast_value,
        round(
            se_y * case
                when scale = 'logit'
                    then
                        (forecast_x - min_value)
                        * (max_value - forecast_x)
                        / (max_value - min_value)
                when path_shape = 'reduction'
                    then 100 * exp(forecast_y)
                when path_shape = 'growth'
                    then
                        100 * exp(forecast_y / target_steps)
                        / target_steps
                else 1
            end,
            10
        ) as forecast_se,
        round(least(low_x, high_x), 10) as forecast_low80,
        round(greatest(low_x, high_x), 10) as forecast_high80,
        round(p_miss, 10) as p_miss,
        case
            when scale = 'plain' or method_name = 'none'
                then method_name
            else concat(method_name, '_', scale)
        end as forecast_method,
        n_points,
        case
            when method_name = 'drift' and scale = 'plain'
                then round(theil_sen_slope, 10)
        end as theil_sen_slope
    from told
)

select * from final
