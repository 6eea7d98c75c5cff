{#- Tests for a trend in a short series, and how a period is named. -#}

{#- Standard normal distribution function: Marsaglia's series (2004), all of
    whose terms have one sign; past 8 a double holds nothing more. -#}
{% macro normal_cdf(z) -%}
    case
        when {{ z }} = 0 then 0.5
        when {{ z }} > 8 then 1
        when {{ z }} < -8 then 0
        else
            0.5 + sign({{ z }}) * exp(-{{ z }} * {{ z }} / 2) / 2
            * list_sum([
                exp(
                    (2 * k + 1) * ln(abs({{ z }}) / sqrt(2.0))
                    - lgamma(k + 1.5)
                )
                for k in range(0, 160)
            ])
    end
{%- endmacro %}

{#- Z of Mann and Kendall: S less one step towards nothing, over its spread. -#}
{% macro mann_kendall_z(s, variance) -%}
    ({{ s }} - sign({{ s }})) / sqrt(nullif(cast({{ variance }} as double), 0))
{%- endmacro %}

{#- Two-sided p of S among n values without ties, from the number of orders of
    n things that have at most so many inversions (Kendall 1938): n from 3 to 7,
    for which the normal form is too rough. -#}
{% macro kendall_exact_p(s, n) -%}
    {%- set lists = namespace(
        orders=[1], told=['null', 'null'], factorial=1
    ) -%}
    {%- for size in range(2, 8) -%}
        {%- set lists.factorial = lists.factorial * size -%}
        {%- set longer = [] -%}
        {%- for k in range(lists.orders | length + size - 1) -%}
            {%- set terms = [] -%}
            {%- for i in range(size) if 0 <= k - i < lists.orders | length -%}
                {%- do terms.append(lists.orders[k - i]) -%}
            {%- endfor -%}
            {%- do longer.append(terms | sum) -%}
        {%- endfor -%}
        {%- set lists.orders = longer -%}
        {%- if size > 2 -%}
            {%- set sums = namespace(so_far=0, shares=[]) -%}
            {%- for count in longer -%}
                {%- set sums.so_far = sums.so_far + count -%}
                {%- set share = 2 * sums.so_far / lists.factorial -%}
                {%- do sums.shares.append([share, 1.0] | min) -%}
            {%- endfor -%}
            {%- do lists.told.append(sums.shares | string) -%}
        {%- endif -%}
    {%- endfor -%}
    [
        {{ lists.told | join(',\n        ') }}
    ][cast({{ n }} as bigint)][
        cast(({{ n }} * ({{ n }} - 1) / 2 - abs({{ s }})) / 2 as bigint) + 1
    ]
{%- endmacro %}

{#- Two-sided p: exact below eight values where none are tied, normal from
    there; in between none, and the method says so. -#}
{% macro mann_kendall_method(n, has_ties, seasons) -%}
    case
        when {{ n }} < 3 then 'none'
        when {{ n }} >= 8 then 'normal'
        when {{ has_ties }} or {{ seasons }} > 1 then 'none'
        else 'exact'
    end
{%- endmacro %}

{% macro mann_kendall_p(s, variance, n, method) -%}
    case {{ method }}
        when 'exact' then {{ kendall_exact_p(s, n) }}
        when 'normal'
            then
                2 * (
                    1 - ({{ normal_cdf(
                        'abs(' ~ mann_kendall_z(s, variance) ~ ')'
                    ) }})
                )
    end
{%- endmacro %}

{#- The period that ends with a step: 2025, 2025-S1, 2025-Q3, 2025-07. -#}
{% macro period_of_step(step_no, step_months) -%}
    case
        when {{ step_months }} = 12 then cast({{ step_no }} - 1 as varchar)
        else
            cast(
                cast(
                    floor(({{ step_no }} - 1) * {{ step_months }} / 12)
                    as integer
                ) as varchar
            )
            || case {{ step_months }} when 6 then '-S' when 3 then '-Q' else '-' end
            || lpad(
                cast(
                    ({{ step_no }} - 1) % cast(12 / {{ step_months }} as integer)
                    + 1 as varchar
                ),
                case when {{ step_months }} = 1 then 2 else 1 end,
                '0'
            )
    end
{%- endmacro %}
