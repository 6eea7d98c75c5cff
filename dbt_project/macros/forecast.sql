{#-
  What a forecast remembers of the points that a series has left behind: so
  that a new month costs a month, however long the series is.
-#}

{#- Of a unit's series with seasons the points of so many latest periods stay
    open, to be read again one by one when a figure is restated. -#}
{% macro open_steps() -%} 6 {%- endmacro %}

{#- Changes of a series as a random walk with drift sees them: how long, how
    fast, how scattered, how many. Two such states make one (Chan, Golub and
    LeVeque 1983, updating formulae for the sample variance): folded from left
    to right, in one go or in several, they give the same bytes. -#}
{% macro drift_state(span='0', drift='0', squares='0', moves='0') -%}
    struct_pack(
        span := cast({{ span }} as double),
        drift := cast({{ drift }} as double),
        squares := cast({{ squares }} as double),
        moves := cast({{ moves }} as bigint)
    )
{%- endmacro %}

{#- The state `ended` and after it those of the list. The linter reads two
    variables of a lambda only in brackets, the engine only without. -#}
{% macro fold_drift(states, ended) -%}
    list_reduce(
        {{ states }},
        lambda {{ 'a, b' if execute else '(a, b)' }}: struct_pack(
            span := a.span + b.span,
            drift := a.drift
            + (b.drift - a.drift) * b.span / (a.span + b.span),
            squares := a.squares + b.squares
            + (b.drift - a.drift) * (b.drift - a.drift)
            * a.span * b.span / (a.span + b.span),
            moves := a.moves + b.moves
        ),
        {{ ended }}
    )
{%- endmacro %}

{#- Of a list in the order of its steps those up to a step, and those after it. To
    look at each takes several times as long as to count where no step is missing. -#}
{% macro up_to(list, step) -%}
    case
        when {{ list }}[-1].step_no <= {{ step }} then {{ list }}
        when {{ list }}[1].step_no > {{ step }} then {{ list }}[:0]
        when
            {{ list }}[-1].step_no - {{ list }}[1].step_no = len({{ list }}) - 1
            then {{ list }}[:{{ step }} - {{ list }}[1].step_no + 1]
        else [p for p in {{ list }} if p.step_no <= {{ step }}]
    end
{%- endmacro %}

{#- Without a step, all. -#}
{% macro after(list, step) -%}
    case
        when {{ list }}[-1].step_no <= {{ step }} then {{ list }}[:0]
        when {{ list }}[1].step_no > {{ step }} then {{ list }}
        when
            {{ list }}[-1].step_no - {{ list }}[1].step_no = len({{ list }}) - 1
            then {{ list }}[{{ step }} - {{ list }}[1].step_no + 2:]
        else [p for p in {{ list }} if coalesce(p.step_no > {{ step }}, true)]
    end
{%- endmacro %}

{#- The last of some points that is of the season of a series' target; where no
    period is missing, it is known how far back it lies. -#}
{% macro last_of_season(points, series) -%}
    case
        when
            {{ points }}[-1].step_no - {{ points }}[1].step_no
            = len({{ points }}) - 1
            then
                {{ points }}[
                    -1 - (
                        ({{ points }}[-1].step_no - {{ series }}.target_step)
                        % {{ series }}.seasons + {{ series }}.seasons
                    ) % {{ series }}.seasons
                ]
        else
            [
                p for p in {{ points }}
                if p.step_no % {{ series }}.seasons
                = {{ series }}.target_step % {{ series }}.seasons
            ][-1]
    end
{%- endmacro %}
