{#-
  Formulas that nothing in the marts needs for itself, as scalar macros that
  evaluators call in any release (core.mann_kendall, ...). Their sources are in
  docs/formulas.md; tests hold each to a published or independent figure.
-#}

{#- Post-hook of a mart of every site: all formulas in one go. -#}
{% macro scalar_macros() -%}
    {%- if execute and target.type == 'duckdb' -%}
        {%- for name, parameters, expression in formulas() %}
            create or replace macro core.{{ name }}({{ parameters }})
            as {{ expression }};
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}

{#- Figures come as decimals, whose products would be cut off. -#}
{% macro formulas() -%}
    {%- set x = 'cast(series as double[])' -%}
    {%- set weights = [
        'cast(alpha as double)', 'cast(beta as double)', 'cast(phi as double)',
    ] -%}
    {{ return([
        ('normal_cdf', 'z', normal_cdf('cast(z as double)')),
        ('student_t_cdf', 't, df', student_t_cdf('cast(t as double)', 'df')),
        ('mann_kendall', 'series', mann_kendall_of_list(x)),
        ('theil_sen', 'series', theil_sen_of_list(x)),
        ('spearman', 'series', spearman_of_list(x)),
        (
            'damped_trend', 'series, alpha, beta, phi, h',
            damped_trend_of_list(x, *weights)
        ),
        (
            'damped_trend_variance', 'alpha, beta, phi, h',
            damped_trend_multiplier(*weights)
        ),
        (
            'anticipated_value', 'steps, series, end_step, power_of_age',
            anticipated_of_list()
        ),
        ('anticipated_class', 'gap_pct', anticipated_class()),
        ('current_status_parity', 'x0, x, target', current_status_parity()),
        (
            'eurostat_class_without_target', 'growth_pct',
            eurostat_without_target()
        ),
        ('signals', 'a, b, c, d', signals()),
        ('miss_band', 'p', miss_band()),
        ('carrying_capacity_grade', 'load, trend', carrying_capacity_grade()),
        ('coupling_coordination', 'u1, u2', coupling_coordination()),
        ('coupling_coordination_2021', 'u1, u2', coupling_coordination_2021()),
        ('coordination_band', 'd', coordination_band()),
        ('improvement_points', 'previous, now', improvement_points()),
    ]) }}
{%- endmacro %}

{#- S, variance with ties, Z and two-sided p of a list in the order of time. -#}
{% macro mann_kendall_of_list(x) -%}
    {%- set s -%}
        list_sum(flatten([
            [
                sign({{ x }}[j] - {{ x }}[i])
                for j in range(i + 1, len({{ x }}) + 1)
            ]
            for i in range(1, len({{ x }}) + 1)
        ]))
    {%- endset -%}
    {%- set ties = "len(list_filter(" ~ x ~ ", lambda other: other = v))" -%}
    {%- set variance -%}
        (
            len({{ x }}) * (len({{ x }}) - 1) * (2 * len({{ x }}) + 5)
            - list_sum([
                ({{ ties }} - 1) * (2 * {{ ties }} + 5) for v in {{ x }}
            ])
        ) / 18.0
    {%- endset -%}
    {%- set has_ties = "len(list_distinct(" ~ x ~ ")) < len(" ~ x ~ ")" -%}
    {%- set method = mann_kendall_method('f.n', 'f.has_ties', '1') -%}
    {#- The pairs are gone through once: a macro writes its argument out at every
        mention, and the p mentions Z a dozen times. -#}
    list_transform(
        [{
            'n': len({{ x }}),
            's': {{ s }},
            'variance': {{ variance }},
            'has_ties': {{ has_ties }}
        }],
        lambda f:
        {
            'n': f.n,
            's': cast(f.s as bigint),
            'variance': f.variance,
            'z': {{ mann_kendall_z('f.s', 'f.variance') }},
            'p': {{ mann_kendall_p('f.s', 'f.variance', 'f.n', method) }},
            'method': {{ method }}
        }
    )[1]
{%- endmacro %}

{#- Median slope of all pairs, a step apart. -#}
{% macro theil_sen_of_list(x) -%}
    list_median(flatten([
        [
            ({{ x }}[j] - {{ x }}[i]) / (j - i)
            for j in range(i + 1, len({{ x }}) + 1)
        ]
        for i in range(1, len({{ x }}) + 1)
    ]))
{%- endmacro %}

{#- Rank correlation with time, mean ranks for ties; up or down where chance
    alone would do as much in at most `significance` of cases, from four values
    on. -#}
{% macro spearman_of_list(series) -%}
    {%- set n = "len(" ~ series ~ ")" -%}
    {%- set now = series ~ "[i]" -%}
    {%- set rank -%}
        (
            2 * len(list_filter({{ series }}, lambda other: other < {{ now }}))
            + len(list_filter({{ series }}, lambda other: other = {{ now }}))
            - {{ n }}
        )
    {%- endset -%}
    {%- set each = "for i in range(1, " ~ n ~ " + 1)" -%}
    list_sum([(2 * i - {{ n }} - 1) * {{ rank }} {{ each }}]) / nullif(
        sqrt(
            list_sum([power(2 * i - {{ n }} - 1, 2) {{ each }}])
            * list_sum([power({{ rank }}, 2) {{ each }}])
        ),
        0
    )
{%- endmacro %}

{#- Value h steps after the last one; see damped_trend_state. -#}
{% macro damped_trend_of_list(series, alpha, beta, phi) -%}
    {%- set state = damped_trend_state(series, alpha, beta, phi) -%}
    {{ state }}.l + ({{ damping(phi, 'h') }}) * {{ state }}.b
{%- endmacro %}

{#- What the variance of one step is multiplied by h steps ahead (ETS(A,Ad,N)).
-#}
{% macro damped_trend_multiplier(alpha, beta, phi) -%}
    1 + coalesce(list_sum([
        power(
            {{ alpha }} + {{ alpha }} * {{ beta }} * ({{ damping(phi, 'j') }}),
            2
        )
        for j in range(1, cast(h as bigint))
    ]), 0)
{%- endmacro %}

{#- Line through a series whose last point weighs 1, the one before 1/2^power,
    and so on, at a later step (after UN ESCAP; the weights are unverified). -#}
{% macro anticipated_of_list() -%}
    {%- set x = "cast(series[i] as double)" -%}
    {%- set w = "power(len(series) - i + 1.0, -power_of_age)" -%}
    {%- set each = "for i in range(1, len(series) + 1)" -%}
    {%- set total = "list_sum([" ~ w ~ " " ~ each ~ "])" -%}
    {%- set t = "(steps[i] - end_step)" -%}
    {%- set mean_t -%}
        list_sum([{{ w }} * {{ t }} {{ each }}]) / {{ total }}
    {%- endset -%}
    {%- set mean_x -%}
        list_sum([{{ w }} * {{ x }} {{ each }}]) / {{ total }}
    {%- endset -%}
    {{ mean_x }} - ({{ mean_t }}) * list_sum([
        {{ w }} * {{ t }} * ({{ x }} - ({{ mean_x }})) {{ each }}
    ]) / list_sum([{{ w }} * {{ t }} * ({{ t }} - ({{ mean_t }})) {{ each }}])
{%- endmacro %}

{#- Gap to the target at its end, in percent of the way from the baseline. -#}
{% macro anticipated_class() -%}
    case
        when gap_pct <= 10 then 'maintain'
        when gap_pct <= 100 then 'accelerate'
        when gap_pct > 100 then 'reverse'
    end
{%- endmacro %}

{#- Current status towards an equal share, from which either side is a gap. -#}
{% macro current_status_parity() -%}
    10 - 10 * abs(target - x) / nullif(abs(target - x0), 0)
{%- endmacro %}

{#- Yearly growth in the wanted direction, percent, where no target is set. -#}
{% macro eurostat_without_target() -%}
    case
        when growth_pct >= 1 then 'significant'
        when growth_pct >= 0 then 'moderate'
        when growth_pct >= -1 then 'insufficient'
        when growth_pct < -1 then 'away'
    end
{%- endmacro %}

{#- Signal and event (a), signal alone (b), event alone (c), neither (d). -#}
{% macro signals() -%}
    struct_pack(
        type_1_error := c / nullif(a + c, 0),
        type_2_error := b / nullif(b + d, 0),
        noise_to_signal :=
        (b / nullif(b + d, 0)) / nullif(a / nullif(a + c, 0), 0)
    )
{%- endmacro %}

{#- Probability of missing a target, in words. -#}
{% macro miss_band() -%}
    case
        when p < 0.10 then 'low'
        when p < 0.33 then 'watch'
        when p <= 0.66 then 'elevated'
        when p > 0.66 then 'high'
    end
{%- endmacro %}

{#- Load (over, near, none) and trend (worsening, easing) of what an area can
    carry. -#}
{% macro carrying_capacity_grade() -%}
    case
        when load = 'over' and trend = 'worsening' then 'red'
        when load = 'over' and trend = 'easing' then 'orange'
        when load = 'near' and trend = 'worsening' then 'yellow'
        when load = 'near' and trend = 'easing' then 'blue'
        when load = 'none' then 'green'
    end
{%- endmacro %}

{#- Two subsystems on a scale from 0 to 1, of equal weight. -#}
{% macro coupling_coordination() -%}
    struct_pack(
        c := 2 * sqrt(u1 * u2) / nullif(u1 + u2, 0),
        t := (u1 + u2) / 2,
        d := sqrt(2 * sqrt(u1 * u2) / nullif(u1 + u2, 0) * (u1 + u2) / 2)
    )
{%- endmacro %}

{#- The same with the degree of coupling as corrected by Wang Shujia (2021). -#}
{% macro coupling_coordination_2021() -%}
    {%- set c -%}
        sqrt((1 - abs(u2 - u1)) * least(u1, u2) / nullif(greatest(u1, u2), 0))
    {%- endset -%}
    struct_pack(
        c := {{ c }},
        t := (u1 + u2) / 2,
        d := sqrt({{ c }} * (u1 + u2) / 2)
    )
{%- endmacro %}

{#- Ten bands of the degree of coordination, in their usual names. -#}
{% macro coordination_band() -%}
    case
        when d between 0 and 1
            then
                [
                    '极度失调', '严重失调', '中度失调', '轻度失调', '濒临失调',
                    '勉强协调', '初级协调', '中级协调', '良好协调', '优质协调'
                ][least(cast(floor(round(d * 10, 9)) as bigint) + 1, 10)]
    end
{%- endmacro %}

{#- Local government performance assessment of Uganda: more than 10 percent up 3
    points, from 5 on 2, less none. -#}
{% macro improvement_points() -%}
    case
        when previous <= 0 or now is null then null
        when round(100 * (now - previous) / previous, 9) > 10 then 3
        when round(100 * (now - previous) / previous, 9) >= 5 then 2
        when previous > 0 then 0
    end
{%- endmacro %}
