{#- One sentence for each rule on the progress of a target. -#}

{% macro progress_headline_en() -%}
    case rule_id
        when 'EW_STATUS_WORSENING'
            then
                concat(
                    subject_en, ': fell from ', compared_with, ' to ',
                    status_held, ' in ', period
                )
        when 'EW_BEHIND_SCHEDULE'
            then
                concat(
                    subject_en, ': ', {{ number_text('measure', 1) }},
                    ' points behind schedule in ', period, ' (',
                    {{ number_text('100 * progress_share', 1) }},
                    ' % done after ', {{ number_text('100 * elapsed_share', 1) }},
                    ' % of the time)'
                )
        when 'EW_FORECAST_MISS'
            then
                concat(
                    subject_en, ': ', {{ number_text('100 * p_miss', 0) }},
                    ' % likely to miss the target of ',
                    {{ number_text('target_value') }}, '; on its way to ',
                    {{ number_text('forecast_value') }}, ' (80 % between ',
                    {{ number_text('forecast_low80') }}, ' and ',
                    {{ number_text('forecast_high80') }}, ', ', n_points,
                    ' points to ', period, ')'
                )
        when 'EW_DEFINITION_SWITCH'
            then
                concat(
                    subject_en, ': definition ', definition_version, ' shows ',
                    {{ number_text('measure', 1) }},
                    ' points more progress than definition ', compared_with,
                    ' in ', period
                )
        else
            concat(
                subject_en, ': ', {{ number_text('value_to_date') }}, ' in ',
                period, ', ', {{ number_text('gap_pct', 1) }},
                ' % behind the path of ', {{ number_text('path_value') }}
            )
    end
{%- endmacro %}

{% macro status_zh(status) -%}
    case {{ status }}
        when 'red' then '红' when 'yellow' then '黄' when 'green' then '绿'
        when 'achieved' then '已完成' else {{ status }}
    end
{%- endmacro %}

{% macro progress_headline_zh() -%}
    case rule_id
        when 'EW_STATUS_WORSENING'
            then
                concat(
                    subject_zh, '：', period, '由',
                    {{ status_zh('compared_with') }}, '转为',
                    {{ status_zh('status_held') }}
                )
        when 'EW_BEHIND_SCHEDULE'
            then
                concat(
                    subject_zh, '：', period, '落后时序进度',
                    {{ number_text('measure', 1) }}, '个百分点（完成',
                    {{ number_text('100 * progress_share', 1) }}, '%，时间过去',
                    {{ number_text('100 * elapsed_share', 1) }}, '%）'
                )
        when 'EW_FORECAST_MISS'
            then
                concat(
                    subject_zh, '：未达到目标', {{ number_text('target_value') }},
                    '的可能性为', {{ number_text('100 * p_miss', 0) }},
                    '%；按趋势将为', {{ number_text('forecast_value') }},
                    '（80%区间', {{ number_text('forecast_low80') }}, '至',
                    {{ number_text('forecast_high80') }}, '，截至', period, '共',
                    n_points, '个数据）'
                )
        when 'EW_DEFINITION_SWITCH'
            then
                concat(
                    subject_zh, '：', period, '按口径', definition_version,
                    '比按口径', compared_with, '多完成',
                    {{ number_text('measure', 1) }}, '个百分点'
                )
        else
            concat(
                subject_zh, '：', period, '为',
                {{ number_text('value_to_date') }}, '，落后时序路径',
                {{ number_text('path_value') }}, '达',
                {{ number_text('gap_pct', 1) }}, '%'
            )
    end
{%- endmacro %}
