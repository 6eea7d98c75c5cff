{#-
  Statistics that the engine lacks. Lists are read in their own order, so that
  a sum has the same bytes on every run.
-#}

{#- Student's t distribution function for whole degrees of freedom: the finite
    series in the angle (Abramowitz and Stegun 26.7.3 and 26.7.4). -#}
{% macro student_t_cdf(t, df) -%}
    (
        0.5 + case
            when {{ df }} % 2 = 1
                then
                    (
                        atan({{ t }} / sqrt({{ df }}))
                        + {{ t }} / sqrt({{ df }})
                        / (1 + {{ t }} * {{ t }} / {{ df }})
                        * {{ series_of_cosines(t, df, 0) }}
                    ) / pi()
            else
                {{ t }} / sqrt({{ df }} + {{ t }} * {{ t }})
                * {{ series_of_cosines(t, df, 1) }} / 2
        end
    )
{%- endmacro %}

{#- Its series in x, the square of the angle's cosine: 1 + 2/3 x + 2/3 4/5 x² …
    for odd degrees, 1 + 1/2 x + 1/2 3/4 x² … for even ones (`less` is 1). From the
    last term to the first (Horner). Written out, the first thirty terms take a third
    of the time that a list of them takes, and give the same bytes. In the list the
    factors come first, for what a list_reduce reads beside its list may be another
    row's (DuckDB 1.5, its issue 25816). The linter does not read that deep. -#}
{% macro series_of_cosines(t, df, less) -%}
    {%- set written = 30 if execute else 3 -%}
    {%- set x = '(1 + ' ~ t ~ ' * ' ~ t ~ ' / ' ~ df ~ ')' -%}
    {%- set summed = namespace(up='1') -%}
    {%- for k in range(written, 0, -1) -%}
        {%- set factor = '(' ~ (2 * k - less) ~ ' / ' ~ (2 * k + 1 - less) ~ ')' -%}
        {%- set summed.up -%}
            case
                when {{ df }} >= {{ 2 * k + 2 }}
                    then 1 + {{ factor }} / {{ x }} * {{ summed.up }}
                else 1
            end
        {%- endset -%}
    {%- endfor -%}
    case
        when {{ df }} <= 1 then 0
        when {{ df }} < {{ 2 * written + 4 }} then {{ summed.up }}
        else
            list_reduce(
                [
                    (2 * k - {{ less }}) / (2 * k + 1 - {{ less }}) / {{ x }}
                    for k in range(
                        cast(floor({{ df }} / 2) as bigint) - 1, 0, -1
                    )
                ],
                lambda {{ 's, f' if execute else '(s, f)' }}: 1 + s * f,
                cast(1 as double)
            )
    end
{%- endmacro %}

{#- Quantile of Student's t that leaves 10 percent above it: exact to ten
    digits up to 30 degrees of freedom, from there the expansion of Cornish and
    Fisher (Abramowitz and Stegun 26.7.5; error below 1e-8). -#}
{% macro student_t_q90(df) -%}
    {%- set z = 1.2815515655446004 -%}
    {%- set orders = [
        (z ** 3 + z) / 4,
        (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
        (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
        (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z)
        / 92160,
    ] -%}
    case
        when {{ df }} between 1 and 30
            then
                [
                    3.077683537175, 1.885618083164, 1.637744353696, 1.533206274059,
                    1.475884048824, 1.439755747265, 1.414923927651, 1.396815309744,
                    1.383028738397, 1.372183641110, 1.363430318021, 1.356217334023,
                    1.350171288780, 1.345030374455, 1.340605607850, 1.336757167327,
                    1.333379389722, 1.330390943570, 1.327728209027, 1.325340706985,
                    1.323187873865, 1.321236741613, 1.319460239816, 1.317835933673,
                    1.316345072674, 1.314971864271, 1.313702912829, 1.312526781593,
                    1.311433647302, 1.310415025391
                ][cast({{ df }} as bigint)]
        when {{ df }} > 30
            then
                {{ z }}
                {%- for order in orders %}
                + {{ order }} / power({{ df }}, {{ loop.index }})
                {%- endfor %}
    end
{%- endmacro %}

{#- Damped trend of Holt over a list of values, at its end: level l, slope b
    and the squared errors from the third value on; the first two values
    start it (l = first value, b = second less first). The linter reads two
    variables of a lambda only in brackets, the engine only without. -#}
{% macro damped_trend_state(values, alpha, beta, phi) -%}
    list_reduce(
        list_transform(
            {{ values }},
            lambda y:
            {'l': y, 'b': cast(0 as double), 'sse': cast(0 as double), 'n': 0}
        ),
        lambda {{ 's, x' if execute else '(s, x)' }}: {
            'l': {{ alpha }} * x.l + (1 - {{ alpha }}) * (s.l + {{ phi }} * s.b),
            'b':
            {{ beta }} * (
                {{ alpha }} * x.l
                + (1 - {{ alpha }}) * (s.l + {{ phi }} * s.b) - s.l
            ) + (1 - {{ beta }}) * {{ phi }} * s.b,
            'sse':
            s.sse + case
                when s.n >= 2 then power(x.l - s.l - {{ phi }} * s.b, 2)
                else 0
            end,
            'n': s.n + 1
        },
        {
            'l': {{ values }}[1],
            'b': {{ values }}[2] - {{ values }}[1],
            'sse': cast(0 as double),
            'n': 0
        }
    )
{%- endmacro %}

{#- phi + phi^2 + ... + phi^h. -#}
{% macro damping(phi, h) -%}
    case
        when {{ phi }} = 1 then {{ h }}
        else {{ phi }} * (1 - power({{ phi }}, {{ h }})) / (1 - {{ phi }})
    end
{%- endmacro %}

{#- Rounded to thirteen significant digits: what the order of a sum leaves open
    must not change the bytes, and small units must keep their digits. -#}
{% macro significant(x) -%}
    coalesce(
        round(
            {{ x }} / power(10.0, floor(log10(abs(nullif({{ x }}, 0))))), 12
        ) * power(10.0, floor(log10(abs(nullif({{ x }}, 0))))),
        {{ x }}
    )
{%- endmacro %}
